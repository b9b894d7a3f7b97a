//! `postroom partner`: the brands that sell mailboxes, their settings, and where they may sell.

use app::admin::partners::{self, NewPartner, PartnerChange, PoolChoice};
use app::admin::{StaffCtx, locations};
use clap::{Args, Subcommand};
use domain::Date;
use domain::event::EventType;
use domain::id::LocationId;
use domain::partner::{OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus};
use domain::usage::CountMethod;
use serde_json::{Value, json};

use super::parse::{self, one_of};
use super::who::{Staff, Sure};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["slug", "name", "status", "kind", "id", "created_at"];
const DETAILS: &[&str] = &[
    "id",
    "slug",
    "name",
    "status",
    "kind",
    "settings.default_location",
    "settings.auto_activate_on_approval",
    "settings.require_idempotency_key",
    "settings.share_scans",
    "settings.strict_form_lock",
    "settings.count_suspended",
    "settings.delete_window_hours",
    "settings.rate_per_10s",
    "settings.rate_burst",
    "settings.portal_url",
    "settings.optional_events",
    "settings.payload_quota_bytes",
    "stored_bytes",
    "order_form.currency",
    "order_form.unit_price_minor",
    "order_form.monthly_minimum_minor",
    "order_form.count_method",
    "order_form.timezone",
    "order_form.show_price_in_api",
    "order_form.starts_on",
    "created_at",
];
const MEBIBYTE: i64 = 1024 * 1024;
/// A pebibyte.
const MEBIBYTES_MAX: i64 = 1 << 30;
const EXAMPLES: &str = "Examples:
  postroom partner create acme --name 'Acme Mail' --status live
  postroom partner grant acme SITE1
  postroom partner set acme --unit-price-minor 450 --count-method prorated
  postroom partner list --json";

/// Brands that sell mailboxes: make, list, change, grant locations.
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
    /// Every partner of the operator.
    List,
    /// One partner with its settings and order form.
    Show { slug: String },
    /// Make a partner.
    Create {
        /// A short name of small letters, digits and dashes; it stays.
        slug: String,
        /// Default is the slug.
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_parser = one_of!(PartnerKind), default_value = "brand")]
        kind: PartnerKind,
        #[arg(long, value_parser = one_of!(PartnerStatus), default_value = "sandbox")]
        status: PartnerStatus,
        #[command(flatten)]
        terms: Terms,
    },
    /// Change name, status, settings or order form.
    Set {
        slug: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_parser = one_of!(PartnerStatus))]
        status: Option<PartnerStatus>,
        #[command(flatten)]
        terms: Terms,
        #[command(flatten)]
        sure: Sure,
    },
    /// Let a partner sell at a location.
    Grant {
        slug: String,
        /// The location, by code or id.
        location: String,
        /// The pool to draw from; default is the location's shared one.
        #[arg(long, value_name = "POOL_ID", conflicts_with = "own")]
        pool: Option<String>,
        /// Draw from a pool of the partner's own, made when it is missing.
        #[arg(long)]
        own: bool,
    },
}

/// A type of event, or the word none.
#[derive(Clone)]
struct Optional(Option<EventType>);

fn optional(text: &str) -> Result<Optional, String> {
    match EventType::parse_for_partner(text) {
        Some(kind) => Ok(Optional(Some(kind))),
        None if text == "none" => Ok(Optional(None)),
        None => Err("a type of event such as mail.scan_requested, or none".to_owned()),
    }
}

