//! Asking to have an item sent on: the body and its reading.

use std::collections::BTreeMap;

use domain::address::Address;
use domain::{Date, Result};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::common::{Common, with};
use crate::partner::{mailboxes, shapes};
use crate::reader::Fields;

/// Lines of a customs declaration.
const CUSTOMS_ITEMS_MAX: usize = 50;

/// Mail items that one consolidation joins.
pub const CONSOLIDATE_MAX: usize = 50;

/// A request to send the item on. Without an address, the customer's default is used.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct ForwardBody {
    /// Where to; a new one is allowed, and asks for a revision of the form.
    address: Option<mailboxes::AddressBody>,
    /// A saved address, instead of `address`.
    #[schema(max_length = 64)]
    address_id: Option<String>,
    /// The carrier to use; default is the cheapest that serves the address.
    #[schema(max_length = 40)]
    carrier: Option<String>,
    /// cheapest, fastest, or a carrier's own service.
    #[schema(max_length = 60)]
    service_level: Option<String>,
    /// A rate that was quoted before.
    #[schema(max_length = 64)]
    rate_id: Option<String>,
    /// The operator may not ship above it without a new approval. In the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    max_cost_minor: Option<i64>,
    /// The value to insure, in the smallest unit of the currency.
    #[schema(minimum = 0, maximum = 100_000_000)]
    insurance_minor: Option<i64>,
    /// none, direct or adult.
    #[schema(max_length = 40, examples("direct"))]
    signature: Option<String>,
    /// Other mail items of the customer that go in the same parcel.
    #[schema(max_items = 50)]
    consolidate_with: Option<Vec<String>>,
    /// Wait for the open scan.
    #[schema(default = false)]
    after_scan: Option<bool>,
    /// Needed across a border.
    customs: Option<CustomsBody>,
    /// Take invoices out of the parcel.
    #[schema(default = false)]
    remove_invoice: Option<bool>,
    /// The day of handover; default is the next.
    #[schema(format = Date)]
    ship_on: Option<String>,
    /// For the clerk; shown beside the work.
    #[schema(max_length = 1000)]
    notes: Option<String>,
    /// standard or expedited.
    #[schema(max_length = 40, default = "standard")]
    priority: Option<String>,
    /// The partner's own user on whose word this is asked; kept for the audit.
    #[schema(max_length = 128)]
    requested_by_user: Option<String>,
    #[schema(schema_with = shapes::metadata_set)]
    metadata: Option<BTreeMap<String, String>>,
}

/// What crosses a border.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct CustomsBody {
    /// What the parcel is in the words of customs, such as documents, gift or merchandise.
    #[schema(max_length = 40)]
    contents_type: String,
    /// Line by line.
    #[schema(min_items = 1, max_items = 50)]
    items: Vec<CustomsItem>,
}

/// One line of a customs declaration.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardRequest::read takes")]
pub struct CustomsItem {
    /// What it is.
    #[schema(max_length = 200)]
    description: String,
    /// How many.
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
