//! Writing a message: all that we use of the crate `mail-builder`.
//!
//! The crate lets line breaks through in ids, header names and content types (engine 2.4), so every value
//! passes the grammar of this crate before it, and the bytes are read again after it: `build_check` compares
//! what came out with what was meant. The same input makes the same bytes.

use domain::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address as BuilderAddress;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use crate::address::{Address, Mailbox};
use crate::attachment::{self, Attachment, AttachmentProblem, Body};
use crate::build_check;
use crate::{filename, message_id, text};

/// Characters of a subject (email-api 6.5).
pub const SUBJECT_CHARS_MAX: usize = 998;
/// Characters of a display name.
pub const NAME_CHARS_MAX: usize = 255;
/// Recipients in one header field. The entrance takes far fewer.
pub const RECIPIENTS_MAX: usize = 1_000;
/// Bytes of a line without its break (RFC 5322 2.1.1).
pub(crate) const LINE_BYTES_MAX: usize = 998;

/// A message to write. Bcc is not among the fields, so it can't enter the bytes (M-12).
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// With its brackets.
    pub message_id: &'a str,
    pub date: Timestamp,
    pub from: &'a Mailbox,
    pub to: &'a [Address],
    pub cc: &'a [Address],
    pub reply_to: Option<&'a Address>,
    /// No Subject field is written for an empty one.
    pub subject: &'a str,
    pub text: Option<&'a str>,
    pub html: Option<&'a str>,
    pub in_reply_to: Option<&'a str>,
    pub references: &'a [String],
    pub attachments: &'a [Attachment],
    /// Adds `Auto-Submitted: auto-generated` (RFC 3834).
    pub auto_submitted: bool,
    /// A whole message to attach as `message/rfc822`, as for a wrapped forward.
    pub wrapped: Option<&'a [u8]>,
}

/// Why a message is not written. All but the last two are for the caller to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildProblem {
    #[error("the message id is not of the form <id>, without spaces or inner brackets")]
    MessageId,
    #[error("the id of the message that is answered is not of the form <id>")]
    InReplyTo,
    #[error("a reference is not of the form <id>, or there are more than 100")]
    References,
    #[error("the display name holds control characters or is longer than 255 characters")]
    Name,
    #[error("the subject holds control characters or is longer than 998 characters")]
    Subject,
    #[error("there are more than 1,000 recipients in one field")]
    TooManyRecipients,
    #[error("attachment {place}: {problem}")]
    Attachment { place: usize, problem: AttachmentProblem },
    #[error("the message is larger than 50 MiB")]
    TooLarge,
    #[error("the built message does not say what it was meant to say: {0}")]
    Mismatch(&'static str),
}

/// Writes a message, with CRLF as its only line break.
///
/// `Mismatch` means a fault of the builder or of this crate and is worth an alarm; nothing may be sent then.
pub fn build(outgoing: &Outgoing<'_>) -> Result<Vec<u8>, BuildProblem> {
    check_fields(outgoing)?;
    let body = if outgoing.html.is_some() { Body::Html } else { Body::NoHtml };
    attachment::check(outgoing.attachments, body)
        .map_err(|(place, problem)| BuildProblem::Attachment { place, problem })?;

    let boundaries = Boundaries::of(outgoing);
    let mut message = MessageBuilder::new();
    for (name, value) in fields(outgoing) {
        message = message.header(name, value);
    }
    let mut bytes = Vec::new();
    message.body(body_of(outgoing, &boundaries)).serialize(&mut bytes);
    build_check::check(outgoing, &bytes)?;
    Ok(bytes)
}

fn check_fields(outgoing: &Outgoing<'_>) -> Result<(), BuildProblem> {
    if !message_id::is_message_id(outgoing.message_id) {
        return Err(BuildProblem::MessageId);
    }
    if outgoing.in_reply_to.is_some_and(|id| !message_id::is_message_id(id)) {
        return Err(BuildProblem::InReplyTo);
    }
    let n_references = outgoing.references.len();
    if n_references > message_id::IDS_MAX
        || !outgoing.references.iter().all(|id| message_id::is_message_id(id))
    {
        return Err(BuildProblem::References);
    }
    let is_line = |text: &str, chars_max: usize| {
        !text.chars().any(char::is_control) && text.chars().count() <= chars_max
    };
    if outgoing.from.name.as_ref().is_some_and(|name| !is_line(name, NAME_CHARS_MAX)) {
        return Err(BuildProblem::Name);
    }
    if !is_line(outgoing.subject, SUBJECT_CHARS_MAX) {
        return Err(BuildProblem::Subject);
    }
    if outgoing.to.len().max(outgoing.cc.len()) > RECIPIENTS_MAX {
        return Err(BuildProblem::TooManyRecipients);
    }
    Ok(())
}

