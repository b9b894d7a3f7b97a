//! The key that signs what a mailbox tells (email-api.md 9).

use serde::Serialize;
use utoipa::ToSchema;

/// A new key, shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SigningKey {
    #[schema(pattern = "^whsec_[A-Za-z0-9_-]{43}$")]
    pub signing_key: String,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Whether there is a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SigningKeyStatus {
    pub configured: bool,
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
}
