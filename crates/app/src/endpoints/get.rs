//! Reading one endpoint. One that was deleted, or is another tenant's or mode's, is not found.

use domain::id::EndpointId;
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::endpoints::{self, Endpoint};

use crate::OpCtx;

pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Endpoint> {
    let found = match EndpointId::parse(id) {
        Some(id) => endpoints::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    found.ok_or_else(not_found)
}

/// An endpoint that is about to change.
pub(crate) async fn get_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Endpoint> {
    let found = match EndpointId::parse(id) {
        Some(id) => endpoints::find_locked(tx, &ctx.scope, id).await?,
        None => None,
    };
    found.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "no such webhook endpoint")
        .fix("check the id, and that the key's mode (live or test) is the endpoint's")
}
