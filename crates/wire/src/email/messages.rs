//! Messages: the body that sends one, and what is shown (email-api.md 6.2, 6.5).

use domain::Result;
use domain::email::Message as Row;
use domain::email::message::{RECIPIENTS_MAX, SUBJECT_CHARS_MAX};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Characters of one form of a text.
pub const BODY_CHARS_MAX: usize = 1 << 20;
/// Attachments of one message.
pub const ATTACHMENTS_MAX: usize = 100;
/// Characters of an address.
pub(crate) const ADDRESS_CHARS_MAX: usize = 320;

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

/// A message to be sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what SendMessage reads")]
pub struct MessageSend {
    recipients: Recipients,
    #[schema(max_length = 998)]
    subject: String,
    body_text: Option<String>,
    body_html: Option<String>,
    /// The Message-ID of the message that this one answers, or its id.
    in_reply_to_message_id: Option<String>,
    reply_to: Option<String>,
    attachments: Option<Vec<AttachmentSend>>,
    track_opens: Option<bool>,
}

/// To whom; 50 addresses at most over all three.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what SendMessage reads")]
pub struct Recipients {
    to: Vec<String>,
    cc: Option<Vec<String>>,
    bcc: Option<Vec<String>>,
}

/// A file that goes along.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what SendMessage reads")]
pub struct AttachmentSend {
    #[schema(max_length = 255)]
    filename: String,
    content_type: String,
    /// The bytes; 25 MiB at most over all attachments.
    content_base64: String,
    /// Makes it a picture inside body_html, which names it as cid:.
    content_id: Option<String>,
}

/// The three lists of recipients.
#[derive(Clone, Debug, Default)]
pub struct To {
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub bcc: Vec<String>,
}

/// An attachment as it came in.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub filename: String,
    pub content_type: String,
    pub content_base64: String,
    pub content_id: Option<String>,
}

/// What a [`MessageSend`] says.
#[derive(Clone, Debug)]
pub struct SendMessage {
    pub recipients: To,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    pub in_reply_to: Option<String>,
    pub reply_to: Option<String>,
    pub attachments: Vec<NewAttachment>,
    pub track_opens: bool,
}

impl SendMessage {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let recipients = read_recipients(&mut f);
        if recipients.to.is_empty() {
            f.problem("recipients/to", "required", "name at least one recipient");
        }
        let subject = f.opt_text("subject", 0..=SUBJECT_CHARS_MAX).unwrap_or_default();
        let input = Self {
            recipients,
            subject,
            text: read_body(&mut f, "body_text"),
            html: read_body(&mut f, "body_html"),
            in_reply_to: f.opt_text("in_reply_to_message_id", 1..=SUBJECT_CHARS_MAX),
            reply_to: f.opt_text("reply_to", 1..=ADDRESS_CHARS_MAX),
            attachments: read_attachments(&mut f, "attachments"),
            track_opens: f.bool("track_opens", false),
        };
        f.finish()?;
        Ok(input)
    }
}

/// One form of the text, as it stands.
pub(crate) fn read_body(f: &mut Fields, name: &'static str) -> Option<String> {
    let value = f.opt_value(name)?;
    check_body(f, name, value)
}

/// The same of a value that is there.
pub(crate) fn check_body(f: &mut Fields, name: &'static str, value: Value) -> Option<String> {
    let Value::String(text) = value else {
        f.problem(name, "invalid", format!("{name} must be a string"));
        return None;
    };
    if text.chars().count() > BODY_CHARS_MAX {
        f.problem(name, "too_long", format!("{name} has at most {BODY_CHARS_MAX} characters"));
        return None;
    }
    Some(text)
}

/// The three lists of `recipients`; each address is judged where it is used.
pub(crate) fn read_recipients(f: &mut Fields) -> To {
    let value = f.opt_value("recipients");
    value.and_then(|value| check_recipients(f, value)).unwrap_or_default()
}

/// The same of a value that is there.
pub(crate) fn check_recipients(f: &mut Fields, value: Value) -> Option<To> {
    let lists = f.check_object("recipients", value, |r| {
        let mut list = |name| {
            let read =
                |f: &mut Fields, at: &str, item| f.item_text(at, item, 1..=ADDRESS_CHARS_MAX);
            r.opt_list(name, RECIPIENTS_MAX, read).unwrap_or_default()
        };
        To { to: list("to"), cc: list("cc"), bcc: list("bcc") }
    })?;
    if lists.to.len() + lists.cc.len() + lists.bcc.len() > RECIPIENTS_MAX {
        let rule = format!("a message has at most {RECIPIENTS_MAX} recipients");
        f.problem("recipients", "too_many", rule);
    }
    Some(lists)
}

