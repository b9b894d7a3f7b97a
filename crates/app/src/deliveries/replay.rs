//! Sending an event again, also one that arrived.
//!
//! A replay is a delivery of its own, with the event's id and bytes, to the endpoint as it is now. A
//! re-issue tells the same under a new event id, for a receiver that lost what it had acknowledged and
//! would drop what it seems to know.

use bytes::Bytes;
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::events::Event;
use storage::replays::{self, Reissue, Replay};

use super::retry::must_be_enabled;
use crate::emit::{must_be_calm, order_key};
use crate::endpoints::filter::Sought;
use crate::endpoints::get::get_locked;
use crate::{OpCtx, audit, events};

/// What to send again.
#[derive(Clone, Debug, Default)]
pub struct ReplayRequest {
    /// The event, as it was sent.
    pub event_id: String,
    /// To this endpoint, whatever it subscribed to; else to every enabled one that asks for it.
    pub endpoint_id: Option<String>,
    /// Under a new event id.
    pub reissue: bool,
}

domain::words! {
    /// Why an endpoint that would match is not sent to.
    pub enum LeftOut {
        NotEnabled = "endpoint_not_enabled",
        /// The event is still owed to it: a second delivery could be on its way at the same time.
        UnderWay = "delivery_under_way",
    }
}

/// What is on its way now.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The id that receivers see: a new one after a re-issue.
    pub event_id: EventId,
    pub original_id: Option<EventId>,
    pub deliveries: Vec<(EndpointId, DeliveryId)>,
    pub left_out: Vec<(EndpointId, LeftOut)>,
}

/// Owes an event again. To one endpoint, an obstacle refuses the request; to all that match, it leaves
/// the endpoint out.
pub async fn replay(tx: &Tx, ctx: &OpCtx, request: &ReplayRequest) -> Result<Replayed> {
    must_be_calm(ctx)?;
    let event = events::get::get(tx, ctx, &request.event_id).await?;
    let mut left_out = Vec::new();
    let mut targets = Vec::new();
    if let Some(id) = &request.endpoint_id {
        let endpoint = get_locked(tx, ctx, id).await?;
        must_be_enabled(&endpoint)?;
        if replays::is_owed(tx, event.no, endpoint.no).await? {
            return Err(under_way());
        }
        targets.push(endpoint);
    } else {
        for endpoint in matching(tx, ctx, &event).await? {
            match obstacle(tx, &event, &endpoint).await? {
                Some(reason) => left_out.push((endpoint.id, reason)),
                None => targets.push(endpoint),
            }
        }
    }
    // After the endpoints' locks, in the order in which an expunge takes both.
    if !replays::hold(tx, event.no).await? {
        events::get::get(tx, ctx, &request.event_id).await?;
    }
    let (ids, now) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let (mut event_no, mut event_id, mut original_id) = (event.no, event.id, None);
    if request.reissue && !targets.is_empty() {
        let new = reissued(ctx, &event);
        replays::reissue(tx, event.no, &new).await?;
        (event_no, event_id, original_id) = (new.no, new.id, Some(event.id));
    }
    let is_test = replays::is_test(tx, event.no).await?;
    let made = |endpoint: &Endpoint| Replay {
        no: ids.number(now),
        id: DeliveryId::new(ids, now),
        endpoint_no: endpoint.no,
        order_key: order_key(endpoint.settings.order, event.customer_id.map(|id| id.0)),
        is_test,
    };
    let made: Vec<Replay> = targets.iter().map(made).collect();
    replays::insert(tx, &ctx.scope, event_no, &made, now).await?;
    let (n, under) = (made.len().to_string(), event_id.to_string());
    audit::record(tx, ctx, "event.replay", event.id, &[("deliveries", &n), ("as", &under)]).await?;
    let deliveries = targets.iter().zip(&made).map(|(endpoint, r)| (endpoint.id, r.id)).collect();
    Ok(Replayed { event_id, original_id, deliveries, left_out })
}

/// The endpoints that ask for the event, each locked, oldest first.
async fn matching(tx: &Tx, ctx: &OpCtx, event: &Event) -> Result<Vec<Endpoint>> {
    let mut found = Vec::new();
    for endpoint in endpoints::list(tx, &ctx.scope).await? {
        found.extend(endpoints::find_locked(tx, &ctx.scope, endpoint.id).await?);
    }
    let sought = Sought::new(event.kind, &event.payload);
    found.retain(|e| sought.is_wanted(e));
    Ok(found)
}

async fn obstacle(tx: &Tx, event: &Event, endpoint: &Endpoint) -> Result<Option<LeftOut>> {
    if endpoint.status != EndpointStatus::Enabled {
        return Ok(Some(LeftOut::NotEnabled));
    }
    let is_owed = replays::is_owed(tx, event.no, endpoint.no).await?;
    Ok(is_owed.then_some(LeftOut::UnderWay))
}

/// The same bytes with the new id where the old one stood.
fn reissued(ctx: &OpCtx, event: &Event) -> Reissue {
    let (ids, at) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let id = EventId::new(ids, at);
    let text = String::from_utf8_lossy(&event.payload);
    let payload = text.replacen(&event.id.to_string(), &id.to_string(), 1);
    let request_id = ctx.request_id.map(|id| id.to_string());
    Reissue {
        no: ids.number(at),
        id,
        payload: Bytes::from(payload),
        request_id,
        trace: ctx.trace,
        at,
    }
}

fn under_way() -> Error {
    Error::refused(ErrorCode::DeliveryUnderWay, "the event is still owed to this endpoint")
        .fix("retry that delivery, or wait until it has arrived or was given up")
}
