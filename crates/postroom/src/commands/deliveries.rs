//! `postroom deliveries tail`: the log of deliveries as it grows.
//!
//! A delivery is shown when it appears and again with each attempt that ended. Listing and asking for
//! them again is in `endpoint`.

use std::collections::BTreeMap;
use std::time::Duration;

use app::OpCtx;
use app::deliveries::list::{Narrowing, find_each, list};
use app::deliveries::{DeliveryStatus, DeliveryView, HeldBy, Hold};
use clap::{Args, Subcommand};
use domain::event::EventType;
use domain::id::DeliveryId;
use serde_json::json;

use super::parse::one_of;
use super::who::{Own, Tenant};
use crate::config::Config;
use crate::out;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Newest deliveries of each look. An install that makes more in the time shows only the newest of them.
const WINDOW_ROWS: usize = 500;
/// Deliveries that wait for an attempt and are looked at again; beyond it the oldest are let go.
const WATCHED_MAX: usize = 1000;
/// Deliveries whose last line is remembered.
const SHOWN_MAX: usize = 4 * WINDOW_ROWS;

const EXAMPLES: &str = "Examples:
  postroom deliveries tail
  postroom deliveries tail --endpoint whe_01kb3v7m2zq8e4x5n6p7r8s9ta --last 0 --json";

/// The log of deliveries, as it grows.
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
    /// Show deliveries as they are made, tried, done and given up.
    Tail(Tail),
}

#[derive(Args)]
struct Tail {
    /// Only of this endpoint.
    #[arg(long, value_name = "ID")]
    endpoint: Option<String>,
    #[arg(long, value_parser = one_of!(EventType))]
    event: Option<EventType>,
    /// cus_…, or ext: and the partner's own id.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Begin with this many of the newest.
    #[arg(long, value_name = "N", default_value_t = 10)]
    last: usize,
    /// End after this many lines.
    #[arg(long, value_name = "N")]
    max: Option<usize>,
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let ctx = self.tenant.open_or_own(config, self.own).await?;
        match &self.verb {
            Verb::Tail(tail) => tail.run(&ctx, self.tenant.json()).await,
        }
    }
}

/// How often a delivery was tried and where it stood, when it was last shown.
type Seen = BTreeMap<DeliveryId, (DeliveryStatus, usize)>;

impl Tail {
    async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let mut left = self.max.unwrap_or(usize::MAX);
        let mut seen = Seen::new();
        let mut views = self.look(ctx, &seen).await?;
        let old = views.len().saturating_sub(self.last);
        seen.extend(views.drain(..old).map(|view| (view.delivery.id, state(&view))));
        loop {
            for view in &views {
                if seen.insert(view.delivery.id, state(view)) == Some(state(view)) {
                    continue;
                }
                show(view, json);
                left -= 1;
                if left == 0 {
                    return Ok(());
                }
            }
            while seen.len() > SHOWN_MAX {
                seen.pop_first();
            }
            tokio::time::sleep(LOOK_EVERY).await;
            views = self.look(ctx, &seen).await?;
        }
    }

    /// The newest, and those before them that waited for an attempt; oldest first.
    async fn look(&self, ctx: &OpCtx, seen: &Seen) -> anyhow::Result<Vec<DeliveryView>> {
        let narrowing = Narrowing {
            event_type: self.event,
            endpoint_id: self.endpoint.clone(),
            customer_id: self.customer.clone(),
            ..Narrowing::default()
        };
        let waits = |status| matches!(status, DeliveryStatus::Pending | DeliveryStatus::Retrying);
        let waiting = seen.iter().rev().filter(|(_, (status, _))| waits(*status));
        let waiting: Vec<DeliveryId> = waiting.map(|(id, _)| *id).take(WATCHED_MAX).collect();
        let work = async move |tx: &_, ctx: &_| {
            let newest = list(tx, ctx, &narrowing, None, WINDOW_ROWS).await?.deliveries;
            let oldest = newest.last().map(|view| view.delivery.id);
            let before: Vec<DeliveryId> =
                waiting.iter().copied().filter(|id| Some(*id) < oldest).collect();
            let mut all = find_each(tx, ctx, &before).await?;
            all.extend(newest);
            all.sort_by_key(|view| view.delivery.id);
            Ok(all)
        };
        Ok(ctx.app.query(ctx, work).await?)
    }
}

fn state(view: &DeliveryView) -> (DeliveryStatus, usize) {
    (view.status, view.delivery.attempts.len())
}

fn show(view: &DeliveryView, json: bool) {
    let d = &view.delivery;
    let last = d.attempts.last();
    let at = last.map_or(d.created_at, |a| a.at.plus(a.duration_us));
    let answer = match last {
        Some(a) => match (a.status_code, &a.error) {
            (Some(status), _) => status.to_string(),
            (None, Some(error)) => error.clone(),
            (None, None) => String::new(),
        },
        None => String::new(),
    };
    if json {
        return out::line(json!({
            "at": at.to_string(), "id": d.id.to_string(), "status": view.status.as_str(),
            "event_id": d.event_id.to_string(), "event_type": d.event_type.as_str(),
            "endpoint_id": d.endpoint_id.to_string(), "attempts": d.attempts.len(), "answer": answer,
            "next_attempt_at": view.next_attempt_at.map(|at| at.to_string()),
            "held_by": view.hold.map(|hold| hold.by.as_str()),
            "held_until": view.hold.and_then(|hold| hold.until).map(|at| at.to_string()),
        }));
    }
    let (id, kind, endpoint, status) = (d.id, d.event_type, d.endpoint_id, view.status);
    let next = match (view.hold, view.next_attempt_at) {
        (Some(Hold { by: HeldBy::Schedule, .. }) | None, Some(at)) if last.is_some() => {
            format!("next at {at}")
        }
        (Some(Hold { by, until: Some(until) }), _) => format!("held by {by} until {until}"),
        (Some(Hold { by, until: None }), _) => format!("held by {by}"),
        (None, _) => String::new(),
    };
    let text = format!(
        "{at}  {id}  {kind}  {endpoint}  {status} ({})  {answer}  {next}",
        d.attempts.len()
    );
    out::line(text.trim_end());
}
