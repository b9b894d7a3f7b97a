//! Operators, their locations, and the partners who sell mailboxes under them.

use crate::address::{Address, Designator};
use crate::event::EventType;
use crate::id::{LocationId, OperatorId, PartnerId, PoolId};
use crate::usage::CountMethod;
use crate::{Date, Timestamp};

/// Who runs a mailroom: the CMRA of record.
#[derive(Clone, Debug)]
pub struct Operator {
    pub id: OperatorId,
    pub name: String,
    pub slug: String,
    pub created_at: Timestamp,
}

crate::words! {
    /// A location may receive mail for customers only while `active` (DMM 508.1.8.2: Form 1583-A first).
    pub enum LocationStatus { PendingUsps = "pending_usps", Active = "active", Paused = "paused", Closed = "closed" }
}

crate::words! {
    /// Work that a location does with mail items. `destruction` is shredding of packages.
    pub enum Service {
        Scan = "scan",
        Forward = "forward",
        Shred = "shred",
        Pickup = "pickup",
        Destruction = "destruction",
    }
}

/// A registered mailroom address.
#[derive(Clone, Debug)]
pub struct Location {
    pub id: LocationId,
    pub operator_id: OperatorId,
    pub name: String,
    /// Short name for labels and reports.
    pub code: String,
    /// Its `line2` is the site's secondary element (suite); see [`crate::address::mailbox_lines`].
    pub address: Address,
    pub designator: Designator,
    /// IANA zone name.
    pub timezone: String,
    pub status: LocationStatus,
    pub services: Vec<Service>,
    /// Pickup hours as local minutes of the day, the same on each open weekday.
    pub opens_minute: i64,
    pub closes_minute: i64,
    /// Open weekdays, Monday is 1.
    pub open_weekdays: Vec<i8>,
    /// Handovers that may be scheduled in one hour; 0 means a clerk confirms each by hand.
    pub pickups_per_hour: i64,
    /// Hours between a shred request and the first moment it may be carried out.
    pub shred_hold_hours: i64,
    /// Days after the remail window before a number may be given to somebody else.
    pub quarantine_days: i64,
    /// Hours within which a requested scan is due.
    pub scan_due_hours: i64,
    pub created_at: Timestamp,
}

impl Location {
    pub fn offers(&self, service: Service) -> bool {
        self.services.contains(&service)
    }
}

crate::words! {
    pub enum PartnerStatus { Sandbox = "sandbox", Live = "live", Suspended = "suspended", Closed = "closed" }
}

crate::words! {
    /// Who does the floor work for a partner. `operator` is no partner but the operator itself, as the owner
    /// of the endpoints that hear how those of its partners fare: one for each operator, never listed.
    pub enum PartnerKind { Brand = "brand", SelfOperated = "self_operated", Operator = "operator" }
}

/// A brand under an operator: the tenant that holds keys, customers and webhook endpoints.
#[derive(Clone, Debug)]
pub struct Partner {
    pub id: PartnerId,
    pub operator_id: OperatorId,
    pub name: String,
    pub slug: String,
    pub kind: PartnerKind,
    pub status: PartnerStatus,
    pub settings: PartnerSettings,
    pub order_form: OrderForm,
    /// How far the clock of the test world runs ahead, in microseconds.
    pub test_clock_ahead: i64,
    pub created_at: Timestamp,
    /// Bytes of the payloads of its events, in both modes; counted while any partner has a quota, about a minute late.
    pub stored_bytes: i64,
}

/// From how much of its quota on a partner's operator is told, in percent.
pub const QUOTA_NEAR_PERCENT: i64 = 80;
/// All of it: optional events are not sent from then on.
pub const QUOTA_FULL_PERCENT: i64 = 100;

impl Partner {
    /// How much of its quota a partner has used up, in percent and rounded down; `None` without a quota.
    pub fn quota_percent(&self) -> Option<i64> {
        let quota = self.settings.payload_quota_bytes?.max(1);
        let percent = i128::from(self.stored_bytes) * 100 / i128::from(quota);
        Some(i64::try_from(percent).unwrap_or(i64::MAX))
    }

    pub fn is_quota_used_up(&self) -> bool {
        self.quota_percent().is_some_and(|percent| percent >= QUOTA_FULL_PERCENT)
    }
}

/// What a partner and its operator agreed to switch.
#[derive(Clone, Debug)]
pub struct PartnerSettings {
    pub default_location: Option<LocationId>,
    pub share_scans: bool,
    pub require_idempotency_key: bool,
    /// Hours during which a partner may delete mail that it created.
    pub delete_window_hours: i64,
    /// Open the mailbox as soon as the form is approved, without waiting for the invitation.
    pub auto_activate_on_approval: bool,
    /// Refuse changes of fields that a signed form carries, instead of asking for a revision.
    pub strict_form_lock: bool,
    /// Requests in ten seconds, sustained, and at once; the test world has half of both.
    pub rate_per_10s: i64,
    pub rate_burst: i64,
    /// Count suspended mailboxes as active.
    pub count_suspended: bool,
    /// Where customers take up an invitation, with `{token}` in it; default is this install.
    pub portal_url: Option<String>,
    /// Events that are stored and not sent while the install is overloaded, or the quota used up.
    pub optional_events: Vec<EventType>,
    /// Bytes of payloads of events that may be stored before optional ones are no longer sent.
    pub payload_quota_bytes: Option<i64>,
}

impl Default for PartnerSettings {
    fn default() -> Self {
        Self {
            default_location: None,
            share_scans: false,
            require_idempotency_key: false,
            delete_window_hours: 720,
            auto_activate_on_approval: true,
            strict_form_lock: false,
            rate_per_10s: 100,
            rate_burst: 200,
            count_suspended: true,
            portal_url: None,
            optional_events: Vec::new(),
            payload_quota_bytes: None,
        }
    }
}

/// What a partner owes for active mailboxes.
#[derive(Clone, Debug)]
pub struct OrderForm {
    /// ISO 4217.
    pub currency: String,
    pub unit_price_minor: Option<i64>,
    pub monthly_minimum_minor: Option<i64>,
    pub count_method: CountMethod,
    /// IANA zone in which months begin and end.
    pub timezone: String,
    pub show_price_in_api: bool,
    pub starts_on: Option<Date>,
}

impl OrderForm {
    /// What a partner owes until somebody says otherwise: nothing that is known. `timezone` is an IANA zone.
    pub fn first(timezone: &str) -> Self {
        Self {
            currency: "USD".to_owned(),
            unit_price_minor: None,
            monthly_minimum_minor: None,
            count_method: CountMethod::DistinctActive,
            timezone: timezone.to_owned(),
            show_price_in_api: false,
            starts_on: None,
        }
    }
}

/// A place where a partner may sell mailboxes, and the pool that it draws from there.
#[derive(Clone, Debug)]
pub struct LocationGrant {
    pub partner_id: PartnerId,
    pub location_id: LocationId,
    pub pool_id: PoolId,
}
