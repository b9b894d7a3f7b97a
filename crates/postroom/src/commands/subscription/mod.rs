//! `postroom subscription`: who hears of the mailboxes of agents, by webhook.
//!
//! What was sent to them, and sending it again, is in [`log`].

mod log;

use app::email::identities::{get as identity, list as identities};
use app::email::subscriptions::create::create;
use app::email::subscriptions::delete::delete;
use app::email::subscriptions::get::get;
use app::email::subscriptions::list::list;
use app::email::subscriptions::update::update;
use app::email::subscriptions::{Subscription, SubscriptionFilter};
use app::{OpCtx, Tx};
use clap::{Args, Subcommand};
use domain::event::Audience;
use domain::id::Uuid;
use serde_json::{Map, Value, json};
use wire::email::subscriptions::{ChangeSubscription, CreateSubscription};

use super::who::{Sure, Tenant};
use crate::config::Config;
use crate::out;

const COLUMNS: &[&str] = &["id", "agent", "url", "event_types"];
const ALL: &[&str] =
    &["id", "agent", "url", "event_types", "context_config", "has_auth_token", "created_at"];
const EXAMPLES: &str = r#"Examples:
  postroom subscription list
  postroom subscription create support-bot https://bot.example.com/hooks --event message.received
  postroom subscription set ID --context '{"email": {"mode": "count", "count": 10}}'
  postroom subscription deliveries ID --failed
  postroom subscription replay DELIVERY
  postroom subscription delete ID --yes"#;

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
    /// One subscription.
    Show { id: String },
    /// Tell a URL of an agent's mailbox; the agent's signing key is shown if this makes it.
    Create {
        /// The handle of the agent.
        agent: String,
        url: String,
        #[command(flatten)]
        wishes: Wishes,
    },
    /// Change what is given; what is owed goes to a new URL.
    Set {
        id: String,
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        wishes: Wishes,
        /// Send no token any more.
        #[arg(long, conflicts_with = "token")]
        no_token: bool,
    },
    /// Stop telling a URL, also what is still owed to it.
    Delete {
        id: String,
        #[command(flatten)]
        sure: Sure,
    },
    /// What was sent, attempt by attempt, newest first.
    Deliveries(log::Deliveries),
    /// Send what a row of the log tells of once more, to where its subscription is now.
    Replay {
        /// The id of a row.
        delivery: String,
    },
}

/// What a subscription asks for.
#[derive(Args)]
struct Wishes {
    /// A type of event; can be given several times. A new subscription without any hears of all six.
    #[arg(long = "event", value_name = "TYPE")]
    events: Vec<String>,
    /// Sent as Authorization: Bearer.
    #[arg(long)]
    token: Option<String>,
    /// How much of the past goes with message.received, as the API's context_config; null is nothing.
    #[arg(long, value_name = "JSON", value_parser = json_text)]
    context: Option<Value>,
}

fn json_text(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))
}

impl Wishes {
    /// The members of a body of the API that say so.
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        if !self.events.is_empty() {
            body.insert("event_types".to_owned(), json!(self.events));
        }
        if let Some(token) = &self.token {
            body.insert("auth_token".to_owned(), json!(token));
        }
        if let Some(context) = &self.context {
            body.insert("context_config".to_owned(), context.clone());
        }
        body
    }
}

