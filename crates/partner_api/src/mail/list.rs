//! `GET /api/v1/customers/{customer_id}/mail`.

use app::mail::list::{MailFilter, Narrowing, list};
use app::snapshot;
use axum::extract::State;
use domain::Timestamp;
use domain::id::MailId;
use domain::key::ScopeName;
use domain::mail::{MailFlag, MailStatus, MailType};
use wire::partner::mail::MailList;

use super::LINK_LIFE;
use crate::PartnerApi;
use crate::call::{Call, Handled};
use crate::page::List;

const PARAMETERS: &[&str] = &[
    "limit",
    "cursor",
    "type",
    "status",
    "flags",
    "received_after",
    "received_before",
    "updated_after",
    "updated_before",
    "tracking_number",
    "has_open_action",
];

/// List customer mail
///
/// Newest first. A page that is narrowed by status, flags or open actions can be short, or empty, and
/// still have a next one.
#[utoipa::path(
    get, path = "/customers/{customer_id}/mail", operation_id = "listCustomerMail", tag = "Mail",
    security(("bearer" = ["mail:read"])),
    params(
        ("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260),
        ("limit" = Option<i64>, Query, description = "Rows of a page, 1 to 100; default 25.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
        ("type" = Option<String>, Query, description = "letter or package."),
        ("status" = Option<String>, Query, description = "A comma list of statuses."),
        ("flags" = Option<String>, Query, description = "A comma list of flags; items that have all of them."),
        ("received_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("received_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
        ("updated_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("updated_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
        ("tracking_number" = Option<String>, Query, description = "Exactly this number."),
        ("has_open_action" = Option<bool>, Query, description = "Only items with, or without, an open action."),
    ),
    responses((status = 200, description = "A page of mail.", body = MailList))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::MailRead, PARAMETERS)?;
    let customer = call.param("customer_id");
    let path = format!("/api/v1/customers/{customer}/mail");
    let page = List { path: &path, query: &query };
    let after = page.position(&ctx)?.and_then(|text| position(&text));
    let open = query.text("has_open_action").map(|_| query.flag("has_open_action")).transpose()?;
    let narrowing = Narrowing {
        filter: MailFilter {
            kind: query.word("type", MailType::ALL, MailType::as_str)?,
            received: (query.instant("received_after")?, query.instant("received_before")?),
            updated: (query.instant("updated_after")?, query.instant("updated_before")?),
            tracking_number: query.text("tracking_number").map(ToOwned::to_owned),
        },
        statuses: query.words("status", MailStatus::ALL, MailStatus::as_str)?,
        flags: query.words("flags", MailFlag::ALL, MailFlag::as_str)?,
        has_open_action: open,
    };
    let limit = usize::try_from(query.limit()?).unwrap_or(1);
    let found = api
        .app
        .query(&ctx, async move |tx, ctx| list(tx, ctx, &customer, &narrowing, after, limit).await)
        .await?;
    let next = found.next.map(|(at, id)| page.cursor(&ctx, &format!("{} {id}", at.micros())));
    let data: Vec<_> = found.mail.iter().map(|m| snapshot::mail(&ctx, m, LINK_LIFE)).collect();
    Ok(page.respond(next.as_deref(), &data))
}

fn position(text: &str) -> Option<(Timestamp, MailId)> {
    let (at, id) = text.split_once(' ')?;
    Some((Timestamp::from_micros(at.parse().ok()?), MailId::parse(id)?))
}
