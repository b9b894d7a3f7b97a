//! Who may see an identity (email-api.md 5.5).

use domain::Result;
use domain::id::IdentityId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// One viewer of an identity; null is every identity of the organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityGrant {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub target_identity_id: String,
    #[schema(required = true, format = "uuid")]
    pub viewer_identity_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A grant to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_viewer takes")]
pub struct IdentityGrantCreate {
    /// Null or absent is every identity of the organization.
    #[schema(format = "uuid")]
    viewer_identity_id: Option<String>,
}

/// Whom a grant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    Everybody,
    /// `None` is an id that is nobody's.
    One(Option<IdentityId>),
}

/// Reads an [`IdentityGrantCreate`].
pub fn read_viewer(body: Value) -> Result<Viewer> {
    let mut f = Fields::lenient(body)?;
    let viewer = f.opt_text("viewer_identity_id", 1..=100);
    f.finish()?;
    Ok(viewer.map_or(Viewer::Everybody, |id| Viewer::One(IdentityId::parse(&id))))
}
