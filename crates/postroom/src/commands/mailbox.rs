//! `postroom mailbox`: pools of numbers, and single boxes taken out of use and brought back. Those of e-mail
//! are in `mailbox_email`.
//!
//! Giving a box to a customer is done by inviting the customer; what follows from a customer leaving
//! is done by the clock.

use std::io::IsTerminal as _;

use anyhow::{Context as _, bail};
use app::admin::mailboxes::{self, NewPool};
use app::admin::{StaffCtx, locations, partners};
use clap::{Args, Subcommand};
use domain::id::{LocationId, PoolId};
use domain::mailbox::{Mailbox, MailboxStatus, Pool, Strategy};
use domain::partner::Location;
use serde_json::{Value, json};

use super::mailbox_email;
use super::parse::{self, one_of};
use super::who::{Staff, Sure};
use crate::config::Config;
use crate::out;

/// Numbers between two lines of progress.
const PROGRESS_NUMBERS: i64 = 10_000;

const POOL_COLUMNS: &[&str] = &["name", "strategy", "location_id", "partner_id", "id"];
const COLUMNS: &[&str] =
    &["number", "status", "customer_id", "opened_on", "remail_until", "reusable_from", "id"];
const EXAMPLES: &str = "Examples:
  postroom mailbox pool create wall-b --location SITE1 --strategy sequential
  postroom mailbox add --pool wall-b 301-1300
  postroom mailbox list --location SITE1 --status available
  postroom mailbox block 305
  postroom mailbox email show support-bot@agents.example.com";

/// Numbered boxes: pools, numbers, blocking and retiring; and mailboxes of e-mail.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    staff: Staff,
    /// The location, by code or id; needed only where there are several.
    #[arg(id = "at_location", long = "location", global = true, value_name = "LOCATION")]
    location: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Ranges of numbers: make, list.
    #[command(subcommand)]
    Pool(PoolVerb),
    /// Add numbers to a pool; those that the location has already stay as they are.
    Add {
        /// The pool, by name or id; default is the location's shared one.
        #[arg(long, default_value = "shared")]
        pool: String,
        /// Such as 301-1300.
        #[arg(value_parser = parse::number_range)]
        numbers: (i64, i64),
    },
    /// Boxes of a location by number, at most 1000 at a time.
    List {
        #[arg(long, value_parser = one_of!(MailboxStatus))]
        status: Option<MailboxStatus>,
        /// Begin behind this number.
        #[arg(long, default_value_t = 0)]
        after: i64,
    },
    /// Take a free box out of use for a while.
    Block {
        /// The number, or the id.
        mailbox: String,
    },
    /// Bring a blocked box back.
    Unblock {
        mailbox: String,
    },
    /// Take a free box out of use for good.
    Retire {
        mailbox: String,
        #[command(flatten)]
        sure: Sure,
    },
    Email(mailbox_email::Command),
}

#[derive(Subcommand)]
enum PoolVerb {
    /// Every pool of the operator.
    List,
    /// Make a pool.
    Create {
        name: String,
        /// How a number is picked.
        #[arg(long, value_parser = one_of!(Strategy), default_value = "first_free")]
        strategy: Strategy,
        /// Keep it for this partner, by slug.
        #[arg(long = "for", value_name = "SLUG")]
        partner: Option<String>,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.staff.json;
        let staff = self.staff.open(config).await?;
        let one = match &self.verb {
            Verb::Email(command) if self.location.is_none() => {
                return command.run(&self.staff, &staff.app).await;
            }
            Verb::Email(_) => bail!("a mailbox of e-mail is at no location; leave --location away"),
            Verb::Pool(PoolVerb::List) => {
                let all = staff.query(async |tx, ctx| mailboxes::pool_list(tx, ctx).await).await?;
                out::rows(json, POOL_COLUMNS, &all.iter().map(shown_pool).collect::<Vec<_>>());
                return Ok(());
            }
            Verb::Pool(PoolVerb::Create { name, strategy, partner }) => {
                let location = self.location(&staff).await?;
                let partner_id = match partner {
                    Some(slug) => Some(partner_called(&staff, slug).await?),
                    None => None,
                };
                let new = NewPool {
                    location_id: location.id,
                    name: name.clone(),
                    strategy: *strategy,
                    partner_id,
                };
                let work = async move |tx: &_, ctx: &_| mailboxes::pool_create(tx, ctx, &new).await;
                out::thing(json, POOL_COLUMNS, &shown_pool(&staff.act(work).await?));
                return Ok(());
            }
            Verb::Add { pool, numbers } => {
                let pool = self.pool(&staff, pool).await?;
                let added = add(&staff, pool.id, *numbers).await?;
                let value = json!({"pool_id": pool.id.to_string(), "added": added});
                out::thing(json, &["added", "pool_id"], &value);
                return Ok(());
            }
            Verb::List { status, after } => {
                let (id, status, after) = (self.location(&staff).await?.id, *status, *after);
                let work =
                    async move |tx: &_, ctx: &_| mailboxes::list(tx, ctx, id, status, after).await;
                let all = staff.query(work).await?;
                out::rows(json, COLUMNS, &all.iter().map(shown).collect::<Vec<_>>());
                return Ok(());
            }
            Verb::Block { mailbox } => {
                let id = self.mailbox(&staff, mailbox).await?;
                staff.act(async move |tx, ctx| mailboxes::block(tx, ctx, &id).await).await?
            }
            Verb::Unblock { mailbox } => {
                let id = self.mailbox(&staff, mailbox).await?;
                staff.act(async move |tx, ctx| mailboxes::unblock(tx, ctx, &id).await).await?
            }
            Verb::Retire { mailbox, sure } => {
                let id = self.mailbox(&staff, mailbox).await?;
                sure.ask(&format!("retiring mailbox {mailbox}"))?;
                staff.act(async move |tx, ctx| mailboxes::retire(tx, ctx, &id).await).await?
            }
        };
        out::thing(json, COLUMNS, &shown(&one));
        Ok(())
    }

