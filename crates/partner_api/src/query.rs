//! Query strings, read strictly: an unknown parameter is refused, because a filter that is silently
//! ignored returns wrong rows.

use std::fmt::Write as _;

use domain::{Error, ErrorCode, Result, Timestamp};
use sha2::{Digest, Sha256};
use wire::reader::nearest;

/// Rows of a page when the caller does not say, and at most.
pub(crate) const LIMIT_DEFAULT: i64 = 25;
pub(crate) const LIMIT_MAX: i64 = 100;

/// The parameters of one request.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads a query string that may hold these parameters and no others.
    pub(crate) fn read(raw: Option<&str>, known: &[&str]) -> Result<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in raw.unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if !known.contains(&name.as_str()) {
                return Err(unknown(&name, known));
            }
            if pairs.iter().any(|(n, _)| *n == name) {
                return Err(invalid(&name, "is given twice"));
            }
            if value.is_empty() {
                return Err(invalid(&name, "is empty; leave it out or give it a value"));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>> {
        self.parsed(name, Timestamp::parse, "must be an RFC 3339 time such as 2026-11-21T00:00:00Z")
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        let read = |text: &str| match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        Ok(self.parsed(name, read, "must be true or false")?.unwrap_or(false))
    }

    /// A comma list of words; an unknown one is refused with the list of those that exist.
    pub(crate) fn words<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Result<Vec<T>> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let find = |w: &str| all.iter().copied().find(|t| word(*t) == w.trim());
        text.split(',')
            .map(|w| {
                find(w).ok_or_else(|| {
                    let words: Vec<&str> = all.iter().map(|t| word(*t)).collect();
                    invalid(name, &format!("must be of {}", words.join(", ")))
                })
            })
            .collect()
    }

    /// One word of a vocabulary.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Result<Option<T>> {
        let mut words = self.words(name, all, word)?;
        match words.len() {
            0 | 1 => Ok(words.pop()),
            _ => Err(invalid(name, "must be one word")),
        }
    }

    /// Rows of a page.
    pub(crate) fn limit(&self) -> Result<i64> {
        let read = |text: &str| text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
        let limit = self.parsed("limit", read, "must be a number from 1 to 100")?;
        Ok(limit.unwrap_or(LIMIT_DEFAULT))
    }

    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Result<Option<T>> {
        self.text(name).map(|text| read(text).ok_or_else(|| invalid(name, rule))).transpose()
    }

    /// A digest of everything that decides which rows a list holds: a cursor is good for no other.
    pub(crate) fn filter_digest(&self) -> String {
        let mut pairs: Vec<_> =
            self.pairs.iter().filter(|(n, _)| n != "cursor" && n != "limit").collect();
        pairs.sort_unstable();
        let mut hash = Sha256::new();
        for (name, value) in pairs {
            hash.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
        }
        hash.finalize().iter().take(12).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The query of the next page.
    pub(crate) fn with_cursor(&self, cursor: &str) -> String {
        let kept = self.pairs.iter().filter(|(n, _)| n != "cursor");
        let mut text: Vec<String> = kept.map(|(n, v)| format!("{n}={}", encode(v))).collect();
        text.push(format!("cursor={cursor}"));
        text.join("&")
    }
}

pub(crate) fn invalid(name: &str, rule: &str) -> Error {
    Error::refused(ErrorCode::InvalidParameter, format!("{name} {rule}")).param(name)
}

fn unknown(name: &str, known: &[&str]) -> Error {
    let error =
        Error::refused(ErrorCode::UnknownParameter, format!("there is no query parameter {name}"))
            .param(name);
    match nearest(name, known) {
        Some(near) => error.fix(format!("did you mean {near}?")),
        None if known.is_empty() => error.fix("this call takes no query parameters"),
        None => error.fix(format!("this call takes {}", known.join(", "))),
    }
}

fn decode(text: &str) -> Result<String> {
    let bad = || invalid("query", "must be percent-encoded UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                let digits = std::str::from_utf8(&digits).map_err(|_| bad())?;
                bytes.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
            }
            other => bytes.push(other),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    if text.chars().any(|c| c == '\0') { Err(bad()) } else { Ok(text) }
}

fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest_name() {
        let error = Query::read(Some("limt=3"), &["limit", "cursor"]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownParameter);
        let Error::Refused { fix, .. } = error else { panic!("a refusal") };
        assert_eq!(fix.unwrap(), "did you mean limit?");
    }

    #[test]
    fn values_are_decoded_and_written_back() {
        let query =
            Query::read(Some("email=a%2Bb%40example.com&limit=100"), &["email", "limit"]).unwrap();
        assert_eq!(query.text("email"), Some("a+b@example.com"));
        assert_eq!(query.limit().unwrap(), LIMIT_MAX);
        assert_eq!(query.with_cursor("c"), "email=a%2Bb%40example.com&limit=100&cursor=c");
    }

    #[test]
    fn a_limit_out_of_bounds_and_broken_encoding_are_refused() {
        for limit in ["limit=0", "limit=101"] {
            assert!(Query::read(Some(limit), &["limit"]).unwrap().limit().is_err(), "{limit}");
        }
        assert!(Query::read(Some("limit=%zz"), &["limit"]).is_err());
    }
}
