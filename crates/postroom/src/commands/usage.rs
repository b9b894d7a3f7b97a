//! `postroom usage`: how many mailboxes a partner had, and what that comes to.

use app::usage::close;
use app::usage::read::{LinePage, Span, by_method, read};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::who::Tenant;
use crate::config::Config;
use crate::{node, out};

const DETAILS: &[&str] = &[
    "period",
    "period_start",
    "period_end",
    "status",
    "as_of",
    "opening_active",
    "activated",
    "deactivated",
    "closing_active",
    "peak_active",
    "mailbox_days",
    "count_method",
    "billable_mailboxes",
    "by_method.distinct_active",
    "by_method.month_end",
    "by_method.average_daily",
    "by_method.prorated",
    "by_method.peak",
    "estimate.currency",
    "estimate.unit_price_minor",
    "estimate.subtotal_minor",
    "estimate.minimum_applied",
    "operations.mail_received",
    "operations.packages_received",
    "operations.scans_completed",
    "operations.forwards_completed",
    "operations.shreds_completed",
    "operations.pickups_completed",
];
const LINE_COLUMNS: &[&str] = &[
    "location_code",
    "pmb_number",
    "customer_id",
    "external_customer_id",
    "customer_initials",
    "active_from",
    "active_to",
    "active_days",
    "billable_units",
    "amount_minor",
];
const EXAMPLES: &str = "Examples:
  postroom usage show
  postroom usage show --period 2026-10 --lines
  postroom usage show --from 2026-10-15 --to 2026-11-14 --json
  postroom usage export --period 2026-10 > brandly-2026-10.csv
  postroom usage close";

/// Active mailboxes of a partner, and the work that was done.
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
    Show(Show),
    Export(Export),
    /// Close every month that ended a day ago or earlier, for all partners. A server does it by itself.
    Close,
}

/// For which time; default is this month.
#[derive(Args)]
struct When {
    /// A month such as 2026-11.
    #[arg(long, value_name = "MONTH", conflicts_with = "from")]
    period: Option<String>,
    /// The first day, of at most 366.
    #[arg(long, value_name = "DATE", requires = "to")]
    from: Option<String>,
    /// The last day.
    #[arg(long, value_name = "DATE", requires = "from")]
    to: Option<String>,
}

impl When {
    fn span(&self) -> domain::Result<Span> {
        Span::read(self.period.as_deref(), self.from.as_deref(), self.to.as_deref())
    }
}

/// Every mailbox behind the count of a period as CSV, to be compared with a list of one's own. A sum
/// of its bytes for the record follows on standard error.
#[derive(Args)]
struct Export {
    #[command(flatten)]
    when: When,
}

/// What a period comes to; default is this month. A closed month is shown as it was closed; beside
/// it stands what each method of counting would give.
#[derive(Args)]
struct Show {
    #[command(flatten)]
    when: When,
    /// Show the mailboxes behind the count too.
    #[arg(long)]
    lines: bool,
    /// Lines, 1 to 1000.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// Leave out this many lines.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    skip: i64,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        match &self.verb {
            Verb::Show(show) => show.run(&self.tenant, config).await,
            Verb::Export(export) => export.run(&self.tenant, config).await,
            Verb::Close => {
                let closed = close::due(&node::open(config).await?).await?;
                out::thing(self.tenant.json(), &["closed"], &json!({"closed": closed}));
                Ok(())
            }
        }
    }
}

impl Show {
    async fn run(&self, tenant: &Tenant, config: &Config) -> anyhow::Result<()> {
        let json = tenant.json();
        let span = self.when.span()?;
        let lines = self.lines.then_some(LinePage { from: self.skip, limit: self.limit });
        let ctx = tenant.open(config).await?;
        let work = async move |tx: &_, ctx: &_| {
            Ok((read(tx, ctx, span, lines).await?, by_method(tx, ctx, span).await?))
        };
        let (answer, methods) = ctx.app.query(&ctx, work).await?;
        let methods: Map<_, _> = methods
            .into_iter()
            .map(|(method, billable)| (method.as_str().to_owned(), json!(billable)))
            .collect();
        let mut usage = app::snapshot::value(&answer.usage);
        usage["by_method"] = Value::Object(methods);
        out::thing(json, DETAILS, &usage);
        if !json && let Some(rows) = usage["lines"]["data"].as_array().filter(|_| self.lines) {
            out::line("");
            out::rows(json, LINE_COLUMNS, rows);
        }
        if let Some(next) = answer.next {
            out::say(format_args!("there are more lines; go on with --skip {next}"));
        }
        Ok(())
    }
}

/// Lines read at a time.
const EXPORT_LINES: i64 = 1000;

impl Export {
    async fn run(&self, tenant: &Tenant, config: &Config) -> anyhow::Result<()> {
        let span = self.when.span()?;
        let ctx = tenant.open(config).await?;
        let (mut from, mut lines, mut sum) = (Some(0), 0, Sha256::new());
        let mut page = csv::Writer::from_writer(Vec::new());
        page.write_record(LINE_COLUMNS)?;
        while let Some(start) = from {
            let lines_of = Some(LinePage { from: start, limit: EXPORT_LINES });
            let work = async move |tx: &_, ctx: &_| read(tx, ctx, span, lines_of).await;
            let answer = ctx.app.query(&ctx, work).await?;
            for line in &answer.usage.lines.data {
                let line = app::snapshot::value(line);
                page.write_record(LINE_COLUMNS.iter().map(|column| cell(&line[column])))?;
                lines += 1;
            }
            let bytes = page.into_inner()?;
            sum.update(&bytes);
            out::bytes(&bytes);
            page = csv::Writer::from_writer(Vec::new());
            from = answer.next;
        }
        let sum: String = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        out::say(format_args!("{lines} lines, SHA-256 {sum}"));
        Ok(())
    }
}

/// The text of a cell. What a spreadsheet would run as a formula begins with an apostrophe.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
