//! A finding of fraud, which ends any form and holds the customer's services (V12, C4).
//!
//! The reason stays with the operator: whatever leaves says `other`.

use domain::Result;
use domain::compliance::{ReasonCode, Step};
use domain::customer::CustomerStatus;
use storage::Tx;

use super::review::{Refusal, record_rejection};
use super::{Case, ComplianceView, must_be_staff, read};
use crate::OpCtx;
use crate::customers::suspend;

/// Rejects whatever form the customer has. `note` says what was found, for the operator's records.
pub async fn reject_for_fraud(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    note: &str,
) -> Result<ComplianceView> {
    must_be_staff(ctx)?;
    let step = Step::Reject { fraud: true };
    let mut case = Case::open_any(tx, ctx, customer_id).await?;
    case.must_allow(step)?;
    let refusal = Refusal {
        reasons: vec![ReasonCode::Fraud],
        note: Some(note.to_owned()),
        refused_documents: Vec::new(),
    };
    record_rejection(tx, ctx, &mut case, &refusal).await?;
    case.take(tx, ctx, step, &refusal.reasons).await?;
    if case.customer.status == CustomerStatus::Active {
        suspend::hold(tx, ctx, &mut case.customer, suspend::Cause::Compliance).await?;
    }
    read::view(tx, ctx, case.customer).await
}
