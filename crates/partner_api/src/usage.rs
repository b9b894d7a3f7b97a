//! `GET /api/v1/billing/usage`.

use app::usage::read::{LinePage, Span, read};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::usage::BillingUsage;

use crate::call::{Call, Handled};
use crate::page::List;
use crate::query::invalid;
use crate::{PartnerApi, answer};

/// Read active-mailbox usage
///
/// Of this month, another month, or days of one's own choosing. A closed month answers what was stored
/// when it closed. `include=lines` adds the mailboxes behind the count, a page at a time.
#[utoipa::path(
    get, path = "/billing/usage", operation_id = "getBillingUsage", tag = "Billing",
    security(("bearer" = ["billing:read"])),
    params(
        ("period" = Option<String>, Query, description = "A month such as 2026-11; default is this one."),
        ("from" = Option<String>, Query, description = "The first day, with `to` instead of `period`.", format = Date),
        ("to" = Option<String>, Query, description = "The last day.", format = Date),
        ("include" = Option<String>, Query, description = "lines"),
        ("limit" = Option<i64>, Query, description = "Lines of a page, 1 to 100; default 25.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "lines.next_cursor of the page before."),
    ),
    responses((status = 200, description = "The counts.", body = BillingUsage))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let known = ["period", "from", "to", "include", "limit", "cursor"];
    let (ctx, query) = call.read(ScopeName::BillingRead, &known)?;
    let span = Span::read(query.text("period"), query.text("from"), query.text("to"))?;
    let page = List { path: "/api/v1/billing/usage", query: &query };
    let from = page.position(&ctx)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let limit = query.limit()?;
    let lines = match query.text("include") {
        None => None,
        Some("lines") => Some(LinePage { from, limit }),
        Some(_) => return Err(invalid("include", "must be lines").into()),
    };
    let found = api.app.query(&ctx, async move |tx, ctx| read(tx, ctx, span, lines).await).await?;
    let mut usage: BillingUsage = found.usage;
    usage.lines.next_cursor = found.next.map(|n| page.cursor(&ctx, &n.to_string()));
    Ok(answer::respond(&answer::ok(&usage, None)))
}
