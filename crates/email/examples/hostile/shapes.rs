//! Messages, cards and mailboxes made to cost a reader as much as they can, of any size.
//!
//! Shared by the program that times them and by the test that reads small ones.

use std::fmt::Write as _;

/// What reads a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Message,
    /// A message that is then forwarded.
    Forward,
    Card,
    Mbox,
}

/// One way to be hostile.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) reader: Reader,
    /// Makes about as many bytes as asked.
    pub(crate) make: fn(usize) -> Vec<u8>,
}

const fn message(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape { name, reader: Reader::Message, make }
}

const fn forward(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape { name, reader: Reader::Forward, make }
}

const fn card(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape { name, reader: Reader::Card, make }
}

const fn mbox(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape { name, reader: Reader::Mbox, make }
}

/// Every shape that we know of.
pub(crate) const SHAPES: [Shape; 78] = [
    message("one plain text", |n| text(&repeated("All is well, see you on Monday.\r\n", n))),
    message("one base64 attachment", |n| part(PDF_BASE64, &repeated(BASE64_LINE, n))),
    message("header: millions of fields", |n| repeated("X: y\r\n", n)),
    message("header: lines without a colon", |n| repeated("x\n", n)),
    message("header: one field", |n| filled("Subject: ", "x", n)),
    message("header: one field, folded", |n| filled("Subject: x\n", " x\n", n)),
    message("part header: millions of fields", |n| part("", &repeated("X: y\n", n))),
    message("part header: lines without a colon", |n| part("", &repeated("x\n", n))),
    message("part header: one field", |n| part("Content-Type: ", &repeated("x", n))),
    message("part header: folded", |n| part("Content-Type: x\n", &repeated(" x\n", n))),
    message("part headers: a thousand large ones", large_part_headers),
    message("part headers: names", names_in_part_headers),
    message("part headers: encoded words", encoded_words_in_part_headers),
    message("parts: millions", |n| parts("--b\n\nx\n", n)),
    message("parts: delimiters only", |n| parts("--b\n", n)),
    message("parts: closing delimiters only", |n| parts("--b--\n", n)),
    message("parts: two dashes only", |n| parts("--\n", n)),
    message("parts: near delimiters", |n| parts("--bb\n", n)),
    message("parts: near delimiters at depth 64", near_delimiters),
    message("parts: long near delimiters at depth 64", long_near_delimiters),
    message("parts: long lines of dashes", |n| parts(&format!("{}\n", "-".repeat(900)), n)),
    message("parts: nested multiparts", nested_multiparts),
    message("parts: nested with one boundary", nested_with_one_boundary),
    message("parts: nested messages", |n| repeated("Content-Type: message/rfc822\r\n\r\n", n)),
    message("parts: a thousand texts", |n| many_parts("text/plain", "7bit", "word ", n)),
    message("parts: a thousand pages", |n| many_parts("text/html", "7bit", "<p>x", n)),
    message("parts: a thousand files", |n| many_parts("application/pdf", "base64", "QUFB", n)),
    message("base64: text", |n| encoded("base64", BASE64_LINE, n)),
    message("base64: garbage", |n| part(PDF_BASE64, &repeated("!Q!!?F\0*", n))),
    message("base64: padding first", |n| part(PDF_BASE64, &repeated("=", n))),
    message("quoted-printable: soft breaks in a text", |n| encoded("quoted-printable", "=\r\n", n)),
    message("quoted-printable: soft breaks in a file", |n| part(PDF_QUOTED, &repeated("=\n", n))),
    message("quoted-printable: escapes in a file", |n| part(PDF_QUOTED, &repeated("=3D", n))),
    message("quoted-printable: blanks in a file", |n| part(PDF_QUOTED, &repeated(BLANKS, n))),
    message("charset: iso-2022-jp", |n| typed("text/plain; charset=iso-2022-jp", "\u{1b}$B%O", n)),
    message("charset: utf-7", |n| typed("text/plain; charset=utf-7", "+AGEAYg-", n)),
    message("charset: utf-16", |n| typed("text/plain; charset=utf-16le", "a\0\r\0\n\0", n)),
    message("charset: invalid utf-8", |n| typed_bytes("text/plain; charset=utf-8", b"\xc3\xff", n)),
    message("text: line breaks only", |n| text(&repeated("\r\n", n))),
    message("text: blanks only", |n| text(&repeated(" ", n))),
    message("text: NUL only", |n| text(&repeated("\0", n))),
    message("text: flowed", |n| typed("text/plain; format=flowed; delsp=yes", "> a \r\n", n)),
    message("text: quotations", |n| text(&repeated("> a\n\n", n))),
    message("text: one line of quotation marks", |n| text(&repeated(">", n))),
    message("text: near introductions", |n| text(&repeated(NEAR_INTRODUCTION, n))),
    message("text: near header blocks", |n| text(&repeated("From: x\nTo: y\nTo: z\n", n))),
    message("text: near signatures", |n| text(&repeated("-- \nx\n", n))),
    message("html: nested", |n| page(&repeated("<div>", n))),
    message("html: unclosed tags", |n| page(&repeated("<a ", n))),
    message("html: open quotes", |n| page(&repeated("<a b=\"", n))),
    message("html: one tag of attributes", |n| page(&filled("<a ", "b=c ", n))),
    message("html: comments", |n| page(&repeated("<!--", n))),
    message("html: entities", |n| page(&repeated("&amp;&#x41;&", n))),
    message("html: links", |n| page(&repeated("<a href=http://a>b", n))),
    message("html: hidden elements", |n| page(&repeated("<b style=display:none>x", n))),
    message("html: quotation marks beside a text", |n| mixed_bodies("\"&<", n)),
    message("fields: addresses", |n| header_value("To", "<a@b>,", n)),
    message("fields: ids", |n| header_value("References", "<a@b>", n)),
    message("fields: encoded words", |n| header_value("Subject", "=?utf-8?q?x?= ", n)),
    message("fields: continued parameters", continued_parameters),
    forward("forward: a thousand files", |n| many_parts("application/pdf", "base64", "QUFB", n)),
    forward("forward: a page", |n| page(&repeated("<p>\"x\"", n))),
    forward("forward: addresses", |n| header_value("To", "\"x\" <a@b>,", n)),
    card("vCard: empty lines", |n| one_card("", "\n", "", n)),
    card("vCard: lines", |n| one_card("", "TEL:1\n", "", n)),
    card("vCard: colons", |n| one_card("", ":\n", "", n)),
    card("vCard: folded lines", |n| one_card("NOTE:x\n", " x\n", "", n)),
    card("vCard: parameters", |n| one_card("TEL", ";a=b", ":+4930123456\n", n)),
    card("vCard: types", |n| one_card("TEL;TYPE=a", ",a", ":+4930123456\n", n)),
    card("vCard: components", |n| one_card("N:", "x;", "\n", n)),
    card("vCard: escapes", |n| one_card("NOTE:", "\\n", "\n", n)),
    card("vCard: groups", |n| one_card("", "item1.X-ABLabel:x\n", "", n)),
    card("vCard: notes", |n| one_card("", "NOTE:x\n", "", n)),
    card("vCard: beginnings", |n| one_card("", "BEGIN:VCARD\n", "", n)),
    mbox("mbox: From_ lines", |n| repeated("From a Wed Jul 1 09:30:15 2026\n\n", n)),
    mbox("mbox: near From_ lines", |n| repeated("From a b c d e f g\n\n", n)),
    mbox("mbox: empty lines", |n| filled("From a Wed Jul 1 09:30:15 2026\n", "\n", n)),
    mbox("mbox: one line", |n| filled("From a Wed Jul 1 09:30:15 2026\n", "x", n)),
];

