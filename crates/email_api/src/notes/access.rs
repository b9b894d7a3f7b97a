//! `/api/v1/notes/{note_id}/access`.

use app::email::notes::{grant, grants, revoke};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::notes::{NoteGrant, NoteGrantCreate, read_grantee};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List who sees a note
#[utoipa::path(
    get, path = "/api/v1/notes/{note_id}/access", operation_id = "listNoteAccess", tag = "Notes",
    params(("note_id" = String, Path, description = "The note.")),
    responses((status = 200, description = "The grants.", body = Vec<NoteGrant>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let id = call.param("note_id");
    let found = api.app.query(&ctx, async move |tx, ctx| grants(tx, ctx, &id).await).await?;
    Ok(answer::ok(&found.iter().map(super::grant).collect::<Vec<_>>()))
}

/// Let an identity see a note
#[utoipa::path(
    post, path = "/api/v1/notes/{note_id}/access", operation_id = "grantNoteAccess", tag = "Notes",
    params(("note_id" = String, Path, description = "The note.")), request_body = NoteGrantCreate,
    responses((status = 201, description = "The grant.", body = NoteGrant))
)]
pub(crate) async fn grant_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, viewer) = (call.param("note_id"), read_grantee(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| grant(tx, ctx, &id, viewer).await;
    Ok(answer::created(&super::grant(&api.app.act(&ctx, work).await?)))
}

/// Take an identity's access to a note back
///
/// An agent may give up its own.
#[utoipa::path(
    delete, path = "/api/v1/notes/{note_id}/access/{identity_id}", operation_id = "revokeNoteAccess", tag = "Notes",
    params(
        ("note_id" = String, Path, description = "The note."),
        ("identity_id" = String, Path, description = "The identity that sees it."),
    ),
    responses((status = 204, description = "It is taken back."))
)]
pub(crate) async fn revoke_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (id, viewer) = (call.param("note_id"), call.param("identity_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| revoke(tx, ctx, &id, &viewer).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}
