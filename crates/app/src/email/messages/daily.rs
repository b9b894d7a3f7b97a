//! How many messages a mailbox sends on a day, where the operator has set an end to it (email-api.md M-9).
//!
//! Forwards and drafts count as well (M-14). Each is counted once, however many it reaches, and in the transaction that
//! sends it, so that what is refused does not count. To delete what was sent gives nothing back.

use domain::email::Identity;
use domain::{Error, ErrorCode, Result, days, seconds};
use storage::Tx;
use storage::email::identities;

use crate::OpCtx;

/// Counts one more message, or refuses it until the next day begins.
pub(super) async fn must_be_left(tx: &Tx, ctx: &OpCtx, owner: &Identity) -> Result<()> {
    let Some(limit) = ctx.app.email.sends_per_day else { return Ok(()) };
    let day = ctx.now.micros().div_euclid(days(1));
    if identities::count_sent(tx, owner.mailbox_id, day, limit).await? {
        return Ok(());
    }
    // Never 0, so that whoever waits so long is not too early.
    let wait = ((day + 1) * days(1) - ctx.now.micros()) / seconds(1) + 1;
    let message = format!("a mailbox sends at most {limit} messages a day (UTC)");
    Err(Error::refused(ErrorCode::RateLimited, message)
        .retry_after(u32::try_from(wait).unwrap_or(u32::MAX)))
}
