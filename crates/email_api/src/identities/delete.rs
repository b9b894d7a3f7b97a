//! `DELETE /api/v1/identities/{agent_handle}`.

use app::email::identities::delete::delete;
use axum::extract::State;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Delete an identity
///
/// Its mailbox with all messages, its subscriptions, rules, grants and keys go with it.
#[utoipa::path(
    delete, path = "/api/v1/identities/{agent_handle}", operation_id = "deleteIdentity", tag = "Identities",
    params(("agent_handle" = String, Path, description = "Its handle.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let handle = call.param("agent_handle");
    api.app.act(&ctx, async move |tx, ctx| delete(tx, ctx, &handle).await).await?;
    Ok(answer::gone())
}
