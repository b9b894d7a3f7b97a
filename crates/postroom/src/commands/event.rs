//! `postroom event`: events taken out before their time, and the receipts that stay.

use app::OpCtx;
use app::events::expunge::{Of, expunge, find, receipt, receipts};
use clap::{Args, Subcommand};
use domain::Timestamp;
use serde_json::{Value, json};

use super::parse::instant;
use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["id", "created_at", "events", "deliveries", "cancelled", "reason"];
/// Receipts that are listed at most.
const RECEIPTS_MAX: i64 = 1000;
/// Pages that one command takes out: ten million events.
const PAGES_MAX: usize = 100_000;

const EXAMPLES: &str = "Examples:
  postroom event expunge --event evt_01kb3v7m2zq8e4x5n6p7r8s9ta --reason 'sent by mistake' --yes
  postroom event expunge --customer ext:crm_customer_123 --reason 'erasure request 17' --yes
  postroom event receipt rct_01kb3v7m2zq8e4x5n6p7r8s9ta";

/// Events: take them out before their time, and prove what was taken out.
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
    /// Take events out with their payloads, attempts and what is still owed; a signed receipt stays.
    Expunge(Expunge),
    /// What was taken out, newest first.
    Receipts,
    /// One receipt, proven.
    Receipt { id: String },
}

#[derive(Args)]
struct Expunge {
    #[command(flatten)]
    what: What,
    /// Only what happened before then: 2026-11-20T15:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "event")]
    before: Option<Timestamp>,
    /// Why; the receipt and the audit log hold it.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    sure: Sure,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// This event, and what was re-issued of it.
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Every event about this customer: cus_…, or ext: and the partner's own id.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Every event of the partner and mode.
    #[arg(long)]
    all: bool,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let ctx = self.tenant.open(config).await?;
        let json = self.tenant.json();
        match &self.verb {
            Verb::Expunge(expunge) => expunge.run(&ctx, json).await?,
            Verb::Receipts => {
                let work = async |tx: &_, ctx: &_| receipts(tx, ctx, RECEIPTS_MAX).await;
                let found = ctx.app.query(&ctx, work).await?;
                let all: Vec<Value> = found.iter().map(|r| shown(&r.document)).collect();
                out::rows(json, COLUMNS, &all);
            }
            Verb::Receipt { id } => {
                let id = id.clone();
                let work = async move |tx: &_, ctx: &_| receipt(tx, ctx, &id).await;
                out::line(ctx.app.query(&ctx, work).await?.document);
                out::say("the receipt is as it was signed by this install");
            }
        }
        Ok(())
    }
}

impl Expunge {
    async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let (what, of) = match (&self.what.event, &self.what.customer) {
            (Some(id), _) => (format!("expunging {id}"), Of::Event(id.clone())),
            (_, Some(id)) => {
                (format!("expunging all about {id}"), Of::Customer(id.clone(), self.before))
            }
            (None, None) => ("expunging all events".to_owned(), Of::All(self.before)),
        };
        self.sure.ask(&what)?;
        let (mut made, mut after) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let asked = of.clone();
            let search = async move |tx: &_, ctx: &_| find(tx, ctx, &asked, after).await;
            let page = ctx.app.query(ctx, search).await?;
            let Some(last) = page.last().copied() else { break };
            after = Some(last);
            let reason = self.reason.clone();
            let work = async move |tx: &_, ctx: &_| expunge(tx, ctx, &page, &reason).await;
            made.extend(ctx.app.act(ctx, work).await?.map(|r| shown(&r.document)));
        }
        out::rows(json, COLUMNS, &made);
        Ok(())
    }
}

fn shown(document: &str) -> Value {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let events = document["events"].as_array().cloned().unwrap_or_default();
    let deliveries = events.iter().filter_map(|e| e["deliveries"].as_array()).map(Vec::len);
    let cancelled = events.iter().filter_map(|e| e["cancelled"].as_u64());
    json!({
        "id": document["id"], "created_at": document["created_at"], "reason": document["reason"],
        "events": events.len(), "deliveries": deliveries.sum::<usize>(), "cancelled": cancelled.sum::<u64>(),
    })
}
