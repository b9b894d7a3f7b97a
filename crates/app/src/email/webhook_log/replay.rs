//! Sending what a row of the log tells of once more (email-api.md RP-1 to RP-4).
//!
//! A replay is a delivery of its own, with the event's id and bytes, to the subscription as it is now. Unlike
//! those of partners it is made also while the first delivery is still tried: a caller who has mended its
//! receiver does not wait for the next retry, and tells the two apart by nothing but the event's id.

use domain::Result;
use domain::id::DeliveryId;
use domain::{Error, ErrorCode};
use storage::Tx;
use storage::email::{subscriptions, webhook_log as rows};
use storage::replays::{self, Replay};

use super::get::get;
use super::{LogRow, Unavailable, not_found};
use crate::emit::must_be_calm;
use crate::{OpCtx, audit};

/// Owes the event of a row again, due at once; answers the row of the new delivery.
pub async fn replay(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<LogRow> {
    must_be_calm(ctx)?;
    let row = get(tx, ctx, id).await?;
    // A deletion takes the same lock, so that nothing is owed after it.
    let subscription = subscriptions::find_locked(tx, &ctx.scope, row.sent.endpoint_id).await?;
    let endpoint = subscription.ok_or_else(|| refused(Unavailable::Deleted))?.endpoint;
    if !endpoint.event_types.contains(&row.sent.event_type) {
        return Err(refused(Unavailable::NotSelected));
    }
    // After the endpoint's lock, in the order in which an expunge takes both.
    if !replays::hold(tx, row.sent.event_no).await? {
        return Err(not_found());
    }
    let (ids, now) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    // Subscriptions promise no order (12.8).
    let made = Replay {
        no: ids.number(now),
        id: DeliveryId::new(ids, now),
        endpoint_no: endpoint.no,
        order_key: None,
        is_test: false,
    };
    replays::insert(tx, &ctx.scope, row.sent.event_no, &[made], now).await?;
    let under = made.id.to_string();
    audit::record(tx, ctx, "event.replay", row.sent.event_id, &[("as", &under)]).await?;
    let sent = rows::sent(tx, &ctx.scope, made.no).await?.ok_or_else(not_found)?;
    Ok(LogRow { sent, outcome: None })
}

fn refused(why: Unavailable) -> Error {
    let message = match why {
        Unavailable::Deleted => "the subscription was deleted; nothing is sent to it",
        Unavailable::NotSelected => "the subscription does not select this event type any more",
    };
    Error::refused(ErrorCode::Conflict, message)
}
