//! Letting a rejected applicant try again (V9).

use domain::compliance::{FormStatus, RESUBMISSIONS_MAX, ReasonCode, Step};
use domain::mailbox::RESERVATION_DAYS;
use domain::{Error, ErrorCode, Result, days};
use storage::Tx;
use storage::compliance as rows;

use super::review::keep_number_until;
use super::{Case, ComplianceView, must_be_staff, must_not_be_partner, read};
use crate::OpCtx;
use crate::customers::assign;

/// Begins a new draft. After too many tries, or a finding of fraud, only staff may allow another.
pub async fn resubmit(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<ComplianceView> {
    must_not_be_partner(ctx)?;
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Resubmit)?;
    let n_rejected = rows::forms_rejected(tx, case.customer.id).await?;
    let review = rows::review_newest(tx, case.customer.id).await?;
    let is_fraud = review.is_some_and(|r| r.reasons.contains(&ReasonCode::Fraud));
    if (n_rejected >= RESUBMISSIONS_MAX || is_fraud) && must_be_staff(ctx).is_err() {
        return Err(Error::refused(
            ErrorCode::ActionConflict,
            "this form cannot be submitted again without the operator",
        )
        .fix("ask the operator of the mailroom"));
    }
    if case.customer.mailbox_id.is_none() {
        assign::reserve_default(tx, ctx, &mut case.customer, "compliance.resubmit").await?;
    }
    keep_number_until(tx, &case, Some(ctx.now.plus(days(RESERVATION_DAYS)))).await?;
    case.redraft(tx, ctx, FormStatus::Rejected).await?;
    case.take(tx, ctx, Step::Resubmit, &[]).await?;
    read::view(tx, ctx, case.customer).await
}
