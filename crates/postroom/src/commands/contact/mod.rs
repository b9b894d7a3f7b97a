//! `postroom contact`: the address book of an organization.

mod fields;
mod work;

use std::path::PathBuf;

use anyhow::bail;
use app::email::contacts::list::{Filter, Lookup, Order, list, lookup};
use app::email::contacts::vcard::{EXPORT_MAX, export};
use app::email::contacts::{delete, get, update};
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::email::contact::FactKind;
use wire::email::contacts::ChangeContact;

use self::fields::Fields;
use self::work::{grant, known, listed, make, revoke, shown, take_in};
use super::parse::{self, one_of};
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

/// Contacts that a list shows unless it is told otherwise, and at most.
const LIST_ROWS: i64 = 50;
const LIST_ROWS_MAX: i64 = 1000;

const DETAILS: &[&str] = &[
    "id",
    "name",
    "company_name",
    "job_title",
    "birthday",
    "emails",
    "phones",
    "notes",
    "seen_by",
    "facts",
    "source",
    "created_at",
    "updated_at",
];
const EXAMPLES: &str = "Examples:
  postroom contact create --given-name Ann --family-name Lee --email ann@example.com
  postroom contact lookup --email ann@example.com --json
  postroom contact revoke 0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001 --from support-bot
  postroom contact facts 0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001 --add 'Prefers mail before noon' --kind preference
  postroom contact import people.vcf";

/// Contacts: list, show, make, change, delete, find, who sees them, vCards, and what is known of them.
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
    /// Contacts by name, or what changed last first.
    List {
        /// Words in names, company, title or notes.
        #[arg(long, value_name = "WORDS")]
        query: Option<String>,
        #[arg(long)]
        recent: bool,
        #[arg(long, default_value_t = LIST_ROWS)]
        limit: i64,
    },
    Show {
        id: String,
    },
    /// Make a contact; every agent sees it.
    Create {
        #[command(flatten)]
        fields: Fields,
        /// Let only these agents see it; may be given again.
        #[arg(long, value_name = "HANDLE", conflicts_with = "private")]
        to: Vec<String>,
        /// Let no agent see it.
        #[arg(long)]
        private: bool,
    },
    /// Change a contact; what is not given stays, an empty value clears.
    Set {
        id: String,
        #[command(flatten)]
        fields: Fields,
    },
    Delete {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// Contacts with an address or a number, oldest first: the first is the one that events name.
    Lookup {
        #[command(flatten)]
        by: By,
    },
    /// Let an agent see a contact, or all of them.
    Grant {
        id: String,
        /// Who may see it; default is every agent of the organization.
        #[arg(long = "to", value_name = "HANDLE")]
        viewer: Option<String>,
    },
    /// Take an agent's access back.
    Revoke {
        id: String,
        #[arg(long = "from", value_name = "HANDLE")]
        viewer: String,
    },
    /// Make contacts from vCards, 3.0 or 4.0.
    Import {
        /// The cards; - reads standard input.
        file: PathBuf,
    },
    /// Print contacts as vCard 4.0.
    Export {
        #[arg(required = true, num_args = 1..=EXPORT_MAX)]
        ids: Vec<String>,
    },
    /// What is known of a contact, newest first; keep or drop a fact.
    Facts {
        id: String,
        /// Keep this.
        #[arg(long, value_name = "TEXT", conflicts_with = "delete")]
        add: Option<String>,
        #[arg(long, value_parser = one_of!(FactKind), requires = "add")]
        kind: Option<FactKind>,
        /// Drop the fact with this id.
        #[arg(long, value_name = "FACT")]
        delete: Option<String>,
    },
}

/// What to find contacts by.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct By {
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    domain: Option<String>,
    #[arg(long)]
    phone: Option<String>,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        let one = match &self.verb {
            Verb::List { query, recent, limit } => {
                let filter = Filter { words: query.clone(), review: None };
                let order = if *recent { Order::Recent } else { Order::Name };
                let page = ((*limit).clamp(1, LIST_ROWS_MAX), 0);
                let work =
                    async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &filter, order, page).await;
                listed(json, &ctx.app.query(&ctx, work).await?);
                return Ok(());
            }
            Verb::Lookup { by } => {
                let by = by.read()?;
                let work = async move |tx: &Tx, ctx: &OpCtx| lookup(tx, ctx, &by).await;
                listed(json, &ctx.app.query(&ctx, work).await?);
                return Ok(());
            }
            Verb::Show { id } => {
                let id = id.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| get::get(tx, ctx, &id).await;
                ctx.app.query(&ctx, work).await?
            }
            Verb::Create { fields, to, private } => make(&ctx, fields, to, *private).await?,
            Verb::Set { id, fields } => {
                let (id, change) = (id.clone(), ChangeContact::read(fields.body())?);
                let work =
                    async move |tx: &Tx, ctx: &OpCtx| update::update(tx, ctx, &id, &change).await;
                ctx.app.act(&ctx, work).await?
            }
            Verb::Delete { id, sure } => {
                sure.ask(&format!("deleting {id} with all that is known of it"))?;
                let name = id.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| delete::delete(tx, ctx, &name).await;
                ctx.app.act(&ctx, work).await?;
                out::say(format_args!("{id} is deleted"));
                return Ok(());
            }
            Verb::Grant { id, viewer } => grant(&ctx, id, viewer.as_deref()).await?,
            Verb::Revoke { id, viewer } => revoke(&ctx, id, viewer).await?,
            Verb::Import { file } => return take_in(&ctx, json, parse::file(file)?).await,
            Verb::Export { ids } => {
                let ids = ids.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| export(tx, ctx, &ids).await;
                let (_, text) = ctx.app.query(&ctx, work).await?;
                out::bytes(text.as_bytes());
                return Ok(());
            }
            Verb::Facts { id, add, kind, delete } => {
                return known(&ctx, json, id, add.as_deref(), *kind, delete.as_deref()).await;
            }
        };
        out::thing(json, DETAILS, &shown(&one));
        Ok(())
    }
}

impl By {
    fn read(&self) -> anyhow::Result<Lookup> {
        match self {
            Self { email: Some(email), .. } => Ok(Lookup::Email(email.clone())),
            Self { domain: Some(domain), .. } => Ok(Lookup::EmailDomain(domain.clone())),
            Self { phone: Some(phone), .. } => Ok(Lookup::Phone(phone.clone())),
            _ => bail!("give --email, --domain or --phone"),
        }
    }
}
