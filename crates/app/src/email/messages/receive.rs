//! An inbound message: stored once, in its thread, and told of (email-engine.md 3.1, 3.2).
//!
//! HTTP ingest, delivery between mailboxes and SMTP all come through here.

use std::sync::Arc;

use domain::email::rule::{self, RuleDirection};
use domain::email::{Direction, Identity, Message, MessageStatus};
use domain::event::EventType;
use domain::id::{MessageId, Uuid};
use domain::{Error, ErrorCode, Result, days};
use email::Parsed;
use email::thread::id_hash;
use storage::email::messages::{self as rows, Known};
use storage::email::raw::{self, Raw};
use storage::email::{identities, rules};
use storage::{Tx, tenancy};

use crate::email::{news, threads};
use crate::{Actor, OpCtx};

/// How long a message is known again that comes a second time (email-engine.md 4.3).
const KNOWN_FOR: i64 = days(7);

/// What came in, for one or more mailboxes.
#[derive(Clone)]
pub struct Arrival {
    pub parsed: Arc<Parsed>,
    pub raw: Raw,
    /// The envelope's sender; empty for a bounce.
    pub sender: String,
}

/// A message that is in the mailbox now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    pub id: MessageId,
    /// It was there already: the sender sent it again.
    pub is_known: bool,
}

/// Stores a message in a mailbox of any organization.
pub async fn receive(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    arrival: &Arrival,
) -> Result<Received> {
    let ctx = at_home(tx, ctx, owner).await?;
    let sender = id_hash(&arrival.sender.to_lowercase());
    let message_id = message_id(arrival, owner);
    let known = Known { message_id: id_hash(&message_id), sender: Some(sender) };
    let (size, since) = (arrival.raw.size, ctx.now.plus(-KNOWN_FOR));
    if let Some(id) = rows::find_known(tx, owner.mailbox_id, known, size, since).await? {
        return Ok(Received { id, is_known: true });
    }
    must_have_room(tx, &ctx, owner, size).await?;
    let mut message = message(&ctx, owner, arrival, message_id);
    message.is_blocked = is_blocked(tx, owner, &message.from_address).await?;
    message.thread_id = threads::join(tx, &ctx, owner, &message).await?;
    rows::insert(tx, &message, known).await?;
    raw::put(tx, &arrival.raw, 1).await?;
    identities::add_used_bytes(tx, owner.mailbox_id, size).await?;
    if !message.is_blocked {
        let text = arrival.parsed.body.as_deref();
        news::tell(tx, &ctx, owner, &message, EventType::MessageReceived, text).await?;
    }
    Ok(Received { id: message.id, is_known: false })
}

/// The context of the organization whose mailbox it is.
async fn at_home(tx: &Tx, ctx: &OpCtx, owner: &Identity) -> Result<OpCtx> {
    if owner.partner_id == ctx.scope.partner_id() {
        return Ok(ctx.clone());
    }
    let partner = tenancy::partner_find(tx, owner.partner_id).await?;
    let partner = partner.ok_or_else(|| Error::internal("receiving a message", "no partner"))?;
    Ok(OpCtx::new(&ctx.app, Arc::new(partner), true, Actor::System))
}

/// Refuses a message that a mailbox has no room for.
pub(crate) async fn must_have_room(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    size: i64,
) -> Result<()> {
    let Some(limit) = owner.storage_limit else { return Ok(()) };
    if identities::used_bytes(tx, owner.mailbox_id).await? + size <= limit {
        return Ok(());
    }
    Err(Error::refused(ErrorCode::StorageLimitExceeded, "Mailbox is full")
        .fact("upgrade_url", domain::Fact::Text(ctx.app.public_url.clone()))
        .fact("limit_bytes", domain::Fact::Number(limit)))
}

/// Its own Message-ID, or one made from its bytes, so that the same bytes are known again.
pub(crate) fn message_id(arrival: &Arrival, owner: &Identity) -> String {
    arrival.parsed.message_id.clone().unwrap_or_else(|| {
        let mut start = [0; 16];
        start.copy_from_slice(&arrival.raw.sha256[..16]);
        format!("<{}@{}>", Uuid(start).simple(), owner.sending_domain())
    })
}

async fn is_blocked(tx: &Tx, owner: &Identity, from: &str) -> Result<bool> {
    let from = from.to_lowercase();
    let found = rules::matching(tx, owner.id, RuleDirection::Inbound, &from).await?;
    let found: Vec<_> = found.into_iter().map(|r| r.rule).collect();
    Ok(!rule::decide(owner.inbound_filter, &found, &from).0)
}

/// The row of an inbound message that came now.
pub(crate) fn message(
    ctx: &OpCtx,
    owner: &Identity,
    arrival: &Arrival,
    message_id: String,
) -> Message {
    let (ids, p) = (ctx.app.ids.as_ref(), arrival.parsed.as_ref());
    let texts = |list: &[email::Mailbox]| -> Vec<String> {
        list.iter().map(|m| m.address.as_str().to_owned()).collect()
    };
    let from = p.from.first();
    Message {
        no: ids.number(ctx.now),
        id: MessageId::new(ids, ctx.now),
        mailbox_id: owner.mailbox_id,
        // Set when it joins its thread.
        thread_id: domain::id::ThreadId([0; 16]),
        direction: Direction::Inbound,
        status: MessageStatus::Received,
        message_id,
        from_address: from
            .map_or_else(|| arrival.sender.clone(), |from| from.address.as_str().to_owned()),
        from_name: from.and_then(|from| from.name.clone()),
        to: texts(&p.to),
        cc: texts(&p.cc),
        bcc: Vec::new(),
        reply_to: texts(&p.reply_to),
        in_reply_to: p.in_reply_to.first().cloned(),
        references: p.references.clone(),
        subject: p.subject.clone(),
        snippet: p.snippet.clone(),
        is_read: false,
        is_starred: false,
        has_attachments: p.has_attachments(),
        is_forward: false,
        is_blocked: false,
        first_opened_at: None,
        open_count: 0,
        import_id: None,
        size: arrival.raw.size,
        raw: arrival.raw.sha256,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}
