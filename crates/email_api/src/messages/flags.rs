//! `PATCH` and `DELETE …/messages/{message_id}`.

use app::email::messages::flags::{Flags, delete, update};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::messages::{Message, MessageFlags, read_flags};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Mark a message
#[utoipa::path(
    patch, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}", operation_id = "updateMessage",
    tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("message_id" = String, Path, description = "The message's id."),
    ),
    request_body = MessageFlags,
    responses((status = 200, description = "The message as it is now.", body = Message))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("message_id"));
    let (is_read, is_starred) = read_flags(body)?;
    let flags = Flags { is_read, is_starred };
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &address, &id, flags).await;
    Ok(answer::ok(&Message::of(&api.app.act(&ctx, work).await?)))
}

/// Delete a message
///
/// The room that it took is free at once; a thread that has no other message goes with it.
#[utoipa::path(
    delete, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}", operation_id = "deleteMessage",
    tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("message_id" = String, Path, description = "The message's id."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("message_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &address, &id).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}
