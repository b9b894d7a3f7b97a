//! Drafts: what is shown of them, and the bodies that write them (email-api.md 6.11).

use domain::Result;
use domain::email::draft::{ATTACHMENTS_MAX, REFERENCES_MAX};
use domain::email::message::SUBJECT_CHARS_MAX;
use domain::email::{Draft as Row, DraftAttachment};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::messages::{
    ADDRESS_CHARS_MAX, AttachmentSend, ForwardMode, NewAttachment, Recipients, To, check_body,
    check_recipients, read_attachments,
};
use crate::reader::{Fields, Patch};

/// A draft as lists show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Draft {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub mailbox_id: String,
    pub from_address: String,
    pub to_addresses: Vec<String>,
    pub cc_addresses: Vec<String>,
    pub bcc_addresses: Vec<String>,
    #[schema(required = true)]
    pub subject: Option<String>,
    #[schema(required = true)]
    pub snippet: Option<String>,
    pub has_attachments: bool,
    pub attachment_count: i64,
    /// Each change names the one that it saw, and raises it by one.
    pub generation: i64,
    /// Always draft: what is sent is a draft no more from the same moment on.
    pub send_state: &'static str,
    pub track_opens: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A draft with its texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftDetail {
    #[serde(flatten)]
    pub draft: Draft,
    #[schema(required = true)]
    pub body_text: Option<String>,
    #[schema(required = true)]
    pub body_html: Option<String>,
    #[schema(required = true)]
    pub reply_to: Option<String>,
    /// The thread that it will join.
    #[schema(required = true, format = "uuid")]
    pub thread_id: Option<String>,
    /// Always null: the Message-ID is made when it is sent.
    #[schema(required = true)]
    pub message_id: Option<String>,
    /// The Message-ID that it answers.
    #[schema(required = true)]
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    #[schema(required = true, format = "uuid")]
    pub forward_source_message_id: Option<String>,
    #[schema(required = true)]
    pub forward_note_text: Option<String>,
    #[schema(required = true)]
    pub forward_note_html: Option<String>,
    pub attachment_metadata: Vec<DraftAttachmentMetadata>,
}

/// An attachment of a draft, without its bytes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DraftAttachmentMetadata {
    /// Names it in the paths of this draft's attachments.
    pub part_index: i64,
    pub filename: String,
    pub content_type: String,
    /// Decoded bytes.
    pub size: i64,
    #[schema(required = true)]
    pub content_id: Option<String>,
    pub is_inline: bool,
}

impl Draft {
    /// `from` is the address of the mailbox.
    pub fn of(from: &str, d: &Row) -> Self {
        Self {
            id: d.id.to_string(),
            mailbox_id: d.mailbox_id.to_string(),
            from_address: from.to_owned(),
            to_addresses: d.to.clone(),
            cc_addresses: d.cc.clone(),
            bcc_addresses: d.bcc.clone(),
            subject: d.subject.clone(),
            snippet: d.snippet.clone(),
            has_attachments: d.has_attachments,
            attachment_count: d.attachment_count,
            generation: d.generation,
            send_state: "draft",
            track_opens: d.track_opens,
            created_at: d.created_at.to_string(),
            updated_at: d.updated_at.to_string(),
        }
    }
}

impl DraftDetail {
    pub fn of(from: &str, d: &Row) -> Self {
        Self {
            draft: Draft::of(from, d),
            body_text: d.text.clone(),
            body_html: d.html.clone(),
            reply_to: d.reply_to.clone(),
            thread_id: d.thread_id.map(|id| id.to_string()),
            message_id: None,
            in_reply_to: d.in_reply_to.clone(),
            references: d.references.clone(),
            forward_source_message_id: d.forward.map(|f| f.message_id.to_string()),
            forward_note_text: d.note_text.clone(),
            forward_note_html: d.note_html.clone(),
            attachment_metadata: d.attachments.iter().map(DraftAttachmentMetadata::of).collect(),
        }
    }
}

impl DraftAttachmentMetadata {
    fn of(a: &DraftAttachment) -> Self {
        Self {
            part_index: a.part,
            filename: a.filename.clone(),
            content_type: a.content_type.clone(),
            size: a.size,
            content_id: a.content_id.clone(),
            is_inline: a.content_id.is_some(),
        }
    }
}

/// A new draft. All of it may be missing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what NewDraft reads")]
pub struct DraftCreate {
    recipients: Option<Recipients>,
    #[schema(max_length = 998)]
    subject: Option<String>,
    body_text: Option<String>,
    body_html: Option<String>,
    reply_to: Option<String>,
    /// The thread that it joins, as an answer to its newest message.
    #[schema(format = "uuid")]
    thread_id: Option<String>,
    /// The Message-ID of the message that this one answers, or its id.
    in_reply_to_message_id: Option<String>,
    references: Option<Vec<String>>,
    attachments: Option<Vec<AttachmentSend>>,
    track_opens: Option<bool>,
    /// The message that it forwards.
    #[schema(format = "uuid")]
    forward_message_id: Option<String>,
    /// inline or wrapped; default inline.
    forward_mode: Option<String>,
    /// What stands above the forwarded message.
    forward_note_text: Option<String>,
    forward_note_html: Option<String>,
    /// Default true; of inline forwards only.
    include_original_attachments: Option<bool>,
}

