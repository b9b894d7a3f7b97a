//! Names of blobs: validated once, then safe as a path on disk and as a name in a bucket.
//!
//! Which key belongs to which row is in `storage`.

use std::fmt;

/// The longest key, in bytes: under the 255 of a file name and the 1,024 of S3, with a prefix to spare.
pub const KEY_BYTES_MAX: usize = 200;

domain::words! {
    /// What a blob is of. The first part of a content key, so that a bucket rule can tell them apart.
    pub enum Family {
        Photo = "photo",
        Thumbnail = "thumbnail",
        Scan = "scan",
        Document = "document",
        Message = "message",
    }
}

/// The name of a blob, such as `photo/3f/3fa9…`.
///
/// Invariant: one or more parts of `a-z`, `0-9`, `-` and `_`, joined by `/`, at most
/// [`KEY_BYTES_MAX`] bytes. There is no dot, so no key leaves its directory or meets a temporary file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a blob key: it takes lower-case letters, digits, - and _ in parts joined by /, \
     at most {KEY_BYTES_MAX} bytes"
)]
pub struct KeyRefused;

impl Key {
    /// Reads a key that a row holds.
    pub fn parse(text: &str) -> Result<Self, KeyRefused> {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        if text.len() > KEY_BYTES_MAX || !text.split('/').all(part) {
            return Err(KeyRefused);
        }
        Ok(Self(text.to_owned()))
    }

    /// The key of bytes by their SHA-256: equal bytes have one key and are stored once.
    ///
    /// The second part spreads blobs over 256 directories, which keeps each one quick to list.
    pub fn content(family: Family, sha256: &[u8; 32]) -> Self {
        let hex = sha256.map(|byte| format!("{byte:02x}")).concat();
        Self(format!("{family}/{}/{hex}", &hex[..2]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_could_leave_its_directory_or_differ_by_case_is_refused() {
        let long = "a".repeat(KEY_BYTES_MAX + 1);
        for text in
            ["", "/", "/a", "a/", "a//b", "..", "a/../b", "A", "a b", "a.tmp", "a\0", "é", &long]
        {
            assert_eq!(Key::parse(text), Err(KeyRefused), "{text:?}");
        }
        for text in ["a", "photo/mail_01/0", "x-1/y_2", &long[1..]] {
            assert_eq!(Key::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_content_key_is_sharded_and_parses_back() {
        let key = Key::content(Family::Photo, &[0xab; 32]);
        assert_eq!(key.as_str(), format!("photo/ab/{}", "ab".repeat(32)));
        assert_eq!(Key::parse(key.as_str()), Ok(key));
    }
}
