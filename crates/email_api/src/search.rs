//! `GET /api/v1/mail/mailboxes/{email_address}/search`.

use app::email::search::search;
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::messages::Message;
use wire::email::page::Page;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Search a mailbox
///
/// Messages that have every word of the query in subject, addresses, text or names of attachments; the best
/// first, then the newest. What came in within the last second may still be missing.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/search", operation_id = "searchMailbox", tag = "Mailboxes",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("q" = String, Query, description = "Words; 1 to 500 characters."),
        ("limit" = Option<u32>, Query, description = "1 to 100, default 50."),
    ),
    responses((status = 200, description = "What was found, as one page.", body = Page<Message>))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let (address, limit) = (call.param("email_address"), query.limit()?);
    let text = query.text("q").unwrap_or_default().to_owned();
    let work = async move |tx: &Tx, ctx: &OpCtx| search(tx, ctx, &address, &text, limit).await;
    let found = api.app.query(&ctx, work).await?;
    let items = found.iter().map(Message::of).collect();
    Ok(answer::ok(&Page { items, next_cursor: None, has_more: false }))
}
