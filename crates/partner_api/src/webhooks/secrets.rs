//! `/api/v1/webhook-endpoints/{endpoint_id}/rotate-secret` and `/switch-secret`.
//!
//! A rotation has two steps, because the seed's verifier reads only the first signature: the new
//! secret signs second until the receiver knows it, then the partner switches (postal.md 5.3).

use app::OpCtx;
use app::endpoints::rotate;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::webhooks::{WebhookEndpoint, WebhookSecretRotate, read_new_secret};
use wire::reader::Fields;

use super::endpoints::{revealed, shown};
use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Make a new signing secret
///
/// Answers with the new secret, which is not shown again. It signs beside the current one, second,
/// until it is switched to; after seven days it is switched to by itself.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/rotate-secret", operation_id = "rotateWebhookSecret",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookSecretRotate,
    responses((status = 200, description = "The endpoint and its new secret.", body = WebhookEndpoint))
)]
pub(crate) async fn rotate_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let secret = read_new_secret(body)?;
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| rotate::rotate(tx, ctx, &id, secret.as_deref()).await,
        |_: &OpCtx, made| answer::ok(&revealed(made), None),
    )
    .await
}

/// Switch to the new signing secret
///
/// The new secret signs first from now on; the old one second for 24 hours, then not at all.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/switch-secret", operation_id = "switchWebhookSecret",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
pub(crate) async fn switch_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    Fields::new(body)?.finish()?;
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| rotate::switch(tx, ctx, &id).await,
        |_: &OpCtx, endpoint| answer::ok(&shown(endpoint, None), None),
    )
    .await
}