/// A change: what is absent stays, what is null is cleared.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what DraftChange reads")]
pub struct DraftUpdate {
    /// The generation that the caller saw.
    generation: i64,
    /// Replaced as a whole.
    recipients: Option<Recipients>,
    #[schema(max_length = 998)]
    subject: Option<String>,
    body_text: Option<String>,
    body_html: Option<String>,
    reply_to: Option<String>,
    #[schema(format = "uuid")]
    thread_id: Option<String>,
    in_reply_to_message_id: Option<String>,
    references: Option<Vec<String>>,
    track_opens: Option<bool>,
    forward_note_text: Option<String>,
    forward_note_html: Option<String>,
}

/// Which generation of a draft is meant.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_generation takes")]
pub struct DraftGeneration {
    generation: i64,
}

/// Attachments to be added.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_more takes")]
pub struct DraftAttachments {
    generation: i64,
    attachments: Vec<AttachmentSend>,
}

/// What may change of a draft.
#[derive(Clone, Debug, Default)]
pub struct DraftFields {
    pub recipients: Patch<To>,
    pub subject: Patch<String>,
    pub text: Patch<String>,
    pub html: Patch<String>,
    pub reply_to: Patch<String>,
    pub thread_id: Patch<String>,
    pub in_reply_to: Patch<String>,
    pub references: Patch<Vec<String>>,
    pub track_opens: Patch<bool>,
    pub note_text: Patch<String>,
    pub note_html: Patch<String>,
}

impl DraftFields {
    fn read(f: &mut Fields) -> Self {
        Self {
            recipients: f.patch("recipients", check_recipients),
            subject: f.patch_text("subject", 0..=SUBJECT_CHARS_MAX),
            text: f.patch("body_text", |f, v| check_body(f, "body_text", v)),
            html: f.patch("body_html", |f, v| check_body(f, "body_html", v)),
            reply_to: f.patch_text("reply_to", 1..=ADDRESS_CHARS_MAX),
            thread_id: f.patch_text("thread_id", 1..=SUBJECT_CHARS_MAX),
            in_reply_to: f.patch_text("in_reply_to_message_id", 1..=SUBJECT_CHARS_MAX),
            references: f.patch("references", check_references),
            track_opens: f.patch("track_opens", |f, value| {
                if value.as_bool().is_none() {
                    f.problem("track_opens", "invalid", "track_opens must be true or false");
                }
                value.as_bool()
            }),
            note_text: f.patch("forward_note_text", |f, v| check_body(f, "forward_note_text", v)),
            note_html: f.patch("forward_note_html", |f, v| check_body(f, "forward_note_html", v)),
        }
    }
}

fn check_references(f: &mut Fields, value: Value) -> Option<Vec<String>> {
    let items = match value {
        Value::Array(items) if items.len() <= REFERENCES_MAX => items,
        _ => {
            let rule = format!("references must be a list of at most {REFERENCES_MAX} Message-IDs");
            f.problem("references", "invalid", rule);
            return None;
        }
    };
    let items = items.into_iter().enumerate();
    let read =
        |(place, item)| f.item_text(&format!("references/{place}"), item, 1..=SUBJECT_CHARS_MAX);
    Some(items.filter_map(read).collect())
}

/// What a [`DraftCreate`] says.
#[derive(Clone, Debug)]
pub struct NewDraft {
    pub fields: DraftFields,
    pub attachments: Vec<NewAttachment>,
    pub forward_message_id: Option<String>,
    pub forward_mode: ForwardMode,
    pub include_original_attachments: bool,
}

impl NewDraft {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let mode = f.opt_parsed("forward_mode", ForwardMode::parse, "inline or wrapped");
        let input = Self {
            fields: DraftFields::read(&mut f),
            attachments: read_attachments(&mut f, "attachments"),
            forward_message_id: f.opt_text("forward_message_id", 1..=SUBJECT_CHARS_MAX),
            forward_mode: mode.unwrap_or(ForwardMode::Inline),
            include_original_attachments: f.bool("include_original_attachments", true),
        };
        f.finish()?;
        Ok(input)
    }
}

/// What a [`DraftUpdate`] says.
#[derive(Clone, Debug)]
pub struct DraftChange {
    pub generation: i64,
    pub fields: DraftFields,
}

impl DraftChange {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let input = Self { generation: generation(&mut f), fields: DraftFields::read(&mut f) };
        f.finish()?;
        Ok(input)
    }
}

/// Reads a [`DraftGeneration`].
pub fn read_generation(body: Value) -> Result<i64> {
    let mut f = Fields::lenient(body)?;
    let generation = generation(&mut f);
    f.finish()?;
    Ok(generation)
}

/// Reads a [`DraftAttachments`]: the generation, and at least one attachment.
pub fn read_more(body: Value) -> Result<(i64, Vec<NewAttachment>)> {
    let mut f = Fields::lenient(body)?;
    let generation = generation(&mut f);
    let attachments = read_attachments(&mut f, "attachments");
    if attachments.is_empty() || attachments.len() > ATTACHMENTS_MAX {
        let rule = format!("attachments has 1 to {ATTACHMENTS_MAX} items");
        f.problem("attachments", "required", rule);
    }
    f.finish()?;
    Ok((generation, attachments))
}

fn generation(f: &mut Fields) -> i64 {
    f.integer("generation", 1..=i64::MAX).unwrap_or_default()
}
