//! Messages made to stall or to kill the process (engine 2.4, 5.1). Each is read on a thread with the stack
//! of a tokio worker; a test that hangs or aborts is a failure of the whole run.

use std::fmt::Write as _;
use std::thread;

use email::mbox::{Entry, Splitter};
use email::vcard::{self, VcardProblem};
use email::{ParseProblem, Parsed, forward, parse, part_bytes};
use proptest::prelude::*;

use crate::shapes::{Reader, SHAPES};

/// Stack of a thread that serves requests, in bytes.
const STACK_BYTES: usize = 2 * 1_024 * 1_024;
/// Bytes of each of the shapes that `examples/hostile` times with more.
const SHAPE_BYTES: usize = 50_000;

fn on_a_small_stack(raw: Vec<u8>) -> Result<Parsed, ParseProblem> {
    let work = move || {
        let before = raw.clone();
        let parsed = parse(&raw);
        assert_eq!(raw, before);
        for part in parsed.iter().flat_map(|parsed| &parsed.parts) {
            assert_eq!(part_bytes(&raw, part.index).unwrap().len(), part.size);
        }
        parsed
    };
    thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap().join().unwrap()
}

#[test]
fn a_hundred_thousand_nested_messages_are_one_opaque_part() {
    let raw = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let parsed = on_a_small_stack(raw.into_bytes()).unwrap();
    assert_eq!(parsed.parts.len(), 1);
    assert_eq!(parsed.body, None);
}

#[test]
fn thirty_thousand_nested_multiparts_stop_at_the_depth_that_is_read() {
    let mut raw = String::new();
    for n in 0..30_000 {
        write!(raw, "Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n").unwrap();
    }
    let parsed = on_a_small_stack(raw.into_bytes()).unwrap();
    assert!(parsed.is_truncated);
    assert!(parsed.parts.len() <= 1);
}

#[test]
fn half_a_million_parts_stop_at_a_thousand() {
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\nx\r\n".repeat(500_000)
    );
    let parsed = on_a_small_stack(raw.into_bytes()).unwrap();
    assert!(parsed.is_truncated && parsed.parts.len() < 1_000);
}

#[test]
fn half_a_million_fields_are_refused() {
    let raw = "X-Field: y\r\n".repeat(500_000);
    assert_eq!(on_a_small_stack(raw.into_bytes()).unwrap_err(), ParseProblem::TooManyFields);
    let inner = "Content-Type: x/y\r\n".repeat(500_000);
    let raw = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{inner}\r\n");
    assert_eq!(on_a_small_stack(raw.into_bytes()).unwrap().parts.len(), 1);
}

#[test]
fn a_megabyte_of_part_headers_is_read_and_the_rest_stays_opaque() {
    let message = |n_parts: usize, n_fields: usize| {
        let part = format!("--b\r\n{}\r\nx\r\n", "X-Field: y\r\n".repeat(n_fields));
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", part.repeat(n_parts))
    };
    let parsed = on_a_small_stack(message(100, 800).into_bytes()).unwrap();
    assert_eq!((parsed.is_truncated, parsed.body), (false, Some(["x"; 100].join("\n"))));
    let parsed = on_a_small_stack(message(100, 1_000).into_bytes()).unwrap();
    assert!(parsed.is_truncated);
    assert_eq!(parsed.body.unwrap().get(..3), Some("x\nx"));
}

#[test]
fn a_part_of_two_hundred_thousand_lines_of_dashes_hides_no_part_behind_it() {
    let dashes = "--\r\n-- comment\r\n".repeat(100_000);
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/x-sql\r\n\r\n\
         {dashes}\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n"
    );
    let parsed = on_a_small_stack(raw.into_bytes()).unwrap();
    assert_eq!((parsed.is_truncated, parsed.parts.len()), (false, 2));
}

#[test]
fn every_shape_that_is_timed_is_read() {
    for shape in &SHAPES {
        let raw = (shape.make)(SHAPE_BYTES);
        match shape.reader {
            Reader::Message | Reader::Forward => {
                let Ok(parsed) = parse(&raw) else { continue };
                let files = forward::attachments(&raw, &parsed);
                assert_eq!(files.len(), parsed.parts.len(), "{}", shape.name);
                assert!(parsed.parts.len() < 1_000, "{}", shape.name);
                let bodies = [&parsed.text, &parsed.html, &parsed.body];
                let lengths = bodies.map(|body| body.as_ref().map_or(0, String::len));
                assert!(lengths.iter().all(|&length| length <= 1_024 * 1_024), "{}", shape.name);
            }
            Reader::Card => {
                let read = vcard::read(&raw);
                assert!(matches!(read, Ok(_) | Err(VcardProblem::TooManyCards)), "{}", shape.name);
            }
            Reader::Mbox => {
                let mut splitter = Splitter::default();
                raw.chunks(1_000).for_each(|chunk| drop(splitter.push(chunk)));
                let last = splitter.finish();
                assert!(
                    !matches!(last.map(|split| split.entry), Some(Entry::TooLarge { .. })),
                    "{}",
                    shape.name
                );
            }
        }
    }
}

