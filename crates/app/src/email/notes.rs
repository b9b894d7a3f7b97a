//! Notes: text that agents share, and who sees it (email-api.md 10).
//!
//! There is no grant to all: an agent sees what it wrote and what it was granted, its organization everything.

use domain::email::Note;
use domain::id::{GrantId, IdentityId, NoteId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::identities;
use storage::email::notes as rows;
pub use storage::email::notes::{Filter, NoteGrant, Order};
use wire::email::notes::{ChangeNote, CreateNote};

use super::contacts::eyes;
use super::{must_be_admin, no_identity};
use crate::{OpCtx, audit};

/// A note with who sees it beside administrators.
#[derive(Clone, Debug)]
pub struct View {
    pub note: Note,
    /// In the order in which they were made.
    pub access: Vec<NoteGrant>,
}

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &CreateNote) -> Result<View> {
    let by = ctx.identity.map(|id| id.to_string()).or_else(|| ctx.actor.id());
    let note = Note {
        id: NoteId::new(ctx.app.ids.as_ref(), ctx.now),
        title: input.title.clone(),
        body: input.body.clone(),
        created_by: by.unwrap_or_else(|| ctx.actor.kind().to_owned()),
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    rows::insert(tx, eyes(ctx), &note).await?;
    let access: Vec<NoteGrant> =
        ctx.identity.iter().map(|writer| new(ctx, note.id, *writer)).collect();
    for grant in &access {
        rows::grant(tx, grant).await?;
    }
    audit::record(tx, ctx, "note.create", note.id, &[]).await?;
    Ok(View { note, access })
}

pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<View> {
    let note = visible(tx, ctx, id).await?;
    view(tx, note).await
}

pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    filter: &Filter,
    order: Order,
    page: (i64, i64),
) -> Result<Vec<View>> {
    let notes = rows::list(tx, eyes(ctx), filter, order, page).await?;
    let ids: Vec<NoteId> = notes.iter().map(|note| note.id).collect();
    let grants = rows::grants(tx, &ids).await?;
    let view = |note: Note| View {
        access: grants.iter().filter(|g| g.note_id == note.id).copied().collect(),
        note,
    };
    Ok(notes.into_iter().map(view).collect())
}

pub async fn update(tx: &Tx, ctx: &OpCtx, id: &str, change: &ChangeNote) -> Result<View> {
    let mut note = visible_locked(tx, ctx, id).await?;
    note.title = change.title.clone().over(note.title);
    note.body = change.body.clone().unwrap_or(note.body);
    note.updated_at = ctx.now;
    rows::update(tx, &note).await?;
    audit::record(tx, ctx, "note.update", note.id, &[]).await?;
    view(tx, note).await
}

pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<()> {
    let note = visible_locked(tx, ctx, id).await?;
    rows::delete(tx, note.id).await?;
    audit::record(tx, ctx, "note.delete", note.id, &[]).await
}

/// The grants of a note, in the order in which they were made.
pub async fn grants(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Vec<NoteGrant>> {
    Ok(get(tx, ctx, id).await?.access)
}

/// Lets an identity see a note; `None` is an id that is nobody's.
pub async fn grant(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    viewer: Option<IdentityId>,
) -> Result<NoteGrant> {
    must_be_admin(ctx)?;
    let note = visible_locked(tx, ctx, id).await?;
    let viewer = viewer.ok_or_else(no_identity)?;
    let viewer = identities::find(tx, &ctx.scope, viewer).await?.ok_or_else(no_identity)?.id;
    if rows::grants(tx, &[note.id]).await?.iter().any(|grant| grant.identity_id == viewer) {
        let message = "this identity was granted access already";
        return Err(Error::refused(ErrorCode::Conflict, message));
    }
    let grant = new(ctx, note.id, viewer);
    rows::grant(tx, &grant).await?;
    audit::record(tx, ctx, "note.grant", note.id, &[]).await?;
    Ok(grant)
}

/// Takes one identity's access back; an agent only its own.
pub async fn revoke(tx: &Tx, ctx: &OpCtx, id: &str, viewer: &str) -> Result<()> {
    let note = visible_locked(tx, ctx, id).await?;
    let viewer = IdentityId::parse(viewer);
    if ctx.identity.is_some_and(|own| Some(own) != viewer) {
        must_be_admin(ctx)?;
    }
    let is_gone = match viewer {
        Some(viewer) => rows::revoke(tx, note.id, viewer).await?,
        None => false,
    };
    if !is_gone {
        return Err(Error::refused(ErrorCode::NotFound, "no such grant"));
    }
    audit::record(tx, ctx, "note.revoke", note.id, &[]).await
}

fn new(ctx: &OpCtx, note: NoteId, viewer: IdentityId) -> NoteGrant {
    let id = GrantId::new(ctx.app.ids.as_ref(), ctx.now);
    NoteGrant { id, note_id: note, identity_id: viewer, created_at: ctx.now }
}

async fn view(tx: &Tx, note: Note) -> Result<View> {
    let access = rows::grants(tx, &[note.id]).await?;
    Ok(View { note, access })
}

async fn visible(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Note> {
    let id = NoteId::parse(id).ok_or_else(no_note)?;
    rows::find(tx, eyes(ctx), id).await?.ok_or_else(no_note)
}

/// The same, about to change.
async fn visible_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Note> {
    let id = NoteId::parse(id).ok_or_else(no_note)?;
    rows::find_locked(tx, eyes(ctx), id).await?.ok_or_else(no_note)
}

fn no_note() -> Error {
    Error::refused(ErrorCode::NotFound, "Note not found")
}
