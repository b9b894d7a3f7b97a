//! Answering a stored message to all, and forwarding it (email-api.md 6.6, 6.7).

use domain::email::{Identity, Message};
use domain::id::MessageId;
use domain::{Error, Field, Result};
use email::forward;
use wire::email::messages::{ForwardMessage, ForwardMode, ReplyAll, To};

use super::get::{find, no_message, reply_all, texts};
use super::send::{Letter, Prepared, compose, decode};
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
    let original = raw::load(&ctx.app, message.raw).await?;
    let parsed = email::parse(&original)
        .map_err(|problem| Error::internal("reading a stored message", problem))?;
    if input.additional_attachments.iter().any(|a| a.content_id.is_some()) {
        let rule = "attachments of a forward have no content_id";
        return Err(invalid("additional_attachments", rule));
    }
    let mut attachments = decode(input.additional_attachments)?;
    let (text, html, wrapped) = match input.mode {
        ForwardMode::Inline => {
            let quoted = forward::inline(input.text.as_deref(), input.html.as_deref(), &parsed);
            if input.include_original_attachments {
                attachments.extend(forward::attachments(&original, &parsed));
            }
            (Some(quoted.text), quoted.html, None)
        }
        ForwardMode::Wrapped => (input.text, input.html, Some(original)),
    };
    if input.track_opens && html.is_none() {
        return Err(invalid("track_opens", "track_opens needs HTML, which this forward has not"));
    }
    let letter = Letter {
        recipients: input.recipients,
        subject: input.subject.unwrap_or_else(|| forward::subject(message.subject.as_deref())),
        text,
        html,
        reply_to: input.reply_to,
        attachments,
        answers: None,
        wrapped,
        is_forward: true,
    };
    compose(ctx, &owner, letter).await
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
