//! `postroom webhooks lanes`.

use app::admin::lanes;
use clap::Args;
use serde_json::{Value, json};

use crate::commands::who::Staff;
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] =
    &["endpoint_id", "partner", "mode", "attempts", "failed", "busy_ms", "until", "url"];

/// The endpoints that kept the install busiest in the last minute, over all nodes.
#[derive(Args)]
pub(super) struct Lanes {
    #[command(flatten)]
    staff: Staff,
}

impl Lanes {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let staff = self.staff.open(config).await?;
        let found = staff.query(async |tx, ctx| lanes::list(tx, ctx).await).await?;
        let rows: Vec<Value> = found.iter().map(shown).collect();
        out::rows(self.staff.json, COLUMNS, &rows);
        if rows.is_empty() {
            out::say("nothing was sent lately");
        }
        Ok(())
    }
}

fn shown(lane: &storage::lane_costs::Named) -> Value {
    json!({
        "endpoint_id": lane.endpoint_id.to_string(),
        "partner": lane.partner_slug,
        "mode": if lane.livemode { "live" } else { "test" },
        "attempts": lane.cost.attempts,
        "failed": lane.cost.failed,
        "busy_ms": lane.cost.busy_us / 1000,
        "since": lane.since.to_string(),
        "until": lane.until.to_string(),
        "url": lane.url,
    })
}
