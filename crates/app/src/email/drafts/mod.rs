//! Messages that are being written: made, read, changed, deleted, sent (email-api.md 6.11).
//!
//! Each change names the generation that it saw, so that two who write at once notice one another.

pub mod attachments;
pub mod create;
pub mod send;
pub mod update;

use domain::email::{Draft, DraftAttachment, Identity};
use domain::id::DraftId;
use domain::{Error, ErrorCode, Fact, Field, Result, Timestamp};
use email::html::{self, Links};
use email::text;
use storage::Tx;
use storage::email::{drafts as rows, identities, raw};

use super::mailbox;
use super::messages::receive::must_have_room;
use crate::page::{Page, one_more};
use crate::{OpCtx, audit};

/// Characters of HTML that the snippet is made from.
const SNIPPET_HTML_CHARS_MAX: usize = 64 << 10;

/// Where a page begins: after this draft.
pub type After = (Timestamp, i64);

/// A draft and the address of its mailbox.
pub struct Shown {
    pub address: String,
    pub draft: Draft,
}

/// At most `limit` drafts, newest first, and the address of their mailbox.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    after: Option<After>,
    limit: usize,
) -> Result<(String, Page<Draft>)> {
    let owner = mailbox(tx, ctx, address).await?;
    let found = rows::list(tx, owner.mailbox_id, after, one_more(limit)).await?;
    Ok((owner.address, Page::of(found, limit)))
}

pub async fn get(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Shown> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = DraftId::parse(id).ok_or_else(no_draft)?;
    let draft = rows::find(tx, owner.mailbox_id, id).await?.ok_or_else(no_draft)?;
    Ok(Shown { address: owner.address, draft })
}

pub async fn delete(tx: &Tx, ctx: &OpCtx, address: &str, id: &str, generation: i64) -> Result<()> {
    let (owner, draft) = locked(tx, ctx, address, id, generation).await?;
    remove(tx, ctx, &owner, &draft).await?;
    audit::record(tx, ctx, "draft.delete", draft.id, &[]).await
}

/// Takes a draft out, and the bytes of its attachments where nothing else has them.
async fn remove(tx: &Tx, ctx: &OpCtx, owner: &Identity, draft: &Draft) -> Result<()> {
    for attachment in &draft.attachments {
        raw::release(tx, &attachment.raw, ctx.now).await?;
    }
    rows::delete(tx, draft.no).await?;
    Ok(identities::add_used_bytes(tx, owner.mailbox_id, -draft.size()).await?)
}

/// A draft that is about to change, in the generation that the caller saw.
async fn locked(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    generation: i64,
) -> Result<(Identity, Draft)> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = DraftId::parse(id).ok_or_else(no_draft)?;
    let draft = rows::find_locked(tx, owner.mailbox_id, id).await?.ok_or_else(no_draft)?;
    must_be(&draft, generation)?;
    Ok((owner, draft))
}

fn must_be(draft: &Draft, generation: i64) -> Result<()> {
    if draft.generation == generation {
        return Ok(());
    }
    let now = draft.generation;
    let message = format!("the draft is at generation {now} by now; read it again");
    Err(Error::refused(ErrorCode::DraftGenerationConflict, message)
        .fact("generation", Fact::Number(now)))
}

/// Brings up to date what follows from the rest of a draft.
fn settle(draft: &mut Draft) {
    let of = |text: &Option<String>, html: &Option<String>| {
        let words = |html: &String| {
            let start = text::cut(html, SNIPPET_HTML_CHARS_MAX).text;
            html::to_text(start, Links::Hidden).text
        };
        let text = text.clone().or_else(|| html.as_ref().map(words))?;
        text::snippet(&text)
    };
    let own = of(&draft.text, &draft.html);
    draft.snippet = own.or_else(|| of(&draft.note_text, &draft.note_html));
    draft.attachment_count = i64::try_from(draft.attachments.len()).unwrap_or(i64::MAX);
    draft.has_attachments = draft.attachments.iter().any(|a| a.content_id.is_none());
}

/// Stores a changed draft as its next generation; `size_before` is what it took of the room until now.
async fn save(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &Identity,
    draft: &mut Draft,
    size_before: i64,
) -> Result<()> {
    settle(draft);
    draft.generation += 1;
    draft.updated_at = ctx.now;
    take_room(tx, ctx, owner, draft.size() - size_before).await?;
    Ok(rows::update(tx, draft).await?)
}

/// Stores a draft that is new, with its attachments.
async fn insert(tx: &Tx, ctx: &OpCtx, owner: &Identity, draft: &mut Draft) -> Result<()> {
    settle(draft);
    take_room(tx, ctx, owner, draft.size()).await?;
    rows::insert(tx, draft).await?;
    for attachment in &draft.attachments {
        rows::attach(tx, draft.no, attachment).await?;
    }
    Ok(())
}

async fn take_room(tx: &Tx, ctx: &OpCtx, owner: &Identity, bytes: i64) -> Result<()> {
    if bytes > 0 {
        must_have_room(tx, ctx, owner, bytes).await?;
    }
    Ok(identities::add_used_bytes(tx, owner.mailbox_id, bytes).await?)
}

fn part_of<'a>(draft: &'a Draft, part: &str) -> Result<&'a DraftAttachment> {
    let part: Option<i64> = part.parse().ok();
    let found = draft.attachments.iter().find(|a| Some(a.part) == part);
    found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "Attachment not found"))
}

fn no_draft() -> Error {
    Error::refused(ErrorCode::NotFound, "Draft not found")
}

fn invalid(param: &str, message: &str) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}
