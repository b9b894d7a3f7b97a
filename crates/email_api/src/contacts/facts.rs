//! `/api/v1/contacts/{contact_id}/facts`.

use app::email::contacts::Fact;
use app::email::contacts::facts::{create, delete, get, list, update};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::contacts::{
    ChangeFact, ContactFact, ContactFactChange, ContactFactCreate, ContactFactDeleted, CreateFact,
};

use super::latest;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List what is known of a contact
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}/facts", operation_id = "listContactFacts", tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("include_expired" = Option<bool>, Query, description = "Nothing expires here; it changes nothing."),
    ),
    responses((status = 200, description = "The facts, newest first.", body = Vec<ContactFact>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let id = call.param("contact_id");
    let found = api.app.query(&ctx, async move |tx, ctx| list(tx, ctx, &id).await).await?;
    Ok(answer::ok(&found.iter().map(shown).collect::<Vec<_>>()))
}

/// Keep a fact of a contact
///
/// With a key of the organization. A contact has at most 25.
#[utoipa::path(
    post, path = "/api/v1/contacts/{contact_id}/facts", operation_id = "createContactFact", tag = "Contacts",
    params(("contact_id" = String, Path, description = "The contact.")), request_body = ContactFactCreate,
    responses((status = 201, description = "The fact.", body = ContactFact))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, input) = (call.param("contact_id"), CreateFact::read(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &id, &input).await;
    Ok(answer::created(&shown(&api.app.act(&ctx, work).await?)))
}

/// Retrieve a fact
#[utoipa::path(
    get, path = "/api/v1/contacts/{contact_id}/facts/{fact_id}", operation_id = "getContactFact", tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("fact_id" = String, Path, description = "The fact."),
    ),
    responses((status = 200, description = "The fact.", body = ContactFact))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let (contact, id) = (call.param("contact_id"), call.param("fact_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &contact, &id).await;
    Ok(answer::ok(&shown(&api.app.query(&ctx, work).await?)))
}

/// Change a fact
#[utoipa::path(
    patch, path = "/api/v1/contacts/{contact_id}/facts/{fact_id}", operation_id = "updateContactFact",
    tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("fact_id" = String, Path, description = "The fact."),
    ),
    request_body = ContactFactChange,
    responses((status = 200, description = "The fact as it is now.", body = ContactFact))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (contact, id) = (call.param("contact_id"), call.param("fact_id"));
    let change = ChangeFact::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &contact, &id, &change).await;
    Ok(answer::ok(&shown(&api.app.act(&ctx, work).await?)))
}

/// Delete a fact
///
/// Answers with what is still known.
#[utoipa::path(
    delete, path = "/api/v1/contacts/{contact_id}/facts/{fact_id}", operation_id = "deleteContactFact",
    tag = "Contacts",
    params(
        ("contact_id" = String, Path, description = "The contact."),
        ("fact_id" = String, Path, description = "The fact."),
    ),
    responses((status = 200, description = "It is gone.", body = ContactFactDeleted))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (contact, id) = (call.param("contact_id"), call.param("fact_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &contact, &id).await;
    let (gone, left) = api.app.act(&ctx, work).await?;
    let deleted = ContactFactDeleted {
        deleted_fact_id: gone.id.to_string(),
        memory_count: left.len(),
        latest_memory: latest(&left),
    };
    Ok(answer::ok(&deleted))
}

fn shown(fact: &Fact) -> ContactFact {
    ContactFact {
        id: fact.id.to_string(),
        contact_id: fact.contact_id.to_string(),
        content: fact.content.clone(),
        confidence: None,
        origin: "user".to_owned(),
        kind: fact.kind.map(|kind| kind.to_string()),
        locked_at: None,
        expires_at: None,
        created_at: fact.created_at.to_string(),
        updated_at: fact.updated_at.to_string(),
        citations: Vec::new(),
    }
}
