//! Events: stored with the change that they tell of, owed to every endpoint that asked for them.
//!
//! The payload is rendered once, here; its bytes are what every delivery, retry and replay sends.

use bytes::Bytes;
use domain::customer::Customer;
use domain::endpoint::Order;
use domain::event::EventType;
use domain::id::{ActionId, DeliveryId, EventId, MailId};
use domain::{Error, ErrorCode, Result};
use futures_util::future::try_join;
use serde_json::{Value, json};
use storage::endpoints::Endpoint;
use storage::events::Target;
use storage::load::Rung;
use storage::{Tx, customers, endpoints, events};
use wire::events::{Envelope, Subject};

use crate::OpCtx;
use crate::endpoints::filter::Sought;

/// Why deliveries were given up that were never tried.
const SHED: &str = "not sent because the install was overloaded";
const OVER_QUOTA: &str = "not sent because the quota of stored events was used up";
/// When somebody who was turned away should come back.
const RETRY_AFTER_SECONDS: u32 = 5;

/// What there is to tell.
pub struct News {
    pub kind: EventType,
    pub mail_id: Option<MailId>,
    pub action_id: Option<ActionId>,
    /// The snapshot in `data.object`.
    pub object: Value,
    /// Members of `data` beside it (postal.md 5.4).
    pub extra: Vec<(&'static str, Value)>,
    /// What the object was before, on changes of status.
    pub previous: Option<Value>,
}

/// Tells every endpoint of the partner that asked for this type.
///
/// It takes the open transaction, so that an event exists if and only if the change behind it does.
pub async fn emit(tx: &Tx, ctx: &OpCtx, customer: &Customer, news: News) -> Result<EventId> {
    let sequence = customers::next_sequence(tx, customer.id);
    let (sequence, listening) = try_join(sequence, endpoints::list(tx, &ctx.scope)).await?;
    publish(tx, ctx, customer, sequence, &listening, news).await
}

/// Tells the endpoints in `listening` of a customer that was stored a moment ago, its event counted
/// already.
pub(crate) async fn emit_first(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    listening: &[Endpoint],
    news: News,
) -> Result<EventId> {
    publish(tx, ctx, customer, customer.event_sequence, listening, news).await
}

async fn publish(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    sequence: i64,
    listening: &[Endpoint],
    news: News,
) -> Result<EventId> {
    let rung = ctx.app.db.rung();
    if rung >= Rung::Refuse {
        return Err(overloaded());
    }
    let ids = ctx.app.ids.as_ref();
    let made_at = ctx.app.clock.now();
    let id = EventId::new(ids, made_at);
    let envelope = Envelope {
        id,
        kind: news.kind,
        livemode: ctx.livemode(),
        created_at: ctx.now,
        sequence,
        request_id: ctx.request_id,
        idempotency_key: ctx.idempotency.as_ref().map(|i| i.key.clone()),
    };
    let subject = Subject {
        customer_id: customer.id,
        external_customer_id: customer.external_customer_id.clone(),
        mail_id: news.mail_id,
        action_id: news.action_id,
        object: news.object,
        extra: news.extra,
        previous: news.previous,
    };
    let payload = Bytes::from(envelope.render(subject));
    let targets = {
        let sought = Sought::new(news.kind, &payload);
        targets(ctx, listening.iter().filter(|e| sought.is_told(e)), Some(customer.id.0))
    };
    let event = events::Event {
        no: ids.number(made_at),
        id,
        kind: news.kind,
        customer_id: Some(customer.id),
        mail_id: news.mail_id,
        action_id: news.action_id,
        sequence,
        request_id: ctx.request_id.map(|r| r.to_string()),
        trace: ctx.trace,
        payload,
        created_at: made_at,
        mailbox_id: None,
        told_as: None,
    };
    match why_shed(ctx, rung, event.kind) {
        Some((why, reason)) => {
            metrics::counter!("postroom_events_shed_total", "why" => why).increment(1);
            events::shed(tx, &ctx.scope, &event, &targets, reason).await?;
        }
        None => events::publish(tx, &ctx.scope, &event, &targets).await?,
    }
    Ok(id)
}

/// Why an event that its partner can do without is not sent, in a word and in the log's; the change behind it is
/// made in any case.
fn why_shed(ctx: &OpCtx, rung: Rung, kind: EventType) -> Option<(&'static str, &'static str)> {
    if !ctx.partner.settings.optional_events.contains(&kind) {
        return None;
    }
    if rung >= Rung::Shed {
        return Some(("load", SHED));
    }
    ctx.partner.is_quota_used_up().then_some(("quota", OVER_QUOTA))
}

/// Tells endpoints a sample of a type, whatever they subscribed to: an event like any other, save that it is
/// about nobody and that its payload says `livemode: false`.
pub(crate) async fn emit_sample(
    tx: &Tx,
    ctx: &OpCtx,
    endpoints: &[&Endpoint],
    kind: EventType,
) -> Result<(EventId, Vec<DeliveryId>)> {
    let targets = targets(ctx, endpoints.iter().copied(), None);
    let id = publish_sample(tx, ctx, &targets, kind).await?;
    Ok((id, (0..targets.len()).map(|n| id.delivery(n)).collect()))
}

/// Tries an endpoint with a sample of a type, signed by all its secrets or by one. How it answers is in the log only.
pub(crate) async fn emit_test(
    tx: &Tx,
    ctx: &OpCtx,
    endpoint: &Endpoint,
    kind: EventType,
    signer: Option<i64>,
) -> Result<(EventId, DeliveryId)> {
    let target = Target { is_test: true, signer, ..target(ctx, endpoint, None) };
    let id = publish_sample(tx, ctx, &[target], kind).await?;
    Ok((id, id.delivery(0)))
}

async fn publish_sample(
    tx: &Tx,
    ctx: &OpCtx,
    targets: &[Target],
    kind: EventType,
) -> Result<EventId> {
    let ids = ctx.app.ids.as_ref();
    let made_at = ctx.app.clock.now();
    let id = EventId::new(ids, made_at);
    let key = ctx.idempotency.as_ref().map(|i| &i.key);
    let mut payload = wire::events::sample(kind);
    payload["id"] = json!(id.to_string());
    payload["created_at"] = json!(ctx.now.to_string());
    payload["sequence"] = json!(0);
    payload["request"] =
        json!(ctx.request_id.map(|r| json!({"id": r.to_string(), "idempotency_key": key})));
    let event = events::Event {
        no: ids.number(made_at),
        id,
        kind,
        customer_id: None,
        mail_id: None,
        action_id: None,
        sequence: 0,
        request_id: ctx.request_id.map(|r| r.to_string()),
        trace: ctx.trace,
        payload: Bytes::from(payload.to_string()),
        created_at: made_at,
        mailbox_id: None,
        told_as: None,
    };
    events::publish(tx, &ctx.scope, &event, targets).await?;
    Ok(id)
}

/// Refuses what can wait while the database can't keep up.
pub(crate) fn must_be_calm(ctx: &OpCtx) -> Result<()> {
    if ctx.app.db.rung() >= Rung::NoReplays { Err(overloaded()) } else { Ok(()) }
}

fn overloaded() -> Error {
    Error::refused(ErrorCode::TemporarilyUnavailable, "the service is busy; nothing was changed")
        .fix("send the same request again after the time in Retry-After")
        .retry_after(RETRY_AFTER_SECONDS)
}

/// To whom an event is owed. What is told under the id `about` keeps its order where that is asked for.
pub(crate) fn targets<'a>(
    ctx: &OpCtx,
    endpoints: impl Iterator<Item = &'a Endpoint>,
    about: Option<[u8; 16]>,
) -> Vec<Target> {
    endpoints.map(|endpoint| target(ctx, endpoint, about)).collect()
}

fn target(ctx: &OpCtx, endpoint: &Endpoint, about: Option<[u8; 16]>) -> Target {
    let (ids, now) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    Target {
        endpoint_no: endpoint.no,
        delivery_no: ids.number(now),
        order_key: order_key(endpoint.settings.order, about),
        is_test: false,
        signer: None,
        settings_at: endpoint.updated_at,
    }
}

/// What is told under one key is told in its order. Ids whose keys meet share one, which is harmless.
pub fn order_key(order: Order, about: Option<[u8; 16]>) -> Option<i64> {
    match order {
        Order::None => None,
        Order::Key => about?.last_chunk().map(|bytes| i64::from_be_bytes(*bytes)),
        Order::Strict => Some(0),
    }
}
