//! The body that sends a message (email-api.md 6.5).

use domain::Result;
use domain::email::message::SUBJECT_CHARS_MAX;
use serde_json::Value;
use utoipa::ToSchema;

use super::parts::{
    ADDRESS_CHARS_MAX, AttachmentSend, NewAttachment, Recipients, To, read_attachments, read_body,
    read_recipients,
};
use crate::reader::Fields;

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