#[test]
fn values_made_to_be_read_again_and_again_are_read_once() {
    let mut parameters = String::from("text/plain");
    for n in 0..20_000 {
        write!(parameters, "; a*{n}=x").unwrap();
    }
    for value in [
        "(".repeat(200_000),
        "<".repeat(200_000),
        "\"".repeat(200_001),
        "a,".repeat(100_000),
        "=?".repeat(100_000),
        "=?a?q?".repeat(40_000),
        "=?utf-8?b?".repeat(24_000),
        "=?utf-8?q?x".repeat(20_000),
        "<a@b> ".repeat(40_000),
        "<a".repeat(100_000),
        "a@b;:".repeat(40_000),
        parameters,
    ] {
        for name in ["From", "To", "Subject", "Content-Type", "References", "Date", "Message-ID"] {
            let raw = format!("{name}: {value}\r\n\r\nx");
            let parsed = on_a_small_stack(raw.into_bytes()).unwrap();
            assert!(parsed.references.len() <= 100 && parsed.from.len() <= 2_000);
        }
    }
}

#[test]
fn boundaries_that_nearly_match_cost_one_look_each() {
    let boundary = |n: usize| format!("{}{n:03}", "x".repeat(190));
    let mut raw = String::new();
    for n in 0..64 {
        write!(
            raw,
            "Content-Type: multipart/mixed; boundary={}\r\n\r\n--{}\r\n",
            boundary(n),
            boundary(n)
        )
        .unwrap();
    }
    raw.push_str("\r\n");
    raw.push_str(&format!("--{}\r\n", boundary(999)).repeat(100_000));
    assert!(on_a_small_stack(raw.into_bytes()).is_ok());
}

#[test]
fn a_boundary_that_is_used_on_two_levels_ends() {
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
        Content-Type: multipart/mixed; boundary=b\n\n--b\n\ninner\n--b--\n--b\n\nouter\n--b--\n";
    let parsed = on_a_small_stack(raw.as_bytes().to_vec()).unwrap();
    assert_eq!(parsed.body.as_deref(), Some("inner\nouter"));
}

// More cases than the usual 256 with the variable PROPTEST_CASES.

/// Pieces out of which messages are thrown together.
const PIECES: [&str; 24] = [
    "From: ",
    "To: ",
    "Subject: ",
    "Content-Type: ",
    "multipart/mixed; boundary=b",
    "text/html",
    "message/rfc822",
    "Content-Transfer-Encoding: base64",
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "--b",
    "--b--",
    "=?utf-8?q?=C3",
    "?=",
    "<a@b.example>",
    "\"",
    "(",
    "\\",
    ";",
    "\0",
    "é",
    " ",
];

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _outcome = parse(&raw);
    }

    #[test]
    fn no_mixture_of_syntax_makes_the_parser_panic(
        picks in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..120),
    ) {
        let raw = picks.concat();
        if let Ok(parsed) = parse(raw.as_bytes()) {
            for part in &parsed.parts {
                let bytes = part_bytes(raw.as_bytes(), part.index);
                prop_assert_eq!(bytes.map(|bytes| bytes.len()), Some(part.size));
            }
            let shown = [parsed.subject, parsed.text, parsed.html, parsed.body, parsed.snippet];
            prop_assert!(!shown.iter().flatten().any(|text| text.contains('\0')));
        }
    }

    #[test]
    fn no_value_of_a_field_makes_the_parser_panic(
        name in "From|To|Subject|Date|Content-Type|Content-Disposition|Message-ID|References|Auto-Submitted",
        value in proptest::collection::vec(any::<u8>(), 0..120),
        syntax in "(multipart/mixed|; ?|[a-z]{1,8}\\*?[0-9]?\\*?=|\"|utf-8''|%[0-9a-f]{2}|[0-9:+, -]{1,12}|Jul|[<>@().,\\\\]|=\\?utf-8\\?[qb]\\?|\\?=|\r\n ){0,30}",
    ) {
        let mut raw = format!("{name}: {syntax}\r\n{name}: ").into_bytes();
        raw.extend(value);
        raw.extend(b"\r\n\r\nx");
        let _outcome = parse(&raw);
    }

    #[test]
    fn no_charset_makes_the_parser_panic(
        charset in "utf-(7|8|16|16le|16be)|iso-2022-(jp|kr)|shift_jis|gb18030|big5|euc-(jp|kr)|hz-gb-2312|koi8-r|windows-125[0-8]|iso-8859-1?[0-9]|x-user-defined|macintosh|ibm850|tis-620|[a-z0-9-]{1,12}",
        encoding in "7bit|base64|quoted-printable",
        format in "fixed|flowed",
        kind in "plain|html",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut raw = format!(
            "From: a@b.example\r\nContent-Type: text/{kind}; charset={charset}; format={format}\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n"
        )
        .into_bytes();
        raw.extend(body);
        prop_assert!(parse(&raw).is_ok());
    }
}
