//! `postroom balance`: what a partner paid in advance, what was taken of it, and what work costs.

use app::ledger;
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::id::{ActionId, LedgerId};
use domain::partner::Service;
use domain::{Error, ErrorCode};
use serde_json::{Value, json};
use storage::ledger::{Balance, LedgerEntry};

use super::parse::one_of;
use super::who::Tenant;
use crate::config::Config;
use crate::out;

const DETAILS: &[&str] = &["currency", "available_minor", "held_minor"];
const ENTRY_COLUMNS: &[&str] = &["id", "at", "kind", "amount_minor", "action_id", "note"];
const PRICE_COLUMNS: &[&str] = &["service", "price_minor"];
const EXAMPLES: &str = "Examples:
  postroom balance top-up 50000 --note 'wire of 21 November'
  postroom balance show
  postroom balance set-price scan 150
  postroom balance adjust -250 --note 'scanned twice'
  postroom balance entries --json

Amounts are in the smallest unit of the partner's currency: 50000 is 500 dollars.";

/// The prepaid balance of a partner, and the prices of work on mail items.
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
    /// What is available, and what is set aside for open work.
    Show,
    /// What moved, newest first.
    Entries {
        /// Rows, 1 to 1000.
        #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
        /// Go on behind this entry.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    #[command(flatten)]
    Booking(Booking),
    /// What each service costs; without a price it is not charged.
    Prices,
    /// Agree on the price of a service, live and in the test world.
    SetPrice {
        #[arg(value_parser = one_of!(Service))]
        service: Service,
        #[arg(value_name = "AMOUNT", required_unless_present = "none")]
        price_minor: Option<i64>,
        /// Take the price back.
        #[arg(long, conflicts_with = "price_minor")]
        none: bool,
    },
}

/// What staff book by hand.
#[derive(Clone, Subcommand)]
enum Booking {
    /// Book money that was paid in. The first time opens the account: from then on work that has a
    /// price is done only while the balance covers it.
    TopUp {
        #[arg(value_name = "AMOUNT")]
        amount_minor: i64,
        /// Where it came from.
        #[arg(long)]
        note: String,
    },
    /// Correct what is available, by more or by less.
    Adjust {
        #[arg(value_name = "AMOUNT", allow_negative_numbers = true)]
        amount_minor: i64,
        /// Why.
        #[arg(long)]
        note: String,
    },
    /// Give back what an action cost, or some of it.
    Refund {
        action: String,
        #[arg(value_name = "AMOUNT")]
        amount_minor: i64,
        /// Why.
        #[arg(long)]
        note: String,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        let ctx = self.tenant.open(config).await?;
        let app = &ctx.app;
        match &self.verb {
            Verb::Show => {
                let found = app.query(&ctx, async |tx, ctx| ledger::balance(tx, ctx).await).await?;
                out::thing(json, DETAILS, &found.as_ref().map_or(Value::Null, shown));
                if found.is_none() {
                    out::say(
                        "this partner is invoiced afterwards; a first top-up opens an account",
                    );
                }
            }
            Verb::Entries { limit, after } => entries(&ctx, *limit, after.as_ref(), json).await?,
            Verb::Booking(booking) => {
                let booking = booking.clone();
                let work = async move |tx: &_, ctx: &_| booking.book(tx, ctx).await;
                out::thing(json, DETAILS, &shown(&app.act(&ctx, work).await?));
            }
            Verb::Prices => {
                let all = app.query(&ctx, async |tx, ctx| ledger::prices(tx, ctx).await).await?;
                let rows = all.iter().map(|(service, price)| shown_price(*service, Some(*price)));
                out::rows(json, PRICE_COLUMNS, &rows.collect::<Vec<_>>());
            }
            Verb::SetPrice { service, price_minor, .. } => {
                let (service, price) = (*service, *price_minor);
                let work =
                    async move |tx: &_, ctx: &_| ledger::set_price(tx, ctx, service, price).await;
                app.act(&ctx, work).await?;
                out::thing(json, PRICE_COLUMNS, &shown_price(service, price));
            }
        }
        Ok(())
    }
}

impl Booking {
    async fn book(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<Balance> {
        match self {
            Self::TopUp { amount_minor, note } => {
                ledger::top_up(tx, ctx, *amount_minor, note).await
            }
            Self::Adjust { amount_minor, note } => {
                ledger::adjust(tx, ctx, *amount_minor, note).await
            }
            Self::Refund { action, amount_minor, note } => {
                let unknown = || Error::refused(ErrorCode::NotFound, "no such action");
                let id = ActionId::parse(action).ok_or_else(unknown)?;
                ledger::refund(tx, ctx, id, *amount_minor, note).await
            }
        }
    }
}

async fn entries(
    ctx: &OpCtx,
    limit: i64,
    after: Option<&String>,
    json: bool,
) -> anyhow::Result<()> {
    let unknown = |id| Error::refused(ErrorCode::NotFound, format!("{id} is no entry's id"));
    let before = after.map(|id| LedgerId::parse(id).ok_or_else(|| unknown(id))).transpose()?;
    // One more, to see whether there is a next page.
    let work = async move |tx: &_, ctx: &_| ledger::entries(tx, ctx, before, limit + 1).await;
    let mut found = ctx.app.query(ctx, work).await?;
    let n_shown = usize::try_from(limit)?;
    let has_more = found.len() > n_shown;
    found.truncate(n_shown);
    out::rows(json, ENTRY_COLUMNS, &found.iter().map(shown_entry).collect::<Vec<_>>());
    if let Some(last) = found.last().filter(|_| has_more) {
        out::say(format_args!("there are more; go on with --after {}", last.id));
    }
    Ok(())
}

fn shown(b: &Balance) -> Value {
    json!({
        "currency": b.currency,
        "available_minor": b.available_minor,
        "held_minor": b.held_minor,
    })
}

fn shown_entry(e: &LedgerEntry) -> Value {
    json!({
        "id": e.id.to_string(),
        "at": e.at.to_string(),
        "kind": e.kind.as_str(),
        "amount_minor": e.amount_minor,
        "action_id": e.action_id.map(|id| id.to_string()),
        "note": e.note,
    })
}

fn shown_price(service: Service, price_minor: Option<i64>) -> Value {
    json!({"service": service.as_str(), "price_minor": price_minor})
}
