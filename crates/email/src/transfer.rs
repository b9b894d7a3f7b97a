//! Undoing base64 and quoted-printable, forgivingly.
//!
//! What a mail client shows is decoded, so junk between the letters of base64 is skipped instead of losing
//! the attachment. Writing these encodings is the builder's.

use std::borrow::Cow;

/// How the bytes of a part are written (RFC 2045 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    Plain,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    /// Unknown encodings count as none: the bytes are shown as they stand.
    pub(crate) fn named(name: &[u8]) -> Self {
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"base64") {
            Self::Base64
        } else if name.eq_ignore_ascii_case(b"quoted-printable") {
            Self::QuotedPrintable
        } else {
            Self::Plain
        }
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Plain => Cow::Borrowed(bytes),
            Self::Base64 => Cow::Owned(base64(bytes)),
            Self::QuotedPrintable => Cow::Owned(quoted_printable(bytes)),
        }
    }

    /// How many bytes [`Transfer::decode`] gives, without keeping them.
    pub(crate) fn decoded_len(self, bytes: &[u8]) -> usize {
        match self {
            Self::Plain => bytes.len(),
            Self::Base64 => {
                let letters = base64_letters(bytes).count();
                letters / 4 * 3 + (letters % 4).saturating_sub(1)
            }
            Self::QuotedPrintable => quoted_printable(bytes).len(),
        }
    }
}

const NONE: u8 = 0xff;

/// The value of each letter of base64; [`NONE`] for every other byte. `-` and `_` are the URL alphabet.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut at = 0_u8;
    while at < 64 {
        values[alphabet[at as usize] as usize] = at;
        at += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};

/// The values up to the first padding; a part that goes on behind its padding is a second text, which
/// other clients don't show either.
fn base64_letters(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes
        .iter()
        .take_while(|&&byte| byte != b'=')
        .map(|&byte| VALUES[usize::from(byte)])
        .filter(|&value| value != NONE)
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut group = [0_u8; 4];
    let mut filled = 0;
    for value in base64_letters(bytes) {
        group[filled] = value;
        filled += 1;
        if filled == 4 {
            decoded.extend_from_slice(&joined(group));
            group = [0; 4];
            filled = 0;
        }
    }
    if filled > 1 {
        decoded.extend_from_slice(&joined(group)[..filled - 1]);
    }
    decoded
}

fn joined([a, b, c, d]: [u8; 4]) -> [u8; 3] {
    [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]
}

fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'=' {
            decoded.push(byte);
            continue;
        }
        match tail {
            [b'\r', b'\n', more @ ..] | [b'\n', more @ ..] => rest = more,
            [high, low, more @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = more;
            }
            // Spaces that a relay left behind a soft line break.
            [b' ' | b'\t', ..] if soft_break(tail).is_some() => {
                rest = soft_break(tail).unwrap_or_default();
            }
            [] => {}
            _ => decoded.push(byte),
        }
    }
    decoded
}

/// Blanks at the end of a line that are looked over for a soft line break.
const BLANKS_MAX: usize = 76;

fn soft_break(tail: &[u8]) -> Option<&[u8]> {
    let blanks = tail.iter().take(BLANKS_MAX).take_while(|b| matches!(b, b' ' | b'\t' | b'\r'));
    tail.get(blanks.count()..)?.strip_prefix(b"\n")
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::Transfer::{Base64, Plain, QuotedPrintable};

    #[test]
    fn base64_with_junk_between_its_letters_is_decoded() {
        for (written, read) in [
            ("aGVsbG8=", "hello"),
            ("aGVs\r\n bG8", "hello"),
            ("aG!!Vs*bG8=\r\n", "hello"),
            ("", ""),
            ("a", ""),
            ("aGVsbG8=ignored", "hello"),
        ] {
            assert_eq!(*Base64.decode(written.as_bytes()), *read.as_bytes(), "{written:?}");
            assert_eq!(Base64.decoded_len(written.as_bytes()), read.len(), "{written:?}");
        }
    }

    #[test]
    fn quoted_printable_keeps_what_is_not_an_escape() {
        for (written, read) in [
            ("caf=C3=a9 =\r\nau lait", "café au lait"),
            ("a=\nb", "ab"),
            ("a=  \r\nb", "ab"),
            ("1=2 =ZZ =", "1=2 =ZZ "),
        ] {
            let decoded = QuotedPrintable.decode(written.as_bytes());
            assert_eq!(String::from_utf8_lossy(&decoded), read, "{written:?}");
        }
    }

    #[test]
    fn plain_bytes_are_not_copied() {
        assert!(matches!(Plain.decode(b"x"), std::borrow::Cow::Borrowed(b"x")));
    }
}
