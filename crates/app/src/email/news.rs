//! Telling the subscriptions of a mailbox what happened to a message (seed 002).
//!
//! The event is stored in the transaction that causes it, its payload rendered once, and delivered by the
//! engine that delivers all others.

use bytes::Bytes;
use domain::Result;
use domain::email::{Identity, Message};
use domain::event::EventType;
use domain::id::EventId;
use storage::Tx;
use storage::email::subscriptions;
use storage::events;
use wire::email::events::{BodyText, News};

use super::peers;
use crate::OpCtx;
use crate::emit::{is_told, targets};

/// Tells of a message. `text` is that of an inbound one; nobody who listens means nothing to store.
pub(super) async fn tell(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &Message,
    kind: EventType,
    text: Option<&str>,
) -> Result<()> {
    let listening = subscriptions::listening(tx, owner.mailbox_id).await?;
    let told: Vec<_> = listening.iter().filter(|e| is_told(e, kind)).collect();
    if told.is_empty() {
        return Ok(());
    }
    // A message is told of without its peers rather than not at all (PR-25).
    let peers = tx.spare(peers::resolve(tx, &ctx.scope, owner, message)).await?;
    let peers = peers.unwrap_or_else(|error| {
        tracing::warn!(message.id = %message.id, %error, "the peers of {} were not found", message.id);
        peers::Peers::default()
    });
    let (ids, made_at) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let id = EventId::new(ids, made_at);
    let body = (kind == EventType::MessageReceived)
        .then(|| BodyText::cut(text, ctx.app.email.body_chars_max));
    let news = News {
        id,
        kind,
        at: ctx.now,
        message,
        address: &owner.address,
        body,
        contacts: peers.contacts,
        identities: peers.identities,
    };
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
        payload: Bytes::from(news.render()),
        created_at: made_at,
        mailbox_id: Some(owner.mailbox_id),
    };
    let targets = targets(ctx, told.into_iter(), Some(owner.mailbox_id.0));
    Ok(events::publish(tx, &ctx.scope, &event, &targets).await?)
}
