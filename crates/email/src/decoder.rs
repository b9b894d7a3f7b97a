//! The text of parts: transfer encoding, charset and flowed lines undone, as far as a body is kept.
//!
//! Which parts are a body is said by `bodies`; what its text tells is `parse`'s. Everything is cut before the
//! next step, so that what no body can keep costs nothing.

use crate::parse::BODY_BYTES_MAX;
use crate::scan::{Entity, Structure};
use crate::{field, flowed, text};

/// Bytes of all parts together that are decoded to make the bodies. Encodings take at most four bytes for
/// one, and there are two bodies.
const ENCODED_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;
/// Bytes of the parts of one body before their line breaks are tidied, which halves them at most.
const UNTIDY_BYTES_MAX: usize = 2 * BODY_BYTES_MAX;
/// Bytes that a charset takes for one of UTF-8, at most: UTF-16 of English.
const CHARSET_RATIO_MAX: usize = 2;
/// Bytes of HTML in which its own word on the charset must stand (HTML 13.2.3.2).
const CHARSET_BYTES_MAX: usize = 1_024;

/// Decodes the bodies of one message out of as many bytes as there is room for.
pub(crate) struct Decoder<'a> {
    raw: &'a [u8],
    structure: &'a Structure,
    encoded_left: usize,
    /// Whether anything was cut.
    pub(crate) is_truncated: bool,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(raw: &'a [u8], structure: &'a Structure) -> Self {
        Self { raw, structure, encoded_left: ENCODED_BYTES_MAX, is_truncated: false }
    }

    /// The text of each part of a body, without NUL.
    pub(crate) fn body(&mut self, places: impl Iterator<Item = usize>) -> Vec<String> {
        let mut untidy_left = UNTIDY_BYTES_MAX;
        let mut texts = Vec::new();
        for place in places {
            let text = self.part(&self.structure.entities[place], untidy_left);
            untidy_left -= text.len();
            texts.push(text);
        }
        texts
    }

    fn part(&mut self, entity: &Entity, bytes_max: usize) -> String {
        let encoded = &self.raw[entity.body.clone()];
        let encoded = self.cut(encoded, self.encoded_left);
        self.encoded_left -= encoded.len();
        let bytes = entity.transfer.decode(encoded);
        let bytes = self.cut(&bytes, CHARSET_RATIO_MAX * bytes_max);

        let charset = entity.kind.parameter("charset").map(str::to_owned);
        let is_html = entity.kind.word == "text/html";
        let charset = charset.or_else(|| if is_html { declared_charset(bytes) } else { None });
        let mut text = field::decode_charset(charset.as_deref(), bytes);
        self.is_truncated |= text::cap(&mut text, bytes_max);
        text.retain(|letter| letter != '\0');

        let says = |name: &str, word: &str| {
            entity.kind.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        if is_html || !says("format", "flowed") {
            return text;
        }
        let mut unfolded = flowed::unfold(&text, says("delsp", "yes"));
        self.is_truncated |= text::cap(&mut unfolded, bytes_max);
        unfolded
    }

    fn cut<'b>(&mut self, bytes: &'b [u8], bytes_max: usize) -> &'b [u8] {
        if bytes.len() <= bytes_max {
            return bytes;
        }
        self.is_truncated = true;
        &bytes[..whole_characters(&bytes[..bytes_max])]
    }
}

/// Where the characters end that are whole, in UTF-8 that was cut: half a character would make all of it
/// look like another charset.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(problem) if problem.error_len().is_none() => problem.valid_up_to(),
        _ => bytes.len(),
    }
}

/// The charset that HTML declares of itself.
fn declared_charset(bytes: &[u8]) -> Option<String> {
    let start = &bytes[..bytes.len().min(CHARSET_BYTES_MAX)];
    let start = String::from_utf8_lossy(start).to_ascii_lowercase();
    let (_, after) = start.split_once("charset=")?;
    let after = after.trim_start_matches(['"', '\'', ' ']);
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:".contains(c)));
    let name = &after[..end.unwrap_or(after.len())];
    (!name.is_empty()).then(|| name.to_owned())
}
