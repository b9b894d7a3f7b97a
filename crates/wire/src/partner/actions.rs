//! Mail actions on the wire (postal.md 4.6, 4.8): the object and the bodies of the four requests.

use std::collections::BTreeMap;

use domain::action;
use domain::address::Address;
use domain::{Date, Result, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{mailboxes, shapes};
use crate::reader::Fields;

/// Lines of a customs declaration.
const CUSTOMS_ITEMS_MAX: usize = 50;

/// Mail items that one consolidation joins.
pub const CONSOLIDATE_MAX: usize = 50;

/// Work that somebody asked for on a mail item.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MailAction {
    #[schema(example = "act_01kb3v7m2zq8e4x5n6p7r8s9ta")]
    pub id: String,
    #[schema(pattern = "^mail_action$")]
    pub object: String,
    pub mail_id: String,
    pub customer_id: String,
    /// scan, forward, shred or pickup.
    #[schema(example = "scan")]
    pub kind: String,
    /// requested, scheduled, in_progress, completed, cancelled or rejected.
    #[schema(example = "requested")]
    pub status: String,
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
    #[schema(format = DateTime, required = true)]
    pub due_at: Option<String>,
    /// Why the operator refused it.
    #[schema(required = true)]
    pub reason_code: Option<String>,
    pub charge: Charge,
    /// Things to know that are no error: price_on_weighing, transfer_address_not_on_form_1583.
    pub warnings: Vec<String>,
    #[schema(format = DateTime)]
    pub requested_at: String,
    #[schema(format = DateTime, required = true)]
    pub scheduled_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub started_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub completed_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub cancelled_at: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestedBy {
    /// partner_api, operator, customer or system.
    #[serde(rename = "type")]
    pub kind: String,
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
    #[schema(minimum = 0, example = 1245)]
    pub amount_minor: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    #[schema(example = "usps", required = true)]
    pub carrier: Option<String>,
    #[schema(example = "priority", required = true)]
    pub service: Option<String>,
    /// Days from handover to delivery, as the carrier guesses.
    #[schema(minimum = 0, required = true)]
    pub estimated_days: Option<i64>,
    #[schema(format = DateTime, required = true)]
    pub expires_at: Option<String>,
    pub itemised: Itemised,
}

/// The parts of a price, in the smallest unit of its currency.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Itemised {
    #[schema(minimum = 0)]
    pub postage: i64,
    #[schema(minimum = 0)]
    pub handling: i64,
    #[schema(minimum = 0)]
    pub materials: i64,
    #[schema(minimum = 0)]
    pub insurance: i64,
}

/// How a forward travels; null until it was handed to a carrier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Shipment {
    #[schema(example = "usps", required = true)]
    pub carrier: Option<String>,
    #[schema(example = "priority", required = true)]
    pub service: Option<String>,
    /// Null for services without tracking.
    #[schema(required = true)]
    pub tracking_number: Option<String>,
    #[schema(format = "uri", required = true)]
    pub tracking_url: Option<String>,
}

/// When a pickup takes place.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Pickup {
    #[schema(required = true)]
    pub window: Option<Window>,
}

/// A span of time; `end` is after `start`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Window {
    #[schema(format = DateTime, example = "2026-11-23T16:00:00.000Z")]
    pub start: String,
    #[schema(format = DateTime, example = "2026-11-23T17:00:00.000Z")]
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

/// What every request may say.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub notes: Option<String>,
    /// standard or expedited.
    pub expedited: bool,
    pub requested_by_user: Option<String>,
    pub metadata: Vec<(String, String)>,
}

impl Common {
    fn read(f: &mut Fields) -> Self {
        let priority = |text: &str| match text {
            "standard" => Some(false),
            "expedited" => Some(true),
            _ => None,
        };
        let pairs = |f: &mut Fields| f.opt_metadata("metadata").into_iter().flatten();
        Self {
            notes: f.opt_prose("notes", 1000),
            expedited: f.opt_parsed("priority", priority, "standard or expedited").unwrap_or(false),
            requested_by_user: f.opt_text("requested_by_user", 0..=128),
            metadata: pairs(f).filter_map(|(k, v)| v.map(|v| (k, v))).collect(),
        }
    }

