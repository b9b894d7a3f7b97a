//! What holds for any bytes at all: nothing panics, limits hold, what was read can be answered and forwarded,
//! and what was built says what it was built from. Corpora and mutated samples are held to it.

use domain::Timestamp;
use email::attachment::AttachmentProblem;
use email::build::NAME_CHARS_MAX;
use email::html::{self, Links};
use email::reply::{self, Answered};
use email::text::{self, SNIPPET_CHARS_MAX};
use email::{
    Address, Attachment, BuildProblem, Mailbox, Outgoing, Parsed, build, forward, message_id,
    parse, part_bytes, quote, thread, vcard, words,
};

const BODY_BYTES_MAX: usize = 1_024 * 1_024;
const PARTS_MAX: usize = 1_000;
const MAILBOXES_MAX: usize = 2_000;
const SUBJECT_BYTES_MAX: usize = 3_992;
const FILENAME_BYTES_MAX: usize = 255;
/// Bytes of a subject to which an answer has the same one, with nothing cut from it.
const ANSWERED_SUBJECT_BYTES_MAX: usize = 900;
/// Parts that are read each for itself, which takes a pass over the message.
const PARTS_ALONE_MAX: usize = 10;
/// Bytes of a body whose words are looked up.
const WORDS_BYTES_MAX: usize = 10_000;

/// Holds some bytes to the promises about a message; says whether they are one.
pub(crate) fn of_message(raw: &[u8]) -> bool {
    let before = raw.to_vec();
    let Ok(parsed) = parse(raw) else { return false };
    limits_hold(&parsed);
    values_are_plain(&parsed);
    bodies_are_understood(&parsed);
    let files = forward::attachments(raw, &parsed);
    assert_eq!(files.len(), parsed.parts.len());
    assert!(parsed.parts.iter().zip(&files).all(|(part, file)| part.size == file.bytes.len()));
    for (part, file) in parsed.parts.iter().zip(&files).take(PARTS_ALONE_MAX) {
        assert_eq!(part_bytes(raw, part.index).unwrap(), file.bytes);
    }
    an_answer_says_what_it_was_given(&parsed, &files);
    a_wrapped_forward_holds_the_message(raw, &parsed);
    assert_eq!(raw, before);
    true
}

fn limits_hold(parsed: &Parsed) {
    for body in [&parsed.text, &parsed.html, &parsed.body].into_iter().flatten() {
        assert!(body.len() <= BODY_BYTES_MAX);
    }
    let lists = [&parsed.from, &parsed.to, &parsed.cc, &parsed.reply_to];
    assert!(lists.iter().all(|list| list.len() <= MAILBOXES_MAX));
    assert!(parsed.parts.len() <= PARTS_MAX);
    assert!(parsed.references.len().max(parsed.in_reply_to.len()) <= message_id::IDS_MAX);
    assert!(parsed.subject.iter().all(|subject| subject.len() <= SUBJECT_BYTES_MAX));
    let snippet = parsed.snippet.as_deref().unwrap_or_default();
    assert!(snippet.chars().count() <= SNIPPET_CHARS_MAX);
    let names = parsed.parts.iter().filter_map(|part| part.filename.as_ref());
    assert!(names.map(String::len).all(|length| length <= FILENAME_BYTES_MAX));
}

