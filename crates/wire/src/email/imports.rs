//! Imports: what is shown of them, and the body that makes one (email-api.md 6.12).

use std::collections::BTreeMap;

use domain::email::import::{ADDRESSES_MAX, Import as Row, ImportFormat, UPLOAD_LIFE};
use domain::{Result, seconds};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::messages::ADDRESS_CHARS_MAX;
use crate::reader::Fields;

/// A job that brings mail along.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Import {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub mailbox_id: String,
    /// pending_upload, queued, running; then completed, failed or cancelled.
    pub status: String,
    /// auto, mbox, eml or zip.
    pub source_format: String,
    #[schema(required = true)]
    pub original_addresses: Option<Vec<String>>,
    pub mark_as_read: bool,
    /// Null until the file is there.
    #[schema(required = true)]
    pub upload_size_bytes: Option<i64>,
    /// The sum of the four that follow.
    pub messages_processed: i64,
    pub messages_imported: i64,
    /// The mailbox had one with the same Message-ID and size.
    pub messages_skipped_duplicate: i64,
    /// Too large, or no message.
    pub messages_failed: i64,
    /// Headers that are shaped to hurt whoever reads them.
    pub messages_rejected_unsafe: i64,
    /// Why it failed.
    #[schema(required = true)]
    pub error_detail: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(required = true, format = DateTime)]
    pub started_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub finished_at: Option<String>,
}

/// Where the file is to go: a multipart POST with these fields, then the part `file`. No key is needed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportUpload {
    pub url: String,
    pub fields: BTreeMap<String, String>,
    pub expires_in_seconds: i64,
}

/// A new job, and where its file is to go.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportCreated {
    pub job: Import,
    pub upload: ImportUpload,
}

impl Import {
    pub fn of(i: &Row) -> Self {
        Self {
            id: i.id.to_string(),
            mailbox_id: i.mailbox_id.to_string(),
            status: i.status.to_string(),
            source_format: i.format.to_string(),
            original_addresses: i.addresses.clone(),
            mark_as_read: i.mark_as_read,
            upload_size_bytes: i.upload_size,
            messages_processed: i.processed,
            messages_imported: i.imported,
            messages_skipped_duplicate: i.duplicates,
            messages_failed: i.failed,
            messages_rejected_unsafe: i.rejected,
            error_detail: i.error.clone(),
            created_at: i.created_at.to_string(),
            updated_at: i.updated_at.to_string(),
            started_at: i.started_at.map(|at| at.to_string()),
            finished_at: i.finished_at.map(|at| at.to_string()),
        }
    }
}

impl ImportUpload {
    pub fn to(url: String) -> Self {
        Self { url, fields: BTreeMap::new(), expires_in_seconds: UPLOAD_LIFE / seconds(1) }
    }
}

/// What is to be brought along.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what NewImport reads")]
pub struct ImportCreate {
    /// auto, mbox, eml or zip; default auto.
    source_format: Option<String>,
    /// Addresses that were this mailbox's elsewhere: mail from them was sent from here. 20 at most.
    original_addresses: Option<Vec<String>>,
    /// Default true.
    mark_as_read: Option<bool>,
}

/// What an [`ImportCreate`] says.
#[derive(Clone, Debug)]
pub struct NewImport {
    pub format: ImportFormat,
    pub addresses: Option<Vec<String>>,
    pub mark_as_read: bool,
}

impl NewImport {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let format = f.opt_parsed("source_format", ImportFormat::parse, "auto, mbox, eml or zip");
        let addresses = f.opt_list("original_addresses", ADDRESSES_MAX, |f, at, item| {
            f.item_text(at, item, 1..=ADDRESS_CHARS_MAX)
        });
        let input = Self {
            format: format.unwrap_or(ImportFormat::Auto),
            addresses,
            mark_as_read: f.bool("mark_as_read", true),
        };
        f.finish()?;
        Ok(input)
    }
}
