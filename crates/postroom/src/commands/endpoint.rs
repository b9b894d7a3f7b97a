//! `postroom endpoint`: receivers of webhooks and their secrets.
//!
//! How they are shown is in `endpoint_shown`, what was sent to them in `endpoint_deliveries` and `redelivery`.

use app::OpCtx;
use app::endpoints::create::{self, NewEndpoint};
use app::endpoints::update::{self, EndpointChange};
use app::endpoints::{self, delete, get, keys, list, revoke, rotate, test_send};
use clap::{Args, Subcommand};
use domain::event::EventType;
use domain::filter::Filter;
use serde_json::json;

use super::endpoint_deliveries::Deliveries;
use super::endpoint_settings::{Maybe, SettingFlags, brought, filter};
use super::endpoint_shown::{COLUMNS, DETAILS, reveal, shown, shown_keys};
use super::parse::one_of;
use super::redelivery;
use super::who::{Own, Sure, Tenant};
use crate::config::Config;
use crate::out;

const EXAMPLES: &str = r#"Examples:
  postroom endpoint create https://crm.example.com/hooks --event mail.arrived --event package.arrived
  postroom endpoint create https://crm.example.com/acme --event 'mail.*' --filter '{"prefix": {"external_customer_id": "acme-"}}'
  postroom endpoint create https://ops.example.com/hooks --own --event endpoint.disabled
  postroom endpoint set whe_01kb3v7m2zq8e4x5n6p7r8s9ta --rate 20 --burst 40 --header 'X-Acme-Tenant: 7'
  postroom endpoint test whe_01kb3v7m2zq8e4x5n6p7r8s9ta mail.arrived
  postroom endpoint rotate whe_01kb3v7m2zq8e4x5n6p7r8s9ta    # then teach the receiver, then:
  postroom endpoint switch whe_01kb3v7m2zq8e4x5n6p7r8s9ta
  postroom endpoint revoke whe_01kb3v7m2zq8e4x5n6p7r8s9ta --yes    # it leaked
  postroom endpoint deliveries --status failed --json
  postroom endpoint retry whd_01kb3v7m2zq8e4x5n6p7r8s9ta
  postroom endpoint pause whe_01kb3v7m2zq8e4x5n6p7r8s9ta --reason upgrade
  postroom endpoint resume whe_01kb3v7m2zq8e4x5n6p7r8s9ta --newest 1000
  postroom endpoint recover whe_01kb3v7m2zq8e4x5n6p7r8s9ta --since 2026-11-20T15:00:00Z --dry-run
  postroom endpoint replay evt_01kb3v7m2zq8e4x5n6p7r8s9ta --to whe_01kb3v7m2zq8e4x5n6p7r8s9ta"#;