    fn to_json(&self) -> Value {
        let metadata: BTreeMap<_, _> = self.metadata.iter().cloned().collect();
        json!({
            "notes": self.notes, "priority": if self.expedited { "expedited" } else { "standard" },
            "requested_by_user": self.requested_by_user, "metadata": metadata,
        })
    }
}

fn with(common: &Common, own: Value) -> String {
    let mut options = common.to_json();
    if let (Some(options), Value::Object(own)) = (options.as_object_mut(), own) {
        options.extend(own);
        options.retain(|_, value| !value.is_null());
    }
    options.to_string()
}

/// A request to scan the contents. An empty body scans all pages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ScanRequest::read takes")]
pub struct ScanBody {
    /// "all" or a range such as "1-4".
    #[schema(default = "all", max_length = 11)]
    pages: Option<String>,
    #[schema(default = false)]
    color: Option<bool>,
    #[schema(default = true)]
    duplex: Option<bool>,
    #[schema(default = true)]
    ocr: Option<bool>,
    /// Scan again although a scan exists.
    #[schema(default = false)]
    rescan: Option<bool>,
    /// Photograph the contents of a package; a package can't be scanned otherwise.
    #[schema(default = false)]
    contents_photo: Option<bool>,
    /// What the customer means to do next: hold, shred or forward. A note for the clerk.
    #[schema(max_length = 40, example = "hold")]
    then: Option<String>,
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// standard or expedited.
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// A read [`ScanBody`].
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the body")]
pub struct ScanRequest {
    pub common: Common,
    pub pages: String,
    pub color: bool,
    pub duplex: bool,
    pub ocr: bool,
    pub rescan: bool,
    pub contents_photo: bool,
    pub then: Option<String>,
}

impl ScanRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let pages = |text: &str| is_page_range(text).then(|| text.to_owned());
        let then =
            |text: &str| ["hold", "shred", "forward"].contains(&text).then(|| text.to_owned());
        let read = Self {
            common: Common::read(&mut f),
            pages: f
                .opt_parsed("pages", pages, "\"all\" or a range such as \"1-4\"")
                .unwrap_or_else(|| "all".to_owned()),
            color: f.bool("color", false),
            duplex: f.bool("duplex", true),
            ocr: f.bool("ocr", true),
            rescan: f.bool("rescan", false),
            contents_photo: f.bool("contents_photo", false),
            then: f.opt_parsed("then", then, "hold, shred or forward"),
        };
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        with(
            &self.common,
            json!({
                "pages": self.pages, "color": self.color, "duplex": self.duplex, "ocr": self.ocr,
                "rescan": self.rescan, "contents_photo": self.contents_photo, "then": self.then,
            }),
        )
    }
}

fn is_page_range(text: &str) -> bool {
    let number = |t: &str| t.parse::<u16>().ok().filter(|n| *n >= 1);
    match text.split_once('-') {
        _ if text == "all" => true,
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(a, b)| a <= b),
        None => number(text).is_some(),
    }
}