/// What stands on one line holds no control character, and a body neither NUL nor CR.
fn values_are_plain(parsed: &Parsed) {
    let mut lines: Vec<&str> = Vec::new();
    for mailbox in [&parsed.from, &parsed.to, &parsed.cc, &parsed.reply_to].into_iter().flatten() {
        let again = Address::parse(&mailbox.address.to_string());
        assert_eq!(again.as_ref(), Ok(&mailbox.address));
        lines.extend([Some(mailbox.address.as_str()), mailbox.name.as_deref()].iter().flatten());
    }
    lines.extend(parsed.subject.iter().chain(&parsed.snippet).map(String::as_str));
    for id in parsed.message_id.iter().chain(&parsed.in_reply_to).chain(&parsed.references) {
        assert!(message_id::is_message_id(id), "{id:?}");
    }
    for part in &parsed.parts {
        lines.push(&part.content_type);
        lines.extend([part.filename.as_deref(), part.content_id.as_deref()].iter().flatten());
    }
    for line in lines {
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
    for body in [&parsed.text, &parsed.body].into_iter().flatten() {
        assert!(!body.contains(['\0', '\r']), "{body:?}");
    }
    assert!(!parsed.html.iter().any(|html| html.contains('\0')));
}

fn bodies_are_understood(parsed: &Parsed) {
    let body = parsed.body.as_deref().unwrap_or_default();
    let subject = parsed.subject.as_deref();
    let mut at = 0;
    for removed in quote::find(body, subject) {
        assert!(at <= removed.range.start && removed.range.start < removed.range.end);
        assert!(body.get(removed.range.clone()).is_some(), "{removed:?}");
        at = removed.range.end;
    }
    assert!(quote::reply_text(body, subject).len() <= body.len() + 2);
    assert!(!words::words(body, WORDS_BYTES_MAX).contains("  "));
    if subject.is_none_or(|subject| subject.len() <= ANSWERED_SUBJECT_BYTES_MAX) {
        let base = thread::base_subject(subject.unwrap_or_default());
        assert_eq!(thread::base_subject(&reply::subject(subject)), base);
    }
    assert!(text::cut(body, 100).included_chars <= 100);
    let shown = html::to_text(&html::from_text(body), Links::Shown);
    assert!(shown.is_truncated || shown.text.split_whitespace().eq(body.split_whitespace()));
}

fn addresses(mailboxes: &[Mailbox]) -> Vec<Address> {
    mailboxes.iter().map(|mailbox| mailbox.address.clone()).collect()
}

/// Builds an answer to all with everything that was read, and reads it again.
fn an_answer_says_what_it_was_given(parsed: &Parsed, files: &[Attachment]) {
    let own = Address::parse("desk@mail.test").unwrap();
    let (from, reply_to) = (addresses(&parsed.from), addresses(&parsed.reply_to));
    let (to, cc) = (addresses(&parsed.to), addresses(&parsed.cc));
    let answered = Answered { from: &from, reply_to: &reply_to, to: &to, cc: &cc };
    let recipients = reply::recipients_of_inbound(&answered, std::slice::from_ref(&own));
    let parent = parsed.message_id.as_deref();
    let references = parent.map(|id| thread::references_of_reply(id, &parsed.references));
    let name = parsed.from.first().and_then(|mailbox| mailbox.name.clone());
    let name = name.filter(|name| name.chars().count() <= NAME_CHARS_MAX);
    let sender = Mailbox { name, address: own };
    let files: Vec<Attachment> = files
        .iter()
        .filter(|file| parsed.html.is_some() || file.content_id.is_none())
        .cloned()
        .collect();
    let outgoing = Outgoing {
        message_id: "<0197f2c1.a5b7@mail.test>",
        date: parsed.date.unwrap_or(Timestamp::from_micros(0)),
        from: &sender,
        to: &recipients.to,
        cc: &recipients.cc,
        reply_to: reply_to.first(),
        subject: &reply::subject(parsed.subject.as_deref()),
        text: parsed.body.as_deref(),
        html: parsed.html.as_deref(),
        in_reply_to: parent,
        references: references.as_deref().unwrap_or_default(),
        attachments: &files,
        auto_submitted: parsed.auto.is_automatic(),
        wrapped: None,
    };
    match build(&outgoing) {
        Ok(built) => is_as_built(&built, &outgoing),
        // What a sender of ours may not do, although others may.
        Err(
            BuildProblem::TooManyRecipients
            | BuildProblem::TooLarge
            | BuildProblem::Attachment {
                problem:
                    AttachmentProblem::Program
                    | AttachmentProblem::TooLarge
                    | AttachmentProblem::TooMany,
                ..
            },
        ) => {}
        Err(problem) => panic!("an answer cannot be built: {problem:?}"),
    }
}

fn is_as_built(built: &[u8], outgoing: &Outgoing<'_>) {
    let read = parse(built).unwrap();
    assert_eq!(read.from, std::slice::from_ref(outgoing.from));
    assert_eq!(addresses(&read.to), outgoing.to);
    assert_eq!(addresses(&read.cc), outgoing.cc);
    assert_eq!(addresses(&read.reply_to).first(), outgoing.reply_to);
    assert_eq!(read.subject.as_deref(), Some(outgoing.subject));
    assert_eq!(read.text.as_deref().unwrap_or_default(), outgoing.text.unwrap_or_default());
    assert_eq!(read.html.as_deref().map(lines), outgoing.html.map(lines));
    let bytes = |files: &[Attachment]| {
        let mut bytes: Vec<_> = files.iter().map(|file| file.bytes.clone()).collect();
        bytes.sort();
        bytes
    };
    assert_eq!(bytes(&forward::attachments(built, &read)), bytes(outgoing.attachments));
}

/// A text with LF as its only line break and none at its end.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end_matches('\n').to_owned()
}

fn a_wrapped_forward_holds_the_message(raw: &[u8], parsed: &Parsed) {
    let own = Mailbox { name: None, address: Address::parse("desk@mail.test").unwrap() };
    let quoted = forward::inline(Some("See below."), None, parsed);
    let built = build(&Outgoing {
        message_id: "<0197f2c1.a5b7@mail.test>",
        date: Timestamp::from_micros(0),
        from: &own,
        to: std::slice::from_ref(&own.address),
        cc: &[],
        reply_to: None,
        subject: &forward::subject(parsed.subject.as_deref()),
        text: Some(&quoted.text),
        html: quoted.html.as_deref(),
        in_reply_to: None,
        references: &[],
        attachments: &[],
        auto_submitted: false,
        wrapped: Some(raw),
    })
    .unwrap();
    let read = parse(&built).unwrap();
    let wrapped = part_bytes(&built, read.parts.last().unwrap().index).unwrap();
    let bytes = |bytes: &[u8]| lines(&String::from_utf8_lossy(bytes));
    assert_eq!(bytes(&wrapped), bytes(raw));
}

/// Holds a value to the promises about lists of addresses, and its lines to those about one address.
pub(crate) fn of_addresses(value: &[u8]) {
    let mut raw = b"From: a@b.example\r\nTo: ".to_vec();
    raw.extend(value);
    raw.extend(b"\r\n\r\nx");
    of_message(&raw);
    for text in String::from_utf8_lossy(value).split([',', '\n']) {
        if let Ok(address) = Address::parse(text) {
            assert_eq!(address.as_str(), text);
            let canonical = address.canonical();
            assert_eq!(canonical.to_lowercase(), canonical);
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
    }
}

/// Holds some bytes to the promises about cards: what was read once is read again from what is written.
pub(crate) fn of_cards(bytes: &[u8]) {
    let Ok(read) = vcard::read(bytes) else { return };
    assert!(read.len() <= vcard::CARDS_MAX);
    let mut cards: Vec<_> = read.into_iter().flatten().collect();
    if cards.is_empty() {
        return;
    }
    let written = vcard::write_all(&cards);
    assert!(written.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])));
    // A card must have a formatted name, which is read as the preferred one.
    for card in &mut cards {
        card.preferred_name = card.name();
    }
    let again: Vec<_> = vcard::read(written.as_bytes()).unwrap().into_iter().flatten().collect();
    assert_eq!(again, cards, "{written}");
}