/// Settings and order form; what is not given stays as it is, or as it is by default.
#[derive(Args, Default)]
struct Terms {
    /// Where mailboxes are rented unless a request says otherwise, by code or id.
    #[arg(long, value_name = "LOCATION")]
    default_location: Option<String>,
    #[arg(long, value_name = "BOOL")]
    share_scans: Option<bool>,
    #[arg(long, value_name = "BOOL")]
    require_idempotency_key: Option<bool>,
    /// How long a partner may delete mail that it logged.
    #[arg(long, value_name = "HOURS")]
    delete_window_hours: Option<i64>,
    /// Open the mailbox at approval, without waiting for the invitation.
    #[arg(long, value_name = "BOOL")]
    auto_activate_on_approval: Option<bool>,
    #[arg(long, value_name = "BOOL")]
    strict_form_lock: Option<bool>,
    /// Requests in ten seconds.
    #[arg(long, value_name = "N")]
    rate_per_10s: Option<i64>,
    /// Requests at once.
    #[arg(long, value_name = "N")]
    rate_burst: Option<i64>,
    #[arg(long, value_name = "BOOL")]
    count_suspended: Option<bool>,
    /// Where customers take up an invitation, with {token} in it.
    #[arg(long, value_name = "URL")]
    portal_url: Option<String>,
    /// A type of event that is stored and not sent while the install is overloaded or the quota used up; can be given
    /// several times, none is no type.
    #[arg(long = "optional-event", value_name = "TYPE", value_parser = optional)]
    optional_events: Vec<Optional>,
    /// Payloads of events that may be stored before optional ones are no longer sent; 0 is no quota.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(i64).range(0..=MEBIBYTES_MAX))]
    payload_quota: Option<i64>,
    /// ISO 4217, such as USD.
    #[arg(long)]
    currency: Option<String>,
    #[arg(long, value_name = "AMOUNT")]
    unit_price_minor: Option<i64>,
    #[arg(long, value_name = "AMOUNT")]
    monthly_minimum_minor: Option<i64>,
    #[arg(long, value_parser = one_of!(CountMethod))]
    count_method: Option<CountMethod>,
    /// IANA zone in which months begin.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    #[arg(long, value_name = "BOOL")]
    show_price_in_api: Option<bool>,
    #[arg(long, value_name = "DATE", value_parser = parse::date)]
    starts_on: Option<Date>,
}

impl Terms {
    fn settings(&self, old: PartnerSettings, location: Option<LocationId>) -> PartnerSettings {
        PartnerSettings {
            default_location: location.or(old.default_location),
            share_scans: self.share_scans.unwrap_or(old.share_scans),
            require_idempotency_key: self
                .require_idempotency_key
                .unwrap_or(old.require_idempotency_key),
            delete_window_hours: self.delete_window_hours.unwrap_or(old.delete_window_hours),
            auto_activate_on_approval: self
                .auto_activate_on_approval
                .unwrap_or(old.auto_activate_on_approval),
            strict_form_lock: self.strict_form_lock.unwrap_or(old.strict_form_lock),
            rate_per_10s: self.rate_per_10s.unwrap_or(old.rate_per_10s),
            rate_burst: self.rate_burst.unwrap_or(old.rate_burst),
            count_suspended: self.count_suspended.unwrap_or(old.count_suspended),
            portal_url: self.portal_url.clone().or(old.portal_url),
            optional_events: match self.optional_events.as_slice() {
                [] => old.optional_events,
                given => given.iter().filter_map(|Optional(kind)| *kind).collect(),
            },
            payload_quota_bytes: match self.payload_quota {
                None => old.payload_quota_bytes,
                Some(mebibytes) => Some(mebibytes * MEBIBYTE).filter(|bytes| *bytes > 0),
            },
        }
    }

    fn order_form(&self, old: OrderForm) -> OrderForm {
        OrderForm {
            currency: self.currency.clone().unwrap_or(old.currency),
            unit_price_minor: self.unit_price_minor.or(old.unit_price_minor),
            monthly_minimum_minor: self.monthly_minimum_minor.or(old.monthly_minimum_minor),
            count_method: self.count_method.unwrap_or(old.count_method),
            timezone: self.timezone.clone().unwrap_or(old.timezone),
            show_price_in_api: self.show_price_in_api.unwrap_or(old.show_price_in_api),
            starts_on: self.starts_on.or(old.starts_on),
        }
    }

