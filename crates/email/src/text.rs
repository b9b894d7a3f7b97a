//! Cutting, tidying and encoding text: prefixes by characters, snippets, line breaks, encoded words.
//!
//! A character is a Unicode scalar value throughout (B-4). Text out of HTML is made in `html`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::address::is_invisible;

/// Characters of a snippet (B-6).
pub const SNIPPET_CHARS_MAX: usize = 200;

/// A prefix of a text and what was left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut<'a> {
    pub text: &'a str,
    /// Characters of the whole text.
    pub total_chars: usize,
    /// Characters of the prefix; equal to the total where nothing was left behind (B-1, B-2).
    pub included_chars: usize,
}

impl Cut<'_> {
    pub fn is_truncated(&self) -> bool {
        self.included_chars < self.total_chars
    }
}

/// The first characters of a text, at most `chars_max` of them. Never splits a character (B-4).
pub fn cut(text: &str, chars_max: usize) -> Cut<'_> {
    let total_chars = text.chars().count();
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => Cut { text: &text[..end], total_chars, included_chars: chars_max },
        None => Cut { text, total_chars, included_chars: total_chars },
    }
}

/// The start of a text on one line: blanks collapsed, what can't be seen removed, at most
/// [`SNIPPET_CHARS_MAX`] characters. `None` when nothing is left (B-6).
pub fn snippet(text: &str) -> Option<String> {
    let mut short = String::new();
    let mut n_chars = 0;
    for word in text.split_whitespace() {
        let mut is_word_start = true;
        for letter in word.chars().filter(|&c| !is_invisible(c) && !c.is_control()) {
            let gap = usize::from(is_word_start && n_chars > 0);
            if n_chars + gap >= SNIPPET_CHARS_MAX {
                return Some(short);
            }
            if gap == 1 {
                short.push(' ');
            }
            short.push(letter);
            n_chars += gap + 1;
            is_word_start = false;
        }
    }
    (n_chars > 0).then_some(short)
}

/// Lines ended by LF, without NUL (which PostgreSQL cannot keep in a text), and nothing blank at the end.
pub(crate) fn tidied(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' => tidy.push('\n'),
            '\0' => {}
            _ => tidy.push(letter),
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

/// Cuts a text to a number of bytes, at a character; says whether anything was cut.
pub(crate) fn cap(text: &mut String, bytes_max: usize) -> bool {
    let is_over = text.len() > bytes_max;
    if is_over {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
    is_over
}

/// Whether readers would take a text that is meant as it stands for encoded words (RFC 2047).
pub(crate) fn looks_encoded(text: &str) -> bool {
    text.contains("=?")
}

/// Bytes of a text in one encoded word, which has at most 75 characters (RFC 2047 2).
const ENCODED_BYTES_MAX: usize = 45;

/// A text in encoded words, for what [`looks_encoded`]; others are left to the builder.
pub(crate) fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED_BYTES_MAX));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{SNIPPET_CHARS_MAX, cut, snippet, tidied};

    #[test]
    fn case_36_a_text_is_cut_between_characters_not_bytes() {
        for (text, total, included, is_truncated) in [
            ("", 0, 0, false),
            ("a🦀é", 3, 3, false),
            ("a🦀é🦀", 4, 3, true),
            ("🦀🦀🦀🦀🦀", 5, 3, true),
        ] {
            let cut = cut(text, 3);
            assert_eq!((cut.total_chars, cut.included_chars), (total, included), "{text}");
            assert_eq!(cut.is_truncated(), is_truncated, "{text}");
            assert_eq!(cut.text.chars().count(), included);
            assert!(text.starts_with(cut.text));
        }
    }

    #[test]
    fn a_snippet_is_one_line_of_at_most_two_hundred_characters() {
        assert_eq!(
            snippet(" Hello,\r\n\r\n the\u{200b} \u{200b} invoice \t is\0 attached. ").unwrap(),
            "Hello, the invoice is attached."
        );
        assert_eq!(snippet(&"é".repeat(500)).unwrap().chars().count(), SNIPPET_CHARS_MAX);
        assert_eq!(snippet(&"ab ".repeat(500)).unwrap().chars().count(), SNIPPET_CHARS_MAX);
        assert_eq!(snippet(" \u{200b}\n"), None);
    }

    #[test]
    fn line_breaks_become_lf_and_nul_vanishes() {
        assert_eq!(tidied("a\r\nb\rc\0\n \r\n"), "a\nb\nc");
    }
}
