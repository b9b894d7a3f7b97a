//! `POST …/messages/{message_id}/reply-all` and `POST …/messages/{message_id}/forward`.

use app::email::messages::answer::{prepare_forward, prepare_reply};
use app::email::messages::send::send;
use axum::extract::State;
use axum::http::StatusCode;
use wire::email::messages::{ForwardMessage, Message, MessageForward, MessageReplyAll, ReplyAll};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Reply to all
///
/// To the sender and the other recipients of an inbound message, to the recipients of an outbound one; in the
/// same thread.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}/reply-all",
    operation_id = "replyAll", tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox that sends."),
        ("message_id" = String, Path, description = "The message that is answered."),
    ),
    request_body = MessageReplyAll,
    responses((status = 201, description = "The answer, queued or sent.", body = Message))
)]
pub(crate) async fn reply_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (mut ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("message_id"));
    call.remember(&mut ctx, "mail.reply_all")?;
    let prepared = match prepare_reply(&ctx, &address, &id, ReplyAll::read(body)?).await {
        Ok(prepared) => prepared,
        Err(error) => return api.again_or(&ctx, error).await,
    };
    api.run(
        &ctx,
        async move |tx, ctx| send(tx, ctx, &prepared).await,
        |_, message| answer::render(StatusCode::CREATED, &Message::of(message)),
    )
    .await
}

/// Forward a message
///
/// Below a note, or attached as it is. It begins a thread of its own and is told of as message.forwarded.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}/forward",
    operation_id = "forwardMessage", tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox that sends."),
        ("message_id" = String, Path, description = "The message that is forwarded."),
    ),
    request_body = MessageForward,
    responses((status = 201, description = "The forward, queued or sent.", body = Message))
)]
pub(crate) async fn forward_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (mut ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("message_id"));
    call.remember(&mut ctx, "mail.forward")?;
    let prepared = match prepare_forward(&ctx, &address, &id, ForwardMessage::read(body)?).await {
        Ok(prepared) => prepared,
        Err(error) => return api.again_or(&ctx, error).await,
    };
    api.run(
        &ctx,
        async move |tx, ctx| send(tx, ctx, &prepared).await,
        |_, message| answer::render(StatusCode::CREATED, &Message::of(message)),
    )
    .await
}
