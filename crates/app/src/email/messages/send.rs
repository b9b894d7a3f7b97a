//! Sending a message (email-api.md 6.5): stored with a row for each recipient, and handed to the
//! mailboxes of this install in the same transaction. What goes elsewhere is left to the tasks.

use std::sync::Arc;

use domain::email::message::RecipientState;
use domain::email::rule::{self, RuleDirection};
use domain::email::{Direction, Identity, Message, MessageStatus};
use domain::id::ThreadId;
use domain::{Error, ErrorCode, Fact, Result};
use email::Address;
use email::thread::id_hash;
use storage::Tx;
use storage::email::messages::{self as rows, Known};
use storage::email::raw as bytes_of;
use storage::email::recipients::{self, Bucket, Recipient};
use storage::email::{identities, rules};

use super::compose::Prepared;
use super::receive::{Arrival, must_have_room, receive};
use super::{daily, outcome};
use crate::email::{mailbox, threads};
use crate::{OpCtx, audit};

/// Stores a prepared message and delivers it to the mailboxes of this install.
pub async fn send(tx: &Tx, ctx: &OpCtx, prepared: &Prepared) -> Result<Message> {
    let owner = mailbox(tx, ctx, &prepared.mailbox).await?;
    for (_, address) in &prepared.recipients {
        must_be_allowed(tx, &owner, address).await?;
    }
    daily::must_be_left(tx, ctx, &owner).await?;
    must_have_room(tx, ctx, &owner, prepared.raw.size).await?;
    let mut message = outbound(ctx, &owner, prepared);
    message.thread_id = threads::join(tx, ctx, &owner, &message).await?;
    let known = Known { message_id: id_hash(&message.message_id), sender: None };
    rows::insert(tx, &message, known).await?;
    bytes_of::put(tx, &prepared.raw, 1).await?;
    identities::add_used_bytes(tx, owner.mailbox_id, prepared.raw.size).await?;
    let all = deliver_here(tx, ctx, prepared).await?;
    recipients::insert(tx, message.no, &all).await?;
    let states: Vec<_> = all.iter().map(|r| r.state).collect();
    outcome::raise(tx, ctx, &owner, &mut message, &[], &states).await?;
    let n = all.len().to_string();
    audit::record(tx, ctx, "message.send", message.id, &[("recipients", &n)]).await?;
    Ok(message)
}

/// Refuses a recipient that an outbound contact rule speaks against (M-8).
async fn must_be_allowed(tx: &Tx, owner: &Identity, address: &Address) -> Result<()> {
    let canonical = address.canonical();
    let found = rules::matching(tx, owner.id, RuleDirection::Outbound, &canonical).await?;
    let plain: Vec<_> = found.iter().map(|r| r.rule.clone()).collect();
    let (is_allowed, by) = rule::decide(owner.outbound_filter, &plain, &canonical);
    if is_allowed {
        return Ok(());
    }
    let rule = by.map_or(Fact::None, |place| Fact::Text(found[place].id.to_string()));
    Err(Error::refused(ErrorCode::RecipientBlocked, "a contact rule forbids this recipient")
        .fact("matched_rule_id", rule)
        .fact("address", Fact::Text(address.as_str().to_owned()))
        .fact("reason", Fact::Text("contact_rule".to_owned())))
}

/// Puts the message into the mailboxes of this install, each once, and says where each recipient stands.
async fn deliver_here(tx: &Tx, ctx: &OpCtx, prepared: &Prepared) -> Result<Vec<Recipient>> {
    let arrival = Arrival {
        parsed: Arc::clone(&prepared.parsed),
        raw: prepared.raw.clone(),
        sender: prepared.mailbox.clone(),
    };
    let mut all = Vec::with_capacity(prepared.recipients.len());
    for (place, (bucket, address)) in prepared.recipients.iter().enumerate() {
        let mut recipient = Recipient {
            place: i64::try_from(place).unwrap_or(i64::MAX),
            bucket: *bucket,
            address: address.as_str().to_owned(),
            state: RecipientState::Queued,
            class: None,
            code: None,
            detail: None,
            at: ctx.now,
            tries: 0,
            due_at: Some(ctx.now),
        };
        if let Some(owner) = route(tx, &ctx.app.email.domain, address).await? {
            match receive(tx, ctx, &owner, &arrival).await {
                Ok(_) => {
                    recipient.state = RecipientState::Delivered;
                    recipient.due_at = None;
                }
                // A full mailbox is tried again, as that of another house would be.
                Err(error) if error.code() == ErrorCode::StorageLimitExceeded => {}
                Err(error) => return Err(error),
            }
        }
        all.push(recipient);
    }
    Ok(all)
}

/// Whose mailbox of this install an address reaches: its own, or without what follows a plus.
pub(crate) async fn route(tx: &Tx, domain: &str, address: &Address) -> Result<Option<Identity>> {
    let canonical = address.canonical();
    if let Some(owner) = identities::route(tx, &canonical).await? {
        return Ok(Some(owner));
    }
    match canonical.split_once('@').and_then(|(local, at)| Some((local.split_once('+')?.0, at))) {
        Some((local, at)) if at == domain => {
            Ok(identities::route(tx, &format!("{local}@{at}")).await?)
        }
        _ => Ok(None),
    }
}

fn outbound(ctx: &OpCtx, owner: &Identity, prepared: &Prepared) -> Message {
    let ids = ctx.app.ids.as_ref();
    let list = |bucket: Bucket| -> Vec<String> {
        let of = prepared.recipients.iter().filter(|(b, _)| *b == bucket);
        of.map(|(_, address)| address.as_str().to_owned()).collect()
    };
    Message {
        no: ids.number(ctx.now),
        id: prepared.id,
        mailbox_id: owner.mailbox_id,
        // Set when it joins its thread.
        thread_id: ThreadId([0; 16]),
        direction: Direction::Outbound,
        status: MessageStatus::Queued,
        message_id: prepared.message_id.clone(),
        from_address: owner.address.clone(),
        from_name: owner.display_name.clone(),
        to: list(Bucket::To),
        cc: list(Bucket::Cc),
        bcc: list(Bucket::Bcc),
        reply_to: prepared.reply_to.clone(),
        in_reply_to: prepared.in_reply_to.clone(),
        references: prepared.references.clone(),
        subject: prepared.parsed.subject.clone(),
        snippet: prepared.parsed.snippet.clone(),
        is_read: true,
        is_starred: false,
        has_attachments: prepared.parsed.has_attachments(),
        is_forward: prepared.is_forward,
        is_blocked: false,
        first_opened_at: None,
        open_count: 0,
        import_id: None,
        size: prepared.raw.size,
        raw: prepared.raw.sha256,
        created_at: ctx.now,
        updated_at: ctx.now,
    }
}