const BASE64_LINE: &str =
    "JVBERi0xLjQKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2cvUGFnZXMgMiAwIFI+PgplbmRv\r\n";
const PDF_BASE64: &str = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n";
const PDF_QUOTED: &str =
    "Content-Type: application/pdf\nContent-Transfer-Encoding: quoted-printable\n\n";
const BLANKS: &str = "=                                                            ";
const NEAR_INTRODUCTION: &str = "On 1 Jul 2026 the meeting of our team is about this:\n";
const FROM: &str = "From: a@b.example\n";

fn repeated(piece: &str, n_bytes: usize) -> Vec<u8> {
    piece.repeat(n_bytes.div_ceil(piece.len())).into_bytes()
}

fn filled(start: &str, piece: &str, n_bytes: usize) -> Vec<u8> {
    let mut bytes = start.as_bytes().to_vec();
    bytes.extend(repeated(piece, n_bytes.saturating_sub(start.len())));
    bytes
}

fn one_card(start: &str, piece: &str, end: &str, n_bytes: usize) -> Vec<u8> {
    let mut bytes = filled(&format!("BEGIN:VCARD\nFN:x\n{start}"), piece, n_bytes);
    bytes.extend(format!("{end}END:VCARD\n").into_bytes());
    bytes
}

fn after(start: &str, body: &[u8]) -> Vec<u8> {
    [FROM.as_bytes(), start.as_bytes(), body].concat()
}

fn text(body: &[u8]) -> Vec<u8> {
    after("\n", body)
}

fn typed(kind: &str, piece: &str, n_bytes: usize) -> Vec<u8> {
    typed_bytes(kind, piece.as_bytes(), n_bytes)
}

