//! `postroom org`: the e-mail half of a partner, which is an organization there, and its keys.

use app::email::keys::{self, OrganizationKey};
use app::email::signing_keys::{self, SigningKeyMode};
use app::email::{domains, identities, organization_id};
use clap::{Args, Subcommand};
use domain::email::{DomainStatus, SendingDomain};
use serde_json::{Value, json};
use wire::email::keys::CreateApiKey;

use super::parse::one_of;
use super::who::Tenant;
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["organization", "partner", "domain", "signing_keys"];
const DOMAINS: &[&str] =
    &["domain", "status", "is_default", "ownership_token", "failure_reason", "verified_at"];
const EXAMPLES: &str = "Examples:
  postroom org show
  postroom org add-domain mail.example.com
  INKBOX_API_KEY=$(postroom org key --label admin)
  postroom org key --agent support-bot --label 'the bot'
  postroom org set --signing-keys organization";

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
    /// Domains that the organization sends from.
    Domains,
    /// Register a domain; its owner publishes the token that is shown.
    AddDomain { domain: String },
    /// Note how far a domain is proven.
    JudgeDomain {
        domain: String,
        #[arg(value_parser = one_of!(DomainStatus))]
        status: DomainStatus,
        /// Why it is not, for its owner.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Make a key of the whole organization, or of one agent; its text is shown this once.
    Key {
        #[arg(long, default_value = "key")]
        label: String,
        /// The handle of the agent whose key it will be.
        #[arg(long, value_name = "HANDLE")]
        agent: Option<String>,
    },
    /// Change what the organization chose.
    Set {
        /// Whose key signs webhooks: one of each agent, or one of the whole organization. Holds at once, for what is
        /// owed as well; a key that is made is shown this once.
        #[arg(long, value_name = "WHOSE", value_parser = one_of!(SigningKeyMode))]
        signing_keys: SigningKeyMode,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        match &self.verb {
            Verb::Show => {
                let work =
                    async move |tx: &app::Tx, ctx: &app::OpCtx| signing_keys::mode(tx, ctx).await;
                let mode = ctx.app.query(&ctx, work).await?;
                out::thing(json, COLUMNS, &organization(&ctx, mode));
            }
            Verb::Set { signing_keys: mode } => {
                let mode = *mode;
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
                    signing_keys::switch(tx, ctx, mode).await
                };
                let key = ctx.app.act(&ctx, work).await?;
                let mut shown = organization(&ctx, mode);
                if let Some(key) = key.as_ref().filter(|_| json) {
                    shown["signing_key"] = json!(key.reveal());
                }
                out::thing(json, COLUMNS, &shown);
                if let Some(key) = key.filter(|_| !json) {
                    out::say("Keep the signing key: it is not shown again.");
                    out::line(key.reveal());
                }
            }
            Verb::Domains => {
                let work =
                    async |tx: &app::Tx, ctx: &app::OpCtx| domains::list(tx, ctx, None).await;
                let all = ctx.app.query(&ctx, work).await?;
                let rows: Vec<_> =
                    all.iter().map(|(d, is_default)| domain(d, *is_default)).collect();
                out::rows(json, DOMAINS, &rows);
            }
            Verb::AddDomain { domain: name } => {
                let name = name.clone();
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
                    domains::register(tx, ctx, &name).await
                };
                out::thing(json, DOMAINS, &domain(&ctx.app.act(&ctx, work).await?, false));
            }
            Verb::JudgeDomain { domain: name, status, reason } => {
                let (name, status, reason) = (name.clone(), *status, reason.clone());
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
                    domains::judge(tx, ctx, &name, status, reason.as_deref()).await
                };
                out::thing(json, DOMAINS, &domain(&ctx.app.act(&ctx, work).await?, false));
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

fn domain(d: &SendingDomain, is_default: bool) -> Value {
    json!({
        "domain": d.domain,
        "status": d.status.as_str(),
        "is_default": is_default,
        "ownership_token": d.ownership_token,
        "failure_reason": d.failure_reason,
        "verified_at": d.verified_at.map(|at| at.to_string()),
    })
}

fn organization(ctx: &app::OpCtx, mode: SigningKeyMode) -> Value {
    json!({
        "organization": organization_id(ctx),
        "partner": ctx.partner.slug,
        "domain": ctx.app.email.domain,
        "signing_keys": mode.as_str(),
    })
}

fn shown(key: &OrganizationKey) -> Value {
    json!({
        "id": keys::shown(key.key.id),
        "label": key.key.name,
        "agent_identity_id": key.identity_id.map(|id| id.to_string()),
        "created_at": key.key.created_at.to_string(),
    })
}
