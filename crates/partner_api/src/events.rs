//! `GET /api/v1/events` and `/api/v1/events/{event_id}`: the very bytes that were sent.

use app::events::get::get;
use app::events::list::{Narrowing, list};
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::http::header;
use domain::event::{Audience, EventType};
use domain::id::EventId;
use domain::key::ScopeName;
use serde_json::value::RawValue;
use wire::partner::events::{Event, EventList};

use crate::call::{Call, Handled};
use crate::page::List;
use crate::{PartnerApi, answer};

const PARAMETERS: &[&str] =
    &["limit", "cursor", "type", "customer_id", "created_after", "created_before"];

/// List events
///
/// Everything that happened, newest first, whether or not an endpoint heard of it. Kept for 30 days,
/// in the test world for 7.
#[utoipa::path(
    get, path = "/events", operation_id = "listEvents", tag = "Events",
    security(("bearer" = ["events:read"])),
    params(
        ("limit" = Option<i64>, Query, description = "Rows of a page, 1 to 100; default 25.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
        ("type" = Option<String>, Query, description = "A type of GET /webhook-events."),
        ("customer_id" = Option<String>, Query, description = "cus_…, or ext: and the partner's own id."),
        ("created_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("created_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
    ),
    responses((status = 200, description = "A page of events.", body = EventList))
)]
pub(crate) async fn list_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::EventsRead, PARAMETERS)?;
    let page = List { path: "/api/v1/events", query: &query };
    let before = page.position(&ctx)?.and_then(|text| EventId::parse(&text));
    let narrowing = Narrowing {
        kind: query.word("type", Audience::Partner.types(), EventType::as_str)?,
        customer_id: query.text("customer_id").map(ToOwned::to_owned),
        created: (query.instant("created_after")?, query.instant("created_before")?),
    };
    let limit = query.limit()?;
    let found = api
        .app
        .query(&ctx, async move |tx, ctx| list(tx, ctx, &narrowing, before, limit + 1).await)
        .await?;
    Ok(page.page(&ctx, found, limit, |e| e.id.to_string(), |e| raw(&e.payload)))
}

/// Retrieve an event
#[utoipa::path(
    get, path = "/events/{event_id}", operation_id = "getEvent", tag = "Events",
    security(("bearer" = ["events:read"])),
    params(("event_id" = String, Path, description = "evt_…", max_length = 64)),
    responses((status = 200, description = "The event.", body = Event))
)]
pub(crate) async fn get_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::EventsRead, &[])?;
    let id = call.param("event_id");
    let found = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    let mut response = Response::new(Body::from(found.payload));
    response.headers_mut().insert(header::CONTENT_TYPE, answer::JSON);
    Ok(response)
}

/// A payload as a value that is written out unchanged.
fn raw(payload: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(payload).unwrap_or_default()
}
