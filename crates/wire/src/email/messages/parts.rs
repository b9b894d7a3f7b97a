//! What the bodies that send have in common: recipients, texts and attachments (email-api.md 6.5 to 6.7).

use domain::email::message::RECIPIENTS_MAX;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Characters of one form of a text.
pub const BODY_CHARS_MAX: usize = 1 << 20;
/// Attachments of one message.
pub const ATTACHMENTS_MAX: usize = 100;
/// Characters of an address.
pub(crate) const ADDRESS_CHARS_MAX: usize = 320;

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
