//! Built messages read again, and what is refused before they are built.

use bytes::Bytes;
use domain::Timestamp;
use proptest::prelude::*;

use super::{BuildProblem, Outgoing, build};
use crate::address::{Address, Mailbox};
use crate::attachment::{Attachment, AttachmentProblem};
use crate::parse::{parse, part_bytes};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn sender() -> Mailbox {
    Mailbox { name: Some("Ann Lee".to_owned()), address: address("ann@a.example") }
}

fn outgoing<'a>(from: &'a Mailbox, to: &'a [Address]) -> Outgoing<'a> {
    Outgoing {
        message_id: "<0197f2c1.a5b7@a.example>",
        date: Timestamp::parse("2026-07-01T09:30:15Z").unwrap(),
        from,
        to,
        cc: &[],
        reply_to: None,
        subject: "Order 881",
        text: Some("Hello"),
        html: None,
        in_reply_to: None,
        references: &[],
        attachments: &[],
        auto_submitted: false,
        wrapped: None,
    }
}

fn file(filename: &str, content_type: &str, content_id: Option<&str>, bytes: &[u8]) -> Attachment {
    Attachment {
        filename: filename.to_owned(),
        content_type: content_type.to_owned(),
        content_id: content_id.map(str::to_owned),
        bytes: Bytes::copy_from_slice(bytes),
    }
}

#[test]
fn a_message_says_what_it_was_given() {
    let from = Mailbox { name: Some("Jörg \"J\" <x@y>".to_owned()), ..sender() };
    let to = [address("Bob@B.example"), address("\"a b\"@c.example")];
    let cc = [address("cc@d.example")];
    let references = ["<r1@x>".to_owned(), "<r2@x>".to_owned()];
    let reply_to = address("answers@a.example");
    let attachments = [
        file("Übersicht.csv", "text/csv", None, b"a,b\n1\r2\n"),
        file("logo.png", "image/png", Some("logo"), b"\x89PNG\0\r\n"),
    ];
    let bytes = build(&Outgoing {
        cc: &cc,
        reply_to: Some(&reply_to),
        subject: "Grüße aus Köln – 日本",
        text: Some("Zeile eins\nZeile zwei\r\n.\r\nFrom here"),
        html: Some("<p>Zeile <img src=\"cid:logo\"></p>"),
        in_reply_to: Some("<r2@x>"),
        references: &references,
        attachments: &attachments,
        auto_submitted: true,
        ..outgoing(&from, &to)
    })
    .unwrap();

    let parsed = parse(&bytes).unwrap();
    assert_eq!(parsed.from, [from]);
    assert_eq!(parsed.to.iter().map(|m| m.address.clone()).collect::<Vec<_>>(), to);
    assert_eq!(parsed.cc[0].address, cc[0]);
    assert_eq!(parsed.reply_to[0].address, reply_to);
    assert_eq!(parsed.subject.as_deref(), Some("Grüße aus Köln – 日本"));
    assert_eq!(parsed.text.as_deref(), Some("Zeile eins\nZeile zwei\n.\nFrom here"));
    assert_eq!(parsed.message_id.as_deref(), Some("<0197f2c1.a5b7@a.example>"));
    assert_eq!(
        (parsed.in_reply_to, parsed.references),
        (vec!["<r2@x>".to_owned()], references.to_vec())
    );
    assert_eq!(parsed.date.unwrap().to_string(), "2026-07-01T09:30:15.000Z");
    assert!(parsed.auto.is_auto_submitted);
    let parts: Vec<_> =
        parsed.parts.iter().map(|p| (p.filename.as_deref(), p.is_inline, p.size)).collect();
    assert_eq!(parts, [(Some("logo.png"), true, 7), (Some("Übersicht.csv"), false, 8)]);
    assert_eq!(part_bytes(&bytes, parsed.parts[1].index).unwrap(), b"a,b\n1\r2\n");
    assert_eq!(part_bytes(&bytes, parsed.parts[0].index).unwrap(), b"\x89PNG\0\r\n");
}

#[test]
fn what_looks_encoded_arrives_as_it_stands() {
    let to = [address("b@b.example")];
    let long = "=?é?= ".repeat(40);
    for text in ["=?utf-8?q?x?=", "a =?utf-8?B?ww==?= b", long.trim()] {
        let from = Mailbox { name: Some(text.to_owned()), ..sender() };
        let bytes = build(&Outgoing { subject: text, ..outgoing(&from, &to) }).unwrap();
        let parsed = parse(&bytes).unwrap();
        assert_eq!((parsed.subject.as_deref(), parsed.from), (Some(text), vec![from]));
    }
}

#[test]
fn the_same_message_is_the_same_bytes() {
    let (from, to) = (sender(), [address("b@b.example")]);
    let message = Outgoing { html: Some("<p>x"), ..outgoing(&from, &to) };
    assert_eq!(build(&message).unwrap(), build(&message).unwrap());
}

#[test]
fn m12_hidden_recipients_leave_no_trace() {
    let from = sender();
    let bytes = build(&outgoing(&from, &[])).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("To: undisclosed-recipients:;\r\n"), "{text}");
    assert!(!text.to_lowercase().contains("bcc"), "{text}");
}

