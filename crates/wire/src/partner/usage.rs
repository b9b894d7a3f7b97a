//! Active mailboxes of a period on the wire (postal.md 4.9, 9.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a partner used in a period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BillingUsage {
    #[schema(pattern = "^billing_usage$")]
    pub object: String,
    pub livemode: bool,
    pub partner_id: String,
    /// The month, or the two dates that were asked.
    #[schema(example = "2026-11")]
    pub period: String,
    /// Local midnight, with the offset of that day.
    #[schema(example = "2026-11-01T00:00:00-05:00")]
    pub period_start: String,
    pub period_end: String,
    #[schema(example = "America/Chicago")]
    pub timezone: String,
    /// open, closed, disputed or final.
    pub status: String,
    #[schema(format = DateTime)]
    pub as_of: String,
    /// distinct_active, month_end, average_daily, prorated or peak.
    pub count_method: String,
    /// Open now, or at the end of the period.
    pub active_mailboxes: i64,
    /// By the contract's method; two decimals where it can be a fraction.
    pub billable_mailboxes: f64,
    pub opening_active: i64,
    pub activated: i64,
    pub deactivated: i64,
    /// Always opening_active + activated - deactivated.
    pub closing_active: i64,
    pub peak_active: i64,
    pub mailbox_days: i64,
    pub by_location: Vec<LocationUsage>,
    pub operations: Operations,
    pub estimate: Estimate,
    pub lines: UsageLineList,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LocationUsage {
    pub location_id: String,
    pub active_mailboxes: i64,
}

/// Work done in the period.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Operations {
    pub mail_received: i64,
    pub packages_received: i64,
    pub scans_completed: i64,
    pub forwards_completed: i64,
    pub shreds_completed: i64,
    pub pickups_completed: i64,
}

/// What it comes to; numbers only where the contract shows them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    pub currency: String,
    #[schema(required = true)]
    pub unit_price_minor: Option<i64>,
    #[schema(required = true)]
    pub subtotal_minor: Option<i64>,
    pub minimum_applied: bool,
}

/// The mailboxes behind the count; empty unless include=lines.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UsageLineList {
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<UsageLine>,
    pub has_more: bool,
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// One assignment of a mailbox.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UsageLine {
    pub customer_id: String,
    #[schema(required = true)]
    pub external_customer_id: Option<String>,
    pub mailbox_id: String,
    pub location_id: String,
    #[schema(format = DateTime)]
    pub active_from: String,
    #[schema(format = DateTime, required = true)]
    pub active_to: Option<String>,
    pub active_days: i64,
    pub billable_units: f64,
}
