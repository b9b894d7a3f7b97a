//! Notes and who may see them (email-api.md 10).

use domain::Result;
use domain::email::Note as Row;
use domain::email::note::{BODY_CHARS_MAX, TITLE_CHARS_MAX};
use domain::id::IdentityId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::{Fields, Patch};

/// Text that agents share.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Note {
    #[schema(format = "uuid")]
    pub id: String,
    pub organization_id: String,
    /// The agent that wrote it, or the key of the organization.
    pub created_by: String,
    #[schema(required = true)]
    pub title: Option<String>,
    pub body: String,
    /// Always active.
    pub status: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Who sees it beside administrators.
    pub access: Vec<NoteGrant>,
}

/// One viewer of a note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NoteGrant {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub note_id: String,
    #[schema(format = "uuid")]
    pub identity_id: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl Note {
    pub fn of(row: &Row, organization_id: String, access: Vec<NoteGrant>) -> Self {
        Self {
            id: row.id.to_string(),
            organization_id,
            created_by: row.created_by.clone(),
            title: row.title.clone(),
            body: row.body.clone(),
            status: "active".to_owned(),
            created_at: row.created_at.to_string(),
            updated_at: row.updated_at.to_string(),
            access,
        }
    }
}

/// A note to be written.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateNote reads")]
pub struct NoteCreate {
    #[schema(max_length = 255)]
    title: Option<String>,
    #[schema(min_length = 1, max_length = 100_000)]
    body: String,
}

/// What to change of a note: what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeNote reads")]
pub struct NoteChange {
    /// Null clears.
    #[schema(max_length = 255)]
    title: Option<String>,
    #[schema(min_length = 1, max_length = 100_000)]
    body: Option<String>,
}

/// A grant to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_grantee takes")]
pub struct NoteGrantCreate {
    #[schema(format = "uuid")]
    identity_id: String,
}

/// What a [`NoteCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateNote {
    pub title: Option<String>,
    pub body: String,
}

/// What a [`NoteChange`] says.
#[derive(Clone, Debug)]
pub struct ChangeNote {
    pub title: Patch<String>,
    pub body: Option<String>,
}

impl CreateNote {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        f.not_writable(&["created_by"]);
        let title = f.opt_text("title", 0..=TITLE_CHARS_MAX).filter(|title| !title.is_empty());
        let note = Self { title, body: f.prose("body", BODY_CHARS_MAX) };
        f.finish()?;
        Ok(note)
    }
}

impl ChangeNote {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        f.not_writable(&["created_by"]);
        let title = f.patch_text("title", 1..=TITLE_CHARS_MAX);
        let body = f.patch_prose("body", BODY_CHARS_MAX);
        if matches!(body, Patch::Clear) {
            f.problem("body", "invalid", "a note has a body; leave it out to keep it");
        }
        f.finish()?;
        Ok(Self { title, body: body.over(None) })
    }
}

/// Reads a [`NoteGrantCreate`]; `None` is an id that is nobody's.
pub fn read_grantee(body: Value) -> Result<Option<IdentityId>> {
    let mut f = Fields::lenient(body)?;
    let identity = f.text("identity_id", 1..=100);
    f.finish()?;
    Ok(IdentityId::parse(&identity))
}
