//! `GET /api/v1/mail/mailboxes/{email_address}/messages`.

use app::email::messages::list::{MessageFilter, list};
use axum::extract::State;
use domain::email::Direction;
use wire::email::messages::Message;
use wire::email::page::Page;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer, page};

/// List messages
///
/// Newest first. A bare date means that whole day in `tz`; an end given as a time is part of the range.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/messages", operation_id = "listMessages", tag = "Messages",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("limit" = Option<u32>, Query, description = "Rows of a page; 1 to 100, default 50."),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
        ("direction" = Option<String>, Query, description = "inbound or outbound."),
        ("start_datetime" = Option<String>, Query, description = "From then on."),
        ("end_datetime" = Option<String>, Query, description = "Until then."),
        ("tz" = Option<String>, Query, description = "The zone of dates and times without one; default UTC."),
    ),
    responses((status = 200, description = "One page.", body = Page<Message>))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let address = call.mailbox();
    let limit = query.limit()?;
    let filter = MessageFilter {
        direction: query.word("direction", Direction::parse, "must be inbound or outbound")?,
        created: (query.moment("start_datetime", false)?, query.moment("end_datetime", true)?),
        with_blocked: false,
    };
    let name = format!("messages {address}");
    let after = page::place(&ctx, &query, &name)?;
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
        list(tx, ctx, &address, filter, after, limit).await
    };
    let found = api.app.query(&ctx, work).await?;
    let last = found.items.last().map(|m| (m.created_at, m.no));
    let shown = found.items.iter().map(Message::of).collect();
    Ok(answer::ok(&page::page(&ctx, &name, shown, last, found.has_more)))
}
