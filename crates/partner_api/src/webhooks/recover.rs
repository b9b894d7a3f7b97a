//! `/api/v1/webhook-endpoints/{endpoint_id}/recover` and `/recoveries/{recovery_id}`.

use app::OpCtx;
use app::deliveries::recover::{
    RecoveryRequest, RecoveryView, cancel, pause, progress, recover, resume,
};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::recoveries::{RecoverEndpoint, WebhookRecovery, WebhookRecoveryCreate};
use wire::reader::Fields;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Recover a webhook endpoint
///
/// Owes again what was given up, of what was made since a moment: a background job that moves 500
/// deliveries at a time, as fast as the endpoint takes them. With `dry_run=true` it tells how many there
/// are and from when, and begins nothing.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/recover", operation_id = "recoverWebhookEndpoint",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookRecoveryCreate,
    responses((status = 201, description = "It runs.", body = WebhookRecovery))
)]
pub(crate) async fn recover_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let RecoverEndpoint { since, until, event_types } = RecoverEndpoint::read(body)?;
    let request = RecoveryRequest { since, until, event_types };
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| recover(tx, ctx, &id, &request).await,
        |_: &OpCtx, view| {
            let (endpoint, id) = (view.endpoint.id, view.recovery.id);
            let location = format!("/api/v1/webhook-endpoints/{endpoint}/recoveries/{id}");
            answer::created(&shown(view), location, None)
        },
    )
    .await
}

/// Retrieve a recovery
#[utoipa::path(
    get, path = "/webhook-endpoints/{endpoint_id}/recoveries/{recovery_id}",
    operation_id = "getWebhookRecovery", tag = "Webhooks", security(("bearer" = ["webhooks:read"])),
    params(
        ("endpoint_id" = String, Path, description = "whe_…", max_length = 64),
        ("recovery_id" = String, Path, description = "rcv_…", max_length = 64),
    ),
    responses((status = 200, description = "How far it is.", body = WebhookRecovery))
)]
pub(crate) async fn get_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::WebhooksRead, &[])?;
    let (endpoint, id) = (call.param("endpoint_id"), call.param("recovery_id"));
    let work = async move |tx: &_, ctx: &_| progress(tx, ctx, &endpoint, &id).await;
    let view = api.app.query(&ctx, work).await?;
    Ok(answer::respond(&answer::ok(&shown(&view), None)))
}

/// Cancel a recovery
///
/// What it has moved stays owed.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/recoveries/{recovery_id}/cancel",
    operation_id = "cancelWebhookRecovery", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(
        ("endpoint_id" = String, Path, description = "whe_…", max_length = 64),
        ("recovery_id" = String, Path, description = "rcv_…", max_length = 64),
    ),
    responses((status = 200, description = "How far it came.", body = WebhookRecovery))
)]
pub(crate) async fn cancel_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    Fields::new(body)?.finish()?;
    let (endpoint, id) = (call.param("endpoint_id"), call.param("recovery_id"));
    api.run(
        &ctx,
        async move |tx, ctx| cancel(tx, ctx, &endpoint, &id).await,
        |_: &OpCtx, view| answer::ok(&shown(view), None),
    )
    .await
}

/// Pause a recovery
///
/// Nothing more is owed again until it is resumed, also after a restart. What it has moved stays owed.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/recoveries/{recovery_id}/pause",
    operation_id = "pauseWebhookRecovery", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(
        ("endpoint_id" = String, Path, description = "whe_…", max_length = 64),
        ("recovery_id" = String, Path, description = "rcv_…", max_length = 64),
    ),
    responses((status = 200, description = "It is paused.", body = WebhookRecovery))
)]
pub(crate) async fn pause_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    Fields::new(body)?.finish()?;
    let (endpoint, id) = (call.param("endpoint_id"), call.param("recovery_id"));
    api.run(
        &ctx,
        async move |tx, ctx| pause(tx, ctx, &endpoint, &id).await,
        |_: &OpCtx, view| answer::ok(&shown(view), None),
    )
    .await
}

/// Resume a recovery
///
/// It goes on where it was paused.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/recoveries/{recovery_id}/resume",
    operation_id = "resumeWebhookRecovery", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(
        ("endpoint_id" = String, Path, description = "whe_…", max_length = 64),
        ("recovery_id" = String, Path, description = "rcv_…", max_length = 64),
    ),
    responses((status = 200, description = "It runs.", body = WebhookRecovery))
)]
pub(crate) async fn resume_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    Fields::new(body)?.finish()?;
    let (endpoint, id) = (call.param("endpoint_id"), call.param("recovery_id"));
    api.run(
        &ctx,
        async move |tx, ctx| resume(tx, ctx, &endpoint, &id).await,
        |_: &OpCtx, view| answer::ok(&shown(view), None),
    )
    .await
}

fn shown(view: &RecoveryView) -> WebhookRecovery {
    let RecoveryView { endpoint, recovery } = view;
    let (selection, extent) = (&recovery.selection, &recovery.extent);
    let types = selection.event_types.iter().map(|t| t.as_str().to_owned());
    let all = selection.event_types.is_empty();
    WebhookRecovery {
        id: recovery.id.to_string(),
        object: "webhook_recovery".to_owned(),
        endpoint_id: endpoint.id.to_string(),
        status: recovery.state.as_str().to_owned(),
        since: selection.since.to_string(),
        until: selection.until.to_string(),
        event_types: if all { vec!["*".to_owned()] } else { types.collect() },
        matched: extent.matched,
        moved: recovery.moved,
        oldest_at: extent.oldest.map(|t| t.to_string()),
        newest_at: extent.newest.map(|t| t.to_string()),
        created_at: selection.dead_by.to_string(),
        ended_at: recovery.ended_at.map(|t| t.to_string()),
    }
}
