//! The files of a draft: added, taken away, read back.

use bytes::Bytes;
use domain::Result;
use domain::email::draft::{ATTACHMENTS_MAX, Draft, DraftAttachment};
use domain::email::message::ATTACHMENT_BYTES_MAX;
use email::Attachment;
use email::attachment::{Body, check};
use storage::Tx;
use storage::email::drafts as rows;
use storage::email::raw::{self as bytes_of, Raw};
use wire::email::messages::NewAttachment;

use super::{Shown, get, invalid, locked, must_be, part_of, save};
use crate::OpCtx;
use crate::email::messages::compose::decode;
use crate::email::raw;

/// A file whose bytes are where they will be found.
pub struct File {
    attachment: Attachment,
    raw: Raw,
}

/// Reads attachments and stages their bytes. Whether a picture has a text that shows it is judged when the
/// draft is sent.
pub async fn stage(ctx: &OpCtx, attachments: Vec<NewAttachment>) -> Result<Vec<File>> {
    let decoded = decode(attachments)?;
    check(&decoded, Body::Html).map_err(|(place, problem)| {
        invalid(&format!("attachments/{place}"), &problem.to_string())
    })?;
    let mut files = Vec::with_capacity(decoded.len());
    for attachment in decoded {
        let raw = raw::stage(&ctx.app, &attachment.bytes).await?;
        files.push(File { attachment, raw });
    }
    Ok(files)
}

/// Puts files to those of a draft, whose row is stored by the caller.
pub(super) async fn add(tx: &Tx, draft: &mut Draft, files: &[File]) -> Result<()> {
    for file in files {
        bytes_of::put(tx, &file.raw, 1).await?;
        draft.attachments.push(DraftAttachment {
            part: draft.next_part(),
            filename: file.attachment.filename.clone(),
            content_type: file.attachment.content_type.clone(),
            content_id: file.attachment.content_id.clone(),
            size: file.raw.size,
            raw: file.raw.sha256,
        });
    }
    let total: i64 = draft.attachments.iter().map(|a| a.size).sum();
    if draft.attachments.len() > ATTACHMENTS_MAX {
        let rule = format!("a draft has at most {ATTACHMENTS_MAX} attachments");
        return Err(invalid("attachments", &rule));
    }
    if usize::try_from(total).unwrap_or(usize::MAX) > ATTACHMENT_BYTES_MAX {
        return Err(invalid("attachments", "the attachments are larger than 25 MiB together"));
    }
    Ok(())
}

/// Adds files to a draft.
pub async fn append(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    generation: i64,
    files: &[File],
) -> Result<Shown> {
    let (owner, mut draft) = locked(tx, ctx, address, id, generation).await?;
    let (before, n_before) = (draft.size(), draft.attachments.len());
    add(tx, &mut draft, files).await?;
    for attachment in &draft.attachments[n_before..] {
        rows::attach(tx, draft.no, attachment).await?;
    }
    save(tx, ctx, &owner, &mut draft, before).await?;
    Ok(Shown { address: owner.address, draft })
}

/// Takes one file away; the others keep their indexes.
pub async fn remove(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    part: &str,
    generation: i64,
) -> Result<Shown> {
    let (owner, mut draft) = locked(tx, ctx, address, id, generation).await?;
    let before = draft.size();
    let gone = part_of(&draft, part)?.clone();
    draft.attachments.retain(|a| a.part != gone.part);
    rows::detach(tx, draft.no, gone.part).await?;
    bytes_of::release(tx, &gone.raw, ctx.now).await?;
    save(tx, ctx, &owner, &mut draft, before).await?;
    Ok(Shown { address: owner.address, draft })
}

/// A file as it was attached.
pub struct Opened {
    pub attachment: DraftAttachment,
    pub bytes: Bytes,
}

/// Reads one file of a generation.
pub async fn open(
    ctx: &OpCtx,
    address: &str,
    id: &str,
    part: &str,
    generation: i64,
) -> Result<Opened> {
    let (address, id, part) = (address.to_owned(), id.to_owned(), part.to_owned());
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let shown = get(tx, ctx, &address, &id).await?;
        must_be(&shown.draft, generation)?;
        part_of(&shown.draft, &part).cloned()
    };
    let attachment = ctx.app.query(ctx, work).await?;
    let bytes = raw::load(&ctx.app, attachment.raw).await?;
    Ok(Opened { attachment, bytes })
}
