//! `postroom location`: the registered addresses of the operator's mailrooms.

use app::admin::locations::{self, LocationChange, NewLocation};
use clap::{Args, Subcommand};
use domain::address::{Address, Designator};
use domain::partner::{Location, LocationStatus, Service};
use serde_json::{Value, json};

use super::parse::{self, one_of};
use super::who::Staff;
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["code", "name", "status", "address.city", "timezone", "services", "id"];
const DETAILS: &[&str] = &[
    "id",
    "code",
    "name",
    "status",
    "address.line1",
    "address.line2",
    "address.city",
    "address.state",
    "address.postal_code",
    "address.country",
    "designator",
    "timezone",
    "hours",
    "open_weekdays",
    "services",
    "pickups_per_hour",
    "shred_hold_hours",
    "quarantine_days",
    "scan_due_hours",
    "created_at",
];
const EXAMPLES: &str = "Examples:
  postroom location create SITE2 --name Dallas --street '1 Elm St' --city Dallas --state TX \\
    --zip 75201 --timezone America/Chicago
  postroom location set SITE2 --services scan,forward --hours 08:30-18:00
  postroom location list";

/// Mailrooms: make, list, change.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    staff: Staff,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Every location of the operator.
    List,
    /// One location, by code or id.
    Show { location: String },
    /// Make a location; it offers everything on weekdays unless told otherwise.
    Create {
        /// A short name of capitals, digits and dashes for labels and reports; it stays.
        code: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Change a location, by code or id.
    Set {
        location: String,
        #[command(flatten)]
        fields: Fields,
    },
}

/// What can be said about a location; what is not said stays.
#[derive(Args)]
struct Fields {
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    street: Option<String>,
    /// The site's own secondary element, such as "Ste 9".
    #[arg(long)]
    line2: Option<String>,
    #[arg(long)]
    city: Option<String>,
    /// Two letters.
    #[arg(long)]
    state: Option<String>,
    /// 12345 or 12345-6789.
    #[arg(long)]
    zip: Option<String>,
    /// How a mailbox number is written in an address.
    #[arg(long, value_parser = one_of!(Designator))]
    designator: Option<Designator>,
    /// IANA zone, such as America/Chicago.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    #[arg(long, value_parser = one_of!(LocationStatus))]
    status: Option<LocationStatus>,
    /// Work that is done here, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(Service))]
    services: Option<Vec<Service>>,
    /// When mail can be collected, such as 09:00-17:00.
    #[arg(long, value_name = "FROM-TO", value_parser = parse::opening_hours)]
    hours: Option<(i64, i64)>,
    /// Open weekdays separated by commas; Monday is 1.
    #[arg(long, value_name = "DAYS", value_delimiter = ',')]
    days: Option<Vec<i8>>,
    /// Handovers that may be scheduled in an hour; 0 means that staff confirm each.
    #[arg(long, value_name = "N")]
    pickups_per_hour: Option<i64>,
    #[arg(long, value_name = "HOURS")]
    shred_hold_hours: Option<i64>,
    #[arg(long, value_name = "DAYS")]
    quarantine_days: Option<i64>,
    #[arg(long, value_name = "HOURS")]
    scan_due_hours: Option<i64>,
}

impl Fields {
    /// The address with what was said of it.
    fn address(&self, old: &Address) -> Address {
        let said = |field: &Option<String>, old: &str| field.clone().unwrap_or(old.to_owned());
        Address {
            line1: said(&self.street, &old.line1),
            line2: self.line2.clone().or(old.line2.clone()).filter(|line| !line.is_empty()),
            city: said(&self.city, &old.city),
            state: said(&self.state, &old.state),
            postal_code: said(&self.zip, &old.postal_code),
            ..old.clone()
        }
    }

    fn change(&self, old: &Location) -> LocationChange {
        LocationChange {
            name: self.name.clone(),
            address: Some(self.address(&old.address)),
            designator: self.designator,
            timezone: self.timezone.clone(),
            status: self.status,
            services: self.services.clone(),
            opens_minute: self.hours.map(|(from, _)| from),
            closes_minute: self.hours.map(|(_, to)| to),
            open_weekdays: self.days.clone(),
            pickups_per_hour: self.pickups_per_hour,
            shred_hold_hours: self.shred_hold_hours,
            quarantine_days: self.quarantine_days,
            scan_due_hours: self.scan_due_hours,
        }
    }

    fn new_location(&self, code: &str) -> NewLocation {
        let usual = NewLocation::default();
        let country = Address { country: "US".to_owned(), ..Address::default() };
        let (opens, closes) = self.hours.unwrap_or((usual.opens_minute, usual.closes_minute));
        NewLocation {
            name: self.name.clone().unwrap_or_else(|| code.to_owned()),
            code: code.to_owned(),
            address: self.address(&country),
            designator: self.designator.unwrap_or(usual.designator),
            timezone: self.timezone.clone().unwrap_or(usual.timezone),
            status: self.status.unwrap_or(usual.status),
            services: self.services.clone().unwrap_or(usual.services),
            opens_minute: opens,
            closes_minute: closes,
            open_weekdays: self.days.clone().unwrap_or(usual.open_weekdays),
            pickups_per_hour: self.pickups_per_hour.unwrap_or(usual.pickups_per_hour),
            shred_hold_hours: self.shred_hold_hours.unwrap_or(usual.shred_hold_hours),
            quarantine_days: self.quarantine_days.unwrap_or(usual.quarantine_days),
            scan_due_hours: self.scan_due_hours.unwrap_or(usual.scan_due_hours),
        }
    }
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.staff.json;
        let staff = self.staff.open(config).await?;
        let one = match &self.verb {
            Verb::List => {
                let all = staff.query(async |tx, ctx| locations::list(tx, ctx).await).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
                return Ok(());
            }
            Verb::Show { location } => {
                let name = location.clone();
                staff.query(async move |tx, ctx| locations::get(tx, ctx, &name).await).await?
            }
            Verb::Create { code, fields } => {
                let new = fields.new_location(code);
                staff.act(async move |tx, ctx| locations::create(tx, ctx, &new).await).await?
            }
            Verb::Set { location, fields } => {
                let name = location.clone();
                let old =
                    staff.query(async move |tx, ctx| locations::get(tx, ctx, &name).await).await?;
                let (id, change) = (old.id, fields.change(&old));
                staff
                    .act(async move |tx, ctx| locations::update(tx, ctx, id, &change).await)
                    .await?
            }
        };
        out::thing(json, DETAILS, &shown(&one));
        Ok(())
    }
}

fn shown(l: &Location) -> Value {
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    json!({
        "id": l.id.to_string(),
        "code": l.code,
        "name": l.name,
        "status": l.status.as_str(),
        "address": {
            "line1": l.address.line1, "line2": l.address.line2, "city": l.address.city,
            "state": l.address.state, "postal_code": l.address.postal_code, "country": l.address.country,
        },
        "designator": l.designator.as_str(),
        "timezone": l.timezone,
        "hours": format!("{}-{}", time(l.opens_minute), time(l.closes_minute)),
        "open_weekdays": l.open_weekdays,
        "services": l.services.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "pickups_per_hour": l.pickups_per_hour,
        "shred_hold_hours": l.shred_hold_hours,
        "quarantine_days": l.quarantine_days,
        "scan_due_hours": l.scan_due_hours,
        "created_at": l.created_at.to_string(),
    })
}
