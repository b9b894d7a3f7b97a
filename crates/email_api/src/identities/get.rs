//! `GET /api/v1/identities/{agent_handle}`.

use app::email::identities::get::get;
use app::email::organization_id;
use axum::extract::State;
use wire::email::identities::Identity;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Retrieve an identity
#[utoipa::path(
    get, path = "/api/v1/identities/{agent_handle}", operation_id = "getIdentity", tag = "Identities",
    params(("agent_handle" = String, Path, description = "Its handle; never its UUID.")),
    responses((status = 200, description = "The identity and its mailbox.", body = Identity))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let handle = call.param("agent_handle");
    let found = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &handle).await).await?;
    Ok(answer::ok(&Identity::of(&found, &organization_id(&ctx))))
}
