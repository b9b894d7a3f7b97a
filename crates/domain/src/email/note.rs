//! A note: text that agents share (email-api.md 10).

use crate::Timestamp;
use crate::id::NoteId;

/// Characters of a title, and of a body.
pub const TITLE_CHARS_MAX: usize = 255;
pub const BODY_CHARS_MAX: usize = 100_000;

/// A note of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub id: NoteId,
    pub title: Option<String>,
    pub body: String,
    /// The agent or the key that wrote it, as the API names them.
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
