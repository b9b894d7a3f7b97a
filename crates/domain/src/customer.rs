//! Who rents a mailbox: the record and its life (postal.md 3.1).

use crate::address::Address;
use crate::billing::{BillingMode, BillingStatus};
use crate::compliance::ComplianceStatus;
use crate::error_code::ErrorCode;
use crate::id::{AddressId, CustomerId, LocationId, MailboxId, OperatorId, PartnerId, RecipientId};
use crate::{Date, Error, Result, Timestamp};

crate::words! {
    pub enum CustomerStatus {
        Invited = "invited",
        Active = "active",
        Suspended = "suspended",
        Deactivated = "deactivated",
    }
}

crate::words! {
    pub enum ServiceType { Business = "business", Residential = "residential" }
}

crate::words! {
    /// Why service ended; partners choose, and none of these is shown to the customer as a verdict.
    pub enum DeactivationReason {
        CustomerRequest = "customer_request",
        Nonpayment = "nonpayment",
        Fraud = "fraud",
        Compliance = "compliance",
        Moved = "moved",
        Other = "other",
    }
}

crate::words! {
    /// What happens to mail that still comes during the six months after service.
    pub enum RemailInstruction {
        Forward = "forward",
        HoldForPickup = "hold_for_pickup",
        DestroyByWrittenConsent = "destroy_by_written_consent",
        /// Asked to destroy, but the customer's own written consent is not on file.
        PendingConsent = "pending_consent",
    }
}

/// How the customer came to take up the account; `customer.activated` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivatedVia {
    Invite,
    Sso,
    Operator,
}

impl ActivatedVia {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Sso => "sso",
            Self::Operator => "operator",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Customer {
    pub id: CustomerId,
    pub operator_id: OperatorId,
    pub partner_id: PartnerId,
    pub livemode: bool,
    /// Unique per partner and mode.
    pub external_customer_id: Option<String>,
    pub email: String,
    pub name: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub business_name: Option<String>,
    pub service_type: Option<ServiceType>,
    pub status: CustomerStatus,
    pub status_reason: Option<String>,
    pub compliance_status: ComplianceStatus,
    pub billing_mode: BillingMode,
    pub billing_status: BillingStatus,
    pub prepay: bool,
    pub paid_through: Option<Date>,
    /// When the partner withdrew `prepay`; grace runs from here.
    pub billing_lapsed_at: Option<Timestamp>,
    pub plan_id: Option<String>,
    pub location_id: LocationId,
    pub mailbox_id: Option<MailboxId>,
    pub locale: Option<String>,
    pub tags: Vec<String>,
    pub metadata: Vec<(String, String)>,
    pub notification_prefs: Vec<(String, bool)>,
    pub default_address_id: Option<AddressId>,
    pub invite_token: Option<String>,
    pub invited_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub verified_at: Option<Timestamp>,
    pub mailbox_active_at: Option<Timestamp>,
    pub deactivation_scheduled_at: Option<Timestamp>,
    pub deactivated_at: Option<Timestamp>,
    pub deactivation_reason: Option<DeactivationReason>,
    pub remail_until: Option<Date>,
    pub remail_instruction: Option<RemailInstruction>,
    /// The number of the newest event about this customer.
    pub event_sequence: i64,
    /// Rises with every change; `ETag` shows it.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Somebody whose mail may be received at the customer's mailbox.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub id: RecipientId,
    pub customer_id: CustomerId,
    pub kind: RecipientKind,
    pub name: String,
    pub status: RecipientStatus,
}

crate::words! {
    pub enum RecipientKind { Person = "person", Business = "business", Alias = "alias", Minor = "minor" }
}
crate::words! {
    pub enum RecipientStatus { Pending = "pending", Authorised = "authorised", Removed = "removed" }
}

/// A saved place to forward mail to.
#[derive(Clone, Debug)]
pub struct ForwardingAddress {
    pub id: AddressId,
    pub customer_id: CustomerId,
    pub address: Address,
    /// True when it stands in item 6 of the customer's Form 1583.
    pub is_on_form: bool,
    pub created_at: Timestamp,
}

impl CustomerStatus {
    /// Activation (C3, C7): an invitation is taken up, or a former customer comes back.
    pub fn activate(self) -> Result<Self> {
        match self {
            Self::Invited | Self::Deactivated => Ok(Self::Active),
            Self::Active | Self::Suspended => Err(self.refuse("activated")),
        }
    }

    /// Suspension (C4): services stop, incoming mail is still received.
    pub fn suspend(self) -> Result<Self> {
        match self {
            Self::Active => Ok(Self::Suspended),
            Self::Invited | Self::Suspended | Self::Deactivated => Err(self.refuse("suspended")),
        }
    }

    /// Reinstatement (C5).
    pub fn reinstate(self) -> Result<Self> {
        match self {
            Self::Suspended => Ok(Self::Active),
            Self::Invited | Self::Active | Self::Deactivated => Err(self.refuse("reinstated")),
        }
    }

    /// Deactivation (C6, C8). A second one is no error and no transition; the caller asks first.
    pub fn deactivate(self) -> Result<Self> {
        match self {
            Self::Invited | Self::Active | Self::Suspended => Ok(Self::Deactivated),
            Self::Deactivated => Err(self.refuse("deactivated")),
        }
    }

    fn refuse(self, verb: &str) -> Error {
        Error::refused(
            ErrorCode::CustomerInactive,
            format!("a customer who is {self} cannot be {verb}"),
        )
        .fix(match self {
            Self::Invited => "have the invitation taken up, or activate or deactivate the customer",
            Self::Active => "an active customer can be suspended or deactivated",
            Self::Suspended => "reinstate the customer first, or deactivate",
            Self::Deactivated => "reactivate the customer within the remail window, or create anew",
        })
    }
}

/// Months during which mail for a former customer is held or re-mailed (DMM 508.1.8.3, R-31).
pub const REMAIL_MONTHS: i64 = 6;

/// Days for which the link of an invitation is good.
pub const INVITE_LINK_DAYS: i64 = 14;

/// Days after which an invitation that nobody used is withdrawn (C8).
pub const INVITE_DAYS: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use CustomerStatus::{Active, Deactivated, Invited, Suspended};

    #[test]
    fn each_step_leads_from_its_states_and_from_no_other() {
        let from = |step: fn(CustomerStatus) -> Result<CustomerStatus>| {
            CustomerStatus::ALL
                .iter()
                .filter_map(|s| Some((*s, step(*s).ok()?)))
                .collect::<Vec<_>>()
        };
        let activated = [(Invited, Active), (Deactivated, Active)];
        let deactivated = [(Invited, Deactivated), (Active, Deactivated), (Suspended, Deactivated)];
        assert_eq!(from(CustomerStatus::activate), activated);
        assert_eq!(from(CustomerStatus::suspend), [(Active, Suspended)]);
        assert_eq!(from(CustomerStatus::reinstate), [(Suspended, Active)]);
        assert_eq!(from(CustomerStatus::deactivate), deactivated);
    }
}
