//! `/api/v1/contacts/{contact_id}/merge`.

use app::email::contacts::merge::merge;
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::contacts::{Contact, ContactMerge, MergeContacts};

use super::shown;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Merge contacts into one
///
/// With a key of the organization. The one keeps its age and who sees it; the others are gone, and what is known of
/// them is known of it.
#[utoipa::path(
    post, path = "/api/v1/contacts/{contact_id}/merge", operation_id = "mergeContacts", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact that stays.")), request_body = ContactMerge,
    responses((status = 200, description = "The contact as it is now.", body = Contact))
)]
pub(crate) async fn handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, input) = (call.param("contact_id"), MergeContacts::read(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| merge(tx, ctx, &id, &input).await;
    let merged = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&shown(&ctx, &merged)))
}
