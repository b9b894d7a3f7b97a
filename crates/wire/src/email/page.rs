//! Pages of a list with an opaque cursor.

use serde::Serialize;
use utoipa::ToSchema;

/// One page. `next_cursor` is null exactly where `has_more` is false.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back to read on.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    pub has_more: bool,
}
