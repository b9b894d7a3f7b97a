//! Webhook subscriptions (email-api.md 8).

use domain::event::EventType;
use domain::id::EmailMailboxId;
use domain::{Result, id::IdentityId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Characters of a URL.
const URL_CHARS_MAX: usize = 2048;

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
    /// Sent as Authorization: Bearer.
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
    pub auth_token: Option<String>,
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
        let input = Self {
            owner,
            url: f.text("url", 1..=URL_CHARS_MAX),
            event_types: read_types(&mut f).unwrap_or_default(),
            auth_token: f.opt_text("auth_token", 1..=4096),
        };
        if input.event_types.is_empty() {
            f.problem("event_types", "required", "name at least one event type");
        }
        f.finish()?;
        Ok(input)
    }
}

/// The types of a mailbox, each once, in the order in which they were given.
pub(crate) fn read_types(f: &mut Fields) -> Option<Vec<EventType>> {
    let parse = |word: &str| EventType::parse(word).filter(|kind| kind.category() == "message");
    let types = f.opt_list("event_types", 100, |f, at, item| {
        f.item_parsed(at, &item, parse, "an event type of mailboxes, such as message.received")
    })?;
    let mut once = types.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() < types.len() {
        f.problem("event_types", "invalid", "name each event type once");
    }
    Some(types)
}
