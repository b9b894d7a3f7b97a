//! Flags of a message, and deleting one (email-api.md 6.8).

use domain::Result;
use domain::email::{Identity, Message};
use domain::id::MessageId;
use storage::Tx;
use storage::email::{identities, messages as rows, raw, threads};

use super::get::{find, no_message};
use crate::email::mailbox;
use crate::{OpCtx, audit};

/// What to change; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    pub is_read: Option<bool>,
    pub is_starred: Option<bool>,
}

pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    flags: Flags,
) -> Result<Message> {
    let (_, mut message) = locked(tx, ctx, address, id).await?;
    message.is_read = flags.is_read.unwrap_or(message.is_read);
    message.is_starred = flags.is_starred.unwrap_or(message.is_starred);
    message.updated_at = ctx.now;
    rows::set_flags(tx, &message).await?;
    Ok(message)
}

/// Deletes a message; a thread that has no other goes with it, and the room is free at once (M-13).
pub async fn delete(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<()> {
    let (owner, message) = locked(tx, ctx, address, id).await?;
    remove(tx, ctx, &owner, &message).await?;
    if let Some(mut thread) = threads::find_locked(tx, owner.mailbox_id, message.thread_id).await? {
        thread.message_count -= 1;
        if thread.message_count <= 0 {
            threads::delete(tx, thread.id).await?;
        } else {
            threads::update(tx, &thread).await?;
        }
    }
    audit::record(tx, ctx, "message.delete", message.id, &[]).await
}

/// Takes a message out, and its bytes where no other message has them.
pub(crate) async fn remove(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    message: &Message,
) -> Result<()> {
    rows::delete(tx, message.no).await?;
    raw::release(tx, &message.raw, ctx.app.clock.now()).await?;
    Ok(identities::add_used_bytes(tx, owner.mailbox_id, -message.size).await?)
}

async fn locked(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<(Identity, Message)> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = MessageId::parse(id).ok_or_else(no_message)?;
    find(tx, ctx, &owner, id).await?;
    let message = rows::find_locked(tx, owner.mailbox_id, id).await?.ok_or_else(no_message)?;
    Ok((owner, message))
}
