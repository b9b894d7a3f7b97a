//! `GET /api/v1/webhook-deliveries`.

use app::deliveries::list::{Narrowing, list};
use app::deliveries::{DeliveryStatus, DeliveryView, phases, response_headers};
use axum::extract::State;
use domain::event::{Audience, EventType};
use domain::id::DeliveryId;
use domain::key::ScopeName;
use wire::partner::webhook_deliveries::{
    AttemptPhases, DeliveryAttempt, LastResponse, ResponseHeader, WebhookDelivery,
    WebhookDeliveryList,
};

use crate::PartnerApi;
use crate::call::{Call, Handled};
use crate::page::List;

const PARAMETERS: &[&str] = &[
    "limit",
    "cursor",
    "status",
    "event_type",
    "event_id",
    "endpoint_id",
    "customer_id",
    "created_after",
    "created_before",
];

/// List webhook deliveries
///
/// Newest first, each with its attempts and the exact payload. A status is not stored, so a page that
/// is narrowed to one can be short, or empty, and still have a next one.
#[utoipa::path(
    get, path = "/webhook-deliveries", operation_id = "listWebhookDeliveries", tag = "Webhooks",
    security(("bearer" = ["webhooks:read"])),
    params(
        ("limit" = Option<i64>, Query, description = "Rows of a page, 1 to 100; default 25.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
        ("status" = Option<String>, Query, description = "pending, delivering, retrying, succeeded, failed or cancelled."),
        ("event_type" = Option<String>, Query, description = "A type of GET /webhook-events."),
        ("event_id" = Option<String>, Query, description = "evt_…"),
        ("endpoint_id" = Option<String>, Query, description = "whe_…"),
        ("customer_id" = Option<String>, Query, description = "cus_…, or ext: and the partner's own id."),
        ("created_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("created_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
    ),
    responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveryList))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::WebhooksRead, PARAMETERS)?;
    let page = List { path: "/api/v1/webhook-deliveries", query: &query };
    let before = page.position(&ctx)?.and_then(|text| DeliveryId::parse(&text));
    let owned = |name| query.text(name).map(ToOwned::to_owned);
    let narrowing = Narrowing {
        status: query.word("status", DeliveryStatus::ALL, DeliveryStatus::as_str)?,
        event_type: query.word("event_type", Audience::Partner.types(), EventType::as_str)?,
        event_id: owned("event_id"),
        endpoint_id: owned("endpoint_id"),
        customer_id: owned("customer_id"),
        created: (query.instant("created_after")?, query.instant("created_before")?),
    };
    let limit = usize::try_from(query.limit()?).unwrap_or(1);
    let found = api
        .app
        .query(&ctx, async move |tx, ctx| list(tx, ctx, &narrowing, before, limit).await)
        .await?;
    let next = found.next.map(|id| page.cursor(&ctx, &id.to_string()));
    let data: Vec<_> = found.deliveries.iter().map(shown).collect();
    Ok(page.respond(next.as_deref(), &data))
}

fn shown(view: &DeliveryView) -> WebhookDelivery {
    let d = &view.delivery;
    let millis = |micros: i64| micros / 1000;
    WebhookDelivery {
        id: d.id.to_string(),
        object: "webhook_delivery".to_owned(),
        event_id: d.event_id.to_string(),
        event_type: d.event_type.as_str().to_owned(),
        endpoint_id: d.endpoint_id.to_string(),
        url: d.url.clone(),
        status: view.status.as_str().to_owned(),
        attempt_count: d.attempts.len() as i64,
        next_attempt_at: view.next_attempt_at.map(|t| t.to_string()),
        held_by: view.hold.map(|hold| hold.by.as_str().to_owned()),
        held_until: view.hold.and_then(|hold| hold.until).map(|t| t.to_string()),
        delivered_at: view.delivered_at.map(|t| t.to_string()),
        last_response: d.attempts.last().map(|a| LastResponse {
            status_code: a.status_code,
            duration_ms: millis(a.duration_us),
            error: a.error.clone(),
            body_excerpt: a.response_body.as_ref().map(|b| String::from_utf8_lossy(b).into_owned()),
        }),
        attempts: d
            .attempts
            .iter()
            .map(|a| DeliveryAttempt {
                n: a.n,
                at: a.at.to_string(),
                status_code: a.status_code,
                duration_ms: millis(a.duration_us),
                error: a.error.clone(),
                key: a.key_n,
                phases: phases(a).map(|p| AttemptPhases {
                    dns_us: p.dns,
                    connect_us: p.connect,
                    tls_us: p.tls,
                    write_us: p.write,
                    head_us: p.head,
                    body_us: p.body,
                }),
                response_headers: response_headers(a)
                    .map(|(name, value)| ResponseHeader {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    })
                    .collect(),
            })
            .collect(),
        payload: serde_json::from_slice(&d.payload).unwrap_or_default(),
        created_at: d.created_at.to_string(),
    }
}
