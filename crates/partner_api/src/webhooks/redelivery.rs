//! `/api/v1/webhook-deliveries/{delivery_id}/retry` and `/api/v1/events/{event_id}/replay`.

use app::OpCtx;
use app::deliveries::replay::{ReplayRequest, replay};
use app::deliveries::retry::retry;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::redelivery::{
    EventReplay, EventReplayCreate, EventReplayDelivery, EventReplayLeftOut, ReplayEvent,
    WebhookDeliveryRetry,
};
use wire::reader::Fields;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Retry a delivery now
///
/// Moves one that waits for a later attempt, or that was given up, to the head of its endpoint's queue,
/// under the same ids. One that is due or on its way is left as it is: it is never sent twice at a time.
#[utoipa::path(
    post, path = "/webhook-deliveries/{delivery_id}/retry", operation_id = "retryWebhookDelivery",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("delivery_id" = String, Path, description = "whd_…", max_length = 64)),
    responses((status = 200, description = "What was done.", body = WebhookDeliveryRetry))
)]
pub(crate) async fn retry_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    Fields::new(body)?.finish()?;
    let id = call.param("delivery_id");
    api.run(
        &ctx,
        async move |tx, ctx| retry(tx, ctx, &id).await,
        |_: &OpCtx, retried| {
            let shown = WebhookDeliveryRetry {
                object: "webhook_delivery_retry".to_owned(),
                delivery_id: retried.id.to_string(),
                endpoint_id: retried.endpoint_id.to_string(),
                outcome: retried.outcome.as_str().to_owned(),
                due_at: retried.due_at.to_string(),
            };
            answer::ok(&shown, None)
        },
    )
    .await
}

/// Replay an event
///
/// Sends the stored bytes again, with the endpoint's address and secrets of today and the header
/// `webhook-replay: 1`, also when they had arrived. `reissue` gives them a new event id, for a receiver
/// that lost what it had acknowledged; the header `original-id` names the old one.
#[utoipa::path(
    post, path = "/events/{event_id}/replay", operation_id = "replayEvent", tag = "Events",
    security(("bearer" = ["webhooks:write"])),
    params(("event_id" = String, Path, description = "evt_…", max_length = 64)),
    request_body = EventReplayCreate,
    responses((status = 201, description = "It is on its way.", body = EventReplay))
)]
pub(crate) async fn replay_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let ReplayEvent { endpoint_id, reissue } = ReplayEvent::read(body)?;
    let request = ReplayRequest { event_id: call.param("event_id"), endpoint_id, reissue };
    api.run(
        &ctx,
        async move |tx, ctx| replay(tx, ctx, &request).await,
        |_: &OpCtx, replayed| {
            let deliveries = replayed.deliveries.iter().map(|(endpoint, delivery)| {
                let (endpoint_id, delivery_id) = (endpoint.to_string(), delivery.to_string());
                EventReplayDelivery { endpoint_id, delivery_id }
            });
            let left_out = replayed.left_out.iter().map(|(endpoint, reason)| {
                let reason = reason.as_str().to_owned();
                EventReplayLeftOut { endpoint_id: endpoint.to_string(), reason }
            });
            let shown = EventReplay {
                object: "event_replay".to_owned(),
                event_id: replayed.event_id.to_string(),
                original_id: replayed.original_id.map(|id| id.to_string()),
                deliveries: deliveries.collect(),
                left_out: left_out.collect(),
            };
            answer::created(&shown, format!("/api/v1/events/{}", replayed.event_id), None)
        },
    )
    .await
}
