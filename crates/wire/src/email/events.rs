//! The six events of a mailbox (seed 002; email-api.md 12).

use domain::Timestamp;
use domain::email::{Direction, Message};
use domain::event::EventType;
use domain::id::{ContactId, EventId, IdentityId, Uuid};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::event_context::EventContext;
use super::messages::given;

domain::words! {
    /// The list of a message from which a peer comes.
    pub enum Bucket { From = "from", To = "to", Cc = "cc", Bcc = "bcc" }
}

/// A contact whose address is on the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactMatch {
    pub bucket: Bucket,
    /// As it stands on the message.
    pub address: String,
    pub id: ContactId,
    pub name: Option<String>,
    /// What is known of the contact, newest first.
    pub memories: Vec<String>,
}

/// An agent of the organization whose address is on the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityMatch {
    pub bucket: Bucket,
    pub address: String,
    pub id: IdentityId,
    pub handle: String,
    pub display_name: Option<String>,
}

/// The text of an inbound message, cut to what an event carries.
#[derive(Clone, Debug, Default)]
pub struct BodyText {
    /// `None` when the message has no usable text.
    pub text: Option<String>,
    /// Unicode scalar values of the whole text.
    pub total_chars: usize,
}

impl BodyText {
    /// At most `chars_max` Unicode scalar values of a text.
    pub fn cut(text: Option<&str>, chars_max: usize) -> Self {
        let Some(text) = text else { return Self::default() };
        let end = text.char_indices().nth(chars_max).map_or(text.len(), |(at, _)| at);
        Self { text: Some(text[..end].to_owned()), total_chars: text.chars().count() }
    }

    fn included_chars(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.chars().count())
    }

    fn state(&self) -> &'static str {
        match &self.text {
            None => "unavailable",
            Some(_) if self.included_chars() < self.total_chars => "truncated",
            Some(_) => "complete",
        }
    }
}

/// What an event tells.
#[derive(Clone, Debug)]
pub struct News<'a> {
    pub id: EventId,
    pub kind: EventType,
    pub at: Timestamp,
    pub message: &'a Message,
    /// The address of the mailbox.
    pub address: &'a str,
    /// Of inbound messages only.
    pub body: Option<BodyText>,
    pub contacts: Vec<ContactMatch>,
    pub identities: Vec<IdentityMatch>,
    /// What came before, where the subscription asked for it.
    pub context: Option<EventContext>,
}

/// The body of a delivery.
#[derive(Serialize, ToSchema)]
pub struct MessageEvent {
    /// The same in every delivery of the event: remove duplicates by it.
    #[schema(pattern = "^evt_")]
    id: String,
    event_type: String,
    /// When it happened.
    #[schema(format = DateTime)]
    timestamp: String,
    data: MessageEventData,
}

#[derive(Serialize, ToSchema)]
pub struct MessageEventData {
    message: EventMessage,
    /// Peers that the owner of the mailbox has in its address book; pair on bucket and address.
    contacts: Vec<EventContact>,
    /// Peers that are agents of the same organization.
    agent_identities: Vec<EventIdentity>,
    /// Only of message.received, and only where the subscription has a context_config.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    context: Option<EventContext>,
}

/// The message, as far as an event shows it.
#[derive(Serialize, ToSchema)]
pub struct EventMessage {
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = "uuid")]
    mailbox_id: String,
    #[schema(required = true, format = "uuid")]
    thread_id: Option<String>,
    #[schema(required = true)]
    message_id: Option<String>,
    from_address: String,
    to_addresses: Vec<String>,
    #[schema(required = true)]
    cc_addresses: Option<Vec<String>>,
    /// Null on inbound messages.
    #[schema(required = true)]
    bcc_addresses: Option<Vec<String>>,
    #[schema(required = true)]
    subject: Option<String>,
    #[schema(required = true)]
    snippet: Option<String>,
    /// The address of the mailbox.
    email_address: String,
    /// The text of an inbound message.
    #[schema(required = true)]
    body: Option<String>,
    /// complete, truncated or unavailable; null on outbound messages, as are the next three.
    #[schema(required = true)]
    body_state: Option<String>,
    #[schema(required = true)]
    body_truncated: Option<bool>,
    #[schema(required = true)]
    body_total_chars: Option<usize>,
    #[schema(required = true)]
    body_included_chars: Option<usize>,
    direction: String,
    status: String,
    has_attachments: bool,
    #[schema(required = true, format = DateTime)]
    created_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EventContact {
    bucket: String,
    address: String,
    #[schema(format = "uuid")]
    id: String,
    #[schema(required = true)]
    name: Option<String>,
    memories: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct EventIdentity {
    bucket: String,
    address: String,
    #[schema(format = "uuid")]
    id: String,
    agent_handle: String,
    #[schema(required = true)]
    display_name: Option<String>,
}

/// How an event's id is shown.
pub fn event_id(id: EventId) -> String {
    format!("evt_{}", Uuid(id.0).simple())
}

impl News<'_> {
    /// The bytes that every delivery sends.
    pub fn render(self) -> Vec<u8> {
        let event = MessageEvent {
            id: event_id(self.id),
            event_type: self.kind.to_string(),
            timestamp: self.at.to_string(),
            data: MessageEventData {
                message: message(self.message, self.address, self.body.as_ref()),
                contacts: self.contacts.into_iter().map(contact).collect(),
                agent_identities: self.identities.into_iter().map(identity).collect(),
                context: self.context,
            },
        };
        // Strings, numbers and lists: nothing here that JSON could refuse.
        serde_json::to_vec(&event).unwrap_or_default()
    }
}

