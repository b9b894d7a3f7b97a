//! Active mailboxes of a period on the wire (postal.md 4.9, 9.3).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a partner used in a period.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BillingUsage {
    /// Says what kind of object this is.
    #[schema(pattern = "^billing_usage$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// Who used it.
    pub partner_id: String,
    /// The month, or the two dates that were asked.
    #[schema(examples("2026-11"))]
    pub period: String,
    /// Local midnight, with the offset of that day.
    #[schema(examples("2026-11-01T00:00:00-05:00"))]
    pub period_start: String,
    /// Local midnight after the last day, with the offset of that day.
    pub period_end: String,
    /// IANA zone in which days and months begin.
    #[schema(examples("America/Chicago"))]
    pub timezone: String,
    /// open, closed, disputed or final.
    pub status: String,
    /// The moment up to which was counted.
    #[schema(format = DateTime)]
    pub as_of: String,
    /// distinct_active, month_end, average_daily, prorated or peak.
    pub count_method: String,
    /// Open now, or at the end of the period.
    pub active_mailboxes: i64,
    /// By the contract's method; two decimals where it can be a fraction.
    pub billable_mailboxes: f64,
    /// Active just before the period began.
    pub opening_active: i64,
    /// Mailboxes that opened in the period.
    pub activated: i64,
    /// Mailboxes that closed in the period.
    pub deactivated: i64,
    /// Always opening_active + activated - deactivated.
    pub closing_active: i64,
    /// The most that were active on one day.
    pub peak_active: i64,
    /// Days that mailboxes were active, added up.
    pub mailbox_days: i64,
    /// The same count by mailroom.
    pub by_location: Vec<LocationUsage>,
    /// Work done in the period.
    pub operations: Operations,
    /// What it comes to under the order form.
    pub estimate: Estimate,
    /// The mailboxes behind the count.
    pub lines: UsageLineList,
}

/// The count at one mailroom.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LocationUsage {
    /// The mailroom.
    pub location_id: String,
    /// Open now, or at the end of the period.
    pub active_mailboxes: i64,
}

/// Work done in the period.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Operations {
    /// Letters that arrived.
    pub mail_received: i64,
    /// Packages that arrived.
    pub packages_received: i64,
    /// Mail items scanned.
    pub scans_completed: i64,
    /// Mail items handed to a carrier.
    pub forwards_completed: i64,
    /// Mail items destroyed.
    pub shreds_completed: i64,
    /// Mail items collected.
    pub pickups_completed: i64,
}

/// What it comes to; numbers only where the contract shows them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// ISO 4217.
    pub currency: String,
    /// Of one mailbox; null where the contract hides prices.
    #[schema(required = true)]
    pub unit_price_minor: Option<i64>,
    /// In the smallest unit of the currency; null where the contract hides prices.
    #[schema(required = true)]
    pub subtotal_minor: Option<i64>,
    /// True when the monthly minimum is more than the count comes to.
    pub minimum_applied: bool,
}

/// The mailboxes behind the count; empty unless include=lines.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UsageLineList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    /// At most 100 lines.
    pub data: Vec<UsageLine>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// One assignment of a mailbox.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UsageLine {
    /// Who rents it.
    pub customer_id: String,
    /// The customer in the partner's own system, as the partner named it.
    #[schema(required = true)]
    pub external_customer_id: Option<String>,
    /// Enough to tell two customers apart in a report, and no more.
    #[schema(example = "J.S.")]
    pub customer_initials: String,
    /// The mailbox; after a move, the last one.
    pub mailbox_id: String,
    /// Its number.
    #[schema(example = "302")]
    pub pmb_number: String,
    /// The mailroom where it is.
    pub location_id: String,
    /// The mailroom's short name.
    #[schema(example = "ATX1")]
    pub location_code: String,
    /// When it opened.
    #[schema(format = DateTime)]
    pub active_from: String,
    /// When it closed; null while it is open.
    #[schema(format = DateTime, required = true)]
    pub active_to: Option<String>,
    /// Days of the period on which it was active.
    pub active_days: i64,
    /// What it adds to `billable_mailboxes` by the contract's method; rounded under average_daily.
    pub billable_units: f64,
    /// The price of one unit, in the smallest unit of the currency; null unless the contract shows it.
    #[schema(required = true)]
    pub unit_price_minor: Option<i64>,
    /// What this line comes to, rounded; null unless the contract shows it.
    #[schema(required = true)]
    pub amount_minor: Option<i64>,
}
