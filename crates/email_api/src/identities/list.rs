//! `GET /api/v1/identities`.

use app::email::identities::list::list;
use app::email::organization_id;
use axum::extract::State;
use wire::email::identities::Identity;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List identities
///
/// Newest first: all of the organization, or for an agent itself and those that it was granted to see.
#[utoipa::path(
    get, path = "/api/v1/identities", operation_id = "listIdentities", tag = "Identities",
    responses((status = 200, description = "The identities.", body = Vec<Identity>))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let found = api.app.query(&ctx, async |tx, ctx| list(tx, ctx).await).await?;
    let organization = organization_id(&ctx);
    let shown: Vec<_> = found.iter().map(|i| Identity::of(i, &organization)).collect();
    Ok(answer::ok(&shown))
}
