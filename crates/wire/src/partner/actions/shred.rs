//! Asking for destruction: the body and its reading.

use std::collections::BTreeMap;

use domain::Result;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::common::{Common, with};
use crate::partner::shapes;
use crate::reader::Fields;

/// A request to destroy the item.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ShredRequest::read takes")]
pub struct ShredBody {
    /// Wait for the open scan.
    #[schema(default = false)]
    after_scan: Option<bool>,
    /// Needed for checks, government mail, legal process and anything that was signed for.
    #[schema(default = false)]
    confirm_sensitive: Option<bool>,
    /// For the clerk; shown beside the work.
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// standard or expedited.
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    /// The partner's own user on whose word this is asked; kept for the audit.
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// A read [`ShredBody`].
#[derive(Clone, Debug, Default)]
pub struct ShredRequest {
    pub common: Common,
    pub after_scan: bool,
    pub confirm_sensitive: bool,
}

impl ShredRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            common: Common::read(&mut f),
            after_scan: f.bool("after_scan", false),
            confirm_sensitive: f.bool("confirm_sensitive", false),
        };
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        let own =
            json!({"after_scan": self.after_scan, "confirm_sensitive": self.confirm_sensitive});
        with(&self.common, own)
    }
}
