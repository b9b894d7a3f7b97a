//! The payload of the six events as a client in Rust declares it: every enum closed, every key there.
#![expect(
    dead_code,
    reason = "what matters of these fields is that they are there and of their type"
)]

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailWebhookPayload {
    pub(super) id: String,
    event_type: MailWebhookEventType,
    timestamp: String,
    data: MailWebhookData,
}

#[derive(Debug, Deserialize)]
enum MailWebhookEventType {
    #[serde(rename = "message.received")]
    Received,
    #[serde(rename = "message.sent")]
    Sent,
    #[serde(rename = "message.forwarded")]
    Forwarded,
    #[serde(rename = "message.delivered")]
    Delivered,
    #[serde(rename = "message.bounced")]
    Bounced,
    #[serde(rename = "message.failed")]
    Failed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailWebhookData {
    message: MailWebhookMessage,
    contacts: Vec<MailContact>,
    agent_identities: Vec<MailAgentIdentity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailWebhookMessage {
    id: String,
    mailbox_id: String,
    thread_id: Option<String>,
    message_id: Option<String>,
    from_address: String,
    to_addresses: Vec<String>,
    cc_addresses: Option<Vec<String>>,
    bcc_addresses: Option<Vec<String>>,
    subject: Option<String>,
    snippet: Option<String>,
    email_address: String,
    body: Option<String>,
    body_state: Option<BodyState>,
    body_truncated: Option<bool>,
    body_total_chars: Option<u64>,
    body_included_chars: Option<u64>,
    direction: Direction,
    status: Status,
    has_attachments: bool,
    created_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BodyState {
    Complete,
    Truncated,
    Unavailable,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Inbound,
    Outbound,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Queued,
    Sent,
    Delivered,
    Bounced,
    Failed,
    Received,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bucket {
    From,
    To,
    Cc,
    Bcc,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailContact {
    bucket: Bucket,
    address: String,
    id: String,
    name: Option<String>,
    memories: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailAgentIdentity {
    bucket: Bucket,
    address: String,
    id: String,
    agent_handle: String,
    display_name: Option<String>,
}
