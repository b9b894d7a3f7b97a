//! Taking the mailbox out of service while it is not paid or its location is paused (V11).

use domain::compliance::Step;
use domain::partner::LocationStatus;
use domain::{Error, ErrorCode, Result};
use storage::Tx;

use super::{Case, ComplianceView, read};
use crate::{OpCtx, snapshot, usage};

/// Pauses service for as long as its cause lasts; [`super::open`] ends it.
pub async fn pause(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<ComplianceView> {
    let mut case = Case::open(tx, ctx, customer_id).await?;
    case.must_allow(Step::Pause)?;
    let is_paid = snapshot::billing_status(ctx, &case.customer).allows_service();
    if is_paid && case.location.status == LocationStatus::Active {
        return Err(Error::refused(
            ErrorCode::ActionConflict,
            "the mailbox is paid for and its location is active",
        )
        .fix("suspend or deactivate the customer to stop service for another cause"));
    }
    carry_out(tx, ctx, &mut case).await?;
    read::view(tx, ctx, case.customer).await
}

/// Pauses a case whose guard the caller has checked.
pub(crate) async fn carry_out(tx: &Tx, ctx: &OpCtx, case: &mut Case) -> Result<()> {
    // Where suspended mailboxes are not billed, a paused one is not either (postal.md 9.1).
    if !ctx.partner.settings.count_suspended {
        usage::closed(tx, ctx, &case.customer, ctx.now).await?;
    }
    case.customer.billing_status = snapshot::billing_status(ctx, &case.customer);
    case.take(tx, ctx, Step::Pause, &[]).await
}
