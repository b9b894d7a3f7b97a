//! `POST …/drafts/{draft_id}/send`.

use app::email::drafts::send::{prepare, send};
use axum::extract::State;
use axum::http::StatusCode;
use wire::email::drafts::{DraftGeneration, read_generation};
use wire::email::messages::Message;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Send a draft
///
/// The draft is gone from the moment on in which the message is there. Under an Idempotency-Key a call that
/// is repeated is told the first answer; without one it finds no draft.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}/send", operation_id = "sendDraft",
    tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox that sends."),
        ("draft_id" = String, Path, description = "The draft's id."),
    ),
    request_body = DraftGeneration,
    responses((status = 201, description = "The message, queued or sent.", body = Message))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (mut ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    call.remember(&mut ctx, &format!("draft.send {id}"))?;
    let seen = read_generation(body)?;
    let prepared = prepare(&ctx, &address, &id, seen).await?;
    api.run(
        &ctx,
        async move |tx, ctx| send(tx, ctx, &address, &id, seen, prepared.as_ref()).await,
        |_, message| answer::render(StatusCode::CREATED, &Message::of(message)),
    )
    .await
}
