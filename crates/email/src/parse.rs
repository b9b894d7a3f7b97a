//! Reading a message: its header, its bodies as text, and what is attached.
//!
//! The raw bytes are never changed. Where parts lie is found in `scan`, what they are for in `bodies`; their
//! text is decoded in `decoder`, values are read in `field` and `address_list`. Every step is linear in the size of the message.

use domain::Timestamp;

use crate::address::Mailbox;
use crate::auto::Auto;
use crate::bodies::Bodies;
use crate::decoder::Decoder;
use crate::header::{Header, HeaderProblem};
use crate::html::{self, Links};
use crate::scan::Structure;
use crate::{address_list, field, filename, message_id, quote, text};

/// Bytes of a message (engine 5.1).
pub const MESSAGE_BYTES_MAX: usize = 50 * 1_024 * 1_024;
/// Bytes of the text and of the HTML that are kept, each (engine 4.5).
pub const BODY_BYTES_MAX: usize = 1_024 * 1_024;
/// Bytes of HTML that the snippet is made from.
const SNIPPET_HTML_BYTES_MAX: usize = 64 * 1_024;
/// Bytes of a subject that are kept: 998 characters of four bytes.
const SUBJECT_BYTES_MAX: usize = 3_992;

/// What a message says.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// With its brackets; `None` when missing or malformed.
    pub message_id: Option<String>,
    /// As they stand, at most [`message_id::IDS_MAX`]; likewise the references, oldest first.
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    /// The mailboxes of the first From field.
    pub from: Vec<Mailbox>,
    /// How many From fields there are. Anything but one, or an empty `from`, is malformed (engine 5.3).
    pub from_fields: usize,
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: Option<String>,
    pub date: Option<Timestamp>,
    /// The plain text that the message brought, lines ended by LF.
    pub text: Option<String>,
    pub html: Option<String>,
    /// The text, else the text of the HTML; `None` when there is neither (B-3, B-5).
    pub body: Option<String>,
    /// Whether the body was made from HTML.
    pub body_is_derived: bool,
    /// The start of what is new in the body, on one line (B-6).
    pub snippet: Option<String>,
    /// Attachments and inline parts in order.
    pub parts: Vec<Part>,
    pub auto: Auto,
    /// Whether a limit left out parts, or some of the text or the HTML.
    pub is_truncated: bool,
    /// Whether the HTML is too large, too deep or too crowded to be rendered or sanitised (engine 5.2).
    pub html_is_unsafe: bool,
}

/// Something attached to a message or shown in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Names the part for [`part_bytes`]; the same for the same raw bytes.
    pub index: usize,
    /// Sanitised (engine 5.1).
    pub filename: Option<String>,
    /// `type/subtype` in lower case, without parameters.
    pub content_type: String,
    /// Without brackets.
    pub content_id: Option<String>,
    /// Whether the HTML shows the part through its content id, rather than it being attached.
    pub is_inline: bool,
    /// Decoded bytes.
    pub size: usize,
}

impl Part {
    /// Its name, or one made from its place.
    pub fn shown_name(&self) -> String {
        self.filename.clone().unwrap_or_else(|| format!("part-{}", self.index))
    }
}

/// Why a message is not read. Each is for the sender to mend (engine 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    #[error("the message is larger than 50 MiB")]
    TooLarge,
    #[error("the header of the message is larger than 256 KiB")]
    HeaderTooLarge,
    #[error("the message has more than 1,000 header fields")]
    TooManyFields,
    #[error("the message has no header field")]
    NoHeader,
}

impl Parsed {
    /// Whether something is attached. Parts that the HTML shows through a content id don't count.
    pub fn has_attachments(&self) -> bool {
        self.parts.iter().any(|part| !part.is_inline)
    }

    /// The one sender, where From is as it should be: one field with at least one mailbox (engine 5.3).
    pub fn sender(&self) -> Option<&Mailbox> {
        if self.from_fields == 1 { self.from.first() } else { None }
    }
}

/// Reads a message. Never panics; the time it takes is linear in the size.
pub fn parse(raw: &[u8]) -> Result<Parsed, ParseProblem> {
    let header = read_header(raw)?;
    let structure = Structure::read(raw, &header);
    let bodies = Bodies::of(&structure);
    let subject = header.first("subject").and_then(subject);
    let written = Written::read(raw, &structure, &bodies, subject.as_deref());

    let mailboxes = |name: &str| -> Vec<Mailbox> {
        let mut found: Vec<Mailbox> = header.all(name).flat_map(address_list::read).collect();
        found.truncate(address_list::MAILBOXES_MAX);
        found
    };
    let ids = |name: &str| header.first(name).map(message_id::read).unwrap_or_default();
    let parts = bodies.attachments.iter().map(|&place| part(raw, place, &structure)).collect();
    Ok(Parsed {
        message_id: ids("message-id").into_iter().next(),
        in_reply_to: ids("in-reply-to"),
        references: ids("references"),
        from: header.first("from").map(address_list::read).unwrap_or_default(),
        from_fields: header.all("from").count(),
        reply_to: mailboxes("reply-to"),
        to: mailboxes("to"),
        cc: mailboxes("cc"),
        subject,
        date: header.first("date").and_then(field::date),
        text: written.text,
        html: written.html,
        body: written.body,
        body_is_derived: written.body_is_derived,
        snippet: written.snippet,
        parts,
        auto: Auto::read(&header),
        is_truncated: structure.is_truncated || written.is_truncated,
        html_is_unsafe: written.html_is_unsafe,
    })
}

