//! Webhook subscriptions (email-api.md 8).

use domain::event::EventType;
use domain::id::EmailMailboxId;
use domain::{Result, id::IdentityId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::context::ContextConfig;
use crate::reader::{Fields, Patch};

/// Characters of a URL, and of a token: with `Bearer ` before it, it is the value of a header.
const URL_CHARS_MAX: usize = 2048;
const TOKEN_CHARS_MAX: usize = 4000;
/// Names in a list of types: more than there are, so that each wrong one is told of.
const TYPES_MAX: usize = 100;

/// A receiver of what a mailbox tells.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Subscription {
    #[schema(format = "uuid")]
    pub id: String,
    pub organization_id: String,
    #[schema(required = true, format = "uuid")]
    pub mailbox_id: Option<String>,
    /// Always null.
    #[schema(required = true)]
    pub phone_number_id: Option<String>,
    #[schema(required = true, format = "uuid")]
    pub agent_identity_id: Option<String>,
    #[schema(required = true, format = "uuid")]
    pub owner_identity_id: Option<String>,
    pub url: String,
    pub event_types: Vec<String>,
    /// active.
    pub status: String,
    #[schema(required = true)]
    pub context_config: Option<Value>,
    pub has_auth_token: bool,
    #[schema(required = true)]
    pub auth_token: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Only in the answer that made the identity's first key.
    #[schema(required = true)]
    pub signing_key: Option<String>,
}

/// The subscriptions that a list was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Subscriptions {
    pub subscriptions: Vec<Subscription>,
}

/// What can be subscribed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Catalog {
    /// A subscription can be made for an identity instead of its mailbox.
    pub supports_identity_subscriptions: bool,
    pub event_types: Vec<CatalogType>,
}

/// One type of event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogType {
    pub name: String,
    pub description: String,
}

/// A subscription to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateSubscription reads")]
pub struct SubscriptionCreate {
    /// Exactly one of mailbox_id and agent_identity_id.
    #[schema(format = "uuid")]
    mailbox_id: Option<String>,
    #[schema(format = "uuid")]
    agent_identity_id: Option<String>,
    /// HTTPS.
    url: String,
    event_types: Vec<String>,
    /// How much of the past goes with message.received: email, texts and calls, each null, or of mode count or
    /// window.
    context_config: Option<Value>,
    /// Sent as Authorization: Bearer.
    auth_token: Option<String>,
}

/// What to change of a subscription; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeSubscription reads")]
pub struct SubscriptionChange {
    /// HTTPS. What is owed, and replays of what was delivered, go to the new one.
    url: Option<String>,
    event_types: Option<Vec<String>>,
    /// Null clears, as for the token.
    context_config: Option<Value>,
    auth_token: Option<String>,
}

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Mailbox(Option<EmailMailboxId>),
    Identity(Option<IdentityId>),
}

/// What a [`SubscriptionCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateSubscription {
    pub owner: Owner,
    pub url: String,
    pub event_types: Vec<EventType>,
    pub context: Option<ContextConfig>,
    pub auth_token: Option<String>,
}

/// What a [`SubscriptionChange`] says.
#[derive(Clone, Debug, Default)]
pub struct ChangeSubscription {
    pub url: Option<String>,
    pub event_types: Option<Vec<EventType>>,
    pub context: Patch<ContextConfig>,
    pub auth_token: Patch<String>,
}

impl CreateSubscription {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let mailbox = f.opt_text("mailbox_id", 1..=100);
        let identity = f.opt_text("agent_identity_id", 1..=100);
        let phone = f.opt_text("phone_number_id", 1..=100);
        // An id that is none of ours is unknown, which is said where it is looked up.
        let owner = match (&mailbox, &identity, &phone) {
            (Some(id), None, None) => Owner::Mailbox(EmailMailboxId::parse(id)),
            (None, Some(id), None) => Owner::Identity(IdentityId::parse(id)),
            (None, None, Some(_)) => {
                f.problem("phone_number_id", "invalid", "this server has no phone numbers");
                Owner::Mailbox(None)
            }
            _ => {
                let rule = "name exactly one of mailbox_id and agent_identity_id";
                f.problem("mailbox_id", "invalid", rule);
                Owner::Mailbox(None)
            }
        };
        let url = f.text("url", 1..=URL_CHARS_MAX);
        let event_types = read_types(&mut f);
        if event_types.is_none() {
            f.problem("event_types", "required", "name at least one event type");
        }
        let context = f.opt_value("context_config");
        let input = Self {
            owner,
            url,
            event_types: event_types.unwrap_or_default(),
            context: context.and_then(|value| ContextConfig::read(&mut f, &value)),
            auth_token: f.opt_text("auth_token", 1..=TOKEN_CHARS_MAX),
        };
        f.finish()?;
        Ok(input)
    }
}

impl ChangeSubscription {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        f.not_writable(&["mailbox_id", "phone_number_id", "agent_identity_id"]);
        let url = f.patch_text("url", 1..=URL_CHARS_MAX);
        let event_types = f.patch_by("event_types", read_types);
        for (name, is_cleared) in
            [("url", url == Patch::Clear), ("event_types", event_types == Patch::Clear)]
        {
            if is_cleared {
                f.problem(
                    name,
                    "invalid",
                    format!("{name} can't be null; leave it out to keep it"),
                );
            }
        }
        let input = Self {
            url: url.over(None),
            event_types: event_types.over(None),
            context: f.patch("context_config", |f, value| ContextConfig::read(f, &value)),
            auth_token: f.patch_text("auth_token", 1..=TOKEN_CHARS_MAX),
        };
        f.finish()?;
        Ok(input)
    }
}

/// The types of a mailbox, at least one, each once, in the order in which they were given.
fn read_types(f: &mut Fields) -> Option<Vec<EventType>> {
    let mut n_given = 0;
    let parse = |word: &str| EventType::parse(word).filter(|kind| kind.category() == "message");
    let types = f.opt_list("event_types", TYPES_MAX, |f, at, item| {
        n_given += 1;
        f.item_parsed(at, &item, parse, "an event type of mailboxes, such as message.received")
    })?;
    if n_given == 0 {
        f.problem("event_types", "invalid", "name at least one event type");
    }
    let mut once = types.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < types.len() {
        f.problem("event_types", "invalid", "name each event type once");
    }
    Some(types)
}
