//! What a message says: senders, bodies, attachments, facts.

use email::{ParseProblem, parse, part_bytes};

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

const REPORT: &str = "From: \"Lee, Ann\" <Ann.Lee@Partner.example>
To: desk@mail.test
Cc: ops@mail.test, OPS@mail.test, not an address
Subject: =?utf-8?Q?Rechnung_f=C3=BCr?= Order 881
Message-ID: <CAF7x@mail.partner.example>
In-Reply-To: <p@mail.test>
References: <r@mail.test>
 <p@mail.test>
Date: Wed, 1 Jul 2026 11:30:15 +0200
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, the invoice =
is attached.

--inner
Content-Type: multipart/related; boundary=rel

--rel
Content-Type: text/html; charset=utf-8

<p>Grüße <img src=\"cid:logo@x\"></p>
--rel
Content-Type: image/png; name=logo.png
Content-ID: <logo@x>
Content-Transfer-Encoding: base64

iVBORw0K
--rel--
--inner--
--outer
Content-Type: application/pdf
Content-Disposition: attachment; filename=\"../../in voice.pdf\"
Content-Transfer-Encoding: base64

JVBE!!Ri0x
--outer--
";

#[test]
fn a_message_with_everything_is_read() {
    let raw = crlf(REPORT);
    let read = parse(&raw).unwrap();
    let sender = read.sender().unwrap();
    assert_eq!(sender.name.as_deref(), Some("Lee, Ann"));
    assert_eq!(sender.address.as_str(), "Ann.Lee@Partner.example");
    let cc: Vec<&str> = read.cc.iter().map(|m| m.address.as_str()).collect();
    assert_eq!(cc, ["ops@mail.test", "OPS@mail.test"]);
    assert_eq!(read.subject.as_deref(), Some("Rechnung für Order 881"));
    assert_eq!(read.message_id.as_deref(), Some("<CAF7x@mail.partner.example>"));
    assert_eq!(read.in_reply_to, ["<p@mail.test>"]);
    assert_eq!(read.references, ["<r@mail.test>", "<p@mail.test>"]);
    assert_eq!(read.date.unwrap().to_string(), "2026-07-01T09:30:15.000Z");

    assert_eq!(read.text.as_deref(), Some("Grüße, the invoice is attached."));
    assert_eq!(read.body, read.text);
    assert_eq!(read.html.as_deref(), Some("<p>Grüße <img src=\"cid:logo@x\"></p>"));
    assert_eq!(read.snippet.as_deref(), Some("Grüße, the invoice is attached."));
    assert!(!read.body_is_derived && !read.is_truncated && !read.html_is_unsafe);

    let parts: Vec<_> = read
        .parts
        .iter()
        .map(|p| (p.filename.as_deref(), p.content_type.as_str(), p.is_inline, p.size))
        .collect();
    assert_eq!(
        parts,
        [
            (Some("logo.png"), "image/png", true, 6),
            (Some("in voice.pdf"), "application/pdf", false, 6)
        ]
    );
    assert_eq!(read.parts[0].content_id.as_deref(), Some("logo@x"));
    assert_eq!(part_bytes(&raw, read.parts[1].index).unwrap(), b"%PDF-1");
    assert!(read.has_attachments());
    assert_eq!(part_bytes(&raw, 99), None);
}

#[test]
fn line_feeds_alone_are_read_like_crlf() {
    let (unix, wire) = (parse(REPORT.as_bytes()).unwrap(), parse(&crlf(REPORT)).unwrap());
    assert_eq!(unix.body, wire.body);
    assert_eq!(unix.parts, wire.parts);
    assert_eq!(unix.references, wire.references);
}

#[test]
fn an_inline_image_is_no_attachment_and_b_5_html_becomes_the_body() {
    let raw = "From: a@b.example\nContent-Type: multipart/related; boundary=r\n\n--r\n\
        Content-Type: text/html\n\n<p>Hello <b>Ann</b> <a href='https://x.example/1'>open</a>\n--r\n\
        Content-Type: image/png\nContent-ID: <i@x>\nContent-Disposition: inline\n\nx\n--r--\n";
    let read = parse(raw.as_bytes()).unwrap();
    assert!(!read.has_attachments());
    assert_eq!((read.text, read.body_is_derived), (None, true));
    assert_eq!(read.body.as_deref(), Some("Hello Ann open (https://x.example/1)"));
    assert_eq!(read.snippet.as_deref(), Some("Hello Ann open"));
}

#[test]
fn b3_a_message_without_text_has_no_body() {
    let raw = "From: a@b.example\nContent-Type: application/pdf; name=x.pdf\n\nx";
    let read = parse(raw.as_bytes()).unwrap();
    assert_eq!((read.body, read.snippet), (None, None));
    assert_eq!(read.parts.len(), 1);
    assert_eq!(part_bytes(raw.as_bytes(), read.parts[0].index).unwrap(), b"x");
    let raw = "From: a@b.example\nContent-Type: text/html\n\n<img src=x>";
    assert_eq!(parse(raw.as_bytes()).unwrap().body, None);
    let raw = "From: a@b.example\n\n";
    assert_eq!(parse(raw.as_bytes()).unwrap().body.as_deref(), Some(""));
}