/// Receivers of webhooks: make, change, test, rotate secrets, read deliveries.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    own: Own,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Every endpoint of the partner and mode.
    List,
    /// One endpoint.
    Show { id: String },
    /// Make an endpoint; its signing secret is shown this once.
    Create {
        url: String,
        #[arg(long)]
        description: Option<String>,
        /// A type of event, or a category such as mail.*; can be given several times. Default is all of them.
        #[arg(long = "event", value_name = "TYPE")]
        events: Vec<String>,
        /// Which events of the types, as JSON such as {"prefix": {"external_customer_id": "acme-"}}; none is all of them.
        #[arg(long, value_name = "JSON", value_parser = filter)]
        filter: Option<Maybe<Filter>>,
        /// A secret that the receiver already verifies with; - reads it from standard input.
        #[arg(long)]
        secret: Option<String>,
        #[command(flatten)]
        flags: Box<SettingFlags>,
    },
    /// Change an endpoint.
    Set {
        id: String,
        #[arg(long)]
        url: Option<String>,
        /// Empty takes it away.
        #[arg(long)]
        description: Option<String>,
        /// A type of event, or a category such as mail.*; can be given several times, * is all of them.
        #[arg(long = "event", value_name = "TYPE")]
        events: Vec<String>,
        /// Which events of the types, as JSON such as {"prefix": {"external_customer_id": "acme-"}}; none is all of them.
        #[arg(long, value_name = "JSON", value_parser = filter)]
        filter: Option<Maybe<Filter>>,
        #[command(flatten)]
        flags: Box<SettingFlags>,
    },
    /// Send to it again, also what was kept while it failed.
    Enable { id: String },
    /// Send nothing more; what it is owed is cancelled.
    Disable { id: String },
    /// Draw a new secret, which signs beside the old one until the switch.
    Rotate {
        id: String,
        /// A secret that the receiver already verifies with; - reads it from standard input.
        #[arg(long)]
        secret: Option<String>,
    },
    /// Let the new secret sign first.
    Switch {
        id: String,
        /// Seconds that the old one signs second for, a week at most; 0 ends it at once.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=604_800))]
        grace: Option<i64>,
    },
    /// End a secret that leaked, now; without --key all of them, and a new one is shown.
    Revoke {
        id: String,
        /// The number of one of several; the others stay.
        #[arg(long, value_name = "N", conflicts_with = "secret")]
        key: Option<i64>,
        /// A secret that the receiver already verifies with; - reads it from standard input.
        #[arg(long)]
        secret: Option<String>,
        #[command(flatten)]
        sure: Sure,
    },
    /// Delete an endpoint; deliveries stop at once.
    Delete {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Send a sample of a type.
    Test {
        id: String,
        #[arg(value_parser = one_of!(EventType), default_value = "mail.arrived")]
        event: EventType,
        /// The number of the one key that signs it, to learn whether the receiver knows it; default is all of them.
        #[arg(long, value_name = "N")]
        key: Option<i64>,
    },
    /// What was sent, newest first.
    Deliveries(Deliveries),
    #[command(flatten)]
    Redelivery(redelivery::Verb),
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        let ctx = self.tenant.open_or_own(config, self.own).await?;
        let app = &ctx.app;
        match &self.verb {
            Verb::List => {
                let all = app.query(&ctx, async |tx, ctx| list::list(tx, ctx).await).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
            }
            Verb::Show { id } => show(&ctx, id, json).await?,
            Verb::Create { url, description, events, filter, secret, flags } => {
                let new = NewEndpoint {
                    url: url.clone(),
                    description: description.clone(),
                    event_types: endpoints::read_types(events)?,
                    filter: filter.clone().and_then(|given| given.0),
                    settings: flags.settings(),
                    headers: flags.headers().unwrap_or_default(),
                    secret: brought(secret.as_deref())?,
                    certificate: flags.certificate()?.flatten(),
                };
                let work = async move |tx: &_, ctx: &_| create::create(tx, ctx, &new).await;
                reveal(json, &app.act(&ctx, work).await?);
            }
            Verb::Set { id, url, description, events, filter, flags } => {
                let change = EndpointChange {
                    filter: filter.clone().map(|given| given.0),
                    settings: flags.change(),
                    headers: flags.headers(),
                    certificate: flags.certificate()?,
                    ..read_change(url.as_ref(), description.as_deref(), events)?
                };
                self.change(&ctx, id, change).await?;
            }
            Verb::Enable { id } => self.change(&ctx, id, switched(true)).await?,
            Verb::Disable { id } => self.change(&ctx, id, switched(false)).await?,
            Verb::Rotate { id, secret } => {
                let (id, secret) = (id.clone(), brought(secret.as_deref())?);
                let work = async move |tx: &_, ctx: &_| {
                    rotate::rotate(tx, ctx, &id, secret.as_deref()).await
                };
                reveal(json, &app.act(&ctx, work).await?);
            }
            Verb::Switch { id, grace } => {
                let (id, grace) = (id.clone(), grace.map_or(rotate::GRACE, domain::seconds));
                let work = async move |tx: &_, ctx: &_| rotate::switch(tx, ctx, &id, grace).await;
                out::thing(json, DETAILS, &shown(&app.act(&ctx, work).await?));
            }
            Verb::Revoke { id, key, secret, sure } => {
                sure.ask(&format!("ending secrets of {id}"))?;
                revoked(&ctx, id, *key, secret.as_deref(), json).await?;
            }
            Verb::Delete { id, sure } => {
                sure.ask(&format!("deleting {id}"))?;
                let id = id.clone();
                let work = async move |tx: &_, ctx: &_| delete::delete(tx, ctx, &id).await;
                let gone = app.act(&ctx, work).await?;
                out::thing(
                    json,
                    &["id", "deleted"],
                    &json!({"id": gone.to_string(), "deleted": true}),
                );
            }
            Verb::Test { id, event, key } => send_sample(&ctx, id, *event, *key, json).await?,
            Verb::Deliveries(deliveries) => deliveries.run(&ctx, json).await?,
            Verb::Redelivery(verb) => verb.run(&ctx, json).await?,
        }
        Ok(())
    }

    async fn change(&self, ctx: &OpCtx, id: &str, change: EndpointChange) -> anyhow::Result<()> {
        let id = id.to_owned();
        let work = async move |tx: &_, ctx: &_| update::update(tx, ctx, &id, &change).await;
        out::thing(self.tenant.json(), DETAILS, &shown(&ctx.app.act(ctx, work).await?));
        Ok(())
    }
}