/// The attachments under a name; their bytes are judged where they are used.
pub(crate) fn read_attachments(f: &mut Fields, name: &'static str) -> Vec<NewAttachment> {
    let list = f.opt_list(name, ATTACHMENTS_MAX, |f, at, item| {
        f.check_object(at, item, |a| {
            let filename = a.text("filename", 1..=255);
            let content_type = a.text("content_type", 1..=255);
            let content_id = a.opt_text("content_id", 1..=255);
            let content_base64 = match a.opt_value("content_base64") {
                Some(Value::String(text)) => text,
                _ => {
                    a.problem("content_base64", "required", "content_base64 must be a string");
                    String::new()
                }
            };
            NewAttachment { filename, content_type, content_base64, content_id }
        })
    });
    list.unwrap_or_default()
}

/// An answer to all.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ReplyAll reads")]
pub struct MessageReplyAll {
    /// Default is that of the message, with Re: before it.
    subject: Option<String>,
    body_text: Option<String>,
    body_html: Option<String>,
    attachments: Option<Vec<AttachmentSend>>,
    reply_to: Option<String>,
}

/// What a [`MessageReplyAll`] says.
#[derive(Clone, Debug)]
pub struct ReplyAll {
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<NewAttachment>,
    pub reply_to: Option<String>,
}

impl ReplyAll {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self {
            subject: f.opt_text("subject", 0..=SUBJECT_CHARS_MAX),
            text: read_body(&mut f, "body_text"),
            html: read_body(&mut f, "body_html"),
            attachments: read_attachments(&mut f, "attachments"),
            reply_to: f.opt_text("reply_to", 1..=ADDRESS_CHARS_MAX),
        };
        f.finish()?;
        Ok(input)
    }
}

domain::words! {
    /// How the original goes along: below the note, or as it is, attached.
    pub enum ForwardMode { Inline = "inline", Wrapped = "wrapped" }
}

/// A forward.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ForwardMessage reads")]
pub struct MessageForward {
    recipients: Recipients,
    /// inline or wrapped; default inline.
    mode: Option<String>,
    /// Default is that of the message, with Fwd: before it.
    subject: Option<String>,
    /// The note above the original.
    body_text: Option<String>,
    body_html: Option<String>,
    /// Default true; of inline forwards only.
    include_original_attachments: Option<bool>,
    additional_attachments: Option<Vec<AttachmentSend>>,
    reply_to: Option<String>,
    track_opens: Option<bool>,
}

/// What a [`MessageForward`] says.
#[derive(Clone, Debug)]
pub struct ForwardMessage {
    pub recipients: To,
    pub mode: ForwardMode,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub include_original_attachments: bool,
    pub additional_attachments: Vec<NewAttachment>,
    pub reply_to: Option<String>,
    pub track_opens: bool,
}

impl ForwardMessage {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let mode = f.opt_parsed("mode", ForwardMode::parse, "inline or wrapped");
        let input = Self {
            recipients: read_recipients(&mut f),
            mode: mode.unwrap_or(ForwardMode::Inline),
            subject: f.opt_text("subject", 0..=SUBJECT_CHARS_MAX),
            text: read_body(&mut f, "body_text"),
            html: read_body(&mut f, "body_html"),
            include_original_attachments: f.bool("include_original_attachments", true),
            additional_attachments: read_attachments(&mut f, "additional_attachments"),
            reply_to: f.opt_text("reply_to", 1..=ADDRESS_CHARS_MAX),
            track_opens: f.bool("track_opens", false),
        };
        f.finish()?;
        Ok(input)
    }
}

/// Flags to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_flags takes")]
pub struct MessageFlags {
    is_read: Option<bool>,
    is_starred: Option<bool>,
}

/// Reads a [`MessageFlags`]: whether read, whether starred.
pub fn read_flags(body: Value) -> Result<(Option<bool>, Option<bool>)> {
    let mut f = Fields::lenient(body)?;
    let flags = (f.opt_bool("is_read"), f.opt_bool("is_starred"));
    f.finish()?;
    Ok(flags)
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