    async fn location(&self, staff: &StaffCtx) -> anyhow::Result<Option<LocationId>> {
        let Some(location) = self.default_location.clone() else { return Ok(None) };
        let found =
            staff.query(async move |tx, ctx| locations::get(tx, ctx, &location).await).await?;
        Ok(Some(found.id))
    }
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.staff.json;
        match &self.verb {
            Verb::List => {
                let staff = self.staff.open(config).await?;
                let all = staff.query(async |tx, ctx| partners::list(tx, ctx).await).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
            }
            Verb::Show { slug } => {
                let ctx = self.staff.partner(config, slug, true).await?;
                out::thing(json, DETAILS, &shown(&ctx.partner));
            }
            Verb::Create { slug, name, kind, status, terms } => {
                let staff = self.staff.open(config).await?;
                let location = terms.location(&staff).await?;
                let new = NewPartner {
                    name: name.clone().unwrap_or_else(|| slug.clone()),
                    slug: slug.clone(),
                    kind: *kind,
                    status: *status,
                    settings: terms.settings(PartnerSettings::default(), location),
                    order_form: terms.order_form(OrderForm::first("UTC")),
                };
                let made = staff.act(async move |tx, ctx| partners::create(tx, ctx, &new).await);
                out::thing(json, DETAILS, &shown(&made.await?));
            }
            Verb::Set { slug, name, status, terms, sure } => {
                if *status == Some(PartnerStatus::Closed) {
                    sure.ask(&format!("closing {slug}"))?;
                }
                let ctx = self.staff.partner(config, slug, true).await?;
                let staff = self.staff.open(config).await?;
                let location = terms.location(&staff).await?;
                let change = PartnerChange {
                    name: name.clone(),
                    status: *status,
                    settings: Some(terms.settings(ctx.partner.settings.clone(), location)),
                    order_form: Some(terms.order_form(ctx.partner.order_form.clone())),
                };
                let work = async move |tx: &_, ctx: &_| partners::update(tx, ctx, &change).await;
                out::thing(json, DETAILS, &shown(&ctx.app.act(&ctx, work).await?));
            }
            Verb::Grant { slug, location, pool, own } => {
                let staff = self.staff.open(config).await?;
                let code = location.clone();
                let found =
                    staff.query(async move |tx, ctx| locations::get(tx, ctx, &code).await).await?;
                let id = found.id.to_string();
                let choice = match (pool, own) {
                    (Some(id), _) => PoolChoice::Named(id.clone()),
                    (None, true) => PoolChoice::Own,
                    (None, false) => PoolChoice::Shared,
                };
                let ctx = self.staff.partner(config, slug, true).await?;
                let work =
                    async move |tx: &_, ctx: &_| partners::grant(tx, ctx, &id, &choice).await;
                let grant = ctx.app.act(&ctx, work).await?;
                let value = json!({
                    "partner": slug, "location": found.code,
                    "location_id": grant.location_id.to_string(), "pool_id": grant.pool_id.to_string(),
                });
                out::thing(json, &["partner", "location", "pool_id"], &value);
            }
        }
        Ok(())
    }
}

fn shown(p: &Partner) -> Value {
    let (s, o) = (&p.settings, &p.order_form);
    json!({
        "id": p.id.to_string(),
        "slug": p.slug,
        "name": p.name,
        "kind": p.kind.as_str(),
        "status": p.status.as_str(),
        "settings": {
            "default_location": s.default_location.map(|id| id.to_string()),
            "share_scans": s.share_scans,
            "require_idempotency_key": s.require_idempotency_key,
            "delete_window_hours": s.delete_window_hours,
            "auto_activate_on_approval": s.auto_activate_on_approval,
            "strict_form_lock": s.strict_form_lock,
            "rate_per_10s": s.rate_per_10s,
            "rate_burst": s.rate_burst,
            "count_suspended": s.count_suspended,
            "portal_url": s.portal_url,
            "optional_events": s.optional_events.iter().map(|t| t.as_str()).collect::<Vec<_>>(),
            "payload_quota_bytes": s.payload_quota_bytes,
        },
        "order_form": {
            "currency": o.currency,
            "unit_price_minor": o.unit_price_minor,
            "monthly_minimum_minor": o.monthly_minimum_minor,
            "count_method": o.count_method.as_str(),
            "timezone": o.timezone,
            "show_price_in_api": o.show_price_in_api,
            "starts_on": o.starts_on.map(|day| day.to_string()),
        },
        // Counted only where it is held against something.
        "stored_bytes": s.payload_quota_bytes.map(|_| p.stored_bytes),
        "created_at": p.created_at.to_string(),
    })
}
