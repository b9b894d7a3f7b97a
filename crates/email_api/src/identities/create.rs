//! `POST /api/v1/identities`.

use app::email::identities::create::create;
use app::email::organization_id;
use axum::extract::State;
use wire::email::identities::{CreateIdentity, Identity, IdentityCreate};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Make an identity with its mailbox
#[utoipa::path(
    post, path = "/api/v1/identities", operation_id = "createIdentity", tag = "Identities",
    request_body = IdentityCreate,
    responses((status = 201, description = "The identity and its mailbox.", body = Identity))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = CreateIdentity::read(body)?;
    let made = api.app.act(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await?;
    Ok(answer::created(&Identity::of(&made, &organization_id(&ctx))))
}
