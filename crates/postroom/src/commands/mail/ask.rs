//! `postroom mail scan`, `forward`, `shred` and `pickup`: work that is asked for on an item.
//!
//! What is typed becomes the body that a partner would send, and is read as such.

use std::path::PathBuf;

use anyhow::Context as _;
use app::OpCtx;
use app::mail_actions::{forward, pickup, scan, shred};
use clap::{Args, Subcommand};
use domain::{Date, Timestamp};
use serde_json::{Map, Value, json};
use wire::partner::actions::{ForwardRequest, PickupRequest, ScanRequest, ShredRequest};

use crate::commands::place::Place;
use crate::commands::{action, parse};

#[derive(Subcommand)]
pub(super) enum Ask {
    Scan(Scan),
    Forward(Box<Forward>),
    Shred(Shred),
    Pickup(Pickup),
}

/// What every request may say.
#[derive(Args)]
struct Common {
    /// For the clerk who does it.
    #[arg(long)]
    notes: Option<String>,
    /// Before others.
    #[arg(long)]
    expedited: bool,
}

/// Ask for the contents to be scanned.
#[derive(Args)]
pub(super) struct Scan {
    id: String,
    /// all, or a range such as 1-4.
    #[arg(long, default_value = "all")]
    pages: String,
    /// In colour instead of grey.
    #[arg(long)]
    color: bool,
    /// Only the front of each sheet.
    #[arg(long)]
    one_sided: bool,
    /// Leave the text unsearchable.
    #[arg(long)]
    no_ocr: bool,
    /// Scan again although a scan exists.
    #[arg(long)]
    rescan: bool,
    /// Photograph the contents of a package, which can't be scanned otherwise.
    #[arg(long)]
    contents_photo: bool,
    /// What is meant to follow: hold, shred or forward.
    #[arg(long)]
    then: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Ask for an item to be sent on; to the customer's default address unless one is given.
#[derive(Args)]
pub(super) struct Forward {
    id: String,
    /// An address of the customer that was saved, by id.
    #[arg(long, value_name = "ADDRESS_ID", conflicts_with = "street")]
    to: Option<String>,
    #[arg(long)]
    carrier: Option<String>,
    /// cheapest, fastest, or a carrier's own service.
    #[arg(long)]
    service: Option<String>,
    /// It is not shipped above this without a new approval.
    #[arg(long, value_name = "AMOUNT")]
    max_cost_minor: Option<i64>,
    /// The value to insure.
    #[arg(long, value_name = "AMOUNT")]
    insurance_minor: Option<i64>,
    /// Who must sign: none, direct or adult.
    #[arg(long)]
    signature: Option<String>,
    /// Another item that goes in the same parcel; can be given several times.
    #[arg(long = "with", value_name = "MAIL_ID")]
    with: Vec<String>,
    /// Wait for the open scan.
    #[arg(long)]
    after_scan: bool,
    /// What crosses a border: a JSON file with `contents_type` and items.
    #[arg(long, value_name = "FILE")]
    customs: Option<PathBuf>,
    /// Take invoices out of the parcel.
    #[arg(long)]
    remove_invoice: bool,
    /// The day of handover; default is the next.
    #[arg(long, value_name = "DATE", value_parser = parse::date)]
    ship_on: Option<Date>,
    #[command(flatten)]
    common: Common,
    #[command(flatten, next_help_heading = "Where to")]
    address: Place,
}

/// Ask for an item to be destroyed; it is kept for the location's hold first.
#[derive(Args)]
pub(super) struct Shred {
    id: String,
    /// Wait for the open scan.
    #[arg(long)]
    after_scan: bool,
    /// Needed for checks, government mail, legal process and anything that was signed for.
    #[arg(long)]
    confirm_sensitive: bool,
    #[command(flatten)]
    common: Common,
}

/// Ask to collect an item; a time inside opening hours is set at once where there is room.
#[derive(Args)]
pub(super) struct Pickup {
    id: String,
    /// When to come at the earliest.
    #[arg(long, value_name = "TIME", value_parser = parse::instant, requires = "until")]
    from: Option<Timestamp>,
    /// When to come at the latest.
    #[arg(long, value_name = "TIME", value_parser = parse::instant, requires = "from")]
    until: Option<Timestamp>,
    /// A day, instead of a time: whenever it is open.
    #[arg(long, value_name = "DATE", value_parser = parse::date, conflicts_with = "from")]
    date: Option<Date>,
    /// Who comes; default is the customer.
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// The recipient who comes, by id.
    #[arg(long, value_name = "ID")]
    recipient: Option<String>,
    /// For the desk.
    #[arg(long)]
    phone: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Ask {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let app = &ctx.app;
        let asked = match self {
            Self::Scan(typed) => {
                let (id, input) = (typed.id.clone(), ScanRequest::read(typed.body())?);
                let work = async move |tx: &_, ctx: &_| scan::request(tx, ctx, &id, &input).await;
                app.act(ctx, work).await?
            }
            Self::Forward(typed) => {
                let (id, input) = (typed.id.clone(), ForwardRequest::read(typed.body()?)?);
                let work =
                    async move |tx: &_, ctx: &_| forward::request(tx, ctx, &id, &input).await;
                app.act(ctx, work).await?
            }
            Self::Shred(typed) => {
                let (id, input) = (typed.id.clone(), ShredRequest::read(typed.body())?);
                let work = async move |tx: &_, ctx: &_| shred::request(tx, ctx, &id, &input).await;
                app.act(ctx, work).await?
            }
            Self::Pickup(typed) => {
                let (id, input) = (typed.id.clone(), PickupRequest::read(typed.body())?);
                let work = async move |tx: &_, ctx: &_| pickup::request(tx, ctx, &id, &input).await;
                app.act(ctx, work).await?
            }
        };
        action::print(ctx, json, &asked);
        Ok(())
    }
}

impl Common {
    /// A request's own members beside those that all have.
    fn with(&self, own: Value) -> Value {
        let priority = if self.expedited { "expedited" } else { "standard" };
        let mut body = Map::from_iter([
            ("notes".to_owned(), json!(self.notes)),
            ("priority".to_owned(), json!(priority)),
        ]);
        if let Value::Object(own) = own {
            body.extend(own);
        }
        Value::Object(body)
    }
}

impl Scan {
    fn body(&self) -> Value {
        self.common.with(json!({
            "pages": self.pages, "color": self.color, "duplex": !self.one_sided,
            "ocr": !self.no_ocr, "rescan": self.rescan, "contents_photo": self.contents_photo,
            "then": self.then,
        }))
    }
}

impl Forward {
    fn body(&self) -> anyhow::Result<Value> {
        let customs: Value = match &self.customs {
            Some(path) => serde_json::from_slice(&parse::file(path)?)
                .with_context(|| format!("reading {}", path.display()))?,
            None => Value::Null,
        };
        Ok(self.common.with(json!({
            "address": self.address.body(), "address_id": self.to, "carrier": self.carrier,
            "service_level": self.service, "max_cost_minor": self.max_cost_minor,
            "insurance_minor": self.insurance_minor, "signature": self.signature,
            "consolidate_with": self.with, "after_scan": self.after_scan, "customs": customs,
            "remove_invoice": self.remove_invoice,
            "ship_on": self.ship_on.map(|day| day.to_string()),
        })))
    }
}

impl Shred {
    fn body(&self) -> Value {
        self.common.with(json!({
            "after_scan": self.after_scan, "confirm_sensitive": self.confirm_sensitive,
        }))
    }
}

impl Pickup {
    fn body(&self) -> Value {
        let window = self.from.zip(self.until);
        let window =
            window.map(|(from, to)| json!({"start": from.to_string(), "end": to.to_string()}));
        let is_named = self.person.is_some() || self.recipient.is_some();
        let person = is_named.then(|| json!({"name": self.person, "recipient_id": self.recipient}));
        self.common.with(json!({
            "window": window, "date": self.date.map(|day| day.to_string()),
            "pickup_person": person, "contact_phone": self.phone,
        }))
    }
}
