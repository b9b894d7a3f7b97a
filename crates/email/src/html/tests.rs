//! Text out of HTML, plain and hostile.

use std::fmt::Write as _;

use super::{Links, OPEN_ELEMENTS_MAX, TAGS_MAX, from_text, to_text};

fn text(html: &str) -> String {
    to_text(html, Links::Shown).text
}

#[test]
fn blocks_stand_on_lines_of_their_own() {
    let html = "<html><head><title>no</title><style>p{}</style></head><body>\n<h1>Order  881</h1>\
        <p>Dear&nbsp;Ann,<br>two &lt;lines&gt; &amp; one</p><ul><li>first<li>second</ul><hr>\
        <table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><script>x<y</script>end";
    assert_eq!(
        text(html),
        "Order 881\n\nDear Ann,\ntwo <lines> & one\n\n- first\n- second\n\n---\n\na b\nc\n\nend"
    );
}

#[test]
fn quotations_are_marked() {
    assert_eq!(
        text("new<blockquote>old<p>older<blockquote>oldest</blockquote></blockquote>sign"),
        "new\n\n> old\n>\n> older\n>\n>> oldest\n\nsign"
    );
}

#[test]
fn links_show_where_they_lead_when_their_words_do_not() {
    let html = "<a href=\"https://a.example/x?b=1&amp;c=2\">Confirm</a>, \
        <a href='https://a.example/'>a.example</a>, <a href='#top'>up</a>, \
        <a href='javascript:x()'>no</a>, <a href=mailto:a@b.example>write</a>";
    assert_eq!(
        text(html),
        "Confirm (https://a.example/x?b=1&c=2), a.example, up, no, write (mailto:a@b.example)"
    );
    assert_eq!(to_text(html, Links::Hidden).text, "Confirm, a.example, up, no, write");
}

#[test]
fn what_is_hidden_is_left_out_unless_it_never_ends() {
    assert_eq!(text("<div style='Display : none'>a<div>b</div>c</div>d"), "d");
    assert_eq!(text("<div style='display:none'>a<p>b"), "a\n\nb");
}

#[test]
fn preformatted_text_keeps_its_lines() {
    assert_eq!(text("<pre>a\n  b\n</pre>c"), "a\n  b\n\nc");
}

#[test]
fn broken_markup_loses_no_text() {
    for (html, expected) in [
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("a <b c", "a"),
        ("<p title=\"unended>a</p>b<p>c", "a\n\nb\n\nc"),
        ("a<!-- b --><!-- c", "a"),
        ("a &unknown; &amp &#xZZ; b", "a &unknown; &amp &#xZZ; b"),
        ("<![CDATA[x]]>y<?php z ?>w", "yw"),
        ("<img alt='A &amp; B' src=x>", "A & B"),
    ] {
        assert_eq!(text(html), expected, "{html}");
    }
}

#[test]
fn deep_and_crowded_markup_is_unsafe_and_still_gives_its_text() {
    for html in [
        format!("{}x", "<div>".repeat(OPEN_ELEMENTS_MAX + 1)),
        format!("{}x", "<br/>".repeat(TAGS_MAX + 1)),
    ] {
        let converted = to_text(&html, Links::Shown);
        assert!(converted.is_unsafe && !converted.is_truncated);
        assert_eq!(converted.text, "x");
    }
    let plain = to_text(&"<p>x".repeat(OPEN_ELEMENTS_MAX * 2), Links::Shown);
    assert!(!plain.is_unsafe, "paragraphs end by themselves");
    let long = to_text(&"word ".repeat(200_000), Links::Shown);
    assert!(long.is_truncated && long.is_unsafe);
}

#[test]
fn hostile_markup_is_read_in_one_pass() {
    let mut attributes = String::from("<a ");
    for n in 0..50_000 {
        write!(attributes, "a{n}=\"").unwrap();
    }
    for html in [
        "<".repeat(500_000),
        "<a ".repeat(170_000),
        "<script>".repeat(60_000),
        "<!--".repeat(120_000),
        "<a href=\"".repeat(50_000),
        "<div style=display:none>".repeat(20_000),
        "&".repeat(500_000),
        "<blockquote>x".repeat(40_000),
        attributes,
    ] {
        let converted = to_text(&html, Links::Shown);
        assert!(converted.text.len() <= 4 * 1_024 * 1_024, "{}", &html[..20]);
    }
}

#[test]
fn text_as_html_comes_back_as_text() {
    let plain = "a < b & \"c\"\nd > 'e'";
    assert_eq!(text(&from_text(plain)), plain);
}
