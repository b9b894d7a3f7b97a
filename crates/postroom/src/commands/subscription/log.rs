//! `postroom subscription deliveries` and `replay`: the log of what subscriptions were sent.

use app::OpCtx;
use app::email::webhook_log::list::{LogPage, list};
use app::email::webhook_log::replay::replay;
use app::email::webhook_log::{LineFilter, LogRow};
use clap::Args;
use domain::event::EventType;
use domain::id::{EndpointId, Uuid, parse_uuid};
use serde_json::{Value, json};
use wire::email::events::event_id;

use crate::commands::parse::one_of;
use crate::out;

const COLUMNS: &[&str] =
    &["id", "created_at", "event_type", "response_status", "error_detail", "is_replay", "event_id"];

#[derive(Args)]
pub(super) struct Deliveries {
    /// Only of this subscription; one that was deleted can be given as well.
    #[arg(value_parser = id)]
    subscription: Option<EndpointId>,
    #[arg(long, value_name = "TYPE", value_parser = one_of!(EventType))]
    event: Option<EventType>,
    /// Only those that were not answered with 2xx.
    #[arg(long)]
    failed: bool,
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

fn id(text: &str) -> Result<EndpointId, String> {
    parse_uuid(text).map(EndpointId).ok_or_else(|| "an id of a subscription is a UUID".to_owned())
}

impl Deliveries {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let page = LogPage {
            subscription: self.subscription,
            filter: LineFilter { event_type: self.event, is_success: self.failed.then_some(false) },
            offset: 0,
            limit: self.limit.into(),
        };
        let work = async move |tx: &app::Tx, ctx: &OpCtx| list(tx, ctx, page).await;
        let found = ctx.app.query(ctx, work).await?;
        let rows: Vec<Value> = found.iter().map(shown).collect();
        out::rows(json, COLUMNS, &rows);
        Ok(())
    }
}

/// Owes a delivery again. The server sends it; the row that is shown has its answer in the log later.
pub(super) async fn replay_one(ctx: &OpCtx, json: bool, id: &str) -> anyhow::Result<()> {
    let id = id.to_owned();
    let work = async move |tx: &app::Tx, ctx: &OpCtx| replay(tx, ctx, &id).await;
    let made = ctx.app.act(ctx, work).await?;
    out::thing(json, &["id", "event_type", "url", "event_id"], &shown(&made));
    Ok(())
}

fn shown(row: &LogRow) -> Value {
    let (sent, outcome) = (&row.sent, row.outcome.as_ref());
    json!({
        "id": row.id().to_string(),
        "subscription_id": Uuid(sent.endpoint_id.0).to_string(),
        "event_id": event_id(sent.event_id),
        "event_type": sent.event_type.as_str(),
        "url": outcome.map_or(&sent.url, |o| &o.url),
        "response_status": outcome.and_then(|o| o.status_code),
        "error_detail": outcome.filter(|o| o.status_code.is_none()).and_then(|o| o.error.clone()),
        "duration_ms": outcome.map(|o| o.duration_us / 1000),
        "is_replay": sent.is_replay,
        "replay_unavailable_reason": row.obstacle().map(app::email::webhook_log::Unavailable::as_str),
        "created_at": outcome.map_or(sent.created_at, |o| o.at).to_string(),
    })
}
