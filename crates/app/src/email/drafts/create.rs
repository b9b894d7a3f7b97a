//! A new draft, and a copy of one.

use domain::email::Identity;
use domain::email::draft::{DRAFTS_MAX, Draft, Forward};
use domain::id::{DraftId, MessageId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::{drafts as rows, raw};
use wire::email::drafts::{DraftFields, NewDraft};
use wire::email::messages::ForwardMode;

use super::attachments::{File, add, stage};
use super::update::apply;
use super::{Shown, insert, invalid, locked};
use crate::OpCtx;
use crate::email::mailbox;
use crate::email::messages::get::find;

/// A draft whose attachments are where they will be found.
pub struct Prepared {
    fields: DraftFields,
    forward: Option<(String, ForwardMode, bool)>,
    files: Vec<File>,
}

/// Reads the attachments of a draft. The transaction comes after, as for a message.
pub async fn prepare(ctx: &OpCtx, input: NewDraft) -> Result<Prepared> {
    let (mode, with_original) = (input.forward_mode, input.include_original_attachments);
    Ok(Prepared {
        fields: input.fields,
        forward: input.forward_message_id.map(|id| (id, mode, with_original)),
        files: stage(ctx, input.attachments).await?,
    })
}

pub async fn create(tx: &Tx, ctx: &OpCtx, address: &str, new: &Prepared) -> Result<Shown> {
    let owner = mailbox(tx, ctx, address).await?;
    must_have_place(tx, &owner).await?;
    let mut draft = empty(ctx, &owner);
    if let Some((id, mode, with_original)) = &new.forward {
        let none = || invalid("forward_message_id", "the message was not found");
        let id = MessageId::parse(id).ok_or_else(none)?;
        let message = find(tx, ctx, &owner, id).await?;
        let is_wrapped = *mode == ForwardMode::Wrapped;
        let with_original = *with_original;
        draft.forward = Some(Forward { message_id: message.id, is_wrapped, with_original });
    }
    apply(tx, ctx, &owner, &mut draft, &new.fields).await?;
    add(tx, &mut draft, &new.files).await?;
    insert(tx, ctx, &owner, &mut draft).await?;
    Ok(Shown { address: owner.address, draft })
}

/// A copy that lives on by itself.
pub async fn duplicate(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    generation: i64,
) -> Result<Shown> {
    let (owner, source) = locked(tx, ctx, address, id, generation).await?;
    must_have_place(tx, &owner).await?;
    let fresh = empty(ctx, &owner);
    let (no, id, generation) = (fresh.no, fresh.id, fresh.generation);
    let (created_at, updated_at) = (ctx.now, ctx.now);
    let mut draft = Draft { no, id, generation, created_at, updated_at, ..source };
    for attachment in &draft.attachments {
        raw::add_ref(tx, &attachment.raw).await?;
    }
    insert(tx, ctx, &owner, &mut draft).await?;
    Ok(Shown { address: owner.address, draft })
}

async fn must_have_place(tx: &Tx, owner: &Identity) -> Result<()> {
    if rows::count(tx, owner.mailbox_id).await? < DRAFTS_MAX {
        return Ok(());
    }
    let message = format!("a mailbox has at most {DRAFTS_MAX} drafts; send or delete some");
    Err(Error::refused(ErrorCode::Conflict, message))
}

fn empty(ctx: &OpCtx, owner: &Identity) -> Draft {
    let ids = ctx.app.ids.as_ref();
    Draft {
        no: ids.number(ctx.now),
        id: DraftId::new(ids, ctx.now),
        mailbox_id: owner.mailbox_id,
        generation: 1,
        to: Vec::new(),
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: None,
        snippet: None,
        reply_to: None,
        thread_id: None,
        in_reply_to: None,
        references: Vec::new(),
        track_opens: false,
        forward: None,
        attachment_count: 0,
        has_attachments: false,
        created_at: ctx.now,
        updated_at: ctx.now,
        text: None,
        html: None,
        note_text: None,
        note_html: None,
        attachments: Vec::new(),
    }
}
