//! `PATCH /api/v1/identities/{agent_handle}`.

use app::email::identities::update::update;
use app::email::organization_id;
use axum::extract::State;
use wire::email::identities::{ChangeIdentity, Identity, IdentityChange};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Change an identity
///
/// What is absent stays. A new handle leaves the address of the mailbox as it is.
#[utoipa::path(
    patch, path = "/api/v1/identities/{agent_handle}", operation_id = "updateIdentity", tag = "Identities",
    params(("agent_handle" = String, Path, description = "Its handle.")), request_body = IdentityChange,
    responses((status = 200, description = "The identity as it is now.", body = Identity))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (handle, change) = (call.param("agent_handle"), ChangeIdentity::read(body)?);
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| update(tx, ctx, &handle, &change).await;
    let changed = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&Identity::of(&changed, &organization_id(&ctx))))
}
