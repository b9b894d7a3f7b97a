//! Which thread a message belongs to, by the Message-IDs that it and others name (email-engine.md 4.4).

use domain::Result;
use domain::email::{Direction, Folder, Identity, Message, Thread};
use domain::id::ThreadId;
use email::thread::{id_hash, referenced};
use storage::Tx;
use storage::email::threads as rows;

use crate::OpCtx;

/// Finds the thread of a message that is about to be stored, or makes one, and counts the message in.
///
/// A message that ties several threads together joins the oldest, and the others become part of it. A
/// forward, and what a contact rule refused, begins its own (M-14, C-9).
pub(super) async fn join(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &Message,
) -> Result<ThreadId> {
    let mailbox = owner.mailbox_id;
    let replies: Vec<String> = message.in_reply_to.iter().cloned().collect();
    let named = referenced(&replies, &message.references);
    let mut refs: Vec<_> = named.into_iter().map(id_hash).collect();
    // Its own as well: an answer may have come before it.
    refs.push(id_hash(&message.message_id));
    let joins = !message.is_forward && !message.is_blocked;
    let mut found = if joins { rows::of_refs(tx, mailbox, &refs).await? } else { Vec::new() };
    let id = if found.is_empty() {
        create(tx, ctx, owner, message).await?
    } else {
        let oldest = found.remove(0);
        join_oldest(tx, owner, message, oldest, &found).await?
    };
    if message.is_blocked {
        // Nothing may join it: an answer to it would be out of sight as well.
        return Ok(id);
    }
    let known = if joins { &refs[..] } else { &refs[refs.len() - 1..] };
    rows::put_refs(tx, mailbox, known, id).await?;
    Ok(id)
}

async fn join_oldest(
    tx: &Tx,
    owner: &Identity,
    message: &Message,
    oldest: ThreadId,
    others: &[ThreadId],
) -> Result<ThreadId> {
    let mut thread = find(tx, owner, oldest).await?;
    for other in others {
        thread.message_count += find(tx, owner, *other).await?.message_count;
        rows::merge(tx, *other, oldest).await?;
    }
    thread.message_count += 1;
    thread.last_message_at = thread.last_message_at.max(message.created_at);
    if thread.folder == Folder::Archive && message.direction == Direction::Inbound {
        thread.folder = Folder::Inbox;
    }
    rows::update(tx, &thread).await?;
    Ok(oldest)
}

async fn find(tx: &Tx, owner: &Identity, id: ThreadId) -> Result<Thread> {
    let found = rows::find_locked(tx, owner.mailbox_id, id).await?;
    found.ok_or_else(|| domain::Error::internal("joining a thread", "it is gone"))
}

async fn create(tx: &Tx, ctx: &OpCtx, owner: &Identity, message: &Message) -> Result<ThreadId> {
    let id = ThreadId::new(ctx.app.ids.as_ref(), message.created_at);
    let folder = if message.is_blocked { Folder::Blocked } else { Folder::Inbox };
    let thread = Thread {
        id,
        mailbox_id: owner.mailbox_id,
        subject: message.subject.clone(),
        folder,
        message_count: 1,
        last_message_at: message.created_at,
        created_at: message.created_at,
    };
    rows::insert(tx, &thread).await?;
    Ok(id)
}
