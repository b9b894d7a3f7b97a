//! The body that forwards a message (email-api.md 6.7).

use domain::Result;
use domain::email::message::SUBJECT_CHARS_MAX;
use serde_json::Value;
use utoipa::ToSchema;

use super::parts::{
    ADDRESS_CHARS_MAX, AttachmentSend, NewAttachment, Recipients, To, read_attachments, read_body,
    read_recipients,
};
use crate::reader::Fields;

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
