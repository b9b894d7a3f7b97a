//! Listing events, newest first.

use domain::event::EventType;
use domain::id::{CustomerId, EventId};
use domain::{ErrorCode, Result, Timestamp};
use storage::Tx;
use storage::events::{self, Event, EventFilter};

use crate::OpCtx;
use crate::customers;

/// What a list is narrowed to. A customer that is nobody matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Narrowing {
    pub kind: Option<EventType>,
    /// As it was sent; `ext:` and an external id is also an id.
    pub customer_id: Option<String>,
    /// From, and before.
    pub created: (Option<Timestamp>, Option<Timestamp>),
}

/// At most `limit` events older than `before`. Ask for one more than a page to learn whether there
/// is a next one.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    narrowing: &Narrowing,
    before: Option<EventId>,
    limit: i64,
) -> Result<Vec<Event>> {
    let customer_id = match narrowing.customer_id.as_deref() {
        None => None,
        Some(id) => match customer_id(tx, ctx, id).await? {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    let filter = EventFilter { kind: narrowing.kind, customer_id, created: narrowing.created };
    Ok(events::list(tx, &ctx.scope, &filter, before, limit).await?)
}

/// The customer that a list is narrowed to; `None` when it is nobody of this tenant.
pub(crate) async fn customer_id(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Option<CustomerId>> {
    match customers::get::find(tx, ctx, id).await {
        Ok(customer) => Ok(Some(customer.id)),
        Err(error) if error.code() == ErrorCode::CustomerNotFound => Ok(None),
        Err(error) => Err(error),
    }
}