/// A request to send the item on. Without an address, the customer's default is used.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct ForwardBody {
    address: Option<mailboxes::AddressBody>,
    /// A saved address, instead of `address`.
    #[schema(max_length = 64)]
    address_id: Option<String>,
    #[schema(max_length = 40)]
    carrier: Option<String>,
    /// cheapest, fastest, or a carrier's own service.
    #[schema(max_length = 60)]
    service_level: Option<String>,
    #[schema(max_length = 64)]
    rate_id: Option<String>,
    /// The operator may not ship above it without a new approval. In the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    max_cost_minor: Option<i64>,
    /// The value to insure, in the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    insurance_minor: Option<i64>,
    /// none, direct or adult.
    #[schema(max_length = 40, example = "direct")]
    signature: Option<String>,
    /// Other mail items of the customer that go in the same parcel.
    #[schema(max_items = 50)]
    consolidate_with: Option<Vec<String>>,
    /// Wait for the open scan.
    #[schema(default = false)]
    after_scan: Option<bool>,
    customs: Option<CustomsBody>,
    #[schema(default = false)]
    remove_invoice: Option<bool>,
    #[schema(format = Date)]
    ship_on: Option<String>,
    #[schema(max_length = 1000)]
    notes: Option<String>,
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// What crosses a border.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct CustomsBody {
    #[schema(max_length = 40)]
    contents_type: String,
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<CustomsItem>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct CustomsItem {
    #[schema(max_length = 200)]
    description: String,
    #[schema(minimum = 1, maximum = 100_000)]
    quantity: i64,
    /// Of all of them together, in the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    value_minor: i64,
}

/// A read [`ForwardBody`].
#[derive(Clone, Debug, Default)]
pub struct ForwardRequest {
    pub common: Common,
    pub address: Option<Address>,
    pub address_id: Option<String>,
    pub carrier: Option<String>,
    pub service_level: Option<String>,
    pub rate_id: Option<String>,
    pub max_cost_minor: Option<i64>,
    pub insurance_minor: Option<i64>,
    pub signature: Option<String>,
    pub consolidate_with: Vec<String>,
    pub after_scan: bool,
    pub customs: Option<Value>,
    pub remove_invoice: bool,
    pub ship_on: Option<Date>,
}

/// The largest amount that a request may name: a million of the currency.
const AMOUNT_MAX: i64 = 100_000_000;

impl ForwardRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let signature = |t: &str| ["none", "direct", "adult"].contains(&t).then(|| t.to_owned());
        let consolidate = f.opt_list("consolidate_with", CONSOLIDATE_MAX, |f, at, item| {
            f.item_text(at, item, 1..=64)
        });
        let read = Self {
            common: Common::read(&mut f),
            address: f.opt_address("address"),
            address_id: f.opt_text("address_id", 1..=64),
            carrier: f.opt_text("carrier", 1..=40),
            service_level: f.opt_text("service_level", 1..=60),
            rate_id: f.opt_text("rate_id", 1..=64),
            max_cost_minor: f.opt_integer("max_cost_minor", 0..=AMOUNT_MAX),
            insurance_minor: f.opt_integer("insurance_minor", 0..=AMOUNT_MAX),
            signature: f.opt_parsed("signature", signature, "none, direct or adult"),
            consolidate_with: consolidate.unwrap_or_default(),
            after_scan: f.bool("after_scan", false),
            customs: f.opt_object("customs", customs),
            remove_invoice: f.bool("remove_invoice", false),
            ship_on: f.opt_date("ship_on"),
        };
        if read.address.is_some() && read.address_id.is_some() {
            f.problem("address_id", "invalid", "send address or address_id, not both");
        }
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them; `address` is the one that was chosen in the end.
    pub fn to_options(&self, address: &Address) -> String {
        let address = mailboxes::Address::from(address);
        with(
            &self.common,
            json!({
                "address": address, "carrier": self.carrier, "service_level": self.service_level,
                "rate_id": self.rate_id, "max_cost_minor": self.max_cost_minor,
                "insurance_minor": self.insurance_minor, "signature": self.signature,
                "consolidate_with": self.consolidate_with, "after_scan": self.after_scan,
                "customs": self.customs, "remove_invoice": self.remove_invoice,
                "ship_on": self.ship_on.map(|d| d.to_string()),
            }),
        )
    }
}