#[test]
fn an_original_is_wrapped_as_it_is_where_it_can_travel() {
    let (from, to) = (sender(), [address("b@b.example")]);
    let long = format!("Subject: x\r\n\r\n{}\r\n", "y".repeat(1_200));
    for (original, arrives) in [
        ("Subject: inner\r\n\r\ncafé\r\n", "Subject: inner\r\n\r\ncafé\r\n"),
        ("Subject: inner\n\nbare\n", "Subject: inner\r\n\r\nbare\r\n"),
        (long.as_str(), long.as_str()),
    ] {
        let message = Outgoing { wrapped: Some(original.as_bytes()), ..outgoing(&from, &to) };
        let bytes = build(&message).unwrap();
        let parsed = parse(&bytes).unwrap();
        assert_eq!(parsed.parts.len(), 1);
        assert_eq!(parsed.parts[0].content_type, "message/rfc822");
        let inner = part_bytes(&bytes, parsed.parts[0].index).unwrap();
        assert_eq!(String::from_utf8(inner).unwrap(), arrives);
        assert_eq!(parsed.text.as_deref(), Some("Hello"));
    }
}

#[test]
fn line_breaks_are_refused_in_every_field() {
    let (from, to) = (sender(), [address("b@b.example")]);
    let plain = outgoing(&from, &to);
    let forged = ["<a@b>\r\nBcc: x@y.example".to_owned()];
    for break_ in ["\r\n", "\n", "\r", "\0", "\u{b}", "\u{85}"] {
        let id = format!("<a@b{break_}Bcc: x@y.example>");
        let line = format!("x{break_}Bcc: x@y.example");
        let named = Mailbox { name: Some(line.clone()), ..sender() };
        let refused = |message: Outgoing<'_>| build(&message).unwrap_err();
        assert_eq!(refused(Outgoing { message_id: &id, ..plain }), BuildProblem::MessageId);
        assert_eq!(refused(Outgoing { in_reply_to: Some(&id), ..plain }), BuildProblem::InReplyTo);
        assert_eq!(refused(Outgoing { references: &forged, ..plain }), BuildProblem::References);
        assert_eq!(refused(Outgoing { subject: &line, ..plain }), BuildProblem::Subject);
        assert_eq!(refused(Outgoing { from: &named, ..plain }), BuildProblem::Name);
        assert!(Address::parse(&format!("a@b.example{break_}Bcc: x@y.example")).is_err());
        for (attachment, problem) in [
            (file(&line, "text/plain", None, b""), AttachmentProblem::Filename),
            (
                file("a", &format!("text/plain{break_}X: y"), None, b""),
                AttachmentProblem::ContentType,
            ),
            (file("a", "image/png", Some(&line), b""), AttachmentProblem::ContentId),
        ] {
            let message = Outgoing { attachments: &[attachment], html: Some("x"), ..plain };
            assert_eq!(refused(message), BuildProblem::Attachment { place: 0, problem });
        }
    }
}

#[test]
fn addresses_beyond_ascii_are_written_as_they_are() {
    let from = Mailbox { name: Some("  ".to_owned()), address: address("jörg@bücher.example") };
    let to = [address("日本@a.example")];
    let bytes = build(&outgoing(&from, &to)).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("From: <jörg@bücher.example>\r\nTo: <日本@a.example>\r\n"), "{text}");
}

#[test]
fn a_message_without_words_has_an_empty_text() {
    let (from, to) = (sender(), [address("b@b.example")]);
    let empty = Outgoing { text: None, subject: " ", ..outgoing(&from, &to) };
    let parsed = parse(&build(&empty).unwrap()).unwrap();
    assert_eq!((parsed.body.as_deref(), parsed.subject), (Some(""), None));
    let file = [file("a.pdf", "application/pdf", None, b"1")];
    let parsed = parse(&build(&Outgoing { attachments: &file, ..empty }).unwrap()).unwrap();
    assert_eq!((parsed.body.as_deref(), parsed.parts.len()), (Some(""), 1));
}

#[test]
fn long_ids_and_long_lists_fit_into_lines() {
    let from = sender();
    let to: Vec<Address> =
        (0..200).map(|n| address(&format!("{}{n}@b.example", "x".repeat(50)))).collect();
    let long = format!("<{}>", "a".repeat(983));
    let references = vec![long.clone(); 20];
    let bytes = build(&Outgoing {
        in_reply_to: Some(&long),
        references: &references,
        ..outgoing(&from, &to)
    })
    .unwrap();
    assert_eq!(parse(&bytes).unwrap().to.len(), 200);
}

proptest! {
    #[test]
    fn any_text_builds_or_is_refused_and_never_adds_a_field(
        name in "\\PC{0,40}", subject in "\\PC{0,80}", text in "[\\PC\r\n\t\0]{0,200}",
        html in "[\\PC\r\n]{0,200}", filename in "\\PC{0,60}", content_id in "[!-~]{1,20}",
    ) {
        let from = Mailbox { name: Some(name), ..sender() };
        let to = [address("b@b.example")];
        let attachments = [
            file(&filename, "application/pdf", None, b"1"),
            file("i.png", "image/png", Some(&content_id), b"2"),
        ];
        let message = Outgoing {
            subject: &subject, text: Some(&text), html: Some(&html), attachments: &attachments,
            ..outgoing(&from, &to)
        };
        match build(&message) {
            Ok(bytes) => {
                let parsed = parse(&bytes).unwrap();
                prop_assert_eq!(parsed.from_fields, 1);
                prop_assert_eq!(parsed.parts.len(), 2);
                let sent = crate::text::tidied(&text);
                prop_assert_eq!(parsed.text.as_deref(), Some(sent.as_str()));
            }
            Err(BuildProblem::Attachment { .. } | BuildProblem::Subject | BuildProblem::Name) => {}
            Err(problem) => prop_assert!(false, "{problem}"),
        }
    }
}
