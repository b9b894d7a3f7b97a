//! What came before an inbound message, told to the subscriptions that ask for it (email-api.md 12.7).

use domain::email::Message;
use serde::Serialize;
use utoipa::ToSchema;

use super::context::Reach;

/// Bytes of the items of one event; the oldest are left out beyond it.
const CONTEXT_BYTES_MAX: usize = 256 * 1024;

/// What came before a message, by class; only those that were asked for.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct EventContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<ContextBlock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub texts: Option<ContextBlock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub calls: Option<ContextBlock>,
}

/// One class.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContextBlock {
    /// thread: the other messages of its conversation.
    scope: String,
    /// Oldest first, without the message itself.
    items: Vec<ContextItem>,
    /// Older ones were left out for their size or number.
    truncated: bool,
    /// count or window.
    mode: String,
    /// How many were asked for, with count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    requested: Option<i64>,
    /// How far back, with window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hours: Option<i64>,
    /// no_resource: this server has none of the class. unavailable: it could not be looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    skipped: Option<String>,
}

/// A message that came before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContextItem {
    #[schema(format = "uuid")]
    id: String,
    direction: String,
    from_address: String,
    to_addresses: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(required = true)]
    subject: Option<String>,
    #[schema(required = true)]
    snippet: Option<String>,
    /// The address of the mailbox.
    email_address: String,
}

domain::words! {
    /// Why a class has no items.
    pub enum Skipped {
        NoResource = "no_resource",
        Unavailable = "unavailable",
    }
}

impl ContextBlock {
    /// A class of which there is nothing to tell, and why.
    pub fn skipped(reach: Reach, why: Skipped) -> Self {
        Self { skipped: Some(why.to_string()), ..Self::empty(reach) }
    }

    /// The messages of a conversation, newest first, as far as they fit; `is_cut` when there are more than were read.
    pub fn of(reach: Reach, newest_first: &[Message], address: &str, is_cut: bool) -> Self {
        let mut bytes = 0;
        let mut items = Vec::with_capacity(newest_first.len());
        for message in newest_first {
            let item = ContextItem::of(message, address);
            // One more for the comma.
            bytes += serde_json::to_vec(&item).map_or(0, |json| json.len() + 1);
            if bytes > CONTEXT_BYTES_MAX {
                break;
            }
            items.push(item);
        }
        items.reverse();
        let truncated = is_cut || items.len() < newest_first.len();
        Self { items, truncated, ..Self::empty(reach) }
    }

    fn empty(reach: Reach) -> Self {
        let (mode, requested, hours) = match reach {
            Reach::Count(n) => ("count", Some(n), None),
            Reach::Hours(n) => ("window", None, Some(n)),
        };
        Self {
            scope: "thread".to_owned(),
            items: Vec::new(),
            truncated: false,
            mode: mode.to_owned(),
            requested,
            hours,
            skipped: None,
        }
    }
}

impl ContextItem {
    fn of(m: &Message, address: &str) -> Self {
        Self {
            id: m.id.to_string(),
            direction: m.direction.to_string(),
            from_address: m.from_address.clone(),
            to_addresses: m.to.clone(),
            created_at: m.created_at.to_string(),
            subject: m.subject.clone(),
            snippet: m.snippet.clone(),
            email_address: address.to_owned(),
        }
    }
}
