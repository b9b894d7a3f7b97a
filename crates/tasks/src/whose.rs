//! Whose endpoint it is: the context in which a task acts on it.

use std::sync::Arc;

use app::{Actor, App, OpCtx};
use domain::Result;
use storage::endpoints::{self, Endpoint};
use storage::{Tx, tenancy};

/// An endpoint by its number and the context of its owner; `None` when it was deleted.
pub(crate) async fn find(tx: &Tx, app: &App, no: i64) -> Result<Option<(OpCtx, Endpoint)>> {
    let Some(endpoint) = endpoints::find_by_no(tx, no).await? else { return Ok(None) };
    let Some(owner) = endpoints::owner(tx, no).await? else { return Ok(None) };
    let Some(partner) = tenancy::partner_find(tx, owner).await? else { return Ok(None) };
    let ctx = OpCtx::new(app, Arc::new(partner), endpoint.livemode, Actor::System);
    Ok(Some((ctx, endpoint)))
}