impl Command {
    pub async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let (json, ctx) = (self.tenant.json(), self.tenant.open(config).await?);
        match &self.verb {
            Verb::List { agent } => print_all(&ctx, json, agent.clone()).await?,
            Verb::Show { id } => {
                let id = id.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    let found = get(tx, ctx, &id).await?.subscription;
                    of_agent(tx, ctx, &found).await
                };
                out::thing(json, ALL, &ctx.app.query(&ctx, work).await?);
            }
            Verb::Create { agent, url, wishes } => {
                let mut body = wishes.body();
                body.insert("url".to_owned(), json!(url));
                body.entry("event_types").or_insert_with(every_type);
                self.create(&ctx, agent.clone(), body).await?;
            }
            Verb::Set { id, url, wishes, no_token } => {
                let mut body = wishes.body();
                if let Some(url) = url {
                    body.insert("url".to_owned(), json!(url));
                }
                if *no_token {
                    body.insert("auth_token".to_owned(), Value::Null);
                }
                let (id, change) = (id.clone(), ChangeSubscription::read(Value::Object(body))?);
                let work = async move |tx: &Tx, ctx: &OpCtx| {
                    let changed = update(tx, ctx, &id, &change).await?.subscription;
                    of_agent(tx, ctx, &changed).await
                };
                out::thing(json, ALL, &ctx.app.act(&ctx, work).await?);
            }
            Verb::Delete { id, sure } => {
                sure.ask(&format!("deleting {id}"))?;
                let gone = id.clone();
                let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &gone).await;
                ctx.app.act(&ctx, work).await?;
                out::thing(json, &["id", "deleted"], &json!({"id": id, "deleted": true}));
            }
            Verb::Deliveries(deliveries) => deliveries.run(&ctx, json).await?,
            Verb::Replay { delivery } => log::replay_one(&ctx, json, delivery).await?,
        }
        Ok(())
    }

    /// Makes a subscription of what the API would read of its body.
    async fn create(
        &self,
        ctx: &OpCtx,
        agent: String,
        body: Map<String, Value>,
    ) -> anyhow::Result<()> {
        let work = async move |tx: &Tx, ctx: &OpCtx| {
            let owner = identity::get(tx, ctx, &agent).await?;
            let mut body = body.clone();
            body.insert("agent_identity_id".to_owned(), json!(owner.id.to_string()));
            create(tx, ctx, &CreateSubscription::read(Value::Object(body))?).await
        };
        let (json, made) = (self.tenant.json(), ctx.app.act(ctx, work).await?);
        let mut value = shown(&made.view.subscription, Some(&made.owner.handle));
        let key = made.signing_key.as_ref().map(webhook::signature::Secret::reveal);
        if json {
            value["signing_key"] = json!(key);
        }
        out::thing(json, ALL, &value);
        if let Some(key) = key.filter(|_| !json) {
            out::say("Keep the signing key: it is not shown again.");
            out::line(key);
        }
        Ok(())
    }
}

async fn print_all(ctx: &OpCtx, json: bool, agent: Option<String>) -> anyhow::Result<()> {
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        let owner_id = match &agent {
            Some(handle) => Some(identity::get(tx, ctx, handle).await?.id),
            None => None,
        };
        let filter = SubscriptionFilter { owner_id, ..SubscriptionFilter::default() };
        Ok((list(tx, ctx, &filter, None).await?, identities::list(tx, ctx).await?))
    };
    let (found, agents) = ctx.app.query(ctx, work).await?;
    let row = |s: &Subscription| {
        let agent = agents.iter().find(|agent| agent.id == s.owner_id);
        shown(s, agent.map(|agent| agent.handle.as_str()))
    };
    let rows: Vec<Value> = found.iter().map(|view| row(&view.subscription)).collect();
    out::rows(json, COLUMNS, &rows);
    Ok(())
}

/// A subscription with the handle of its agent.
async fn of_agent(tx: &Tx, ctx: &OpCtx, s: &Subscription) -> domain::Result<Value> {
    let agents = identities::list(tx, ctx).await?;
    let agent = agents.iter().find(|agent| agent.id == s.owner_id);
    Ok(shown(s, agent.map(|agent| agent.handle.as_str())))
}

fn every_type() -> Value {
    Audience::Mailbox.types().iter().map(|kind| kind.as_str()).collect()
}

fn shown(s: &Subscription, agent: Option<&str>) -> Value {
    let types: Vec<&str> = s.endpoint.event_types.iter().map(|kind| kind.as_str()).collect();
    let context = s.context_config.as_deref();
    json!({
        "id": Uuid(s.endpoint.id.0).to_string(),
        "agent": agent,
        "agent_identity_id": s.owner_id.to_string(),
        "url": s.endpoint.url,
        "event_types": types,
        "context_config": context.and_then(|text| serde_json::from_str::<Value>(text).ok()),
        "has_auth_token": s.endpoint.headers_sealed.is_some(),
        "created_at": s.endpoint.created_at.to_string(),
    })
}
