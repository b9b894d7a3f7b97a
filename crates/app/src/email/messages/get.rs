//! One message with its text (email-api.md 6.4).

use domain::email::{Direction, Message};
use domain::id::MessageId;
use domain::{Error, ErrorCode, Result};
use email::reply::{Answered, Recipients, recipients_of_inbound, recipients_of_outbound};
use email::{Address, Parsed};
use storage::Tx;
use storage::email::messages as rows;
use wire::email::messages::{AttachmentMetadata, Content, MessageDetail, ReplyAllRecipients};

use crate::email::{mailbox, raw};
use crate::{Actor, OpCtx};

/// A message of a mailbox. An inbound one is read from now on when a program asked, as the answer says.
pub async fn get(ctx: &OpCtx, address: &str, id: &str) -> Result<MessageDetail> {
    let (name, id) = (address.to_owned(), MessageId::parse(id).ok_or_else(no_message)?);
    let (owner, message) =
        ctx.app.act(ctx, async move |tx, ctx| read(tx, ctx, &name, id).await).await?;
    let bytes = raw::load(&ctx.app, message.raw).await?;
    let parsed = email::parse(&bytes).ok();
    let content = parsed.map(|parsed| content(&owner, &message, parsed)).unwrap_or_default();
    Ok(MessageDetail::of(&message, content))
}

async fn read(tx: &Tx, ctx: &OpCtx, address: &str, id: MessageId) -> Result<(String, Message)> {
    let owner = mailbox(tx, ctx, address).await?;
    let mut message = find(tx, ctx, &owner, id).await?;
    let is_program = matches!(ctx.actor, Actor::ApiKey(_));
    if is_program && message.direction == Direction::Inbound && !message.is_read {
        message.is_read = true;
        rows::set_flags(tx, &message).await?;
    }
    Ok((owner.address, message))
}

/// A message of a mailbox that the caller may see: what was blocked is for the organization only.
pub(crate) async fn find(
    tx: &Tx,
    ctx: &OpCtx,
    owner: &domain::email::Identity,
    id: MessageId,
) -> Result<Message> {
    let found = rows::find(tx, owner.mailbox_id, id).await?;
    found.filter(|m| !m.is_blocked || ctx.identity.is_none()).ok_or_else(no_message)
}

pub(crate) fn no_message() -> Error {
    Error::refused(ErrorCode::NotFound, "Message not found")
}

fn content(own: &str, message: &Message, parsed: Parsed) -> Content {
    let attachment = |part: &email::Part| AttachmentMetadata {
        filename: part.shown_name(),
        content_type: part.content_type.clone(),
        size: part.size,
        content_id: part.content_id.clone(),
        is_inline: part.is_inline,
    };
    let reply = reply_all(own, message);
    Content {
        attachments: parsed.parts.iter().map(attachment).collect(),
        reply_all: Some(ReplyAllRecipients { to: texts(&reply.to), cc: texts(&reply.cc) }),
        text: parsed.text.or(parsed.body),
        html: parsed.html,
    }
}

/// Whom a reply to all reaches (email-api.md 6.6): the sender and the others of an inbound message, the
/// recipients of an outbound one; never the mailbox itself, nobody twice, nobody who was hidden.
pub(crate) fn reply_all(own: &str, message: &Message) -> Recipients {
    // What a stranger wrote may be no address.
    let read = |list: &[String]| -> Vec<Address> {
        list.iter().filter_map(|text| Address::parse(text).ok()).collect()
    };
    let from = read(std::slice::from_ref(&message.from_address));
    let (reply_to, to, cc) = (read(&message.reply_to), read(&message.to), read(&message.cc));
    let answered = Answered { from: &from, reply_to: &reply_to, to: &to, cc: &cc };
    let own = read(&[own.to_owned()]);
    match message.direction {
        Direction::Inbound => recipients_of_inbound(&answered, &own),
        Direction::Outbound => recipients_of_outbound(&answered, &own),
    }
}

pub(crate) fn texts(list: &[Address]) -> Vec<String> {
    list.iter().map(|address| address.as_str().to_owned()).collect()
}
