//! `postroom endpoint retry` and its like: what was sent, sent again; what is sent, held.

use app::OpCtx;
use app::deliveries::replay::{ReplayRequest, Replayed, replay};
use app::deliveries::retry::retry;
use app::endpoints::pause::{Held, pause};
use app::endpoints::resume::{Backlog, resume};
use clap::{Args, Subcommand};
use domain::Timestamp;
use serde_json::{Value, json};

use super::parse::instant;
use super::recover::{Recover, Recovery};
use crate::out;

#[derive(Subcommand)]
pub enum Verb {
    /// Try a delivery now that waits or was given up.
    Retry {
        /// whd_…
        delivery: String,
    },
    /// Send an event again, also one that arrived.
    Replay {
        /// evt_…
        event: String,
        /// Only to this endpoint, whatever it subscribed to; else to every enabled one that takes the
        /// type.
        #[arg(long, value_name = "ENDPOINT")]
        to: Option<String>,
        /// Under a new event id, for a receiver that lost what it had acknowledged.
        #[arg(long)]
        reissue: bool,
    },
    /// Send nothing for a while, and hold what it would receive.
    Pause {
        id: String,
        #[arg(long)]
        reason: Option<String>,
    },
    /// Send to it again, with all that was held or a part of it.
    Resume {
        id: String,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Owe again what was given up since a moment.
    Recover(Recover),
    /// How far a recovery is; pauses, resumes or cancels it.
    Recovery(Recovery),
}

#[derive(Args)]
#[group(multiple = false)]
pub struct Wanted {
    /// Only what was made since then: 2026-11-20T15:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<Timestamp>,
    /// Only this many of the newest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    newest: Option<i64>,
    /// Give up all that was held.
    #[arg(long)]
    drop: bool,
}

impl Wanted {
    fn backlog(&self) -> Backlog {
        match (self.since, self.newest, self.drop) {
            (Some(at), _, _) => Backlog::Since(at),
            (_, Some(n), _) => Backlog::Newest(n),
            (_, _, true) => Backlog::None,
            (None, None, false) => Backlog::All,
        }
    }
}

impl Verb {
    pub async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        match self {
            Self::Retry { delivery } => {
                let id = delivery.clone();
                let work = async move |tx: &_, ctx: &_| retry(tx, ctx, &id).await;
                let done = ctx.app.act(ctx, work).await?;
                let value = json!({
                    "delivery_id": done.id.to_string(),
                    "endpoint_id": done.endpoint_id.to_string(),
                    "outcome": done.outcome.as_str(),
                    "due_at": done.due_at.to_string(),
                });
                out::thing(json, &["delivery_id", "endpoint_id", "outcome", "due_at"], &value);
            }
            Self::Replay { event, to, reissue } => {
                let request = ReplayRequest {
                    event_id: event.clone(),
                    endpoint_id: to.clone(),
                    reissue: *reissue,
                };
                let work = async move |tx: &_, ctx: &_| replay(tx, ctx, &request).await;
                show_replayed(json, &ctx.app.act(ctx, work).await?);
            }
            Self::Recover(recover) => recover.run(ctx, json).await?,
            Self::Recovery(recovery) => recovery.run(ctx, json).await?,
            Self::Pause { id, reason } => {
                let (id, reason) = (id.clone(), reason.clone());
                let work =
                    async move |tx: &_, ctx: &_| pause(tx, ctx, &id, reason.as_deref()).await;
                show_held(json, &ctx.app.act(ctx, work).await?);
            }
            Self::Resume { id, wanted } => {
                let (id, wanted) = (id.clone(), wanted.backlog());
                let work = async move |tx: &_, ctx: &_| resume(tx, ctx, &id, wanted).await;
                show_held(json, &ctx.app.act(ctx, work).await?);
            }
        }
        Ok(())
    }
}

/// A line for each endpoint: the delivery that was made, or why there is none.
fn show_replayed(json: bool, done: &Replayed) {
    let event = done.event_id.to_string();
    let made = done.deliveries.iter().map(|(endpoint, delivery)| {
        let (endpoint, delivery) = (endpoint.to_string(), delivery.to_string());
        json!({"event_id": event, "endpoint_id": endpoint, "delivery_id": delivery, "left_out": null})
    });
    let left_out = done.left_out.iter().map(|(endpoint, reason)| {
        let (endpoint, reason) = (endpoint.to_string(), reason.as_str());
        json!({"event_id": event, "endpoint_id": endpoint, "delivery_id": null, "left_out": reason})
    });
    let rows: Vec<Value> = made.chain(left_out).collect();
    out::rows(json, &["event_id", "endpoint_id", "delivery_id", "left_out"], &rows);
}

fn show_held(json: bool, held: &Held) {
    let value = json!({
        "endpoint_id": held.endpoint.id.to_string(),
        "status": held.endpoint.status.as_str(),
        "backlog": held.backlog,
        "dropped": held.dropped,
    });
    out::thing(json, &["endpoint_id", "status", "backlog", "dropped"], &value);
}
