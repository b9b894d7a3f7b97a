//! `postroom endpoint retry` and its like: what was sent, sent again.

use app::OpCtx;
use app::deliveries::replay::{ReplayRequest, Replayed, replay};
use app::deliveries::retry::retry;
use clap::Subcommand;
use serde_json::{Value, json};

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
