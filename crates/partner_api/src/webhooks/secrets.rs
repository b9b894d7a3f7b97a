//! `/api/v1/webhook-endpoints/{endpoint_id}/rotate-secret`, `/switch-secret` and `/revoke-secret`.
//!
//! A rotation has two steps, because the seed's verifier reads only the first signature: the new
//! secret signs second until the receiver knows it, then the partner switches (postal.md 5.3).

use app::OpCtx;
use app::endpoints::{keys, revoke, rotate};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::webhook_keys::{
    RevokeSecret, WebhookSecretRevoke, WebhookSecretRotate, WebhookSecretSwitch, read_new_secret,
    read_switch,
};
use wire::partner::webhooks::WebhookEndpoint;

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
/// The new secret signs first from now on; the old one second for 24 hours, or as long as
/// `grace_seconds` says, then not at all.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/switch-secret", operation_id = "switchWebhookSecret",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookSecretSwitch,
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
pub(crate) async fn switch_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let grace = read_switch(body)?.unwrap_or(rotate::GRACE);
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| {
            let switched = rotate::switch(tx, ctx, &id, grace).await?;
            keys::view(tx, ctx, switched).await
        },
        |_: &OpCtx, view| answer::ok(&shown(view), None),
    )
    .await
}

/// Revoke a signing secret
///
/// For one that leaked. Without `key`, every secret and key pair of the endpoint ends now, and the answer
/// has the new secret, which is not shown again. With `key`, that one ends and the others stay; where it
/// was the current one, the one that waits for its switch takes its place.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/revoke-secret", operation_id = "revokeWebhookSecret",
    tag = "Webhooks", security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookSecretRevoke,
    responses((status = 200, description = "The endpoint, and its new secret where all ended.", body = WebhookEndpoint))
)]
pub(crate) async fn revoke_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let wanted = RevokeSecret::read(body)?;
    let id = call.param("endpoint_id");
    match wanted {
        RevokeSecret::One(number) => {
            let work = async move |tx: &_, ctx: &_| revoke::revoke_one(tx, ctx, &id, number).await;
            api.run(&ctx, work, |_: &OpCtx, view| answer::ok(&shown(view), None)).await
        }
        RevokeSecret::All { secret } => {
            let work = async move |tx: &_, ctx: &_| {
                revoke::revoke_all(tx, ctx, &id, secret.as_deref()).await
            };
            api.run(&ctx, work, |_: &OpCtx, made| answer::ok(&revealed(made), None)).await
        }
    }
}
