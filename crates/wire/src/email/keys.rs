//! API keys of an organization, and who calls (email-api.md 3).

use domain::Result;
use domain::id::IdentityId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Who calls.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Whoami {
    /// Always api_key.
    pub auth_type: String,
    /// api_key.admin_scoped or api_key.agent_scoped.claimed.
    #[schema(required = true)]
    pub auth_subtype: Option<String>,
    /// admin or agent.
    #[schema(required = true)]
    pub scope: Option<String>,
    #[schema(required = true)]
    pub organization_id: Option<String>,
    #[schema(required = true)]
    pub created_by: Option<String>,
    #[schema(required = true)]
    pub creator_type: Option<String>,
    #[schema(required = true)]
    pub key_id: Option<String>,
    #[schema(required = true)]
    pub label: Option<String>,
    #[schema(required = true)]
    pub description: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub last_used_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
}

/// A key without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKeyRecord {
    #[schema(pattern = "^ApiKey_")]
    pub id: String,
    pub organization_id: String,
    pub created_by: String,
    /// human or agent.
    pub creator_type: String,
    /// The agent whose key it is; null for one of the whole organization.
    #[schema(required = true, format = "uuid")]
    pub scoped_identity_id: Option<String>,
    pub label: String,
    #[schema(required = true)]
    pub description: Option<String>,
    /// active or revoked.
    pub status: String,
    pub last4: String,
    pub display_prefix: String,
    #[schema(required = true, format = DateTime)]
    pub last_used_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub revoked_at: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A new key. The secret is shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreatedApiKey {
    pub api_key: String,
    pub record: ApiKeyRecord,
}

/// A key to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateApiKey reads")]
pub struct ApiKeyCreate {
    #[schema(min_length = 1, max_length = 255)]
    label: String,
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// The agent whose key it will be.
    #[schema(format = "uuid")]
    scoped_identity_id: Option<String>,
}

/// What an [`ApiKeyCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    pub label: String,
    pub description: Option<String>,
    pub identity_id: Option<IdentityId>,
}

impl CreateApiKey {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self {
            label: f.text("label", 1..=255),
            description: f.opt_prose("description", 1000),
            identity_id: f.opt_parsed("scoped_identity_id", IdentityId::parse, "a UUID"),
        };
        f.finish()?;
        Ok(input)
    }
}
