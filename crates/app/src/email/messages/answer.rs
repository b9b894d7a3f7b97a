//! Answering a stored message to all, and forwarding it (email-api.md 6.6, 6.7).

use bytes::Bytes;
use domain::email::{Identity, Message};
use domain::id::MessageId;
use domain::{Error, Field, Result};
use email::{Attachment, forward};
use wire::email::messages::{ForwardMessage, ForwardMode, ReplyAll, To};

use super::compose::{Letter, Prepared, compose, decode};
use super::get::{find, no_message, reply_all, texts};
use crate::OpCtx;
use crate::email::{mailbox, raw};

/// Builds an answer to all whom the message reached.
pub async fn prepare_reply(
    ctx: &OpCtx,
    address: &str,
    id: &str,
    input: ReplyAll,
) -> Result<Prepared> {
    let (owner, message) = source(ctx, address, id).await?;
    let all = reply_all(&owner.address, &message);
    if all.is_empty() {
        let rule = "nobody is left to answer: the message came from this mailbox alone";
        return Err(invalid("recipients", rule));
    }
    let subject =
        input.subject.unwrap_or_else(|| email::reply::subject(message.subject.as_deref()));
    let letter = Letter {
        recipients: To { to: texts(&all.to), cc: texts(&all.cc), bcc: Vec::new() },
        subject,
        text: input.text,
        html: input.html,
        reply_to: input.reply_to,
        attachments: decode(input.attachments)?,
        answers: Some((message.message_id, message.references)),
        wrapped: None,
        is_forward: false,
        track_opens: false,
    };
    compose(ctx, &owner, letter).await
}

/// Builds a forward: the original below a note, or attached as it is. It begins a thread of its own (M-14).
pub async fn prepare_forward(
    ctx: &OpCtx,
    address: &str,
    id: &str,
    input: ForwardMessage,
) -> Result<Prepared> {
    let (owner, message) = source(ctx, address, id).await?;
    let original = Original {
        message: &message,
        is_wrapped: input.mode == ForwardMode::Wrapped,
        with_attachments: input.include_original_attachments,
    };
    let files = decode(input.additional_attachments)?;
    let body = forwarded(ctx, original, (input.text, input.html), files).await?;
    let letter = Letter {
        recipients: input.recipients,
        subject: input.subject.unwrap_or_else(|| forward::subject(message.subject.as_deref())),
        text: body.text,
        html: body.html,
        reply_to: input.reply_to,
        attachments: body.attachments,
        answers: None,
        wrapped: body.wrapped,
        is_forward: true,
        track_opens: input.track_opens,
    };
    compose(ctx, &owner, letter).await
}

/// A message that is forwarded, and how.
pub(crate) struct Original<'a> {
    pub message: &'a Message,
    pub is_wrapped: bool,
    /// Of a forward that is not wrapped.
    pub with_attachments: bool,
}

/// What a forward says and brings along.
pub(crate) struct Forwarded {
    pub text: Option<String>,
    pub html: Option<String>,
    pub wrapped: Option<Bytes>,
    pub attachments: Vec<Attachment>,
}

/// Puts a message below a note, or beside it.
pub(crate) async fn forwarded(
    ctx: &OpCtx,
    original: Original<'_>,
    (text, html): (Option<String>, Option<String>),
    mut attachments: Vec<Attachment>,
) -> Result<Forwarded> {
    if attachments.iter().any(|a| a.content_id.is_some()) {
        return Err(no_content_id());
    }
    let raw = raw::load(&ctx.app, original.message.raw).await?;
    if original.is_wrapped {
        return Ok(Forwarded { text, html, wrapped: Some(raw), attachments });
    }
    let parsed = email::parse(&raw)
        .map_err(|problem| Error::internal("reading a stored message", problem))?;
    let quoted = forward::inline(text.as_deref(), html.as_deref(), &parsed);
    if original.with_attachments {
        attachments.extend(forward::attachments(&raw, &parsed));
    }
    Ok(Forwarded { text: Some(quoted.text), html: quoted.html, wrapped: None, attachments })
}

fn no_content_id() -> Error {
    invalid("additional_attachments", "attachments of a forward have no content_id")
}

/// The message that is answered or forwarded, and its mailbox.
async fn source(ctx: &OpCtx, address: &str, id: &str) -> Result<(Identity, Message)> {
    let (name, id) = (address.to_owned(), MessageId::parse(id).ok_or_else(no_message)?);
    let work = async move |tx: &storage::Tx, ctx: &OpCtx| {
        let owner = mailbox(tx, ctx, &name).await?;
        let message = find(tx, ctx, &owner, id).await?;
        Ok((owner, message))
    };
    ctx.app.query(ctx, work).await
}

fn invalid(param: &str, message: &str) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}