    /// The named location, or the only one there is.
    async fn location(&self, staff: &StaffCtx) -> anyhow::Result<Location> {
        if let Some(name) = self.location.clone() {
            let work = async move |tx: &_, ctx: &_| locations::get(tx, ctx, &name).await;
            return Ok(staff.query(work).await?);
        }
        let all = staff.query(async |tx, ctx| locations::list(tx, ctx).await).await?;
        match <[Location; 1]>::try_from(all) {
            Ok([one]) => Ok(one),
            Err(all) if all.is_empty() => {
                bail!("there is no location yet; `postroom location create` makes one")
            }
            Err(_) => bail!("there are several locations; name one with --location"),
        }
    }

    async fn pool(&self, staff: &StaffCtx, name: &str) -> anyhow::Result<Pool> {
        let id = PoolId::parse(name);
        let place: Option<LocationId> = match (id, &self.location) {
            (Some(_), None) => None,
            _ => Some(self.location(staff).await?.id),
        };
        let all = staff.query(async |tx, ctx| mailboxes::pool_list(tx, ctx).await).await?;
        let is_it = |p: &&Pool| {
            (Some(p.id) == id || p.name == name) && place.is_none_or(|place| p.location_id == place)
        };
        let found = all.iter().find(is_it).cloned();
        found.with_context(|| format!("there is no pool {name}; `postroom mailbox pool list`"))
    }

    /// The id of a box that is named by its number or its id.
    async fn mailbox(&self, staff: &StaffCtx, name: &str) -> anyhow::Result<String> {
        let Ok(number) = name.parse::<i64>() else { return Ok(name.to_owned()) };
        let location = self.location(staff).await?;
        let id = location.id;
        let work =
            async move |tx: &_, ctx: &_| mailboxes::list(tx, ctx, id, None, number - 1).await;
        let found = staff.query(work).await?.into_iter().next().filter(|m| m.number == number);
        let found = found.with_context(|| format!("{} has no mailbox {number}", location.code))?;
        Ok(found.id.to_string())
    }
}

/// Adds a range piece by piece, saying how far it is where somebody watches.
async fn add(staff: &StaffCtx, pool: PoolId, (first, last): (i64, i64)) -> anyhow::Result<usize> {
    let is_watched = std::io::stderr().is_terminal() && last - first >= PROGRESS_NUMBERS;
    let mut added = 0;
    let mut from = first;
    while from <= last {
        let to = last.min(from + PROGRESS_NUMBERS - 1);
        added += mailboxes::add(staff, pool, from, to).await?;
        if is_watched {
            out::say(format_args!("{} of {} numbers", to - first + 1, last - first + 1));
        }
        from = to + 1;
    }
    Ok(added)
}

async fn partner_called(staff: &StaffCtx, slug: &str) -> anyhow::Result<domain::id::PartnerId> {
    let all = staff.query(async |tx, ctx| partners::list(tx, ctx).await).await?;
    let found = all.iter().find(|p| p.slug == slug).map(|p| p.id);
    found.with_context(|| format!("there is no partner {slug}; `postroom partner list`"))
}

fn shown_pool(p: &Pool) -> Value {
    json!({
        "id": p.id.to_string(),
        "name": p.name,
        "strategy": p.strategy.as_str(),
        "location_id": p.location_id.to_string(),
        "partner_id": p.partner_id.map(|id| id.to_string()),
    })
}

fn shown(m: &Mailbox) -> Value {
    let day = |day: Option<domain::Date>| day.map(|day| day.to_string());
    json!({
        "id": m.id.to_string(),
        "number": m.number,
        "status": m.status.as_str(),
        "location_id": m.location_id.to_string(),
        "pool_id": m.pool_id.to_string(),
        "customer_id": m.customer_id.map(|id| id.to_string()),
        "assigned_at": m.assigned_at.map(|at| at.to_string()),
        "reserved_until": m.reserved_until.map(|at| at.to_string()),
        "opened_on": day(m.opened_on),
        "closed_on": day(m.closed_on),
        "remail_until": day(m.remail_until),
        "reusable_from": day(m.reusable_from),
    })
}
