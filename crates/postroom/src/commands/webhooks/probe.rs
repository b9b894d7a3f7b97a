//! `postroom webhooks probe`: a report on how a receiver behaves.

use anyhow::bail;
use bytes::Bytes;
use clap::Args;
use domain::event::EventType;
use serde_json::{Value, json};
use webhook::probe::{Finding, Verdict};
use webhook::sender::Sender;
use webhook::signature::Secret;
use webhook::tls;

use super::keys::KeyFlags;
use crate::commands::parse::one_of;
use crate::config::Config;
use crate::system::{SystemClock, SystemIds};
use crate::{node, out};

const COLUMNS: &[&str] = &["check", "verdict", "status", "ms", "text"];

/// Send a receiver good, repeated, large, forged and stale requests, and time it; exit status 1 when it fails one.
#[derive(Args)]
pub(super) struct Probe {
    url: String,
    /// The secret that the receiver verifies with.
    #[arg(long, env = "POSTROOM_WEBHOOK_SECRET", hide_env_values = true)]
    secret: String,
    #[command(flatten)]
    keys: KeyFlags,
    /// The type of the sample event.
    #[arg(long, value_parser = one_of!(EventType), default_value = "mail.arrived")]
    event: EventType,
    /// Print JSON for scripts.
    #[arg(long)]
    json: bool,
}

impl Probe {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let guard = node::guard(config);
        let target = guard.check_webhook(&self.url)?;
        let roots = match config.webhooks.extra_roots()?.as_slice() {
            [] => Vec::new(),
            bytes => tls::read_roots(bytes)?,
        };
        let settings = &config.webhooks;
        let probe = webhook::probe::Probe {
            sender: &Sender::new(guard, roots)?,
            headers: &settings.headers()?,
            target: &target,
            secret: &Secret::parse(self.secret.trim())?,
            modes: self.keys.modes(),
            kind: self.event,
            sample: Bytes::from(wire::events::sample(self.event).to_string()),
            clock: &SystemClock,
            ids: &SystemIds,
        };
        let findings = probe.run().await?;
        let rows: Vec<Value> = findings.iter().map(shown).collect();
        out::rows(self.json, COLUMNS, &rows);
        if findings.iter().any(|finding| finding.verdict == Verdict::Fail) {
            bail!("the receiver would lose events, or take forged ones");
        }
        Ok(())
    }
}

fn shown(finding: &Finding) -> Value {
    json!({
        "check": finding.check.as_str(), "verdict": finding.verdict.as_str(), "status": finding.status,
        "ms": finding.duration_micros / 1000, "text": finding.text,
    })
}
