//! `/api/v1/contacts/{contact_id}/access`.

use app::email::contacts::access::{grant, list, revoke};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::contacts::{ContactGrant, ContactGrantCreate, read_grantee};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List who may see a contact
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}/access", operation_id = "listContactAccess", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The grants.", body = Vec<ContactGrant>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let id = call.param("contact_id");
    let found = api.app.query(&ctx, async move |tx, ctx| list(tx, ctx, &id).await).await?;
    let shown: Vec<_> = found.iter().map(super::grant).collect();
    Ok(answer::ok(&shown))
}

/// Let an identity see a contact
///
/// Null lets every identity of the organization see it, in place of all single grants.
#[utoipa::path(
    post, path = "/api/v1/contacts/{contact_id}/access", operation_id = "grantContactAccess", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")),
    request_body = ContactGrantCreate,
    responses((status = 201, description = "The grant.", body = ContactGrant))
)]
pub(crate) async fn grant_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, viewer) = (call.param("contact_id"), read_grantee(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| grant(tx, ctx, &id, viewer).await;
    Ok(answer::created(&super::grant(&api.app.act(&ctx, work).await?)))
}

/// Take an identity's access back
///
/// An agent may give up its own.
#[utoipa::path(
    delete, path = "/api/v1/contacts/{contact_id}/access/{identity_id}", operation_id = "revokeContactAccess",
    tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("identity_id" = String, Path, description = "The identity that sees it."),
    ),
    responses((status = 204, description = "It is taken back."))
)]
pub(crate) async fn revoke_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (id, viewer) = (call.param("contact_id"), call.param("identity_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| revoke(tx, ctx, &id, &viewer).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}