fn message(m: &Message, address: &str, body: Option<&BodyText>) -> EventMessage {
    let is_outbound = m.direction == Direction::Outbound;
    EventMessage {
        id: m.id.to_string(),
        mailbox_id: m.mailbox_id.to_string(),
        thread_id: Some(m.thread_id.to_string()),
        message_id: Some(m.message_id.clone()),
        from_address: m.from_address.clone(),
        to_addresses: m.to.clone(),
        cc_addresses: given(&m.cc),
        bcc_addresses: given(&m.bcc).filter(|_| is_outbound),
        subject: m.subject.clone(),
        snippet: m.snippet.clone(),
        email_address: address.to_owned(),
        body: body.and_then(|b| b.text.clone()),
        body_state: body.map(|b| b.state().to_owned()),
        body_truncated: body.map(|b| b.state() == "truncated"),
        body_total_chars: body.map(|b| b.total_chars),
        body_included_chars: body.map(BodyText::included_chars),
        direction: m.direction.to_string(),
        status: m.status.to_string(),
        has_attachments: m.has_attachments,
        created_at: Some(m.created_at.to_string()),
    }
}

fn contact(c: ContactMatch) -> EventContact {
    EventContact {
        bucket: c.bucket.to_string(),
        address: c.address,
        id: c.id.to_string(),
        name: c.name,
        memories: c.memories,
    }
}

fn identity(i: IdentityMatch) -> EventIdentity {
    EventIdentity {
        bucket: i.bucket.to_string(),
        address: i.address,
        id: i.id.to_string(),
        agent_handle: i.handle,
        display_name: i.display_name,
    }
}

/// One whole example of each type.
pub fn sample(kind: EventType) -> Value {
    let is_inbound = kind == EventType::MessageReceived;
    let status = match kind {
        EventType::MessageReceived => "received",
        EventType::MessageDelivered => "delivered",
        EventType::MessageBounced => "bounced",
        EventType::MessageFailed => "failed",
        _ => "sent",
    };
    let (us, them) = ("desk@agents.example.com", "Ann.Lee@partner.example");
    let (from, to) = if is_inbound { (them, us) } else { (us, them) };
    let text = "Hello, the invoice is attached.";
    let inbound = |value: Value| if is_inbound { value } else { Value::Null };
    json!({
        "id": "evt_0197f2c1a5b77c3e9d10a4c2e6b8f001", "event_type": kind.as_str(),
        "timestamp": "2026-07-01T09:30:15.482Z",
        "data": {
            "message": {
                "id": "3f1c1f0e-5b7a-4a53-8f64-2c6d6f6e9a10", "mailbox_id": "8a4f5d3c-0b1e-4c2d-9e7f-6a5b4c3d2e1f",
                "thread_id": "b2a1c0d9-e8f7-4654-9321-0fedcba98765", "message_id": "<CAF7x@mail.partner.example>",
                "from_address": from, "to_addresses": [to], "cc_addresses": ["ops@agents.example.com"],
                "bcc_addresses": null, "subject": "Invoice 881", "snippet": text, "email_address": us,
                "body": inbound(json!(text)), "body_state": inbound(json!("complete")),
                "body_truncated": inbound(json!(false)), "body_total_chars": inbound(json!(31)),
                "body_included_chars": inbound(json!(31)),
                "direction": if is_inbound { "inbound" } else { "outbound" }, "status": status,
                "has_attachments": true, "created_at": "2026-07-01T09:30:15.401Z"},
            "contacts": [{"bucket": if is_inbound { "from" } else { "to" }, "address": them,
                "id": "6c0b2a19-4d5e-4f60-8a7b-9c8d7e6f5a4b", "name": "Ann Lee", "memories": ["Pays by bank transfer"]}],
            "agent_identities": [{"bucket": "cc", "address": "ops@agents.example.com",
                "id": "0f9e8d7c-6b5a-4493-8271-605f4e3d2c1b", "agent_handle": "ops", "display_name": null}]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_b4_a_text_is_cut_between_scalar_values() {
        let text = "ж😀é";
        for (max, cut, state) in [
            (0, "", "truncated"),
            (2, "ж😀", "truncated"),
            (3, text, "complete"),
            (9, text, "complete"),
        ] {
            let body = BodyText::cut(Some(text), max);
            assert_eq!((body.text.as_deref(), body.state()), (Some(cut), state));
            assert_eq!(body.total_chars, 3);
        }
        assert_eq!(BodyText::cut(None, 9).state(), "unavailable");
        assert_eq!(BodyText::cut(Some(""), 9).state(), "complete");
    }
}
