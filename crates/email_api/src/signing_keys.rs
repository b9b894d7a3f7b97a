//! `/api/v1/identities/{agent_handle}/signing-key`, and `/api/v1/signing-keys` of older clients.

use app::email::signing_keys::{NewKey, rotate, rotate_own, status, status_own};
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use domain::Timestamp;
use wire::email::signing_keys::{SigningKey, SigningKeyStatus};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Make or rotate a signing key
///
/// The key is shown once. The one before it signs nothing more. Where one key signs for the whole organization it
/// is that one, and only a key of the organization may rotate it.
#[utoipa::path(
    post, path = "/api/v1/identities/{agent_handle}/signing-key", operation_id = "createSigningKey",
    tag = "Webhooks", params(("agent_handle" = String, Path, description = "The identity's handle.")),
    responses((status = 201, description = "The key, this once.", body = SigningKey))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let handle = call.param("agent_handle");
    let made = api.app.act(&ctx, async move |tx, ctx| rotate(tx, ctx, &handle).await).await?;
    Ok(created(&made))
}

/// Is there a signing key
#[utoipa::path(
    get, path = "/api/v1/identities/{agent_handle}/signing-key", operation_id = "getSigningKey",
    tag = "Webhooks", params(("agent_handle" = String, Path, description = "The identity's handle.")),
    responses((status = 200, description = "Whether there is one, and since when.", body = SigningKeyStatus))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let handle = call.param("agent_handle");
    let at = api.app.query(&ctx, async move |tx, ctx| status(tx, ctx, &handle).await).await?;
    Ok(told(at))
}

/// Make or rotate the caller's signing key
///
/// Deprecated: name the identity. An agent's key rotates its own; a key of the organization is refused with 409,
/// unless one key signs for the whole organization, which it then rotates.
#[utoipa::path(
    post, path = "/api/v1/signing-keys", operation_id = "createOwnSigningKey", tag = "Webhooks",
    responses((status = 201, description = "The key, this once.", body = SigningKey))
)]
pub(crate) async fn create_older_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let made = api.app.act(&ctx, async move |tx, ctx| rotate_own(tx, ctx).await).await?;
    Ok(created(&made))
}

/// Has the caller a signing key
///
/// Deprecated: name the identity. To a key of the organization: has any of its identities one.
#[utoipa::path(
    get, path = "/api/v1/signing-keys", operation_id = "getOwnSigningKey", tag = "Webhooks",
    responses((status = 200, description = "Whether there is one, and since when.", body = SigningKeyStatus))
)]
pub(crate) async fn get_older_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let at = api.app.query(&ctx, async move |tx, ctx| status_own(tx, ctx).await).await?;
    Ok(told(at))
}

fn created(made: &NewKey) -> Response<Body> {
    answer::created(&SigningKey {
        signing_key: made.secret.reveal().to_owned(),
        created_at: made.created_at.to_string(),
    })
}

fn told(at: Option<Timestamp>) -> Response<Body> {
    let created_at = at.map(|at| at.to_string());
    answer::ok(&SigningKeyStatus { configured: created_at.is_some(), created_at })
}
