//! The body that answers all of a message (email-api.md 6.6).

use domain::Result;
use domain::email::message::SUBJECT_CHARS_MAX;
use serde_json::Value;
use utoipa::ToSchema;

use super::parts::{ADDRESS_CHARS_MAX, AttachmentSend, NewAttachment, read_attachments, read_body};
use crate::reader::Fields;

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
