//! Sending a draft: it becomes a message and is a draft no more, in one transaction.
//!
//! So no draft is ever half sent, and none is sent twice: who comes second finds none.

use domain::email::draft::Draft;
use domain::email::{Identity, Message};
use domain::id::DraftId;
use domain::{Error, Result};
use email::Attachment;
use storage::Tx;
use storage::email::drafts as rows;
use wire::email::messages::To;

use super::{locked, must_be, no_draft, remove};
use crate::OpCtx;
use crate::email::messages::answer::{Original, forwarded};
use crate::email::messages::compose::{Letter, Prepared, compose};
use crate::email::messages::get::find;
use crate::email::messages::send;
use crate::email::{mailbox, raw};

/// Builds the message that a draft is to be. `None` where there is no such draft: it may be that the answer
/// of the call that sent it is remembered.
pub async fn prepare(
    ctx: &OpCtx,
    address: &str,
    id: &str,
    generation: i64,
) -> Result<Option<Prepared>> {
    let (name, id) = (address.to_owned(), DraftId::parse(id).ok_or_else(no_draft)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let owner = mailbox(tx, ctx, &name).await?;
        let Some(draft) = rows::find(tx, owner.mailbox_id, id).await? else { return Ok(None) };
        must_be(&draft, generation)?;
        let source = match draft.forward {
            Some(forward) => Some(find(tx, ctx, &owner, forward.message_id).await?),
            None => None,
        };
        Ok(Some((owner, draft, source)))
    };
    let Some((owner, draft, source)) = ctx.app.query(ctx, work).await? else { return Ok(None) };
    let letter = letter(ctx, draft, source).await?;
    compose(ctx, &owner, letter).await.map(Some)
}

async fn letter(ctx: &OpCtx, draft: Draft, source: Option<Message>) -> Result<Letter> {
    let mut attachments = Vec::with_capacity(draft.attachments.len());
    for file in &draft.attachments {
        attachments.push(Attachment {
            filename: file.filename.clone(),
            content_type: file.content_type.clone(),
            content_id: file.content_id.clone(),
            bytes: raw::load(&ctx.app, file.raw).await?,
        });
    }
    let answers = answers(&draft);
    let letter = match source.zip(draft.forward) {
        None => Letter {
            recipients: To { to: draft.to, cc: draft.cc, bcc: draft.bcc },
            subject: draft.subject.unwrap_or_default(),
            text: draft.text,
            html: draft.html,
            reply_to: draft.reply_to,
            attachments,
            answers,
            wrapped: None,
            is_forward: false,
            track_opens: draft.track_opens,
        },
        Some((message, forward)) => {
            let original = Original {
                message: &message,
                is_wrapped: forward.is_wrapped,
                with_attachments: forward.with_original,
            };
            let note = (draft.note_text.or(draft.text), draft.note_html.or(draft.html));
            let body = forwarded(ctx, original, note, attachments).await?;
            let subject = draft.subject;
            Letter {
                recipients: To { to: draft.to, cc: draft.cc, bcc: draft.bcc },
                subject: subject
                    .unwrap_or_else(|| email::forward::subject(message.subject.as_deref())),
                text: body.text,
                html: body.html,
                reply_to: draft.reply_to,
                attachments: body.attachments,
                answers: None,
                wrapped: body.wrapped,
                is_forward: true,
                track_opens: draft.track_opens,
            }
        }
    };
    Ok(letter)
}

/// The Message-ID that is answered and those before it; without one, the last that is referred to.
fn answers(draft: &Draft) -> Option<(String, Vec<String>)> {
    let mut before = draft.references.clone();
    let parent = draft.in_reply_to.clone().or_else(|| before.pop())?;
    Some((parent, before))
}

/// Stores and delivers the message in place of the draft, if that is as it was when the message was built.
pub async fn send(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    id: &str,
    generation: i64,
    prepared: Option<&Prepared>,
) -> Result<Message> {
    let (owner, draft): (Identity, Draft) = locked(tx, ctx, address, id, generation).await?;
    let prepared =
        prepared.ok_or_else(|| Error::internal("sending a draft", "it was not built"))?;
    // First, so that the message may take the room that the draft had.
    remove(tx, ctx, &owner, &draft).await?;
    send::send(tx, ctx, prepared).await
}
