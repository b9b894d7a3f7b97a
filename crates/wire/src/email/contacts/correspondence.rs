//! What was written with a contact (email-api.md 7.2, correspondence).

use domain::email::Message;
use serde::Serialize;
use utoipa::ToSchema;

/// The channels that every client knows. There is mail, and nothing of the others.
pub const CHANNELS: [&str; 4] = [EMAIL, "sms", "imessage", "calls"];
/// Those that came later. Older clients cannot read them, so only who asks for them is told.
pub const LATER_CHANNELS: [&str; 2] = ["whatsapp", "slack"];
pub const EMAIL: &str = "email";

/// One page of what was written with a contact. It may hold fewer items than were asked for, or none, and
/// have a `next_cursor`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactCorrespondence {
    #[schema(format = "uuid")]
    pub contact_id: String,
    /// Whose mailbox was looked through.
    #[schema(format = "uuid")]
    pub identity_id: String,
    pub items: Vec<EmailCorrespondence>,
    pub channels: Vec<CorrespondenceChannel>,
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// What a channel gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CorrespondenceChannel {
    /// email, sms, imessage or calls; whatsapp or slack where they were asked for.
    pub channel: String,
    /// available; `no_identifier`: the contact has no address; `no_resource`: the agent has nothing there.
    pub status: String,
    #[schema(minimum = 0)]
    pub returned: usize,
}

/// A message that one of the contact's addresses is on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EmailCorrespondence {
    /// The message.
    #[schema(format = "uuid")]
    pub source_id: String,
    /// Always email.
    pub channel: String,
    /// inbound or outbound.
    pub direction: String,
    #[schema(format = DateTime)]
    pub occurred_at: String,
    #[schema(format = "uuid")]
    pub identity_id: String,
    /// As of a message.
    pub status: String,
    /// Where the whole message is.
    pub detail_url: String,
    pub mailbox_email: String,
    #[schema(format = "uuid")]
    pub thread_id: String,
    pub from_address: String,
    pub to_addresses: Vec<String>,
    pub cc_addresses: Vec<String>,
    pub bcc_addresses: Vec<String>,
    #[schema(required = true)]
    pub subject: Option<String>,
    /// Null where only metadata was asked for.
    #[schema(required = true)]
    pub snippet: Option<String>,
    /// With `content=full`.
    #[schema(required = true)]
    pub body_text: Option<String>,
    /// Text and attachments were too much for one answer; `detail_url` has them.
    pub content_unavailable: bool,
    pub attachments: Vec<CorrespondenceAttachment>,
}

/// An attachment, without its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CorrespondenceAttachment {
    pub filename: String,
    pub content_type: String,
    /// Decoded bytes.
    pub size: usize,
}

/// What the raw bytes of a message gave.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub text: Option<String>,
    pub attachments: Vec<CorrespondenceAttachment>,
    pub is_unavailable: bool,
}

impl EmailCorrespondence {
    /// A message of the mailbox `address` of the identity `owner`.
    pub fn of(m: &Message, written: Written, owner: String, address: &str, is_brief: bool) -> Self {
        Self {
            source_id: m.id.to_string(),
            channel: EMAIL.to_owned(),
            direction: m.direction.to_string(),
            occurred_at: m.created_at.to_string(),
            identity_id: owner,
            status: m.status.to_string(),
            detail_url: format!("/api/v1/mail/mailboxes/{address}/messages/{}", m.id),
            mailbox_email: address.to_owned(),
            thread_id: m.thread_id.to_string(),
            from_address: m.from_address.clone(),
            to_addresses: m.to.clone(),
            cc_addresses: m.cc.clone(),
            bcc_addresses: m.bcc.clone(),
            subject: m.subject.clone(),
            snippet: m.snippet.clone().filter(|_| !is_brief),
            body_text: written.text,
            content_unavailable: written.is_unavailable,
            attachments: written.attachments,
        }
    }
}
