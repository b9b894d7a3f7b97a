//! Stored events on the wire: the very body that was delivered.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Something that happened. `data.object` is the thing as it was then.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Unique and stable over retries and replays: receivers de-duplicate on it.
    #[schema(examples("evt_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    #[schema(pattern = "^event$")]
    pub object: String,
    #[serde(rename = "type")]
    #[schema(examples("mail.arrived"))]
    pub kind: String,
    /// The version of the payload's shape.
    pub api_version: String,
    pub livemode: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Rises by one with each event of the customer; lets receivers drop stale news.
    pub sequence: i64,
    /// The request that caused it; null for staff and the clock.
    #[schema(required = true)]
    pub request: Option<EventRequest>,
    pub data: EventData,
}

/// The call that caused an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventRequest {
    /// As in the header X-Request-Id of its answer.
    pub id: String,
    /// As the call sent it.
    #[schema(required = true)]
    pub idempotency_key: Option<String>,
}

/// What happened to what. Some types have further members, described with each type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventData {
    /// Whom it is about; always there, so that a CRM can route without reading the object.
    #[schema(required = true)]
    pub customer_id: Option<String>,
    /// The customer in the partner's own system, as the partner named it.
    #[schema(required = true)]
    pub external_customer_id: Option<String>,
    /// The mail item it is about, if any.
    #[schema(required = true)]
    pub mail_id: Option<String>,
    /// The action it is about, if any.
    #[schema(required = true)]
    pub action_id: Option<String>,
    /// A customer, compliance, mail or mail_action object.
    #[schema(value_type = Object)]
    pub object: Value,
    /// What changed, as it was before; null where nothing changed.
    #[schema(value_type = Option<Object>, required = true)]
    pub previous_attributes: Value,
    /// True when the object was shortened to fit.
    #[schema(required = false, nullable = false)]
    pub truncated: Option<bool>,
}

/// A page of events, newest first.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<Event>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}
