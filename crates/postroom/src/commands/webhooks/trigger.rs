//! `postroom webhooks trigger`.

use app::endpoints::test_send;
use clap::Args;
use domain::event::EventType;
use serde_json::json;

use crate::commands::parse::one_of;
use crate::commands::who::Tenant;
use crate::config::Config;
use crate::out;

/// Emit a sample event of a type in the test world, to every endpoint that listens for it.
#[derive(Args)]
pub(super) struct Trigger {
    #[command(flatten)]
    tenant: Tenant,
    #[arg(value_parser = one_of!(EventType))]
    event: EventType,
}

impl Trigger {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let ctx = Tenant { test: true, ..self.tenant.clone() }.open(config).await?;
        let kind = self.event;
        let work = async move |tx: &_, ctx: &_| test_send::trigger(tx, ctx, kind).await;
        let (event, deliveries) = ctx.app.act(&ctx, work).await?;
        let ids: Vec<String> = deliveries.iter().map(ToString::to_string).collect();
        let value =
            json!({"event_id": event.to_string(), "type": kind.as_str(), "delivery_ids": ids});
        out::thing(self.tenant.json(), &["event_id", "type", "delivery_ids"], &value);
        if deliveries.is_empty() {
            out::say("no endpoint of the test world listens for this type");
        }
        Ok(())
    }
}
