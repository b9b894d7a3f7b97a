//! `postroom webhooks`: for whoever builds a receiver, and for whoever wonders what sending costs.

mod keys;
mod lanes;
mod listen;
mod probe;
mod trigger;
mod verify;

use clap::{Args, Subcommand};

use crate::config::Config;

const EXAMPLES: &str = "Examples:
  postroom webhooks listen 4242 --key ib_test_… --replay 5
  postroom webhooks trigger package.arrived
  postroom webhooks verify --secret whsec_… --signature 't=1767225600,v1=3e3e…' body.json
  postroom webhooks probe https://crm.example.com/hooks --secret whsec_…
  postroom webhooks lanes";

/// For whoever builds a receiver: hear events on this machine, emit test events, explain a signature, try a receiver. For the operator:
/// see which endpoints keep the install busy.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Listen(Box<listen::Listen>),
    Trigger(trigger::Trigger),
    Verify(verify::Verify),
    Probe(probe::Probe),
    Lanes(lanes::Lanes),
}

impl Command {
    pub async fn run(&self, config: impl FnOnce() -> anyhow::Result<Config>) -> anyhow::Result<()> {
        match &self.verb {
            Verb::Listen(listen) => listen.run(&config()?).await,
            Verb::Trigger(trigger) => trigger.run(&config()?).await,
            Verb::Verify(verify) => verify.run(),
            Verb::Probe(probe) => probe.run(&config()?).await,
            Verb::Lanes(lanes) => lanes.run(&config()?).await,
        }
    }
}
