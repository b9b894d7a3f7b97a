//! What a forward takes from the message it forwards: the subject, the words below the note, the files.
//!
//! A wrapped forward takes the original whole, see [`crate::Outgoing::wrapped`].

use std::collections::HashSet;

use bytes::Bytes;
use domain::Timestamp;

use crate::address::Mailbox;
use crate::attachment::{self, Attachment};
use crate::build::SUBJECT_CHARS_MAX;
use crate::parse::{self, Parsed};
use crate::reply::starts_with_word;
use crate::{html, text};

/// Mailboxes of the original that are named in one line; the rest are counted.
const NAMED_MAX: usize = 100;

/// The words of a forward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    pub text: String,
    /// Present when the note or the original has HTML.
    pub html: Option<String>,
}

/// The subject of a forward: `Fwd: ` and the original, unless that begins with `Fwd:` or `Fw:` in any
/// casing; at most 998 characters (checklist 19).
pub fn subject(original: Option<&str>) -> String {
    let original = original.unwrap_or_default().trim();
    let has_prefix = starts_with_word(original, "fwd:") || starts_with_word(original, "fw:");
    let subject = if has_prefix { original.to_owned() } else { format!("Fwd: {original}") };
    text::cut(&subject, SUBJECT_CHARS_MAX).text.trim_end().to_owned()
}

/// The note, then the original below a block that says where it comes from.
///
/// Bodies are those of [`Parsed`], so an original beyond its limits is quoted as far as it was read; a
/// wrapped forward keeps all of it.
pub fn inline(note_text: Option<&str>, note_html: Option<&str>, original: &Parsed) -> Quoted {
    let source = source(original);
    let body = original.body.as_deref().unwrap_or_default();
    let note_as_text = note_text
        .map(str::to_owned)
        .or_else(|| note_html.map(|note| html::to_text(note, html::Links::Shown).text));
    let mut text = note_as_text.unwrap_or_default().trim_end().to_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(&source.text());
    text.push_str(body);

    let has_html = note_html.is_some() || original.html.is_some();
    let html = has_html.then(|| {
        let note = note_html.map(str::to_owned);
        let note =
            note.or_else(|| note_text.map(|note| format!("<div>{}</div>", html::from_text(note))));
        let words = original.html.clone().unwrap_or_else(|| html::from_text(body));
        let note = note.unwrap_or_default();
        format!("{note}<br>\n<div class=\"gmail_quote\">{}<br>\n{words}</div>\n", source.html())
    });
    Quoted { text, html }
}

/// The files of the original, as they go out with an inline forward: names and types as we write them, a
/// content id only where the HTML can use it.
pub fn attachments(raw: &[u8], original: &Parsed) -> Vec<Attachment> {
    let mut ids = HashSet::new();
    let mut files = Vec::new();
    for (part, bytes) in parse::with_bytes(raw, &original.parts) {
        let kind = attachment::content_type(&part.content_type);
        let content_type = kind.unwrap_or_else(|_| "application/octet-stream".to_owned());
        let id = part.content_id.clone().filter(|id| {
            part.is_inline
                && original.html.is_some()
                && content_type.starts_with("image/")
                && attachment::is_content_id(id)
                && ids.insert(id.clone())
        });
        let filename = part.filename.clone();
        files.push(Attachment {
            filename: filename.unwrap_or_else(|| default_name(&content_type).to_owned()),
            content_type,
            content_id: id,
            bytes: Bytes::from(bytes),
        });
    }
    files
}

/// What a part without a name is called.
fn default_name(content_type: &str) -> &'static str {
    match content_type {
        "message/rfc822" => "message.eml",
        "text/calendar" => "invite.ics",
        "image/png" => "image.png",
        "image/jpeg" => "image.jpg",
        _ => "attachment",
    }
}

