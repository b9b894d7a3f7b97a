//! What is known of contacts (email-api.md 7.5). A user wrote all of it: nothing is generated here, so
//! nothing has citations, confidence or an end.

use domain::Result;
use domain::email::contact::{FACT_CHARS_MAX, FactKind};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::show::LatestMemory;
use crate::reader::{Fields, Patch};

/// One line of what is known of a contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactFact {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub contact_id: String,
    pub content: String,
    /// Always null.
    #[schema(required = true)]
    pub confidence: Option<String>,
    /// Always user.
    pub origin: String,
    /// profile, preference or context.
    #[schema(required = true)]
    pub kind: Option<String>,
    /// Always null.
    #[schema(required = true, format = DateTime)]
    pub locked_at: Option<String>,
    /// Always null.
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Always empty.
    pub citations: Vec<Value>,
}

/// What is left after a fact was deleted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactFactDeleted {
    #[schema(format = "uuid")]
    pub deleted_fact_id: String,
    #[schema(minimum = 0)]
    pub memory_count: usize,
    #[schema(required = true)]
    pub latest_memory: Option<LatestMemory>,
}

/// A fact to be kept.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateFact reads")]
pub struct ContactFactCreate {
    #[schema(max_length = 2000)]
    content: String,
    /// profile, preference or context.
    kind: Option<String>,
}

/// What to change of a fact: one of the two at least.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeFact reads")]
pub struct ContactFactChange {
    #[schema(max_length = 2000)]
    content: Option<String>,
    /// Null clears.
    kind: Option<String>,
}

/// What a [`ContactFactCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateFact {
    pub content: String,
    pub kind: Option<FactKind>,
}

/// What a [`ContactFactChange`] says.
#[derive(Clone, Debug)]
pub struct ChangeFact {
    pub content: Option<String>,
    pub kind: Patch<FactKind>,
}

const KIND: &str = "profile, preference or context";

impl CreateFact {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self {
            content: f.prose("content", FACT_CHARS_MAX),
            kind: f.opt_parsed("kind", FactKind::parse, KIND),
        };
        f.finish()?;
        Ok(input)
    }
}

impl ChangeFact {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self {
            content: f.opt_prose("content", FACT_CHARS_MAX),
            kind: f.patch_parsed("kind", FactKind::parse, KIND),
        };
        if input.content.is_none() && input.kind.is_keep() {
            f.problem("content", "missing", "give content, kind or both");
        }
        if input.content.as_deref() == Some("") {
            f.problem("content", "too_short", "a fact has at least one character");
        }
        f.finish()?;
        Ok(input)
    }
}