/// The decoded bytes of a part of [`Parsed::parts`], by its index; `None` when there is none such.
pub fn part_bytes(raw: &[u8], index: usize) -> Option<Vec<u8>> {
    let header = read_header(raw).ok()?;
    let structure = Structure::read(raw, &header);
    let entity = structure.entities.get(index).filter(|entity| !entity.is_multipart)?;
    Some(entity.transfer.decode(&raw[entity.body.clone()]).into_owned())
}

/// The parts of a message with their decoded bytes, found in one pass for all of them.
pub(crate) fn with_bytes<'a>(raw: &[u8], parts: &'a [Part]) -> Vec<(&'a Part, Vec<u8>)> {
    let Ok(header) = read_header(raw) else { return Vec::new() };
    let structure = Structure::read(raw, &header);
    let decoded = |part: &'a Part| {
        let entity = structure.entities.get(part.index).filter(|entity| !entity.is_multipart)?;
        Some((part, entity.transfer.decode(&raw[entity.body.clone()]).into_owned()))
    };
    parts.iter().filter_map(decoded).collect()
}

fn read_header(raw: &[u8]) -> Result<Header<'_>, ParseProblem> {
    if raw.len() > MESSAGE_BYTES_MAX {
        return Err(ParseProblem::TooLarge);
    }
    let header = Header::read(raw).map_err(|problem| match problem {
        HeaderProblem::TooManyFields => ParseProblem::TooManyFields,
        HeaderProblem::TooManyBytes => ParseProblem::HeaderTooLarge,
    })?;
    if header.fields.is_empty() { Err(ParseProblem::NoHeader) } else { Ok(header) }
}

fn subject(value: &[u8]) -> Option<String> {
    let text = field::text(value);
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text::cap(&mut line, SUBJECT_BYTES_MAX);
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn part(raw: &[u8], place: usize, structure: &Structure) -> Part {
    let entity = &structure.entities[place];
    let named = entity.disposition.as_ref().and_then(|d| d.parameter("filename"));
    let named = named.or_else(|| entity.kind.parameter("name"));
    let is_attachment = entity.disposition.as_ref().is_some_and(|d| d.word == "attachment");
    let in_related = entity
        .parent
        .is_some_and(|parent| structure.entities[parent].kind.word == "multipart/related");
    let is_shown = in_related || entity.kind.word.starts_with("image/");
    Part {
        index: place,
        filename: named.and_then(filename::sanitise),
        content_type: entity.kind.word.clone(),
        content_id: entity.content_id.clone(),
        is_inline: entity.content_id.is_some() && is_shown && !is_attachment,
        size: entity.transfer.decoded_len(&raw[entity.body.clone()]),
    }
}

/// The words of a message.
struct Written {
    text: Option<String>,
    html: Option<String>,
    body: Option<String>,
    body_is_derived: bool,
    snippet: Option<String>,
    is_truncated: bool,
    html_is_unsafe: bool,
}

impl Written {
    fn read(raw: &[u8], structure: &Structure, bodies: &Bodies, subject: Option<&str>) -> Self {
        let is_html = |place: &usize| structure.entities[*place].kind.word == "text/html";
        let mut decoder = Decoder::new(raw, structure);
        let html: Vec<(bool, String)> = if bodies.html.iter().any(is_html) {
            let texts = decoder.body(bodies.html.iter().copied());
            bodies.html.iter().map(is_html).zip(texts).collect()
        } else {
            Vec::new()
        };
        let text = decoder.body(bodies.text.iter().copied().filter(|place| !is_html(place)));

        let text = (!text.is_empty()).then(|| text::tidied(&text.join("\n")));
        let html = (!html.is_empty()).then(|| text::tidied(&joined_html(html)));
        let mut written = Self::with(text, html, subject);
        written.is_truncated |= decoder.is_truncated;
        written
    }

    fn with(mut text: Option<String>, mut html: Option<String>, subject: Option<&str>) -> Self {
        let converted = html.as_deref().map(|html| html::to_text(html, Links::Shown));
        let html_is_unsafe = converted.as_ref().is_some_and(|converted| converted.is_unsafe);
        let mut is_truncated = text.as_mut().is_some_and(|text| text::cap(text, BODY_BYTES_MAX));
        is_truncated |= html.as_mut().is_some_and(|html| text::cap(html, BODY_BYTES_MAX));

        let has_text = text.as_ref().is_some_and(|text| !text.is_empty());
        let derived = converted.filter(|converted| !has_text && !converted.text.is_empty());
        let body_is_derived = derived.is_some();
        let (body, snippet) = match derived {
            Some(mut derived) => {
                is_truncated |= derived.is_truncated | text::cap(&mut derived.text, BODY_BYTES_MAX);
                (
                    Some(derived.text),
                    html.as_deref().and_then(|html| snippet_of_html(html, subject)),
                )
            }
            None => (text.clone(), text.as_deref().and_then(|text| snippet(text, subject))),
        };
        Self { text, html, body, body_is_derived, snippet, is_truncated, html_is_unsafe }
    }
}

/// The snippet of HTML leaves the addresses of links out, which would fill it.
fn snippet_of_html(html: &str, subject: Option<&str>) -> Option<String> {
    let start = &html[..html.floor_char_boundary(SNIPPET_HTML_BYTES_MAX)];
    snippet(&html::to_text(start, Links::Hidden).text, subject)
}

/// The snippet shows what is new in a message (engine 4.5).
fn snippet(body: &str, subject: Option<&str>) -> Option<String> {
    text::snippet(&quote::reply_text(body, subject))
}

/// The bodies of HTML one after another; plain text between them is shown as it is.
fn joined_html(bodies: Vec<(bool, String)>) -> String {
    let shown = bodies.into_iter().map(|(is_html, body)| {
        if is_html { body } else { format!("<div>{}</div>", html::from_text(body.trim_end())) }
    });
    shown.collect::<Vec<_>>().join("\n")
}
