//! Notes, and who may see them beside administrators (email-api.md 10).

use domain::Timestamp;
use domain::email::Note;
use domain::id::{GrantId, IdentityId, NoteId};

use super::contacts::{Eyes, containing};
use crate::{Result, Row, Tx, args, statements};

/// One viewer of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteGrant {
    pub id: GrantId,
    pub note_id: NoteId,
    pub identity_id: IdentityId,
    pub created_at: Timestamp,
}

/// What [`note`] reads, in its order.
macro_rules! columns {
    () => {
        "n.id, n.title, n.body, n.created_by, n.created_at, n.updated_at"
    };
}

/// Notes of the organization $1 that the identity $2 sees; without one, all.
macro_rules! visible {
    () => {
        " from notes n where n.partner_id = $1 and (exists (select 1 from note_grants g
        where g.note_id = n.id and g.identity_id = $2) or $2 is null)"
    };
}

/// What a list is narrowed to: words, and what one identity was granted.
macro_rules! narrowed {
    () => {
        " and n.search like $3 escape '!' and (exists (select 1 from note_grants h
        where h.note_id = n.id and h.identity_id = $4) or $4 is null)"
    };
}

statements! {
    INSERT = "insert into notes (id, partner_id, title, body, search, created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "update notes set title = $2, body = $3, search = $4, updated_at = $5 where id = $1";
    DELETE = "delete from notes where id = $1";
    GET = concat!("select ", columns!(), visible!(), " and n.id = $3");
    GET_LOCKED = concat!("select ", columns!(), visible!(), " and n.id = $3 {lock}");
    BY_CHANGE = concat!("select ", columns!(), visible!(), narrowed!(),
        " order by n.updated_at desc, n.id desc limit $5 offset $6");
    BY_AGE = concat!("select ", columns!(), visible!(), narrowed!(),
        " order by n.created_at desc, n.id desc limit $5 offset $6");
    GRANT = "insert into note_grants (id, note_id, identity_id, created_at) values ($1, $2, $3, $4)";
    GRANTS = "select one.* from {rows} (select id, note_id, identity_id, created_at from note_grants
        where note_id = $1) as one";
    REVOKE = "delete from note_grants where note_id = $1 and identity_id = $2";
    CLEAR = "delete from note_grants where note_id = $1";
    FORGET = "delete from note_grants where identity_id = $1";
}

/// The order of a list: what changed, or was made, last comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Changed,
    Made,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub words: Option<String>,
    pub granted_to: Option<IdentityId>,
}

fn search(n: &Note) -> String {
    format!("{}\n{}", n.title.as_deref().unwrap_or_default(), n.body).to_lowercase()
}

pub async fn insert(tx: &Tx, eyes: Eyes<'_>, n: &Note) -> Result<()> {
    let partner = eyes.scope.partner_id();
    let row =
        args![n.id, partner, n.title, n.body, search(n), n.created_by, n.created_at, n.updated_at];
    tx.post(INSERT, row).await
}

/// Stores all that can change.
pub async fn update(tx: &Tx, n: &Note) -> Result<()> {
    tx.post(UPDATE, args![n.id, n.title, n.body, search(n), n.updated_at]).await
}

/// Deletes a note and who may see it.
pub async fn delete(tx: &Tx, id: NoteId) -> Result<()> {
    tx.post(CLEAR, args![id]).await?;
    tx.post(DELETE, args![id]).await
}

pub async fn find(tx: &Tx, eyes: Eyes<'_>, id: NoteId) -> Result<Option<Note>> {
    tx.opt(GET, args![eyes.scope.partner_id(), eyes.viewer, id], note).await
}

/// A note that is about to change.
pub async fn find_locked(tx: &Tx, eyes: Eyes<'_>, id: NoteId) -> Result<Option<Note>> {
    tx.opt(GET_LOCKED, args![eyes.scope.partner_id(), eyes.viewer, id], note).await
}

pub async fn list(
    tx: &Tx,
    eyes: Eyes<'_>,
    filter: &Filter,
    order: Order,
    (limit, offset): (i64, i64),
) -> Result<Vec<Note>> {
    let words = containing(filter.words.as_deref().unwrap_or_default());
    let partner = eyes.scope.partner_id();
    let row = args![partner, eyes.viewer, words, filter.granted_to, limit, offset];
    let text = match order {
        Order::Changed => BY_CHANGE,
        Order::Made => BY_AGE,
    };
    tx.all(text, row, note).await
}

pub async fn grant(tx: &Tx, g: &NoteGrant) -> Result<()> {
    tx.post(GRANT, args![g.id, g.note_id, g.identity_id, g.created_at]).await
}

/// Who may see these notes, in the order in which it was granted.
pub async fn grants(tx: &Tx, notes: &[NoteId]) -> Result<Vec<NoteGrant>> {
    let read = |r: &mut Row| {
        Ok(NoteGrant {
            id: r.next()?,
            note_id: r.next()?,
            identity_id: r.next()?,
            created_at: r.next()?,
        })
    };
    let mut found = tx.all_each(GRANTS, notes.iter().map(|id| args![id]).collect(), read).await?;
    found.sort_by_key(|grant| (grant.created_at, grant.id));
    Ok(found)
}

/// Takes the grant of one identity back; false when there was none.
pub async fn revoke(tx: &Tx, note: NoteId, identity: IdentityId) -> Result<bool> {
    Ok(tx.exec(REVOKE, args![note, identity]).await? == 1)
}

/// Forgets all that an identity was granted.
pub async fn forget(tx: &Tx, identity: IdentityId) -> Result<()> {
    tx.post(FORGET, args![identity]).await
}

fn note(r: &mut Row) -> Result<Note> {
    Ok(Note {
        id: r.next()?,
        title: r.next()?,
        body: r.next()?,
        created_by: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}
