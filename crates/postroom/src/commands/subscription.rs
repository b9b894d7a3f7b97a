//! `postroom subscription`: who hears of the mailboxes of agents, by webhook.

use app::email::identities::{get, list as identities};
use app::email::subscriptions::create::create;
use app::email::subscriptions::delete::delete;
use app::email::subscriptions::list::list;
use app::email::subscriptions::{Subscription, SubscriptionFilter};
use clap::{Args, Subcommand};
use domain::email::Identity;
use domain::event::{Audience, EventType};
use domain::id::Uuid;
use serde_json::{Value, json};
use wire::email::subscriptions::CreateSubscription;

use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["id", "agent", "url", "event_types"];
const EXAMPLES: &str = "Examples:
  postroom subscription list
  postroom subscription create support-bot https://bot.example.com/hooks --event message.received
  postroom subscription delete 0199c1f2-0000-7000-8000-000000000001 --yes";

/// E-mail for agents: webhook subscriptions of their mailboxes.
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
    /// The subscriptions of the organization, newest first.
    List {
        /// Only those of this agent's mailbox.
        #[arg(long, value_name = "HANDLE")]
        agent: Option<String>,
    },
    /// Tell a URL of an agent's mailbox; the agent's signing key is shown if this makes it.
    Create {
        /// The handle of the agent.
        agent: String,
        url: String,
        /// A type of event; can be given several times. Default is all six.
        #[arg(long = "event", value_name = "TYPE")]
        events: Vec<String>,
        /// Sent as Authorization: Bearer.
        #[arg(long)]
        token: Option<String>,
    },
    /// Stop telling a URL, also what is still owed to it.
    Delete {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        match &self.verb {
            Verb::List { agent } => {
                let agent = agent.clone();
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
                    let owner_id = match &agent {
                        Some(handle) => Some(get::get(tx, ctx, handle).await?.id),
                        None => None,
                    };
                    let filter = SubscriptionFilter { owner_id, ..SubscriptionFilter::default() };
                    let found = list(tx, ctx, &filter, None).await?;
                    Ok((found, identities::list(tx, ctx).await?))
                };
                let (found, agents) = ctx.app.query(&ctx, work).await?;
                let rows: Vec<Value> =
                    found.iter().map(|view| shown(&view.subscription, &agents)).collect();
                out::rows(json, COLUMNS, &rows);
            }
            Verb::Create { agent, url, events, token } => {
                let all = || Audience::Mailbox.types().iter().map(EventType::to_string).collect();
                let types: Vec<String> = if events.is_empty() { all() } else { events.clone() };
                let body = json!({"url": url, "event_types": types, "auth_token": token});
                self.create(&ctx, agent.clone(), body).await?;
            }
            Verb::Delete { id, sure } => {
                sure.ask(&format!("deleting {id}"))?;
                let gone = id.clone();
                let work = async move |tx: &app::Tx, ctx: &app::OpCtx| delete(tx, ctx, &gone).await;
                ctx.app.act(&ctx, work).await?;
                out::thing(json, &["id", "deleted"], &json!({"id": id, "deleted": true}));
            }
        }
        Ok(())
    }

    /// Makes a subscription of what the API would read of its body.
    async fn create(&self, ctx: &app::OpCtx, agent: String, body: Value) -> anyhow::Result<()> {
        let work = async move |tx: &app::Tx, ctx: &app::OpCtx| {
            let owner = get::get(tx, ctx, &agent).await?;
            let mut body = body.clone();
            body["agent_identity_id"] = json!(owner.id.to_string());
            create(tx, ctx, &CreateSubscription::read(body)?).await
        };
        let made = ctx.app.act(ctx, work).await?;
        let mut value = shown(&made.view.subscription, std::slice::from_ref(&made.owner));
        let key = made.signing_key.as_ref().map(|key| key.reveal());
        if self.tenant.json() {
            value["signing_key"] = json!(key);
        }
        out::thing(self.tenant.json(), COLUMNS, &value);
        if let Some(key) = key.filter(|_| !self.tenant.json()) {
            out::say("Keep the signing key: it is not shown again.");
            out::line(key);
        }
        Ok(())
    }
}

fn shown(s: &Subscription, agents: &[Identity]) -> Value {
    let agent = agents.iter().find(|agent| agent.id == s.owner_id).map(|agent| &agent.handle);
    let types: Vec<&str> = s.endpoint.event_types.iter().map(|kind| kind.as_str()).collect();
    json!({
        "id": Uuid(s.endpoint.id.0).to_string(),
        "agent": agent,
        "agent_identity_id": s.owner_id.to_string(),
        "url": s.endpoint.url,
        "event_types": types,
        "has_auth_token": s.endpoint.headers_sealed.is_some(),
        "created_at": s.endpoint.created_at.to_string(),
    })
}
