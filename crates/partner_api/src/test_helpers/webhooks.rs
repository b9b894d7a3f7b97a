//! `POST /api/v1/test_helpers/webhooks/trigger`.

use app::OpCtx;
use app::endpoints::test_send::trigger;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::test_helpers::{TestWebhookTrigger, TestWebhookTriggered, read_trigger};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Emit an event
///
/// A sample of any type, stored and delivered like every event, to each test endpoint that listens
/// for the type.
#[utoipa::path(
    post, path = "/test_helpers/webhooks/trigger", operation_id = "triggerTestWebhook", tag = "Test helpers",
    security(("bearer" = ["webhooks:write"])),
    request_body = TestWebhookTrigger,
    responses((status = 201, description = "The event is on its way.", body = TestWebhookTriggered))
)]
pub(crate) async fn trigger_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    app::test_clock::must_be_test(&ctx)?;
    let kind = read_trigger(body)?;
    api.run(
        &ctx,
        async move |tx, ctx| trigger(tx, ctx, kind).await.map(|made| (made, kind)),
        |_: &OpCtx, ((event, deliveries), kind)| {
            let sent = TestWebhookTriggered {
                object: "webhook_trigger".to_owned(),
                event_id: event.to_string(),
                kind: kind.as_str().to_owned(),
                delivery_ids: deliveries.iter().map(ToString::to_string).collect(),
            };
            answer::created(&sent, format!("/api/v1/events/{event}"), None)
        },
    )
    .await
}
