//! Events: stored with the change that they tell of, owed to every endpoint that asked for them.
//!
//! The payload is rendered once, here; its bytes are what every delivery, retry and replay sends.

use bytes::Bytes;
use domain::Result;
use domain::customer::Customer;
use domain::event::EventType;
use domain::id::{ActionId, DeliveryId, EventId, MailId};
use futures_util::future::try_join;
use serde_json::{Value, json};
use storage::endpoints::{Endpoint, EndpointStatus};
use storage::{Tx, customers, endpoints, events};
use wire::events::{Envelope, Subject};

use crate::OpCtx;

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
    let ids = ctx.app.ids.as_ref();
    let made_at = ctx.app.clock.now();
    let id = EventId::new(ids, made_at);
    let (sequence, listening) =
        try_join(customers::next_sequence(tx, customer.id), endpoints::list(tx, &ctx.scope))
            .await?;
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
    let wanted = listening.iter().filter(|e| {
        // What a failing endpoint misses is kept for it; one that a person switched off is left alone.
        e.status != EndpointStatus::Disabled
            && (e.event_types.is_empty() || e.event_types.contains(&news.kind))
    });
    let targets: Vec<(i64, i64, DeliveryId)> =
        wanted.map(|e| (e.no, ids.number(made_at), DeliveryId::new(ids, made_at))).collect();
    let event = events::Event {
        no: ids.number(made_at),
        id,
        kind: news.kind,
        customer_id: Some(customer.id),
        mail_id: news.mail_id,
        action_id: news.action_id,
        sequence: envelope.sequence,
        request_id: ctx.request_id.map(|r| r.to_string()),
        payload: Bytes::from(envelope.render(subject)),
        created_at: made_at,
    };
    events::publish(tx, &ctx.scope, &event, &targets).await?;
    Ok(id)
}

/// Sends one endpoint a sample of a type, whatever it subscribed to: an event like any other in the
/// log, save that it is about nobody and that its payload says `livemode: false`.
pub(crate) async fn emit_sample(
    tx: &Tx,
    ctx: &OpCtx,
    endpoint: &Endpoint,
    kind: EventType,
) -> Result<(EventId, DeliveryId)> {
    let ids = ctx.app.ids.as_ref();
    let made_at = ctx.app.clock.now();
    let (id, delivery) = (EventId::new(ids, made_at), DeliveryId::new(ids, made_at));
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
        payload: Bytes::from(payload.to_string()),
        created_at: made_at,
    };
    let targets = [(endpoint.no, ids.number(made_at), delivery)];
    events::publish(tx, &ctx.scope, &event, &targets).await?;
    Ok((id, delivery))
}
