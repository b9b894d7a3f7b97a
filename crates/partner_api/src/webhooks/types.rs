//! `GET /api/v1/webhook-events`.

use axum::extract::State;
use domain::event::Audience;
use domain::key::ScopeName;
use wire::partner::webhooks::{WebhookEventType, WebhookEventTypeList};

use crate::PartnerApi;
use crate::call::{Call, Handled};
use crate::page::List;

/// List event types
///
/// The fourteen types that an endpoint can receive, in the order of the catalogue.
#[utoipa::path(
    get, path = "/webhook-events", operation_id = "listWebhookEventTypes", tag = "Webhooks",
    security(("bearer" = ["webhooks:read"])),
    responses((status = 200, description = "All event types.", body = WebhookEventTypeList))
)]
pub(crate) async fn handler(State(_): State<PartnerApi>, call: Call) -> Handled {
    let (_, query) = call.read(ScopeName::WebhooksRead, &[])?;
    let all: Vec<_> =
        Audience::Partner.types().iter().map(|kind| WebhookEventType::new(*kind)).collect();
    Ok(List { path: "/api/v1/webhook-events", query: &query }.respond(None, &all))
}
