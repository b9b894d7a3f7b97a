//! `postroom mail list`: a customer's mail, narrowed as the API narrows it, a page at a time.

use app::OpCtx;
use app::mail::get;
use app::mail::list::{MailFilter, Narrowing, list};
use clap::Args;
use domain::Timestamp;
use domain::id::MailId;
use domain::mail::{MailFlag, MailStatus, MailType};
use serde_json::Value;

use crate::commands::parse::{self, one_of};
use crate::out;

const COLUMNS: &[&str] =
    &["id", "received_at", "type", "status", "tracking_number", "sender_name", "flags"];

/// Mail of a customer, newest first.
#[derive(Args)]
pub(super) struct List {
    /// Whose mail, by id, or ext: and the partner's own id.
    customer: String,
    #[arg(long = "type", value_parser = one_of!(MailType))]
    kind: Option<MailType>,
    /// Several are separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(MailStatus))]
    status: Vec<MailStatus>,
    /// Items that have all of these marks, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = one_of!(MailFlag))]
    flags: Vec<MailFlag>,
    /// Only items with, or without, work that is asked for.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    open_action: Option<bool>,
    /// Exactly this number.
    #[arg(long, value_name = "NUMBER")]
    tracking_number: Option<String>,
    /// From this instant, such as 2026-11-21T15:04:05Z.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    received_after: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    received_before: Option<Timestamp>,
    /// From this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    updated_after: Option<Timestamp>,
    /// Before this instant.
    #[arg(long, value_name = "TIME", value_parser = parse::instant)]
    updated_before: Option<Timestamp>,
    /// Rows, 1 to 100.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,
    /// Go on behind this item.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl List {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let narrowing = Narrowing {
            filter: MailFilter {
                kind: self.kind,
                received: (self.received_after, self.received_before),
                updated: (self.updated_after, self.updated_before),
                tracking_number: self.tracking_number.clone(),
            },
            statuses: self.status.clone(),
            flags: self.flags.clone(),
            has_open_action: self.open_action,
        };
        let after = self.position(ctx).await?;
        let (customer, limit) = (self.customer.clone(), usize::from(self.limit));
        let work =
            async move |tx: &_, ctx: &_| list(tx, ctx, &customer, &narrowing, after, limit).await;
        let page = ctx.app.query(ctx, work).await?;
        let rows: Vec<Value> = page.mail.iter().map(|view| super::shown(ctx, view)).collect();
        out::rows(json, COLUMNS, &rows);
        if let Some((_, id)) = page.next {
            out::say(format_args!("there are more; go on with --after {id}"));
        }
        Ok(())
    }

    /// Where the page before ended.
    async fn position(&self, ctx: &OpCtx) -> anyhow::Result<Option<(Timestamp, MailId)>> {
        let Some(id) = self.after.clone() else { return Ok(None) };
        let last = ctx.app.query(ctx, async move |tx, ctx| get::get(tx, ctx, &id).await).await?;
        Ok(Some((last.item.received_at, last.item.id)))
    }
}
