//! Mail actions on the wire (postal.md 4.6): work that somebody asked for on a mail item.
//!
//! The bodies of the four requests (4.8) are in a file each; what they have in common in `common`.

mod common;
mod forward;
mod pickup;
mod scan;
mod shred;

use domain::Timestamp;
use domain::action;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use common::Common;
pub use forward::{CONSOLIDATE_MAX, CustomsBody, CustomsItem, ForwardBody, ForwardRequest};
pub use pickup::{PickupBody, PickupPerson, PickupRequest};
pub use scan::{ScanBody, ScanRequest};
pub use shred::{ShredBody, ShredRequest};

/// Work that somebody asked for on a mail item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailAction {
    /// Opaque.
    #[schema(examples("act_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^mail_action$")]
    pub object: String,
    /// What it is done with.
    pub mail_id: String,
    /// Whose it is.
    pub customer_id: String,
    /// scan, forward, shred or pickup.
    #[schema(examples("scan"))]
    pub kind: String,
    /// requested, scheduled, in_progress, completed, cancelled or rejected.
    #[schema(examples("requested"))]
    pub status: String,
    /// Who asked.
    pub requested_by: RequestedBy,
    /// What the request chose, in the members of its body.
    #[schema(value_type = Object)]
    pub options: Value,
    /// The price, where it is known before the work; null is settled on weighing.
    #[schema(value_type = Option<Quote>, required = true)]
    pub quote: Value,
    /// Carrier, service and tracking of a forward.
    #[schema(value_type = Option<Shipment>, required = true)]
    pub shipment: Value,
    /// Window and place of a pickup; never its code.
    #[schema(value_type = Option<Pickup>, required = true)]
    pub pickup: Value,
    /// Pages of a scan.
    #[schema(value_type = Option<Scan>, required = true)]
    pub scan: Value,
    /// The scan that must end first.
    #[schema(required = true)]
    pub depends_on: Option<String>,
    /// A shred is carried out no sooner.
    #[schema(format = DateTime, required = true)]
    pub not_before: Option<String>,
    /// When the work is due at the latest.
    #[schema(format = DateTime, required = true)]
    pub due_at: Option<String>,
    /// Why the operator refused it.
    #[schema(required = true)]
    pub reason_code: Option<String>,
    /// What the work costs.
    pub charge: Charge,
    /// Things to know that are no error: price_on_weighing, transfer_address_not_on_form_1583.
    pub warnings: Vec<String>,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// When its time was set.
    #[schema(format = DateTime, required = true)]
    pub scheduled_at: Option<String>,
    /// When work began.
    #[schema(format = DateTime, required = true)]
    pub started_at: Option<String>,
    /// When the work was done.
    #[schema(format = DateTime, required = true)]
    pub completed_at: Option<String>,
    /// When it was withdrawn.
    #[schema(format = DateTime, required = true)]
    pub cancelled_at: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestedBy {
    /// partner_api, operator, customer or system.
    #[serde(rename = "type")]
    pub kind: String,
    /// The key, or the member of staff; null where nobody is named.
    #[schema(required = true)]
    pub id: Option<String>,
}

/// What the work costs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Charge {
    /// In the smallest unit of the currency; null until it is known.
    #[schema(required = true)]
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: String,
    /// prepay: drawn from the partner's balance.
    pub source: String,
}

/// What a forward will cost, as long as it is carried out before `expires_at`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Quote {
    /// The sum, in the smallest unit of the currency.
    #[schema(minimum = 0, examples(1245))]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(examples("USD"))]
    pub currency: String,
    /// Who would carry it.
    #[schema(examples("usps"), required = true)]
    pub carrier: Option<String>,
    /// The carrier's service.
    #[schema(examples("priority"), required = true)]
    pub service: Option<String>,
    /// Days from handover to delivery, as the carrier guesses.
    #[schema(minimum = 0, required = true)]
    pub estimated_days: Option<i64>,
    /// Until when the price holds.
    #[schema(format = DateTime, required = true)]
    pub expires_at: Option<String>,
    /// What the sum is made of.
    pub itemised: Itemised,
}

/// The parts of a price, in the smallest unit of its currency.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Itemised {
    /// The carrier's price.
    #[schema(minimum = 0)]
    pub postage: i64,
    /// The operator's work.
    #[schema(minimum = 0)]
    pub handling: i64,
    /// Box and padding.
    #[schema(minimum = 0)]
    pub materials: i64,
    /// Premium for the insured value.
    #[schema(minimum = 0)]
    pub insurance: i64,
}

/// How a forward travels; null until it was handed to a carrier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Shipment {
    /// Who carries it.
    #[schema(examples("usps"), required = true)]
    pub carrier: Option<String>,
    /// The carrier's service.
    #[schema(examples("priority"), required = true)]
    pub service: Option<String>,
    /// Null for services without tracking.
    #[schema(required = true)]
    pub tracking_number: Option<String>,
    /// The carrier's page about it.
    #[schema(format = "uri", required = true)]
    pub tracking_url: Option<String>,
}

/// When a pickup takes place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Pickup {
    /// When to come; null until a time was set.
    #[schema(required = true)]
    pub window: Option<Window>,
}

/// A span of time; `end` is after `start`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Window {
    /// Inside opening hours.
    #[schema(format = DateTime, examples("2026-11-23T16:00:00.000Z"))]
    pub start: String,
    /// After the start.
    #[schema(format = DateTime, examples("2026-11-23T17:00:00.000Z"))]
    pub end: String,
}

/// What came of a scan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Scan {
    /// Pages that were scanned.
    #[schema(minimum = 1)]
    pub pages: i64,
}

impl MailAction {
    /// `result` in the action is an object with the members quote, shipment, pickup and scan, each
    /// where it applies; a pickup's code is never shown.
    pub fn new(a: &action::Action, currency: &str) -> Self {
        let at = |t: Option<Timestamp>| t.map(|t| t.to_string());
        let object = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        let result: Value = object(&a.result);
        let part = |name: &str| result.get(name).cloned().unwrap_or(Value::Null);
        let mut pickup = part("pickup");
        if let Some(members) = pickup.as_object_mut() {
            members.remove("code");
        }
        Self {
            id: a.id.to_string(),
            object: "mail_action".to_owned(),
            mail_id: a.mail_id.to_string(),
            customer_id: a.customer_id.to_string(),
            kind: a.kind.as_str().to_owned(),
            status: a.status.as_str().to_owned(),
            requested_by: RequestedBy {
                kind: a.requested_by.kind.clone(),
                id: a.requested_by.id.clone(),
            },
            options: object(&a.options),
            quote: part("quote"),
            shipment: part("shipment"),
            pickup,
            scan: part("scan"),
            depends_on: a.depends_on.map(|id| id.to_string()),
            not_before: at(a.not_before),
            due_at: at(a.due_at),
            reason_code: a.reason_code.map(|r| r.as_str().to_owned()),
            charge: Charge {
                amount_minor: a.charge_minor,
                currency: currency.to_owned(),
                source: "prepay".to_owned(),
            },
            warnings: a.warnings.clone(),
            requested_at: a.requested_at.to_string(),
            scheduled_at: at(a.scheduled_at),
            started_at: at(a.started_at),
            completed_at: at(a.completed_at),
            cancelled_at: at(a.cancelled_at),
        }
    }
}
