//! Deleting an endpoint: nothing more is sent to it from the commit on, save for what is on its way. Where another process
//! sends, that is what was published within the last 50 ms.

use domain::Result;
use domain::id::EndpointId;
use storage::{Tx, endpoints, queue, recoveries};

use super::get::get_locked;
use crate::notices::operator::EndpointDeleted;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// Deletes an endpoint and cancels what it was still owed. Its row stays, for the delivery log.
pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<EndpointId> {
    let endpoint = get_locked(tx, ctx, id).await?;
    let now = ctx.app.clock.now();
    endpoints::delete(tx, endpoint.no, now).await?;
    recoveries::cancel_all(tx, endpoint.no, now).await?;
    let cancelled = queue::cancel_all(tx, endpoint.no).await?;
    let detail = [("cancelled", cancelled.to_string())];
    let detail = detail.each_ref().map(|(name, value)| (*name, value.as_str()));
    audit::record(tx, ctx, "endpoint.delete", endpoint.id, &detail).await?;
    let deleted = EndpointDeleted { cancelled: i64::try_from(cancelled).unwrap_or(i64::MAX) };
    notices::tell(tx, ctx, &endpoint, Notice::EndpointDeleted(deleted)).await?;
    Ok(endpoint.id)
}
