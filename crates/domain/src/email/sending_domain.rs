//! A domain that an organization sends from, and how far it is proven (email-api.md 6.13).

use crate::Timestamp;
use crate::id::SendingDomainId;

crate::words! {
    /// From registered to usable, and what can happen to it there.
    pub enum DomainStatus {
        NotStarted = "not_started",
        AwaitingOwnership = "awaiting_ownership",
        Pending = "pending",
        DnsInvalid = "dns_invalid",
        Verifying = "verifying",
        Verified = "verified",
        Failed = "failed",
        PendingDkimRotation = "pending_dkim_rotation",
        Degraded = "degraded",
        PendingDeletion = "pending_deletion",
    }
}

impl DomainStatus {
    /// Whether mail may be sent from it. A rotation or a record that is missing for a while stops nothing.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Verified | Self::PendingDkimRotation | Self::Degraded)
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct SendingDomain {
    pub id: SendingDomainId,
    /// In lower case.
    pub domain: String,
    pub status: DomainStatus,
    /// What its owner publishes to prove that it is theirs.
    pub ownership_token: String,
    pub failure_reason: Option<String>,
    pub verified_at: Option<Timestamp>,
    pub last_checked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}
