//! `GET /api/v1/message-sends/lookup`.

use app::email::messages::lookup::lookup;
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::messages::SendLookup;

use crate::call::{Call, Handled};
use crate::query::invalid;
use crate::{EmailApi, answer};

/// Find what was sent under an idempotency key
///
/// The key goes in the header Idempotency-Key.
#[utoipa::path(
    get, path = "/api/v1/message-sends/lookup", operation_id = "lookupSend", tag = "Messages",
    params(
        ("sender_kind" = String, Query, description = "mailbox."),
        ("sender_id" = String, Query, description = "The mailbox's id."),
        ("operation" = String, Query, description = "mail.send, mail.reply_all or mail.forward."),
    ),
    responses((status = 200, description = "The message.", body = SendLookup))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    if query.text("sender_kind") != Some("mailbox") {
        return Err(invalid("sender_kind", "must be mailbox").into());
    }
    let operation = query.text("operation").unwrap_or("mail.send").to_owned();
    let mailbox = query.text("sender_id").unwrap_or_default().to_owned();
    let key = call.idempotency_key()?;
    let key = key.ok_or_else(|| invalid("Idempotency-Key", "must be sent as a header"))?;
    let work = async move |tx: &Tx, ctx: &OpCtx| lookup(tx, ctx, &mailbox, &operation, &key).await;
    let message_id = api.app.query(&ctx, work).await?.to_string();
    Ok(answer::ok(&SendLookup { message_id }))
}
