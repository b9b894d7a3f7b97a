//! `/api/v1/webhook-endpoints/{endpoint_id}/pause` and `/resume`.

use app::OpCtx;
use app::endpoints::pause::{Held, pause};
use app::endpoints::resume::{Backlog, resume};
use axum::extract::State;
use bytes::Bytes;
use domain::key::ScopeName;
use wire::partner::redelivery::{
    ResumeEndpoint, Wanted, WebhookEndpointHold, WebhookEndpointPause, WebhookEndpointResume,
    read_pause_reason,
};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Pause a webhook endpoint
///
/// Nothing is sent; what it would have received is held for it, up to seven days and 100,000 deliveries.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/pause", operation_id = "pauseWebhookEndpoint",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookEndpointPause,
    responses((status = 200, description = "It is paused.", body = WebhookEndpointHold))
)]
pub(crate) async fn pause_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let reason = read_pause_reason(body)?;
    let id = call.param("endpoint_id");
    let work = async move |tx: &_, ctx: &_| pause(tx, ctx, &id, reason.as_deref()).await;
    api.run(&ctx, work, shown).await
}

/// Resume a webhook endpoint
///
/// Sends to it again, whether it was paused or switched off because it failed, and says which of the
/// held deliveries it wants. The others are given up; a recovery brings them back.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/resume", operation_id = "resumeWebhookEndpoint",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookEndpointResume,
    responses((status = 200, description = "It is enabled.", body = WebhookEndpointHold))
)]
pub(crate) async fn resume_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let wanted = match ResumeEndpoint::read(body)?.wanted {
        Wanted::All => Backlog::All,
        Wanted::Since(at) => Backlog::Since(at),
        Wanted::Newest(n) => Backlog::Newest(n),
        Wanted::None => Backlog::None,
    };
    let id = call.param("endpoint_id");
    let work = async move |tx: &_, ctx: &_| resume(tx, ctx, &id, wanted).await;
    api.run(&ctx, work, shown).await
}

fn shown(_: &OpCtx, held: &Held) -> Bytes {
    let shown = WebhookEndpointHold {
        object: "webhook_endpoint_hold".to_owned(),
        endpoint_id: held.endpoint.id.to_string(),
        status: held.endpoint.status.as_str().to_owned(),
        backlog: held.backlog,
        dropped: held.dropped,
    };
    answer::ok(&shown, None)
}