/// Where an original comes from, line by line.
struct Source(Vec<(&'static str, String)>);

impl Source {
    fn text(&self) -> String {
        let mut text = "---------- Forwarded message ---------\n".to_owned();
        for (name, value) in &self.0 {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        text.push('\n');
        text
    }

    fn html(&self) -> String {
        let mut text = "<div>---------- Forwarded message ---------<br>\n".to_owned();
        for (name, value) in &self.0 {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(&html::from_text(value));
            text.push_str("<br>\n");
        }
        text.push_str("</div>");
        text
    }
}

fn source(original: &Parsed) -> Source {
    let mut lines = vec![("From", named(&original.from))];
    if let Some(date) = original.date {
        lines.push(("Date", written(date)));
    }
    lines.push(("Subject", original.subject.clone().unwrap_or_default()));
    lines.push(("To", named(&original.to)));
    lines.push(("Cc", named(&original.cc)));
    lines.retain(|(_, value)| !value.is_empty());
    Source(lines)
}

fn written(date: Timestamp) -> String {
    date.civil("UTC").strftime("%a, %-d %b %Y at %H:%M UTC").to_string()
}

fn named(mailboxes: &[Mailbox]) -> String {
    let named = mailboxes.iter().take(NAMED_MAX).map(|mailbox| match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.to_string(),
    });
    let text = named.collect::<Vec<_>>().join(", ");
    match mailboxes.len().checked_sub(NAMED_MAX) {
        None | Some(0) => text,
        Some(n_more) => format!("{text} and {n_more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{attachments, inline, subject};
    use crate::attachment::{Body, check};
    use crate::parse::parse;

    #[test]
    fn case_19_the_prefix_is_not_doubled() {
        for (original, forward) in [
            (Some("x"), "Fwd: x"),
            (Some("Fwd: x"), "Fwd: x"),
            (Some("FW: x"), "FW: x"),
            (Some("fw: x"), "fw: x"),
            (Some("Forward x"), "Fwd: Forward x"),
            (None, "Fwd:"),
        ] {
            assert_eq!(subject(original), forward);
        }
    }

    #[test]
    fn the_note_stands_above_the_original() {
        let raw = b"From: Ann <ann@a.example>\nTo: desk@mail.test\nSubject: Order <881>\n\
            Date: Wed, 1 Jul 2026 11:30:15 +0200\n\nhello & bye\n";
        let original = parse(raw).unwrap();
        let quoted = inline(Some("See below."), None, &original);
        assert_eq!(
            quoted.text,
            "See below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@a.example>\n\
             Date: Wed, 1 Jul 2026 at 09:30 UTC\nSubject: Order <881>\nTo: desk@mail.test\n\nhello & bye"
        );
        assert_eq!(quoted.html, None);
        let html = inline(None, Some("<b>See</b>"), &original).html.unwrap();
        assert!(html.starts_with("<b>See</b><br>"), "{html}");
        assert!(html.contains("Subject: Order &lt;881&gt;<br>"), "{html}");
        assert!(html.contains("hello &amp; bye"), "{html}");
    }

    #[test]
    fn the_files_of_an_original_pass_our_own_rules() {
        let raw = b"From: a@b.example\nContent-Type: multipart/related; boundary=r\n\n--r\n\
            Content-Type: text/html\n\n<img src=cid:i>\n--r\nContent-Type: image/png\nContent-ID: <i>\n\nx\n\
            --r\nContent-Type: image/png; name=\"two.png\"\nContent-ID: <i>\n\ny\n--r\n\
            Content-Type: strange\nContent-Disposition: attachment\n\nz\n--r--\n";
        let original = parse(raw).unwrap();
        let files = attachments(raw, &original);
        check(&files, Body::Html).unwrap();
        let shown: Vec<_> =
            files.iter().map(|f| (f.filename.as_str(), f.content_id.as_deref())).collect();
        assert_eq!(shown, [("image.png", Some("i")), ("two.png", None), ("attachment", None)]);
    }
}