async fn show(ctx: &OpCtx, id: &str, json: bool) -> anyhow::Result<()> {
    let id = id.to_owned();
    let work = async move |tx: &_, ctx: &_| {
        let found = get::get(tx, ctx, &id).await?;
        let switches_at = rotate::switches_at(tx, ctx, &found).await?;
        Ok((keys::view(tx, ctx, found).await?, switches_at))
    };
    let (view, switches_at) = ctx.app.query(ctx, work).await?;
    let mut value = shown(&view.endpoint);
    value["keys"] = shown_keys(&view.keys);
    value["switches_at"] = json!(switches_at.map(|at| at.to_string()));
    out::thing(json, DETAILS, &value);
    Ok(())
}

async fn revoked(
    ctx: &OpCtx,
    id: &str,
    key: Option<i64>,
    secret: Option<&str>,
    json: bool,
) -> anyhow::Result<()> {
    let id = id.to_owned();
    let Some(number) = key else {
        let secret = brought(secret)?;
        let work =
            async move |tx: &_, ctx: &_| revoke::revoke_all(tx, ctx, &id, secret.as_deref()).await;
        reveal(json, &ctx.app.act(ctx, work).await?);
        return Ok(());
    };
    let work = async move |tx: &_, ctx: &_| revoke::revoke_one(tx, ctx, &id, number).await;
    let view = ctx.app.act(ctx, work).await?;
    let mut value = shown(&view.endpoint);
    value["keys"] = shown_keys(&view.keys);
    out::thing(json, DETAILS, &value);
    Ok(())
}

async fn send_sample(
    ctx: &OpCtx,
    id: &str,
    kind: EventType,
    key: Option<i64>,
    json: bool,
) -> anyhow::Result<()> {
    let id = id.to_owned();
    let work = async move |tx: &_, ctx: &_| test_send::test_send(tx, ctx, &id, kind, key).await;
    let (event, delivery) = ctx.app.act(ctx, work).await?;
    let value = json!({"event_id": event.to_string(), "delivery_id": delivery.to_string()});
    out::thing(json, &["event_id", "delivery_id"], &value);
    Ok(())
}

fn read_change(
    url: Option<&String>,
    description: Option<&str>,
    events: &[String],
) -> anyhow::Result<EndpointChange> {
    let to_text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Ok(EndpointChange {
        url: url.cloned(),
        description: description.map(to_text),
        event_types: match events {
            [] => None,
            words => Some(endpoints::read_types(words)?),
        },
        ..EndpointChange::default()
    })
}

fn switched(enabled: bool) -> EndpointChange {
    EndpointChange { enabled: Some(enabled), ..EndpointChange::default() }
}
