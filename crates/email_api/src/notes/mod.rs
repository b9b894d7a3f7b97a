//! `/api/v1/notes`.

pub(crate) mod access;

use app::email::notes::{Filter, NoteGrant, Order, View, create, delete, get, list, update};
use app::email::organization_id;
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::id::IdentityId;
use wire::email::notes::{self, ChangeNote, CreateNote, Note, NoteChange, NoteCreate};

use crate::call::{Call, Handled};
use crate::query::invalid;
use crate::{EmailApi, answer};

/// Rows of a page, and how far the first may lie.
const LIMIT_MAX: i64 = 200;
const LIMIT_DEFAULT: i64 = 50;
const OFFSET_MAX: i64 = 10_000;
/// Characters of a search.
const WORDS_CHARS_MAX: usize = 200;

/// List notes
#[utoipa::path(
    get, path = "/api/v1/notes", operation_id = "listNotes", tag = "Notes",
    params(
        ("q" = Option<String>, Query, description = "A part of title or body, in any case; at most 200 characters."),
        ("identity_id" = Option<String>, Query, description = "Only what this identity was granted."),
        ("order" = Option<String>, Query, description = "recent, the default: what changed last comes first; or created."),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("offset" = Option<u32>, Query, description = "Rows to leave out, at most 10000."),
    ),
    responses((status = 200, description = "The notes.", body = Vec<Note>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let order = |text: &str| match text {
        "recent" => Some(Order::Changed),
        "created" => Some(Order::Made),
        _ => None,
    };
    let order = query.word("order", order, "must be recent or created")?.unwrap_or(Order::Changed);
    let limit = query.number("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    let offset = query.number("offset", 0..=OFFSET_MAX)?.unwrap_or(0);
    let words = query.text("q");
    if words.is_some_and(|words| words.chars().count() > WORDS_CHARS_MAX) {
        return Err(invalid("q", "has at most 200 characters").into());
    }
    let granted_to = query.word("identity_id", IdentityId::parse, "must be a UUID")?;
    let filter = Filter { words: words.map(ToOwned::to_owned), granted_to };
    let work =
        async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &filter, order, (limit, offset)).await;
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&found.iter().map(|view| shown(&ctx, view)).collect::<Vec<_>>()))
}

/// Write a note
///
/// The agent that writes it sees it; others once they are granted to.
#[utoipa::path(
    post, path = "/api/v1/notes", operation_id = "createNote", tag = "Notes", request_body = NoteCreate,
    responses((status = 201, description = "The note.", body = Note))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = CreateNote::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &input).await;
    let made = api.app.act(&ctx, work).await?;
    Ok(answer::created(&shown(&ctx, &made)))
}

/// Retrieve a note
#[utoipa::path(
    get, path = "/api/v1/notes/{note_id}", operation_id = "getNote", tag = "Notes",
    params(("note_id" = String, Path, description = "The note.")),
    responses((status = 200, description = "The note.", body = Note))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let id = call.param("note_id");
    let found = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    Ok(answer::ok(&shown(&ctx, &found)))
}

/// Change a note
#[utoipa::path(
    patch, path = "/api/v1/notes/{note_id}", operation_id = "updateNote", tag = "Notes",
    params(("note_id" = String, Path, description = "The note.")), request_body = NoteChange,
    responses((status = 200, description = "The note as it is now.", body = Note))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, change) = (call.param("note_id"), ChangeNote::read(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &id, &change).await;
    let changed = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&shown(&ctx, &changed)))
}

/// Delete a note
#[utoipa::path(
    delete, path = "/api/v1/notes/{note_id}", operation_id = "deleteNote", tag = "Notes",
    params(("note_id" = String, Path, description = "The note.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let id = call.param("note_id");
    api.app.act(&ctx, async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &id).await).await?;
    Ok(answer::gone())
}

/// A note as the API shows it.
fn shown(ctx: &OpCtx, view: &View) -> Note {
    Note::of(&view.note, organization_id(ctx), view.access.iter().map(grant).collect())
}

fn grant(grant: &NoteGrant) -> notes::NoteGrant {
    notes::NoteGrant {
        id: grant.id.to_string(),
        note_id: grant.note_id.to_string(),
        identity_id: grant.identity_id.to_string(),
        created_at: grant.created_at.to_string(),
    }
}
