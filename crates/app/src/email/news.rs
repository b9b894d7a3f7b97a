//! Telling the subscriptions of a mailbox what happened to a message (seed 002).
//!
//! The event is stored in the transaction that causes it, its payload rendered once for all who ask for the same, and
//! delivered by the engine that delivers all others.

use bytes::Bytes;
use domain::Result;
use domain::email::{Identity, Message};
use domain::event::EventType;
use domain::id::EventId;
use storage::Tx;
use storage::email::subscriptions;
use storage::endpoints::Endpoint;
use storage::events;
use wire::email::context::ContextConfig;
use wire::email::events::{BodyText, News};

use super::context;
use super::peers::{self, Peers};
use crate::OpCtx;
use crate::emit::targets;
use crate::endpoints::filter::is_told;

/// Tells of a message. `text` is that of an inbound one; nobody who listens means nothing to store.
pub(super) async fn tell(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &Message,
    kind: EventType,
    text: Option<&str>,
) -> Result<()> {
    let mut told = subscriptions::listeners(tx, owner.mailbox_id).await?;
    told.retain(|(endpoint, _)| is_told(endpoint, kind));
    if told.is_empty() {
        return Ok(());
    }
    let peers = peers_or_none(tx, ctx, owner, message).await?;
    let is_received = kind == EventType::MessageReceived;
    let news = News {
        id: EventId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        kind,
        at: ctx.now,
        message,
        address: &owner.address,
        body: is_received.then(|| BodyText::cut(text, ctx.app.email.body_chars_max)),
        contacts: peers.contacts,
        identities: peers.identities,
        context: None,
    };
    if !is_received {
        for (_, config) in &mut told {
            *config = None;
        }
    }
    // Those that ask for the same share one event; the first of all gives its id to the others.
    told.sort_by(|(_, a), (_, b)| a.cmp(b));
    for (place, alike) in told.chunk_by(|(_, a), (_, b)| a == b).enumerate() {
        let config = alike.first().and_then(|(_, config)| config.as_deref());
        let context = match config.and_then(ContextConfig::parse) {
            Some(config) => Some(context::of(tx, owner, message, config, ctx.now).await?),
            None => None,
        };
        let endpoints = alike.iter().map(|(endpoint, _)| endpoint);
        let of_these = News { context, ..news.clone() };
        publish(tx, ctx, owner, of_these, place == 0, endpoints).await?;
    }
    Ok(())
}

/// Who is on the message. A message is told of without its peers rather than not at all (PR-25).
async fn peers_or_none(tx: &Tx, ctx: &OpCtx, owner: &Identity, message: &Message) -> Result<Peers> {
    let found = tx.spare(peers::resolve(tx, &ctx.scope, owner, message)).await?;
    Ok(found.unwrap_or_else(|error| {
        tracing::warn!(message.id = %message.id, %error, "the peers of {} were not found", message.id);
        Peers::default()
    }))
}

/// Stores an event and owes it to some. One that is not the first is told under the first one's id.
async fn publish<'a>(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    news: News<'_>,
    is_first: bool,
    endpoints: impl Iterator<Item = &'a Endpoint>,
) -> Result<()> {
    let (ids, made_at) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let event = events::Event {
        no: ids.number(made_at),
        id: if is_first { news.id } else { EventId::new(ids, made_at) },
        kind: news.kind,
        customer_id: None,
        mail_id: None,
        action_id: None,
        sequence: 0,
        request_id: ctx.request_id.map(|r| r.to_string()),
        trace: ctx.trace,
        told_as: (!is_first).then_some(news.id),
        payload: Bytes::from(news.render()),
        created_at: made_at,
        mailbox_id: Some(owner.mailbox_id),
    };
    let targets = targets(ctx, endpoints, Some(owner.mailbox_id.0));
    Ok(events::publish(tx, &ctx.scope, &event, &targets).await?)
}
