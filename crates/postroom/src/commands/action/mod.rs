//! `postroom action`: the work that was asked for on mail items, from the queue to its end.
//!
//! Asking for it is `postroom mail scan`, `forward`, `shred` and `pickup`; what proves that it was
//! done is in [`complete`].

mod complete;

use app::mail_actions::{ActionView, cancel, open, pickup, price, work};
use app::{OpCtx, Tx, snapshot};
use clap::{Args, Subcommand};
use domain::Timestamp;
use domain::action::{Action, ActionKind, RejectReason};
use serde_json::{Value, json};

use super::parse::{self, one_of};
use super::who::Tenant;
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] =
    &["id", "due_at", "kind", "status", "options.priority", "mail_id", "customer_id"];
const DETAILS: &[&str] = &[
    "id",
    "kind",
    "status",
    "mail_id",
    "mail_status",
    "customer_id",
    "asked_by",
    "options",
    "depends_on",
    "not_before",
    "due_at",
    "result",
    "reason_code",
    "reason_text",
    "charge.amount_minor",
    "charge.currency",
    "warnings",
    "performed_by",
    "requested_at",
    "scheduled_at",
    "started_at",
    "completed_at",
    "cancelled_at",
];
const EXAMPLES: &str = "Examples:
  postroom action queue --kind scan
  postroom action start act_01kb3v7m2zq8e4x5n6p7r8s9ta
  postroom action complete scan act_01kb3v7m2zq8e4x5n6p7r8s9ta --pages 3
  postroom action weigh act_01kb3v7m2zq8e4x5n6p7r8s9ta 1245
  postroom action schedule act_01kb3v7m2zq8e4x5n6p7r8s9ta \\
    --from 2026-11-23T16:00:00Z --until 2026-11-23T17:00:00Z
  postroom action complete pickup act_01kb3v7m2zq8e4x5n6p7r8s9ta --to 'Jane Smith' --code 123456
  postroom action reject act_01kb3v7m2zq8e4x5n6p7r8s9ta unreadable --note 'soaked'

It is asked for with `postroom mail scan`, `forward`, `shred` and `pickup`.";

/// Work on mail items: what is open, and each step until it is done or refused.
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
    /// Open work of the partner, what is due first on top.
    Queue {
        /// Several are separated by commas.
        #[arg(long, value_delimiter = ',', value_parser = one_of!(ActionKind))]
        kind: Vec<ActionKind>,
    },
    /// One action, with what it was asked with and what came of it.
    Show { id: String },
    #[command(flatten)]
    Step(Step),
}

/// What is done with work in one word.
#[derive(Clone, Subcommand)]
enum Step {
    /// Plan it. A pickup needs a time, which is told to the partner; a scan is never planned.
    Schedule {
        id: String,
        /// When to come at the earliest.
        #[arg(long, value_name = "TIME", value_parser = parse::instant, requires = "until")]
        from: Option<Timestamp>,
        /// When to come at the latest.
        #[arg(long, value_name = "TIME", value_parser = parse::instant, requires = "from")]
        until: Option<Timestamp>,
    },
    /// Write down what a forward costs now that it was weighed. A price that nobody agreed to waits
    /// for approval.
    Weigh {
        id: String,
        /// In the smallest unit of the currency.
        #[arg(value_name = "AMOUNT")]
        cost_minor: i64,
    },
    /// Agree to the weighed price of a forward, on the customer's word.
    ApprovePrice { id: String },
    /// Begin it.
    Start { id: String },
    /// Record that it was done, with what proves it.
    #[command(subcommand)]
    Complete(complete::Done),
    /// Refuse it; what was held for it is released.
    Reject {
        id: String,
        #[arg(value_parser = one_of!(RejectReason))]
        reason: RejectReason,
        /// For the operator's records.
        #[arg(long)]
        note: Option<String>,
    },
    /// Withdraw it; what was held for it is released.
    Cancel { id: String },
    /// Nobody came to a pickup, which then waits for a new time.
    NoShow { id: String },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let json = self.tenant.json();
        let ctx = self.tenant.open(config).await?;
        let app = &ctx.app;
        let view = match &self.verb {
            Verb::Queue { kind } => return queue(&ctx, kind, json).await,
            Verb::Show { id } => {
                let id = id.clone();
                app.query(&ctx, async move |tx, ctx| open::get(tx, ctx, &id).await).await?
            }
            Verb::Step(step) => {
                let step = step.clone();
                app.act(&ctx, async move |tx, ctx| step.take(tx, ctx).await).await?
            }
        };
        print(&ctx, json, &view);
        Ok(())
    }
}

impl Step {
    async fn take(&self, tx: &Tx, ctx: &OpCtx) -> domain::Result<ActionView> {
        match self {
            Self::Schedule { id, from, until } => match from.zip(*until) {
                Some(window) => pickup::schedule(tx, ctx, id, window).await,
                None => work::schedule(tx, ctx, id).await,
            },
            Self::Weigh { id, cost_minor } => price::weigh(tx, ctx, id, *cost_minor).await,
            Self::ApprovePrice { id } => price::approve(tx, ctx, id).await,
            Self::Start { id } => work::start(tx, ctx, id).await,
            Self::Complete(done) => done.record(tx, ctx).await,
            Self::Reject { id, reason, note } => {
                cancel::reject(tx, ctx, id, *reason, note.clone()).await
            }
            Self::Cancel { id } => cancel::cancel(tx, ctx, id).await,
            Self::NoShow { id } => pickup::no_show(tx, ctx, id).await,
        }
    }
}

async fn queue(ctx: &OpCtx, kinds: &[ActionKind], json: bool) -> anyhow::Result<()> {
    let found = ctx.app.query(ctx, async |tx, ctx| open::queue(tx, ctx).await).await?;
    let is_asked = |a: &&Action| kinds.is_empty() || kinds.contains(&a.kind);
    let rows: Vec<Value> = found.iter().filter(is_asked).map(|a| shown(ctx, a)).collect();
    out::rows(json, COLUMNS, &rows);
    if found.len() as i64 >= open::QUEUE_ROWS_MAX {
        out::say(format_args!("only the first {} are looked at", open::QUEUE_ROWS_MAX));
    }
    Ok(())
}

/// Prints an action with the state of its item.
pub(super) fn print(ctx: &OpCtx, json: bool, view: &ActionView) {
    let mut value = shown(ctx, &view.action);
    value["mail_status"] = json!(view.mail.status().as_str());
    out::thing(json, DETAILS, &value);
}

/// An action as partners see it, and what only staff know: who did it, why not, and all that came
/// of it, with the code that a pickup is handed over for.
fn shown(ctx: &OpCtx, action: &Action) -> Value {
    let mut value = snapshot::value(&snapshot::action(ctx, action));
    let by = &action.requested_by;
    let asked_by = format!("{} {}", by.kind, by.id.as_deref().unwrap_or_default());
    value["asked_by"] = json!(asked_by.trim_end());
    value["performed_by"] = json!(action.performed_by);
    value["reason_text"] = json!(action.reason_text);
    value["result"] = serde_json::from_str(&action.result).unwrap_or_default();
    value
}