#[test]
fn an_empty_text_gives_way_to_the_html() {
    let raw = "From: a@b.example\nContent-Type: multipart/alternative; boundary=r\n\n--r\n\n  \n--r\n\
        Content-Type: text/html\n\n<p>Hello\n--r--\n";
    let read = parse(raw.as_bytes()).unwrap();
    assert_eq!(read.body.as_deref(), Some("Hello"));
    assert!(read.body_is_derived);
}

#[test]
fn text_around_an_attachment_is_joined() {
    let raw = "From: a@b.example\nContent-Type: multipart/mixed; boundary=r\n\n--r\n\nbefore\n--r\n\
        Content-Type: application/zip\nContent-Disposition: attachment; filename=a.zip\n\nz\n--r\n\n\
        after\n--r\nContent-Type: text/plain; name=notes.txt\n\nnotes\n--r--\n";
    let read = parse(raw.as_bytes()).unwrap();
    assert_eq!(read.body.as_deref(), Some("before\nafter"));
    let names: Vec<_> = read.parts.iter().map(|p| p.filename.as_deref()).collect();
    assert_eq!(names, [Some("a.zip"), Some("notes.txt")]);
}

#[test]
fn a_nested_message_is_an_attachment_and_its_text_is_not_ours() {
    let raw = "From: a@b.example\nContent-Type: multipart/mixed; boundary=r\n\n--r\n\nsee below\n--r\n\
        Content-Type: message/rfc822\n\nFrom: x@y.example\nSubject: inner\n\ninner text\n--r--\n";
    let read = parse(raw.as_bytes()).unwrap();
    assert_eq!(read.body.as_deref(), Some("see below"));
    let inner = part_bytes(raw.as_bytes(), read.parts[0].index).unwrap();
    let inner = parse(&inner).unwrap();
    assert_eq!(inner.subject.as_deref(), Some("inner"));
    assert_eq!(inner.body.as_deref(), Some("inner text"));
}

#[test]
fn two_from_fields_and_an_empty_one_are_told_apart_from_a_sender() {
    let two = parse(b"From: a@b.example\nfrom : c@d.example\n\nx").unwrap();
    assert_eq!((two.from_fields, two.sender()), (2, None));
    assert_eq!(two.from[0].address.as_str(), "a@b.example");
    let empty = parse(b"From: nobody\n\nx").unwrap();
    assert_eq!((empty.from_fields, empty.sender()), (1, None));
    assert_eq!(parse(b"Subject: x\n\nx").unwrap().from_fields, 0);
}

#[test]
fn what_breaks_a_limit_is_refused_with_its_name() {
    let problem = |raw: &[u8]| parse(raw).map(|_| ()).unwrap_err();
    assert_eq!(problem(b""), ParseProblem::NoHeader);
    assert_eq!(problem(b"just words\n\nand more"), ParseProblem::NoHeader);
    assert_eq!(problem("A: b\n".repeat(1_001).as_bytes()), ParseProblem::TooManyFields);
    assert_eq!(
        problem(format!("A: {}", "b".repeat(300_000)).as_bytes()),
        ParseProblem::HeaderTooLarge
    );
    let mut huge = b"From: a@b.example\n\n".to_vec();
    huge.resize(50 * 1_024 * 1_024 + 1, b'x');
    assert_eq!(problem(&huge), ParseProblem::TooLarge);
}

#[test]
fn a_body_beyond_its_limit_is_cut_and_says_so() {
    let raw = format!("From: a@b.example\n\n{}", "é".repeat(1_000_000));
    let read = parse(raw.as_bytes()).unwrap();
    assert!(read.is_truncated);
    assert!(read.body.unwrap().len() <= 1_024 * 1_024);
}

#[test]
fn a_body_that_is_cut_inside_a_character_is_read_in_its_charset_all_the_same() {
    for n_ascii in 0..2 {
        let start = "x".repeat(n_ascii);
        let raw = format!("From: a@b.example\n\n{start}{}", "é".repeat(5 * 1_024 * 1_024));
        let read = parse(raw.as_bytes()).unwrap();
        assert!(read.is_truncated);
        let body = read.body.unwrap();
        assert!(body.starts_with(&format!("{start}éé")), "{start:?}");
    }
}

#[test]
fn nul_never_reaches_a_text() {
    let raw =
        b"From: a@b.example\nSubject: a\0b\nContent-Type: multipart/mixed; boundary=r\n\n--r\n\n\
        x\0y\n--r\nContent-Type: application/x; name=\"f\0g\"\n\nz\n--r--\n";
    let read = parse(raw).unwrap();
    assert_eq!(read.subject.as_deref(), Some("ab"));
    assert_eq!(read.body.as_deref(), Some("xy"));
    assert_eq!(read.parts[0].filename.as_deref(), Some("fg"));
}

#[test]
fn b6_the_snippet_shows_what_is_new() {
    let raw = "From: a@b.example\nSubject: Re: x\nContent-Type: text/plain; format=flowed\n\n\
        On 1.7.2026 09:30, Bob <b@c.example> \nwrote:\n> old \n> words\n\nThe answer is \nyes.\n";
    let read = parse(raw.as_bytes()).unwrap();
    assert_eq!(read.snippet.as_deref(), Some("The answer is yes."));
    assert_eq!(
        read.body.as_deref(),
        Some("On 1.7.2026 09:30, Bob <b@c.example> wrote:\n> old words\n\nThe answer is yes.")
    );
}
