//! Reading one event.

use domain::id::EventId;
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::events::{self, Event};

use crate::OpCtx;

/// One event of the tenant by the id as it was sent.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Event> {
    let found = match EventId::parse(id) {
        Some(id) => events::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such event")
            .fix("check the id, and that the key's mode (live or test) is the event's")
    })
}
