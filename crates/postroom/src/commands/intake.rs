//! `postroom intake`: mail that arrived for somebody who is not known at once.
//!
//! What is known at once is logged with `postroom mail log`.

use app::admin::locations;
use app::mail::{claim, unmatched};
use clap::{Args, Subcommand};
use domain::mail::MailItem;
use serde_json::{Map, Value, json};
use storage::unmatched::Unmatched;

use super::mail;
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["id", "location", "type", "addressed_to", "sender_name", "kept_at"];
const RESORT_COLUMNS: &[&str] =
    &["id", "customer_id", "type", "addressed_to", "sender_name", "disowned_at"];
const EXAMPLES: &str = "Examples:
  postroom intake keep SITE1 letter --addressed-to 'J. Smyth' --sender 'Travis County'
  postroom intake list
  postroom intake assign mail_01kb3v7m2zq8e4x5n6p7r8s9ta ext:crm_customer_123
  postroom intake resort
  postroom intake return mail_01kb3v7m2zq8e4x5n6p7r8s9ta --reason 'nobody by that name'";

/// Mail without an owner: keep it, find whose it is, or return it.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    tenant: Tenant,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Keep an item until its owner is found; nobody is told of it.
    Keep(Box<Keep>),
    /// What waits, the longest first.
    List,
    /// What was logged and its customer disowned, the longest first: move, return or accept it with
    /// `postroom mail`.
    Resort,
    /// Log an item for the customer whose it is, who is told now.
    Assign {
        id: String,
        /// An id, or ext: and the partner's own id.
        customer: String,
        /// The recipient whose name is on the label, by id. A name that is nobody's is flagged.
        #[arg(long, value_name = "ID")]
        recipient: Option<String>,
    },
    /// It goes back to who sent it: nobody here may receive it.
    Return {
        id: String,
        /// Why, for the record.
        #[arg(long, default_value = "unknown addressee")]
        reason: String,
        #[command(flatten)]
        sure: Sure,
    },
}

#[derive(Args)]
struct Keep {
    /// Where it is, by code or id.
    location: String,
    #[command(flatten)]
    item: mail::Item,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        match &self.verb {
            Verb::Keep(keep) => self.keep(config, keep).await,
            Verb::List => {
                let staff = self.tenant.staff.open(config).await?;
                let all = staff.query(async |tx, ctx| unmatched::list(tx, ctx).await).await?;
                let places = staff.query(async |tx, ctx| locations::list(tx, ctx).await).await?;
                let row = |item: &Unmatched| {
                    let place = places.iter().find(|l| l.id == item.location_id);
                    shown(item, place.map_or("", |l| &l.code))
                };
                out::rows(json, COLUMNS, &all.iter().map(row).collect::<Vec<_>>());
                Ok(())
            }
            Verb::Resort => {
                let staff = self.tenant.staff.open(config).await?;
                let all = staff.query(async |tx, ctx| claim::disowned(tx, ctx).await).await?;
                out::rows(json, RESORT_COLUMNS, &all.iter().map(shown_item).collect::<Vec<_>>());
                Ok(())
            }
            Verb::Assign { id, customer, recipient } => {
                let ctx = self.tenant.open(config).await?;
                let (id, customer, rcp) = (id.clone(), customer.clone(), recipient.clone());
                let work = async move |tx: &_, ctx: &_| {
                    unmatched::assign(tx, ctx, &id, &customer, rcp.as_deref()).await
                };
                let view = ctx.app.act(&ctx, work).await?;
                out::thing(json, mail::DETAILS, &mail::shown(&ctx, &view));
                Ok(())
            }
            Verb::Return { id, reason, sure } => {
                sure.ask(&format!("returning {id}"))?;
                let staff = self.tenant.staff.open(config).await?;
                let (id, reason) = (id.clone(), reason.clone());
                let work = async move |tx: &_, ctx: &_| {
                    unmatched::return_to_sender(tx, ctx, &id, &reason).await
                };
                let id = staff.act(work).await?.to_string();
                out::thing(json, &["id", "returned"], &json!({"id": id, "returned": true}));
                Ok(())
            }
        }
    }

    async fn keep(&self, config: &Config, keep: &Keep) -> anyhow::Result<()> {
        let staff = self.tenant.staff.open(config).await?;
        let name = keep.location.clone();
        let place = staff.query(async move |tx, ctx| locations::get(tx, ctx, &name).await).await?;
        let body = without_nulls(keep.item.body(&self.tenant.staff.name));
        let id = place.id;
        let work = async move |tx: &_, ctx: &_| unmatched::keep(tx, ctx, id, &body).await;
        let item = staff.act(work).await?;
        out::thing(self.tenant.json(), COLUMNS, &shown(&item, &place.code));
        Ok(())
    }
}

/// What was typed, and no more.
fn without_nulls(body: Value) -> Value {
    let Value::Object(map) = body else { return body };
    map.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}

fn shown(item: &Unmatched, place: &str) -> Value {
    let mut value: Value = serde_json::from_str(&item.details).unwrap_or_default();
    value["id"] = json!(item.id.to_string());
    value["location"] = json!(place);
    value["kept_at"] = json!(item.created_at.to_string());
    value
}

fn shown_item(item: &MailItem) -> Value {
    json!({
        "id": item.id.to_string(),
        "customer_id": item.customer_id.to_string(),
        "type": item.kind.as_str(),
        "addressed_to": item.addressed_to,
        "sender_name": item.sender_name,
        "disowned_at": item.updated_at.to_string(),
    })
}
