//! The envelope of an event (postal.md 5.1), rendered once to the bytes that are stored and sent.
//!
//! Further members of each type are in [`extra`], what operators hear is in [`operator`]; how they are
//! documented, in `schema`; one whole example of each type, in `sample`. Who tells of what is `app::emit`.

pub mod extra;
pub mod operator;
mod operator_sample;
mod sample;
mod schema;

use domain::Timestamp;
use domain::event::EventType;
use domain::filter::Attribute;
use domain::id::{ActionId, CustomerId, EventId, MailId, RequestId};
use serde_json::{Map, Value, json};

pub use sample::sample;
pub use schema::{documented, operation_id, operator_schemas, schemas};

/// Most bytes of one payload (postal.md 5.1); a larger one is shortened, and says so.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// The version of the payloads' shape.
pub const API_VERSION: &str = "2026-11-01";

/// What surrounds the subject of an event.
pub struct Envelope {
    pub id: EventId,
    pub kind: EventType,
    pub livemode: bool,
    pub created_at: Timestamp,
    /// Rises by one for each customer; 0 where nothing is counted.
    pub sequence: i64,
    /// The request that caused it; nothing for staff and the clock.
    pub request_id: Option<RequestId>,
    pub idempotency_key: Option<String>,
}

/// What an event is about.
pub struct Subject {
    pub customer_id: CustomerId,
    pub external_customer_id: Option<String>,
    pub mail_id: Option<MailId>,
    pub action_id: Option<ActionId>,
    /// The thing as the API shows it, at commit time.
    pub object: Value,
    /// Members of the type, see [`extra`].
    pub extra: Vec<(&'static str, Value)>,
    pub previous: Option<Value>,
}

/// What a payload that is too large gives up, in this order: a list or a map becomes empty, so that
/// the object keeps its shape. What is left is bounded by the limits of single fields.
const SHORTENED: &[(&str, &[&str])] = &[
    ("/data/object", &["actions"]),
    ("/data/object", &["photos", "history"]),
    ("/data/object", &["metadata", "tags", "options"]),
    ("/data", &["previous_attributes"]),
];

impl Envelope {
    /// The body that every delivery of this event sends, of at most [`PAYLOAD_BYTES_MAX`].
    pub fn render(self, subject: Subject) -> Vec<u8> {
        let mut event = self.event(subject);
        let mut bytes = event.to_string().into_bytes();
        for (at, names) in SHORTENED {
            if bytes.len() <= PAYLOAD_BYTES_MAX {
                break;
            }
            if let Some(object) = event.pointer_mut(at).and_then(Value::as_object_mut) {
                names.iter().for_each(|name| shorten(object, name));
            }
            event["data"]["truncated"] = Value::Bool(true);
            bytes = event.to_string().into_bytes();
        }
        bytes
    }

    fn event(self, subject: Subject) -> Value {
        let mut data = Map::new();
        data.insert("customer_id".into(), json!(subject.customer_id.to_string()));
        data.insert("external_customer_id".into(), json!(subject.external_customer_id));
        data.insert("mail_id".into(), json!(subject.mail_id.map(|id| id.to_string())));
        data.insert("action_id".into(), json!(subject.action_id.map(|id| id.to_string())));
        data.insert("object".into(), subject.object);
        data.insert("previous_attributes".into(), subject.previous.unwrap_or(Value::Null));
        data.extend(subject.extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.around(&Value::Object(data))
    }

    fn around(self, data: &Value) -> Value {
        let request = self
            .request_id
            .map(|id| json!({"id": id.to_string(), "idempotency_key": self.idempotency_key}));
        json!({
            "id": self.id.to_string(), "object": "event", "type": self.kind.as_str(),
            "api_version": API_VERSION, "livemode": self.livemode,
            "created_at": self.created_at.to_string(), "sequence": self.sequence,
            "request": request, "data": data,
        })
    }
}

/// What a payload says of an attribute: `None` where it is absent or null.
pub fn attribute(payload: &Value, attribute: Attribute) -> Option<String> {
    let place = match attribute {
        Attribute::Type => "/type",
        Attribute::CustomerId => "/data/customer_id",
        Attribute::ExternalCustomerId => "/data/external_customer_id",
        Attribute::MailId => "/data/mail_id",
        Attribute::ActionId => "/data/action_id",
        Attribute::PartnerId => "/data/partner_id",
        Attribute::PartnerSlug => "/data/partner_slug",
        Attribute::EndpointId => "/data/endpoint_id",
    };
    payload.pointer(place)?.as_str().map(ToOwned::to_owned)
}

/// `actions` goes, as postal.md 5.1 says; anything else is emptied.
fn shorten(object: &mut Map<String, Value>, name: &str) {
    match object.get_mut(name) {
        Some(_) if name == "actions" => drop(object.remove(name)),
        Some(Value::Array(items)) => items.clear(),
        Some(Value::Object(members)) => members.clear(),
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests;
