//! `POST /api/v1/mail/mailboxes/{email_address}/ingest`: a raw message, as mail from outside comes in.

use app::email::messages::ingest::ingest_for;
use axum::extract::State;
use wire::email::messages::Ingested;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Ingest a raw message
///
/// The body is the message as RFC 5322 writes it, of at most 50 MiB. It goes the way of mail from outside:
/// contact rules, threads, message.received. The same message again, within seven days, is stored once and
/// told of once.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/ingest", operation_id = "ingestMessage", tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox that receives."),
        ("envelope_from" = Option<String>, Query, description = "The sender as the transport said; empty for a bounce."),
    ),
    request_body(content = String, content_type = "message/rfc822"),
    responses((status = 201, description = "It is stored.", body = Ingested))
)]
pub(crate) async fn handler(State(_): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    call.must_write()?;
    let sender = query.text("envelope_from").unwrap_or_default();
    let stored = ingest_for(&ctx, &call.param("email_address"), sender, call.bytes()).await?;
    let is_duplicate = stored.is_known;
    Ok(answer::created(&Ingested { message_id: stored.id.to_string(), is_duplicate }))
}
