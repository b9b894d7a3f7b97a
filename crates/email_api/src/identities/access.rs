//! `/api/v1/identities/{agent_handle}/access`.

use app::email::identities::access::{Grant, grant, list, revoke};
use axum::extract::State;
use wire::email::grants::{IdentityGrant, IdentityGrantCreate, read_viewer};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List who may see an identity
#[utoipa::path(
    get, path = "/api/v1/identities/{agent_handle}/access", operation_id = "listIdentityAccess", tag = "Identities",
    params(("agent_handle" = String, Path, description = "The identity that is seen.")),
    responses((status = 200, description = "The grants.", body = Vec<IdentityGrant>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let handle = call.param("agent_handle");
    let found = api.app.query(&ctx, async move |tx, ctx| list(tx, ctx, &handle).await).await?;
    let shown: Vec<_> = found.iter().map(shown).collect();
    Ok(answer::ok(&shown))
}

/// Let another identity see this one
///
/// Null lets every identity of the organization see it, in place of all single grants.
#[utoipa::path(
    post, path = "/api/v1/identities/{agent_handle}/access", operation_id = "grantIdentityAccess",
    tag = "Identities", params(("agent_handle" = String, Path, description = "The identity that is seen.")),
    request_body = IdentityGrantCreate,
    responses((status = 201, description = "The grant.", body = IdentityGrant))
)]
pub(crate) async fn grant_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (handle, viewer) = (call.param("agent_handle"), read_viewer(body)?);
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| grant(tx, ctx, &handle, viewer).await;
    Ok(answer::created(&shown(&api.app.act(&ctx, work).await?)))
}

/// Take a viewer's access back
#[utoipa::path(
    delete, path = "/api/v1/identities/{agent_handle}/access/{viewer_identity_id}",
    operation_id = "revokeIdentityAccess", tag = "Identities",
    params(
        ("agent_handle" = String, Path, description = "The identity that is seen."),
        ("viewer_identity_id" = String, Path, description = "The UUID of the identity that sees it."),
    ),
    responses((status = 204, description = "It is taken back."))
)]
pub(crate) async fn revoke_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (handle, viewer) = (call.param("agent_handle"), call.param("viewer_identity_id"));
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| revoke(tx, ctx, &handle, &viewer).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}

fn shown(grant: &Grant) -> IdentityGrant {
    IdentityGrant {
        id: grant.id.to_string(),
        target_identity_id: grant.target.to_string(),
        viewer_identity_id: grant.viewer.map(|id| id.to_string()),
        created_at: grant.created_at.to_string(),
    }
}
