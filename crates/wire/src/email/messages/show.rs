//! What is shown of messages (email-api.md 6.2, 6.4).

use domain::email::Message as Row;
use serde::Serialize;
use utoipa::ToSchema;

/// A message as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Message {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub mailbox_id: String,
    #[schema(required = true, format = "uuid")]
    pub thread_id: Option<String>,
    /// RFC 5322 Message-ID, with its angle brackets.
    pub message_id: String,
    /// As the sender wrote it.
    pub from_address: String,
    #[schema(required = true)]
    pub from_display_name: Option<String>,
    pub to_addresses: Vec<String>,
    /// Null when there are none.
    #[schema(required = true)]
    pub cc_addresses: Option<Vec<String>>,
    #[schema(required = true)]
    pub subject: Option<String>,
    /// The first 200 characters of the text.
    #[schema(required = true)]
    pub snippet: Option<String>,
    /// inbound or outbound.
    pub direction: String,
    /// received; or queued, sent, delivered, bounced, failed.
    pub status: String,
    pub is_read: bool,
    pub is_starred: bool,
    /// Pictures inside the text do not count.
    pub has_attachments: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(required = true, format = DateTime)]
    pub first_opened_at: Option<String>,
    pub open_count: i64,
    #[schema(required = true, format = "uuid")]
    pub import_job_id: Option<String>,
}

/// A message with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageDetail {
    #[serde(flatten)]
    pub message: Message,
    #[schema(required = true)]
    pub body_text: Option<String>,
    #[schema(required = true)]
    pub body_html: Option<String>,
    /// Known of outbound messages only.
    #[schema(required = true)]
    pub bcc_addresses: Option<Vec<String>>,
    /// The Message-ID that it answers.
    #[schema(required = true)]
    pub in_reply_to: Option<String>,
    #[schema(required = true)]
    pub references: Option<Vec<String>>,
    #[schema(required = true)]
    pub attachment_metadata: Option<Vec<AttachmentMetadata>>,
    /// Always null.
    #[schema(required = true)]
    pub ses_message_id: Option<String>,
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// To whom reply-all would go.
    #[schema(required = true)]
    pub reply_all_recipients: Option<ReplyAllRecipients>,
}

/// One attachment, without its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttachmentMetadata {
    pub filename: String,
    pub content_type: String,
    /// Decoded bytes.
    pub size: usize,
    #[schema(required = true)]
    pub content_id: Option<String>,
    pub is_inline: bool,
}

/// The two lists of a reply to all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplyAllRecipients {
    pub to: Vec<String>,
    pub cc: Vec<String>,
}

/// What the raw bytes of a message say.
#[derive(Clone, Debug, Default)]
pub struct Content {
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<AttachmentMetadata>,
    pub reply_all: Option<ReplyAllRecipients>,
}

impl Message {
    pub fn of(m: &Row) -> Self {
        Self {
            id: m.id.to_string(),
            mailbox_id: m.mailbox_id.to_string(),
            thread_id: Some(m.thread_id.to_string()),
            message_id: m.message_id.clone(),
            from_address: m.from_address.clone(),
            from_display_name: m.from_name.clone(),
            to_addresses: m.to.clone(),
            cc_addresses: given(&m.cc),
            subject: m.subject.clone(),
            snippet: m.snippet.clone(),
            direction: m.direction.to_string(),
            status: m.status.to_string(),
            is_read: m.is_read,
            is_starred: m.is_starred,
            has_attachments: m.has_attachments,
            created_at: m.created_at.to_string(),
            first_opened_at: m.first_opened_at.map(|at| at.to_string()),
            open_count: m.open_count,
            import_job_id: m.import_id.map(|id| id.to_string()),
        }
    }
}

impl MessageDetail {
    pub fn of(m: &Row, content: Content) -> Self {
        Self {
            message: Message::of(m),
            body_text: content.text,
            body_html: content.html,
            bcc_addresses: given(&m.bcc),
            in_reply_to: m.in_reply_to.clone(),
            references: given(&m.references),
            attachment_metadata: (!content.attachments.is_empty()).then_some(content.attachments),
            ses_message_id: None,
            updated_at: m.updated_at.to_string(),
            reply_all_recipients: content.reply_all,
        }
    }
}

/// A list that is null when it is empty.
pub(crate) fn given(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// A link to an attachment, good without a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttachmentLink {
    pub url: String,
    pub filename: String,
    /// Seconds for which the link is good.
    pub expires_in: i64,
}

/// A raw message that was stored.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ingested {
    #[schema(format = "uuid")]
    pub message_id: String,
    /// It was there already.
    pub is_duplicate: bool,
}

/// What was sent under an idempotency key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SendLookup {
    #[schema(format = "uuid")]
    pub message_id: String,
}