type Value<'a> = mail_builder::headers::HeaderType<'a>;

/// The header fields in the order in which they are written.
fn fields<'a>(outgoing: &Outgoing<'a>) -> Vec<(&'static str, Value<'a>)> {
    let list = |addresses: &'a [Address]| -> Value<'a> {
        BuilderAddress::new_list(addresses.iter().map(|a| bare(a)).collect()).into()
    };
    let id = |id: &'a str| -> Value<'a> { MessageId::new(without_brackets(id)).into() };
    let name = outgoing.from.name.as_deref().filter(|name| !name.trim().is_empty());
    let from = outgoing.from.address.as_str();
    let from: Value<'a> = match name.filter(|name| text::looks_encoded(name)) {
        Some(name) => Raw::new(format!("{} <{from}>", text::encoded_words(name))).into(),
        None => BuilderAddress::new_address(name, from).into(),
    };

    let mut fields: Vec<(&'static str, Value<'a>)> = vec![("From", from)];
    if !outgoing.to.is_empty() {
        fields.push(("To", list(outgoing.to)));
    } else if outgoing.cc.is_empty() {
        // Only hidden recipients: some receivers refuse a message that names none (RFC 5322 3.6.3).
        fields.push(("To", Raw::new("undisclosed-recipients:;").into()));
    }
    if !outgoing.cc.is_empty() {
        fields.push(("Cc", list(outgoing.cc)));
    }
    if let Some(reply_to) = outgoing.reply_to {
        fields.push(("Reply-To", bare(reply_to).into()));
    }
    match outgoing.subject.trim() {
        "" => {}
        subject if text::looks_encoded(subject) => {
            fields.push(("Subject", Raw::new(text::encoded_words(subject)).into()));
        }
        subject => fields.push(("Subject", Text::new(subject).into())),
    }
    fields.push(("Date", Date::new(outgoing.date.seconds()).into()));
    fields.push(("Message-ID", id(outgoing.message_id)));
    if let Some(parent) = outgoing.in_reply_to {
        fields.push(("In-Reply-To", id(parent)));
    }
    if !outgoing.references.is_empty() {
        let ids = outgoing.references.iter().map(|id| without_brackets(id));
        fields.push(("References", MessageId::new_list(ids).into()));
    }
    if outgoing.auto_submitted {
        fields.push(("Auto-Submitted", Raw::new("auto-generated").into()));
    }
    fields
}

fn bare(address: &Address) -> BuilderAddress<'_> {
    BuilderAddress::new_address(None::<&str>, address.as_str())
}

fn without_brackets(id: &str) -> &str {
    id.trim_start_matches('<').trim_end_matches('>')
}

/// The parts: text and HTML as alternatives, images with the HTML that shows them, the rest beside them.
fn body_of<'a>(outgoing: &Outgoing<'a>, boundaries: &Boundaries) -> MimePart<'a> {
    let (inline, attached): (Vec<&'a Attachment>, Vec<&'a Attachment>) =
        outgoing.attachments.iter().partition(|attachment| attachment.content_id.is_some());

    let html = outgoing.html.map(|html| MimePart::new("text/html", with_crlf(html)));
    let html = html.map(|html| {
        if inline.is_empty() {
            return html;
        }
        let images = inline.iter().map(|image| file(image));
        boundaries.multipart("related", std::iter::once(html).chain(images).collect())
    });
    let text = outgoing.text.map(|text| MimePart::new("text/plain", with_crlf(text)));
    let words = match (text, html) {
        (Some(text), Some(html)) => boundaries.multipart("alternative", vec![text, html]),
        (Some(words), None) | (None, Some(words)) => words,
        (None, None) => MimePart::new("text/plain", "\r\n"),
    };
    let mut parts = vec![words];
    parts.extend(attached.into_iter().map(file));
    parts.extend(outgoing.wrapped.map(wrapped));
    if parts.len() == 1 { parts.remove(0) } else { boundaries.multipart("mixed", parts) }
}

