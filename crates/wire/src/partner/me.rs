//! Who a key is.

use domain::key::ApiKey;
use domain::partner::Partner;
use serde::Serialize;
use utoipa::ToSchema;

/// The key that called, its partner and its limits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// Says what kind of object this is.
    #[schema(pattern = "^me$")]
    pub object: String,
    /// The key; never its secret.
    #[schema(examples("key_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub key_id: String,
    /// As it was named when it was made.
    pub key_name: String,
    /// What the key may do.
    pub scopes: Vec<String>,
    /// False in the test world.
    pub livemode: bool,
    /// The tenant.
    pub partner_id: String,
    /// As the operator calls it.
    pub partner_name: String,
    /// The API version that this key is answered in.
    pub api_version: String,
    /// How often the partner may call.
    pub limits: Limits,
    /// When the key ends; null is never.
    #[schema(required = true)]
    pub expires_at: Option<String>,
}

/// How often the partner may call, in each mode.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Limits {
    /// Calls in ten seconds, sustained; the test world has half.
    pub requests_per_10s: i64,
    /// Calls at once.
    pub burst: i64,
}

impl Me {
    pub fn new(key: &ApiKey, partner: &Partner, api_version: &str) -> Self {
        Self {
            object: "me".to_owned(),
            key_id: key.id.to_string(),
            key_name: key.name.clone(),
            scopes: key.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
            livemode: key.livemode,
            partner_id: partner.id.to_string(),
            partner_name: partner.name.clone(),
            api_version: api_version.to_owned(),
            limits: Limits {
                requests_per_10s: partner.settings.rate_per_10s,
                burst: partner.settings.rate_burst,
            },
            expires_at: key.expires_at.map(|t| t.to_string()),
        }
    }
}
