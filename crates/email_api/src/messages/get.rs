//! `GET /api/v1/mail/mailboxes/{email_address}/messages/{message_id}`.

use app::email::messages::get::get;
use axum::extract::State;
use wire::email::messages::MessageDetail;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Retrieve a message
///
/// With its text. An inbound message is read from then on.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/messages/{message_id}", operation_id = "getMessage",
    tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("message_id" = String, Path, description = "The message's id."),
    ),
    responses((status = 200, description = "The message.", body = MessageDetail))
)]
pub(crate) async fn handler(State(_): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let found = get(&ctx, &call.param("email_address"), &call.param("message_id")).await?;
    Ok(answer::ok(&found))
}
