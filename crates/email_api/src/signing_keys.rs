//! `/api/v1/identities/{agent_handle}/signing-key`.

use app::email::signing_keys::{rotate, status};
use axum::extract::State;
use wire::email::signing_keys::{SigningKey, SigningKeyStatus};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Make or rotate a signing key
///
/// The key is shown once. The one before it signs nothing more.
#[utoipa::path(
    post, path = "/api/v1/identities/{agent_handle}/signing-key", operation_id = "createSigningKey",
    tag = "Webhooks", params(("agent_handle" = String, Path, description = "The identity's handle.")),
    responses((status = 201, description = "The key, this once.", body = SigningKey))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let handle = call.param("agent_handle");
    let made = api.app.act(&ctx, async move |tx, ctx| rotate(tx, ctx, &handle).await).await?;
    Ok(answer::created(&SigningKey {
        signing_key: made.secret.reveal().to_owned(),
        created_at: made.created_at.to_string(),
    }))
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
    let created_at = at.map(|at| at.to_string());
    Ok(answer::ok(&SigningKeyStatus { configured: created_at.is_some(), created_at }))
}