fn customs(f: &mut Fields) -> Value {
    let contents_type = f.text("contents_type", 1..=40);
    let items = f.opt_list("items", CUSTOMS_ITEMS_MAX, |f, at, item| {
        f.check_object(at, item, |i| {
            json!({
                "description": i.text("description", 1..=200),
                "quantity": i.integer("quantity", 1..=100_000),
                "value_minor": i.integer("value_minor", 0..=AMOUNT_MAX),
            })
        })
    });
    if items.as_ref().is_none_or(Vec::is_empty) {
        f.problem("items", "too_few", "items must name what crosses the border");
    }
    json!({"contents_type": contents_type, "items": items.unwrap_or_default()})
}

/// A request to destroy the item.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ShredRequest::read takes")]
pub struct ShredBody {
    /// Wait for the open scan.
    #[schema(default = false)]
    after_scan: Option<bool>,
    /// Needed for checks, government mail, legal process and anything that was signed for.
    #[schema(default = false)]
    confirm_sensitive: Option<bool>,
    #[schema(max_length = 1000)]
    notes: Option<String>,
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// A read [`ShredBody`].
#[derive(Clone, Debug, Default)]
pub struct ShredRequest {
    pub common: Common,
    pub after_scan: bool,
    pub confirm_sensitive: bool,
}

impl ShredRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            common: Common::read(&mut f),
            after_scan: f.bool("after_scan", false),
            confirm_sensitive: f.bool("confirm_sensitive", false),
        };
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        let own =
            json!({"after_scan": self.after_scan, "confirm_sensitive": self.confirm_sensitive});
        with(&self.common, own)
    }
}

/// A request to collect the item. With a window or a date inside opening hours it is scheduled at once.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what PickupRequest::read takes")]
pub struct PickupBody {
    window: Option<Window>,
    /// A day, instead of a window: any time of its opening hours.
    #[schema(format = Date)]
    date: Option<String>,
    pickup_person: Option<PickupPerson>,
    #[schema(max_length = 40)]
    contact_phone: Option<String>,
    #[schema(max_length = 1000)]
    notes: Option<String>,
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// Who comes: the customer, the person authorised on the form, or a recipient.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what PickupRequest::read takes")]
pub struct PickupPerson {
    #[schema(max_length = 200)]
    name: Option<String>,
    #[schema(max_length = 64)]
    recipient_id: Option<String>,
}

/// A read [`PickupBody`].
#[derive(Clone, Debug, Default)]
pub struct PickupRequest {
    pub common: Common,
    pub window: Option<(Timestamp, Timestamp)>,
    pub date: Option<Date>,
    pub person_name: Option<String>,
    pub recipient_id: Option<String>,
    pub contact_phone: Option<String>,
}

impl PickupRequest {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let window = f.opt_object("window", |w| {
            let (start, end) = (w.instant("start"), w.instant("end"));
            let window = start.zip(end);
            if window.is_some_and(|(start, end)| start >= end) {
                w.problem("end", "invalid", "end must be after start");
            }
            window
        });
        let person = f.opt_object("pickup_person", |p| {
            (p.opt_text("name", 1..=200), p.opt_text("recipient_id", 1..=64))
        });
        let (person_name, recipient_id) = person.unwrap_or_default();
        let read = Self {
            common: Common::read(&mut f),
            window: window.flatten(),
            date: f.opt_date("date"),
            person_name,
            recipient_id,
            contact_phone: f.opt_phone("contact_phone"),
        };
        if read.window.is_some() && read.date.is_some() {
            f.problem("date", "invalid", "send window or date, not both");
        }
        f.finish()?;
        Ok(read)
    }

    /// The options as the action keeps them.
    pub fn to_options(&self) -> String {
        let window =
            self.window.map(|(a, b)| json!({"start": a.to_string(), "end": b.to_string()}));
        let person = (self.person_name.is_some() || self.recipient_id.is_some())
            .then(|| json!({"name": self.person_name, "recipient_id": self.recipient_id}));
        with(
            &self.common,
            json!({
                "window": window, "date": self.date.map(|d| d.to_string()), "pickup_person": person,
                "contact_phone": self.contact_phone,
            }),
        )
    }
}
