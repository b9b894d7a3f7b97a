//! What a vCard import came to, and exports of several contacts (email-api.md 7.6).

use domain::Result;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::show::Contact;
use crate::reader::Fields;

/// What became of an import.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactsImported {
    #[schema(minimum = 0)]
    pub created_count: usize,
    /// Cards that were not kept: conflicts and errors.
    #[schema(minimum = 0)]
    pub error_count: usize,
    /// In the order of the cards.
    pub results: Vec<CardImported>,
}

/// What became of one card.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CardImported {
    /// From 0 on.
    #[schema(minimum = 0)]
    pub index: usize,
    /// created, conflict or error.
    pub status: String,
    #[schema(required = true)]
    pub contact: Option<Contact>,
    /// Why it was not kept.
    #[schema(required = true)]
    pub error: Option<String>,
    /// The contact that has one of its addresses already.
    #[schema(required = true, format = "uuid")]
    pub conflicting_contact_id: Option<String>,
}

/// Contacts as one text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactsExported {
    /// text/vcard.
    pub content_type: String,
    #[schema(minimum = 0)]
    pub contact_count: usize,
    /// vCard 4.0.
    pub vcard: String,
}

/// Contacts to be exported.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_export takes")]
pub struct ContactExport {
    #[schema(min_items = 1, max_items = 25)]
    contact_ids: Vec<String>,
}

/// Reads a [`ContactExport`] of at most `max` contacts.
pub fn read_export(body: Value, max: usize) -> Result<Vec<String>> {
    let mut f = Fields::lenient(body)?;
    let ids = f.opt_list("contact_ids", max, |f, at, item| f.item_text(at, item, 1..=100));
    let is_empty = ids.as_ref().is_none_or(Vec::is_empty);
    if is_empty {
        f.problem("contact_ids", "missing", format!("give 1 to {max} contacts"));
    }
    f.finish()?;
    Ok(ids.unwrap_or_default())
}
