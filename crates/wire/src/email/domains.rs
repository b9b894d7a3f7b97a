//! Sending domains (email-api.md 6.13).

use domain::email::SendingDomain as Row;
use serde::Serialize;
use utoipa::ToSchema;

/// A domain that an organization sends from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SendingDomain {
    #[schema(pattern = "^sending_domain_")]
    pub id: String,
    pub organization_id: String,
    pub domain: String,
    /// not_started, awaiting_ownership, pending, dns_invalid, verifying, verified, failed, pending_dkim_rotation,
    /// degraded or pending_deletion.
    pub status: String,
    /// New identities get their addresses from it.
    pub is_default: bool,
    #[schema(required = true, format = DateTime)]
    pub verified_at: Option<String>,
    /// What its owner publishes to prove that it is theirs.
    #[schema(required = true)]
    pub ownership_token: Option<String>,
    #[schema(required = true)]
    pub failure_reason: Option<String>,
    #[schema(required = true, format = DateTime)]
    pub last_checked_at: Option<String>,
}

impl SendingDomain {
    pub fn of(d: &Row, is_default: bool, organization_id: String) -> Self {
        Self {
            id: format!("sending_domain_{}", d.id),
            organization_id,
            domain: d.domain.clone(),
            status: d.status.to_string(),
            is_default,
            verified_at: d.verified_at.map(|at| at.to_string()),
            ownership_token: Some(d.ownership_token.clone()),
            failure_reason: d.failure_reason.clone(),
            last_checked_at: d.last_checked_at.map(|at| at.to_string()),
        }
    }
}

/// Where new identities get their addresses from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DefaultDomain {
    /// Null is the domain of this install.
    #[schema(required = true)]
    pub default_domain: Option<String>,
}
