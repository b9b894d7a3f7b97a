//! `/api/v1/contacts/{contact_id}`.

use app::email::contacts::{delete::delete, get::get, update::update};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::contacts::{ChangeContact, Contact, ContactChange};

use super::shown;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Retrieve a contact
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}", operation_id = "getContact", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")),
    responses((status = 200, description = "The contact.", body = Contact))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let id = call.param("contact_id");
    if let Some(id) = id.strip_suffix(".vcf") {
        let id = id.to_owned();
        return super::vcard::one_handler(State(api), call, id).await;
    }
    let (ctx, _) = call.read();
    let found = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    Ok(answer::ok(&shown(&ctx, &found)))
}

/// Change a contact
///
/// What is absent stays, null clears, a list takes the place of the old one.
#[utoipa::path(
    patch, path = "/api/v1/contacts/{contact_id}", operation_id = "updateContact", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")), request_body = ContactChange,
    responses((status = 200, description = "The contact as it is now.", body = Contact))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, change) = (call.param("contact_id"), ChangeContact::read(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &id, &change).await;
    let changed = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&shown(&ctx, &changed)))
}

/// Delete a contact
#[utoipa::path(
    delete, path = "/api/v1/contacts/{contact_id}", operation_id = "deleteContact", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let id = call.param("contact_id");
    api.app.act(&ctx, async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &id).await).await?;
    Ok(answer::gone())
}