fn typed_bytes(kind: &str, piece: &[u8], n_bytes: usize) -> Vec<u8> {
    let body = piece.repeat(n_bytes.div_ceil(piece.len()));
    after(&format!("Content-Type: {kind}\n\n"), &body)
}

fn page(body: &[u8]) -> Vec<u8> {
    after("Content-Type: text/html\n\n", body)
}

fn encoded(encoding: &str, piece: &str, n_bytes: usize) -> Vec<u8> {
    after(&format!("Content-Transfer-Encoding: {encoding}\n\n"), &repeated(piece, n_bytes))
}

/// A multipart with one part, whose header and body are given.
fn part(header: &str, rest: &[u8]) -> Vec<u8> {
    after(&format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n{header}"), rest)
}

fn parts(piece: &str, n_bytes: usize) -> Vec<u8> {
    after("Content-Type: multipart/mixed; boundary=b\n\n", &repeated(piece, n_bytes))
}

fn many_parts(kind: &str, encoding: &str, piece: &str, n_bytes: usize) -> Vec<u8> {
    let mut raw = part("", b"\n");
    let body = piece.repeat(n_bytes / 1_000 / piece.len() + 1);
    for _ in 0..990 {
        let header = format!("Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n");
        raw.extend(format!("\n--b\n{header}{body}").into_bytes());
    }
    raw
}

/// A text with a page beside it that is shown below it, so the text is shown as HTML too.
fn mixed_bodies(piece: &str, n_bytes: usize) -> Vec<u8> {
    let body = String::from_utf8_lossy(&repeated(piece, n_bytes)).into_owned();
    part("\n", format!("{body}\n--b\nContent-Type: text/html\n\n<p>x\n--b--\n").as_bytes())
}

fn large_part_headers(n_bytes: usize) -> Vec<u8> {
    let fields = "X: y\n".repeat(n_bytes / 1_000 / 5 + 1);
    parts(&format!("--b\n{fields}\nx\n"), n_bytes)
}

fn names_in_part_headers(n_bytes: usize) -> Vec<u8> {
    let name: String = (0..500).map(|n| format!("filename*{n}*=%41;")).collect();
    let kind = "Content-Type: application/x; ";
    let disposition = "Content-Disposition: attachment; ";
    parts(&format!("--b\n{kind}{name}\n{disposition}{name}\n\nx\n"), n_bytes)
}

fn encoded_words_in_part_headers(n_bytes: usize) -> Vec<u8> {
    let words = "=?utf-8?q?x?= ".repeat(500);
    let disposition = "Content-Disposition: attachment; ";
    parts(&format!("--b\n{disposition}filename=\"{words}\"\n\nx\n"), n_bytes)
}

fn near_delimiters(n_bytes: usize) -> Vec<u8> {
    let mut raw = String::from(FROM);
    for n in 10..74 {
        write!(raw, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").expect("a string");
    }
    let mut raw = raw.into_bytes();
    raw.extend(repeated("\n--b99\n", n_bytes));
    raw
}

fn long_near_delimiters(n_bytes: usize) -> Vec<u8> {
    let boundary = |n: usize| format!("{}{n:03}", "x".repeat(190));
    let mut raw = String::from(FROM);
    for n in 0..64 {
        let boundary = boundary(n);
        write!(raw, "Content-Type: multipart/mixed; boundary={boundary}\n\n--{boundary}\n")
            .expect("a string");
    }
    let mut raw = raw.into_bytes();
    raw.extend(repeated(&format!("\n--{}\n", boundary(999)), n_bytes));
    raw
}

fn nested_multiparts(n_bytes: usize) -> Vec<u8> {
    let mut raw = String::from(FROM);
    let mut n = 0_usize;
    while raw.len() < n_bytes {
        write!(raw, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").expect("a string");
        n += 1;
    }
    raw.into_bytes()
}

fn nested_with_one_boundary(n_bytes: usize) -> Vec<u8> {
    filled(FROM, "Content-Type: multipart/mixed; boundary=b\n\n--b\n", n_bytes)
}

/// A value that fills the header as far as it is read, and a body.
fn header_value(name: &str, piece: &str, n_bytes: usize) -> Vec<u8> {
    let value = piece.repeat(200_000 / piece.len());
    let mut raw = format!("{FROM}{name}: {value}\n\n").into_bytes();
    raw.extend(repeated("x\n", n_bytes.saturating_sub(raw.len())));
    raw
}

fn continued_parameters(n_bytes: usize) -> Vec<u8> {
    let mut value = String::from("Content-Type: text/plain");
    for n in 0..10_000 {
        write!(value, "; a*{n}=x").expect("a string");
    }
    let mut raw = format!("{FROM}{value}\n\n").into_bytes();
    raw.extend(repeated("x\n", n_bytes.saturating_sub(raw.len())));
    raw
}
