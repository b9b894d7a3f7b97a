//! The envelope of an event (postal.md 5.1), rendered once to the bytes that are stored and sent.
//! NOTE for the author of this crate: app::emit calls exactly this API (Envelope, Subject, render).
//! Keep these two structs and `render`; replace, extend and improve the rest freely.

use domain::Timestamp;
use domain::event::EventType;
use domain::id::{ActionId, CustomerId, EventId, MailId, RequestId};
use serde_json::{Map, Value, json};

/// Most bytes of one payload; a larger one loses the mail item's list of actions.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// The version of the payloads' shape.
pub const API_VERSION: &str = "2026-11-01";

/// What surrounds the subject of an event.
pub struct Envelope {
    pub id: EventId,
    pub kind: EventType,
    pub livemode: bool,
    pub created_at: Timestamp,
    pub sequence: i64,
    pub request_id: Option<RequestId>,
    pub idempotency_key: Option<String>,
}

/// What an event is about.
pub struct Subject {
    pub customer_id: CustomerId,
    pub external_customer_id: Option<String>,
    pub mail_id: Option<MailId>,
    pub action_id: Option<ActionId>,
    pub object: Value,
    pub extra: Vec<(&'static str, Value)>,
    pub previous: Option<Value>,
}

impl Envelope {
    /// The body that every delivery of this event sends.
    pub fn render(self, subject: Subject) -> Vec<u8> {
        let mut data = Map::new();
        data.insert("customer_id".into(), json!(subject.customer_id.to_string()));
        data.insert("external_customer_id".into(), json!(subject.external_customer_id));
        data.insert("mail_id".into(), json!(subject.mail_id.map(|id| id.to_string())));
        data.insert("action_id".into(), json!(subject.action_id.map(|id| id.to_string())));
        data.insert("object".into(), subject.object);
        data.insert("previous_attributes".into(), subject.previous.unwrap_or(Value::Null));
        data.extend(subject.extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let request = self
            .request_id
            .map(|id| json!({"id": id.to_string(), "idempotency_key": self.idempotency_key}));
        let mut event = json!({
            "id": self.id.to_string(), "object": "event", "type": self.kind.as_str(),
            "api_version": API_VERSION, "livemode": self.livemode,
            "created_at": self.created_at.to_string(), "sequence": self.sequence,
            "request": request, "data": data,
        });
        let bytes = event.to_string().into_bytes();
        if bytes.len() <= PAYLOAD_BYTES_MAX {
            return bytes;
        }
        if let Some(object) = event.pointer_mut("/data/object").and_then(Value::as_object_mut) {
            object.remove("actions");
        }
        if let Some(data) = event.get_mut("data").and_then(Value::as_object_mut) {
            data.insert("truncated".into(), Value::Bool(true));
        }
        event.to_string().into_bytes()
    }
}
