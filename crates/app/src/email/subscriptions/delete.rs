//! Deleting a subscription: nothing more is sent to it from the commit on, also no retry that waits
//! (seed 002). Its row stays, for the delivery log.

use domain::Result;
use storage::email::subscriptions as rows;
use storage::{Tx, queue};

use super::get::get_locked;
use crate::{OpCtx, audit};

/// Deletes a subscription and cancels what it was still owed.
pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<()> {
    let endpoint = get_locked(tx, ctx, id).await?.endpoint;
    rows::delete(tx, endpoint.no, ctx.app.clock.now()).await?;
    let cancelled = queue::cancel_all(tx, endpoint.no).await?.to_string();
    audit::record(tx, ctx, "subscription.delete", endpoint.id, &[("cancelled", &cancelled)]).await
}
