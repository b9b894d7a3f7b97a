//! Taking back an approval whose form became obsolete and was not renewed in time (V10).

use domain::compliance::{FormStatus, ReasonCode, Requirement, Step};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::compliance as rows;

use super::{Case, ComplianceView, read};
use crate::OpCtx;

/// Sends the customer back to the form, once something that was asked for is past its day.
pub async fn lapse(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<ComplianceView> {
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Lapse)?;
    let standing = rows::requirement_list(tx, case.customer.id).await?;
    let past = standing.iter().filter(|(_, due)| *due <= ctx.now);
    let mut reasons: Vec<ReasonCode> = past.map(|(r, _)| reason(*r)).collect();
    reasons.dedup();
    if reasons.is_empty() {
        return Err(Error::refused(
            ErrorCode::ActionConflict,
            "nothing that this customer was asked to renew is past its day",
        )
        .fix("the requirements say what is asked for and by when"));
    }
    carry_out(tx, ctx, &mut case, &reasons).await?;
    read::view(tx, ctx, case.customer).await
}

/// Begins a new draft for a case whose form no longer holds.
pub(crate) async fn carry_out(
    tx: &Tx,
    ctx: &OpCtx,
    case: &mut Case,
    reasons: &[ReasonCode],
) -> Result<()> {
    rows::requirements_clear(tx, case.customer.id).await?;
    case.redraft(tx, ctx, FormStatus::Superseded).await?;
    case.take(tx, ctx, Step::Lapse, reasons).await
}

const fn reason(requirement: Requirement) -> ReasonCode {
    match requirement {
        Requirement::PhotoId | Requirement::AddressId => ReasonCode::IdExpired,
        Requirement::CourtOrder => ReasonCode::CourtOrderMissing,
        Requirement::Business => ReasonCode::BusinessDocsMissing,
        Requirement::Signature => ReasonCode::SignatureMissing,
        Requirement::Applicant
        | Requirement::TransferAddress
        | Requirement::Revision
        | Requirement::Notarization
        | Requirement::Review => ReasonCode::FormIncomplete,
    }
}
