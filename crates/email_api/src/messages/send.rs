//! `POST /api/v1/mail/mailboxes/{email_address}/messages`.

use app::email::messages::compose::prepare;
use app::email::messages::send::send;
use axum::extract::State;
use axum::http::StatusCode;
use wire::email::messages::{Message, MessageSend, SendMessage};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Send a message
///
/// Accepted once it is answered: what happens to it is told by webhooks and by its status. The same
/// Idempotency-Key with the same body sends nothing twice, and is told the first answer for seven days.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/messages", operation_id = "sendMessage", tag = "Messages",
    params(("email_address" = String, Path, description = "The mailbox that sends.")),
    request_body = MessageSend,
    responses((status = 201, description = "The message, queued or sent.", body = Message))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (mut ctx, body) = call.write()?;
    let address = call.param("email_address");
    call.remember(&mut ctx, "mail.send")?;
    let prepared = match prepare(&ctx, &address, SendMessage::read(body)?).await {
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
