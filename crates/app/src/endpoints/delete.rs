//! Deleting an endpoint: nothing more is sent to it from the commit on.

use domain::Result;
use domain::id::EndpointId;
use storage::{Tx, endpoints, events};

use super::get::get_locked;
use crate::{OpCtx, audit};

/// Deletes an endpoint and cancels what it was still owed. Its row stays, for the delivery log.
pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<EndpointId> {
    let endpoint = get_locked(tx, ctx, id).await?;
    endpoints::delete(tx, endpoint.no, ctx.app.clock.now()).await?;
    let cancelled = events::cancel_all(tx, endpoint.no).await?.to_string();
    audit::record(tx, ctx, "endpoint.delete", endpoint.id, &[("cancelled", &cancelled)]).await?;
    Ok(endpoint.id)
}
