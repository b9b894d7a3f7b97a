//! Listing endpoints. There are few enough to be one page.

use domain::Result;
use storage::Tx;
use storage::endpoints::{self, Endpoint};

use crate::OpCtx;

/// Every endpoint of the partner and mode, oldest first.
pub async fn list(tx: &Tx, ctx: &OpCtx) -> Result<Vec<Endpoint>> {
    Ok(endpoints::list(tx, &ctx.scope).await?)
}
