//! Reading the values of header fields: all that we use of the crate `mail-parser`.
//!
//! The crate sees one value at a time, never a message, because its own tree of nested messages overflows
//! the stack when it is dropped (engine 2.4). Which bytes are a field is decided in `scan`. A newer
//! version of the crate is a change of this file only.

use domain::Timestamp;
use mail_parser::HeaderValue;
use mail_parser::decoders::{charsets::map::charset_decoder, html::add_html_token};
use mail_parser::parsers::MessageStream;

/// Bytes of one value that are looked at, other than lists of addresses. A subject has at most 998
/// characters by the standard; folded and encoded this is six times that.
const VALUE_BYTES_MAX: usize = 8 * 1_024;

/// An unstructured value (RFC 5322 2.2.1) with its encoded words decoded, on one line, without NUL.
pub(crate) fn text(value: &[u8]) -> String {
    let line = one_line(value);
    match MessageStream::new(&line).parse_unstructured() {
        HeaderValue::Text(text) => text.replace('\0', ""),
        _ => String::new(),
    }
}

/// A content type or disposition: its lower-cased word and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// `type/subtype`, or a single word such as `attachment`.
    pub(crate) word: String,
    parameters: Vec<(String, String)>,
}

impl Content {
    /// A word without parameters.
    pub(crate) fn bare(word: &str) -> Self {
        Self { word: word.to_owned(), parameters: Vec::new() }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads Content-Type or Content-Disposition, with continued and encoded parameters (RFC 2231) and
/// encoded words in them, which many clients write. `None` where there is no word.
pub(crate) fn content(value: &[u8]) -> Option<Content> {
    let line = one_line(value);
    let HeaderValue::ContentType(read) = MessageStream::new(&line).parse_content_type() else {
        return None;
    };
    let word = match &read.c_subtype {
        Some(subtype) => format!("{}/{subtype}", read.c_type),
        None => read.c_type.to_string(),
    };
    let parameters = read.attributes.unwrap_or_default().into_iter().map(|attribute| {
        let value = attribute.value;
        let value = if value.contains("=?") { text(value.as_bytes()) } else { value.into_owned() };
        (attribute.name.to_ascii_lowercase(), value.replace('\0', ""))
    });
    let content = Content {
        word: word.to_ascii_lowercase().replace(char::is_control, ""),
        parameters: parameters.collect(),
    };
    Some(content)
}

/// A date of RFC 5322 3.3, also in its obsolete forms; `None` when it is none or not a day of the calendar.
pub(crate) fn date(value: &[u8]) -> Option<Timestamp> {
    let line = one_line(value);
    let HeaderValue::DateTime(read) = MessageStream::new(&line).parse_date() else { return None };
    if !read.is_valid() || read.year < 1970 {
        return None;
    }
    Some(Timestamp::from_micros(read.to_timestamp().checked_mul(1_000_000)?))
}

/// Text of a body in the charset that it names; without a name, or with an unknown one, UTF-8 if it is that
/// and windows-1252 if not.
pub(crate) fn decode_charset(charset: Option<&str>, bytes: &[u8]) -> String {
    let charset = charset.map(str::trim).unwrap_or_default();
    let is_utf8 = ["", "utf-8", "utf8", "us-ascii", "ascii"]
        .iter()
        .any(|known| charset.eq_ignore_ascii_case(known));
    if is_utf8 && let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let says_utf8 = charset.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("utf"));
    let named = if is_utf8 { None } else { charset_decoder(charset.as_bytes()) };
    match named.or_else(|| charset_decoder(b"windows-1252")) {
        Some(decode) if named.is_some() || !says_utf8 => match std::str::from_utf8(bytes) {
            // An unknown name is no reason to spoil what is plainly UTF-8.
            Ok(text) if named.is_none() => text.to_owned(),
            _ => decode(bytes),
        },
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The character that `&name;`, `&#8364;` or `&#x20ac;` stands for; `None` when it stands for none.
pub(crate) fn entity(token: &str) -> Option<char> {
    let mut decoded = String::new();
    add_html_token(&mut decoded, token.as_bytes(), false);
    let mut letters = decoded.chars();
    let letter = letters.next()?;
    (letters.next().is_none() && letter != '\0').then_some(letter)
}

/// Unfolded (the blank after a line break stays) and ended by a line break, as the crate wants values to be.
fn one_line(value: &[u8]) -> Vec<u8> {
    let value = &value[..value.len().min(VALUE_BYTES_MAX)];
    let mut line = Vec::with_capacity(value.len() + 1);
    line.extend(value.iter().filter(|b| !matches!(b, b'\r' | b'\n')));
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::{content, date, decode_charset, entity, text};

    #[test]
    fn encoded_words_in_several_charsets_are_joined() {
        assert_eq!(
            text(b" =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?iso-8859-1?Q?_aus_K=F6ln?= =?shift_jis?B?g26DjQ==?="),
            "Grüße aus Kölnハロ"
        );
        assert_eq!(text(b" plain  words\r\n here "), "plain  words here");
    }

    #[test]
    fn parameters_may_be_continued_and_encoded() {
        let read = content(
            b" Multipart/Mixed; boundary*0=\"ab\"; boundary*1=\"cd\"; name*=utf-8''r%C3%A9sum%C3%A9.pdf",
        )
        .unwrap();
        assert_eq!(read.word, "multipart/mixed");
        assert_eq!(read.parameter("boundary"), Some("abcd"));
        assert_eq!(read.parameter("name"), Some("résumé.pdf"));
        assert_eq!(content(b"text\x0f/pl\0ain\x7f").unwrap().word, "text/plain");
        let read = content(b"attachment; filename=\"=?utf-8?Q?caf=C3=A9.txt?=\"").unwrap();
        assert_eq!(
            (read.word.as_str(), read.parameter("filename")),
            ("attachment", Some("café.txt"))
        );
    }

    #[test]
    fn dates_are_instants() {
        let read = |text: &str| date(text.as_bytes()).map(|at| at.to_string());
        assert_eq!(
            read("Wed, 1 Jul 2026 11:30:15 +0200").as_deref(),
            Some("2026-07-01T09:30:15.000Z")
        );
        assert_eq!(read("yesterday"), None);
        assert_eq!(read("Wed, 41 Jul 2026 11:30:15 +0200"), None);
    }

    #[test]
    fn a_body_is_read_in_its_charset_and_guessed_without_one() {
        assert_eq!(decode_charset(Some("iso-8859-1"), b"caf\xe9"), "café");
        assert_eq!(decode_charset(Some("ISO-2022-JP"), b"\x1b$B%O%m\x1b(B"), "ハロ");
        assert_eq!(decode_charset(None, "café".as_bytes()), "café");
        assert_eq!(decode_charset(None, b"caf\xe9"), "café");
        assert_eq!(decode_charset(Some("x-unheard-of"), "café".as_bytes()), "café");
        assert_eq!(decode_charset(Some("utf-8"), b"caf\xe9"), "caf\u{fffd}");
    }

    #[test]
    fn entities_stand_for_one_character() {
        assert_eq!(entity("&euro;"), Some('€'));
        assert_eq!(entity("&#x20ac;"), Some('€'));
        assert_eq!(entity("&nonsense;"), None);
        assert_eq!(entity("&#0;"), None);
    }
}
