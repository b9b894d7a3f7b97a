//! Threads as callers see them: listed, moved between folders, deleted (email-api.md 6.10). How a message
//! finds its thread is [`super::threads`].

use domain::email::{Folder, Message, Thread};
use domain::id::ThreadId;
use domain::{Error, ErrorCode, Field, Result, Timestamp};
use storage::Tx;
use storage::email::{messages, threads as rows};

use super::mailbox;
use super::messages::flags::remove;
use crate::page::{Page, one_more};
use crate::{OpCtx, audit};

/// Messages of one thread that are shown with it.
pub const MESSAGES_MAX: i64 = 1000;

/// Where a page begins: after this thread.
pub type After = (Timestamp, ThreadId);

/// At most `limit` threads, those with the latest messages first. Blocked ones are for the organization only.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    folder: Option<Folder>,
    after: Option<After>,
    limit: usize,
) -> Result<Page<Thread>> {
    let owner = mailbox(tx, ctx, address).await?;
    let mut folders = shown(ctx);
    folders.retain(|one| folder.is_none_or(|only| only == *one));
    let found = rows::list(tx, owner.mailbox_id, &folders, after, one_more(limit)).await?;
    Ok(Page::of(found, limit))
}

/// The folders that hold a thread, in the order of the alphabet.
pub async fn folders(tx: &Tx, ctx: &OpCtx, address: &str) -> Result<Vec<Folder>> {
    let owner = mailbox(tx, ctx, address).await?;
    let mut found = Vec::new();
    for folder in shown(ctx) {
        if rows::has_folder(tx, owner.mailbox_id, folder).await? {
            found.push(folder);
        }
    }
    found.sort_unstable_by_key(|folder| folder.as_str());
    Ok(found)
}

/// The folders that a caller sees: what was blocked is for the organization only.
fn shown(ctx: &OpCtx) -> Vec<Folder> {
    let is_shown = |folder: &Folder| *folder != Folder::Blocked || ctx.identity.is_none();
    Folder::ALL.iter().copied().filter(is_shown).collect()
}

/// A thread with its messages, oldest first. Nothing is read by that.
pub async fn get(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<(Thread, Vec<Message>)> {
    let thread = find(tx, ctx, address, id).await?;
    let messages = messages::of_thread(tx, thread.id, MESSAGES_MAX).await?;
    Ok((thread, messages))
}

/// Moves a thread. Into `blocked` only a contact rule puts mail.
pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    folder: Folder,
) -> Result<Thread> {
    if folder == Folder::Blocked {
        let rule = "mail is blocked by contact rules; move a thread to inbox, spam or archive";
        return Err(Error::invalid(vec![Field::new("folder", "invalid", rule)]));
    }
    let mut thread = find(tx, ctx, address, id).await?;
    thread.folder = folder;
    rows::update(tx, &thread).await?;
    Ok(thread)
}

/// Deletes a thread with all its messages.
pub async fn delete(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<()> {
    let thread = find(tx, ctx, address, id).await?;
    let owner = mailbox(tx, ctx, address).await?;
    loop {
        let page = messages::of_thread(tx, thread.id, MESSAGES_MAX).await?;
        if page.is_empty() {
            break;
        }
        for message in &page {
            remove(tx, ctx, &owner, message).await?;
        }
    }
    rows::delete(tx, thread.id).await?;
    audit::record(tx, ctx, "thread.delete", thread.id, &[]).await
}

async fn find(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Thread> {
    let owner = mailbox(tx, ctx, address).await?;
    let found = match ThreadId::parse(id) {
        Some(id) => rows::find_locked(tx, owner.mailbox_id, id).await?,
        None => None,
    };
    let visible = found.filter(|t| t.folder != Folder::Blocked || ctx.identity.is_none());
    visible.ok_or_else(|| Error::refused(ErrorCode::NotFound, "Thread not found"))
}