/// A file as base64, also where it is text: its bytes arrive as they are.
fn file(attachment: &Attachment) -> MimePart<'_> {
    let name = filename::sanitise(&attachment.filename).unwrap_or_else(|| "attachment".to_owned());
    let disposition = if attachment.content_id.is_some() { "inline" } else { "attachment" };
    // Given as a raw value, because the builder would write a type text/… as text.
    let part = MimePart::raw(BodyPart::Binary(attachment.bytes.as_ref().into()))
        .header("Content-Type", Raw::new(attachment.content_type.as_str()))
        .header("Content-Disposition", ContentType::new(disposition).attribute("filename", name));
    match &attachment.content_id {
        Some(id) => part.header("Content-ID", MessageId::new(id.as_str())),
        None => part,
    }
}

/// An original message as it is where that can travel, with its line breaks mended where only they cannot
/// (engine 5.4), and as base64 where its lines are too long for any relay.
fn wrapped(raw: &[u8]) -> MimePart<'_> {
    let original: std::borrow::Cow<'_, [u8]> =
        if has_bare_break(raw) { crlf_bytes(raw).into() } else { raw.into() };
    let is_long = original.split(|&b| b == b'\n').any(|line| line.len() > LINE_BYTES_MAX);
    let encoding = match (is_long || memchr::memchr(0, &original).is_some(), original.is_ascii()) {
        (true, _) => None,
        (false, true) => Some("7bit"),
        (false, false) => Some("8bit"),
    };
    let part = MimePart::raw(BodyPart::Binary(original))
        .header("Content-Type", Raw::new("message/rfc822"))
        .header(
            "Content-Disposition",
            ContentType::new("attachment").attribute("filename", "original.eml"),
        );
    match encoding {
        Some(encoding) => part.transfer_encoding(encoding),
        None => part,
    }
}

/// Whether a CR or an LF stands alone.
pub(crate) fn has_bare_break(bytes: &[u8]) -> bool {
    let mut n_feeds = 0;
    for place in memchr::memchr_iter(b'\n', bytes) {
        n_feeds += 1;
        if place == 0 || bytes[place - 1] != b'\r' {
            return true;
        }
    }
    memchr::memchr_iter(b'\r', bytes).count() != n_feeds
}

fn crlf_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    let mut before = 0;
    for &byte in bytes {
        match (before, byte) {
            (b'\r', b'\n') => {}
            (_, b'\r' | b'\n') => mended.extend_from_slice(b"\r\n"),
            _ => mended.push(byte),
        }
        before = byte;
    }
    mended
}

/// Text with CRLF as its only line break and without NUL.
fn with_crlf(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + text.len() / 32 + 2);
    let mut before = ' ';
    for letter in text.chars() {
        match (before, letter) {
            ('\r', '\n') | (_, '\0') => {}
            (_, '\r' | '\n') => lines.push_str("\r\n"),
            _ => lines.push(letter),
        }
        before = letter;
    }
    if !lines.ends_with("\r\n") {
        lines.push_str("\r\n");
    }
    lines
}

/// Makes boundaries that no part can hold: they come out of a hash over the parts themselves.
struct Boundaries {
    stem: String,
}

impl Boundaries {
    fn of(outgoing: &Outgoing<'_>) -> Self {
        let mut hash = Sha256::new();
        let text = outgoing.text.unwrap_or_default().as_bytes();
        let html = outgoing.html.unwrap_or_default().as_bytes();
        let wrapped = outgoing.wrapped.unwrap_or_default();
        for piece in [outgoing.message_id.as_bytes(), text, html, wrapped] {
            hash.update(piece);
            hash.update([0]);
        }
        let stem = hash.finalize().iter().take(15).map(|byte| format!("{byte:02x}")).collect();
        Self { stem }
    }

    fn multipart<'a>(&self, subtype: &'static str, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
        // `=_` can't stand in quoted-printable or base64 (RFC 2045 6.7).
        let boundary = format!("=_{}_{subtype}", self.stem);
        let kind = ContentType::new(format!("multipart/{subtype}")).attribute("boundary", boundary);
        MimePart::new(kind, parts)
    }
}

#[cfg(test)]
mod tests;
