//! `postroom org`: the e-mail half of a partner, which is an organization there, and its keys.

use app::email::keys::{self, OrganizationKey};
use app::email::{identities, organization_id};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wire::email::keys::CreateApiKey;

use super::who::Tenant;
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["organization", "partner", "domain"];
const EXAMPLES: &str = "Examples:
  postroom org show
  INKBOX_API_KEY=$(postroom org key --label admin)
  postroom org key --agent support-bot --label 'the bot'";

/// E-mail for agents: the organization, and keys of the e-mail API.
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
    /// How the partner is called in the e-mail API, and the domain of its mailboxes.
    Show,
    /// Make a key of the whole organization, or of one agent; its text is shown this once.
    Key {
        #[arg(long, default_value = "key")]
        label: String,
        /// The handle of the agent whose key it will be.
        #[arg(long, value_name = "HANDLE")]
        agent: Option<String>,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        match &self.verb {
            Verb::Show => {
                let (id, domain) = (organization_id(&ctx), &ctx.app.email.domain);
                let shown =
                    json!({"organization": id, "partner": ctx.partner.slug, "domain": domain});
                out::thing(json, COLUMNS, &shown);
            }
            Verb::Key { label, agent } => {
                let (label, agent) = (label.clone(), agent.clone());
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
                    let identity_id = match &agent {
                        Some(handle) => Some(identities::get::get(tx, ctx, handle).await?.id),
                        None => None,
                    };
                    let new = CreateApiKey { label: label.clone(), description: None, identity_id };
                    keys::create(tx, ctx, &new).await
                };
                let made = ctx.app.act(&ctx, work).await?;
                if json {
                    let mut value = shown(&made.key);
                    value["key"] = json!(made.text);
                    out::line(value);
                } else {
                    out::say("Keep the key: it is not shown again.");
                    out::line(&made.text);
                }
            }
        }
        Ok(())
    }
}

fn shown(key: &OrganizationKey) -> Value {
    json!({
        "id": keys::shown(key.key.id),
        "label": key.key.name,
        "agent_identity_id": key.identity_id.map(|id| id.to_string()),
        "created_at": key.key.created_at.to_string(),
    })
}
