//! What `data` holds beside the object, for each type of event (postal.md 5.4).
//!
//! [`members`] turns one of these into what `Subject::extra` takes.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::partner::actions::{Charge, Window};
use crate::partner::mail::MailSummary;

/// Every member that an extra may have: the names that [`members`] can give out.
const NAMES: &[&str] = &[
    "activated_via",
    "carrier",
    "certificate_id",
    "charge",
    "document_url",
    "form_id",
    "location",
    "mail",
    "not_before",
    "pages",
    "performed_by",
    "previous_status",
    "reasons",
    "service",
    "ship_to",
    "source",
    "status",
    "tracking_number",
    "tracking_url",
    "verified_at",
    "window",
];

/// The members of an extra, by name.
pub fn members(extra: &impl Serialize) -> Vec<(&'static str, Value)> {
    // Plain structs of texts and numbers: their serialisation can't fail.
    let Ok(Value::Object(mut members)) = serde_json::to_value(extra) else { return Vec::new() };
    NAMES.iter().filter_map(|name| members.remove(*name).map(|value| (*name, value))).collect()
}

/// Of `customer.created`.
#[derive(Serialize, ToSchema)]
pub struct CustomerCreated {
    /// Who invited: api, dashboard or import. New ones may be added.
    #[schema(examples("api"))]
    pub source: String,
}

/// Of `customer.activated`.
#[derive(Serialize, ToSchema)]
pub struct CustomerActivated {
    /// How the account was taken up: invite, sso or operator. New ones may be added.
    #[schema(examples("invite"))]
    pub activated_via: String,
}

/// Of `customer.verified`.
#[derive(Serialize, ToSchema)]
pub struct CustomerVerified {
    /// When the reviewer approved.
    #[schema(format = DateTime)]
    pub verified_at: String,
    /// The approved revision of Form 1583.
    #[schema(examples("frm_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub form_id: String,
}

/// Of `customer.form_1583_status_updated`.
#[derive(Serialize, ToSchema)]
pub struct ComplianceUpdated {
    /// The status that was reached; the six of the compliance object.
    #[schema(examples("pending_review"))]
    pub status: String,
    /// The status before it.
    #[schema(examples("pending_notary"))]
    pub previous_status: String,
    /// Why a form was sent back or refused, as words such as id_expired; else empty.
    pub reasons: Vec<String>,
}

/// Of `mail.arrived`.
#[derive(Serialize, ToSchema)]
pub struct MailArrived {
    /// The staff id that logged the item, verbatim.
    #[schema(examples("warehouse_user_42"), required = true)]
    pub performed_by: Option<String>,
}

/// Of `package.arrived`.
#[derive(Serialize, ToSchema)]
pub struct PackageArrived {
    /// The staff id that logged the item, verbatim.
    #[schema(examples("warehouse_user_42"), required = true)]
    pub performed_by: Option<String>,
    /// The carrier's number, as sent.
    #[schema(examples("1Z9999999999999999"), required = true)]
    pub tracking_number: Option<String>,
    /// As sent, or guessed from the tracking number.
    #[schema(examples("ups"), required = true)]
    pub carrier: Option<String>,
}

/// Of `mail.scan_requested`.
#[derive(Serialize, ToSchema)]
pub struct ScanRequested {
    pub mail: MailSummary,
}

/// Of `mail.scanned`.
#[derive(Serialize, ToSchema)]
pub struct Scanned {
    pub mail: MailSummary,
    /// Pages that were scanned.
    #[schema(minimum = 1)]
    pub pages: i64,
    /// A signed link that ends after 24 hours; null unless the operator shares scans with the partner.
    #[schema(format = "uri", required = true)]
    pub document_url: Option<String>,
}

/// Of `mail.forward_requested`.
#[derive(Serialize, ToSchema)]
pub struct ForwardRequested {
    pub mail: MailSummary,
    pub ship_to: ShipTo,
}

/// Roughly where a forward goes; the whole address is in the action's options.
#[derive(Serialize, ToSchema)]
pub struct ShipTo {
    /// The place, without state or code.
    #[schema(examples("Denver"))]
    pub city: String,
    /// Two letters in the United States.
    #[schema(examples("CO"))]
    pub state: String,
    /// ISO 3166-1 alpha-2.
    #[schema(examples("US"))]
    pub country: String,
}

/// Of `mail.forwarded`.
#[derive(Serialize, ToSchema)]
pub struct Forwarded {
    pub mail: MailSummary,
    /// Who carries the parcel.
    #[schema(examples("usps"), required = true)]
    pub carrier: Option<String>,
    /// The carrier's service.
    #[schema(examples("priority"), required = true)]
    pub service: Option<String>,
    /// Null for services without tracking.
    #[schema(examples("9400111899223100001234"), required = true)]
    pub tracking_number: Option<String>,
    /// The carrier's page about the parcel.
    #[schema(format = "uri", required = true)]
    pub tracking_url: Option<String>,
    pub charge: Charge,
}

/// Of `mail.shred_requested`.
#[derive(Serialize, ToSchema)]
pub struct ShredRequested {
    pub mail: MailSummary,
    /// The item is destroyed no sooner; until then the request can be withdrawn.
    #[schema(format = DateTime, required = true)]
    pub not_before: Option<String>,
}

/// Of `mail.shredded`.
#[derive(Serialize, ToSchema)]
pub struct Shredded {
    pub mail: MailSummary,
    /// The certificate of destruction.
    #[schema(examples("crt_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub certificate_id: String,
}

/// Of `mail.pickup_requested`.
#[derive(Serialize, ToSchema)]
pub struct PickupRequested {
    pub mail: MailSummary,
    /// The time that was asked for; null when none was.
    #[schema(required = true)]
    pub window: Option<Window>,
}

/// Of `mail.pickup_scheduled`. The code that opens the counter is never in it.
#[derive(Serialize, ToSchema)]
pub struct PickupScheduled {
    pub mail: MailSummary,
    /// The time that was set.
    pub window: Window,
    pub location: PickupLocation,
}

/// Where to collect.
#[derive(Serialize, ToSchema)]
pub struct PickupLocation {
    /// The mailroom.
    #[schema(examples("loc_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// As the operator calls it.
    #[schema(examples("Downtown"))]
    pub name: String,
}
