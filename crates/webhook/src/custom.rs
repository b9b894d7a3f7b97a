//! Headers that an owner adds to each request: which are allowed, and how they are kept.
//!
//! They are judged when they are saved, so that nothing has to be left out when sending. Sealing is
//! `app`'s; where they stand in a request is [`crate::headers`]'s. Source: webhooks.md 5.10, case 25.

use domain::endpoint::{
    HEADER_NAME_CHARS_MAX as NAME_CHARS_MAX, HEADER_VALUE_CHARS_MAX as VALUE_CHARS_MAX, HEADERS_MAX,
};
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Bytes of all names and values, with which every receiver's own limit is kept.
pub const ALL_BYTES_MAX: usize = 8 * 1024;
/// What is shown in the place of a value.
pub const REDACTED: &str = "[redacted]";

/// Names that belong to the connection, to the body, or to us.
const RESERVED: [&str; 20] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "original-id",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];
const RESERVED_STARTS: [&str; 3] = ["webhook-", "proxy-", "x-forwarded-"];
/// The prefix of our own names is a setting that may change, so it is their ends that are kept.
const RESERVED_ENDS: [&str; 8] = [
    "-delivery-attempt",
    "-delivery-id",
    "-event-id",
    "-event-type",
    "-request-id",
    "-signature",
    "-signature-next",
    "-timestamp",
];

/// Why a header cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomProblem {
    #[error("an endpoint has at most {HEADERS_MAX} headers of {ALL_BYTES_MAX} bytes together")]
    TooMany,
    #[error("a header name is 1 to {NAME_CHARS_MAX} letters, digits and dashes")]
    Name,
    #[error("this header is set by the sender or by the connection and can't be replaced")]
    Reserved,
    #[error("this header is there already in another case; names of headers have no case")]
    Duplicate,
    #[error(
        "a header value is 1 to {VALUE_CHARS_MAX} visible ASCII characters and spaces, without a space at either end"
    )]
    Value,
    #[error("{REDACTED} stands for a value that is not shown; send the value itself")]
    Redacted,
}

/// Custom headers that may be sent. Their values are marked sensitive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomHeaders(HeaderMap);

impl CustomHeaders {
    /// Judges all of them; a problem comes with the name that it is about.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, Vec<(String, CustomProblem)>> {
        let mut headers = HeaderMap::with_capacity(pairs.len());
        let mut wrong = Vec::new();
        for (name, value) in pairs {
            let read = name_of(name).and_then(|read| Ok((read, value_of(value)?)));
            let kept = read.and_then(|(name, value)| match headers.insert(name, value) {
                Some(_) => Err(CustomProblem::Duplicate),
                None => Ok(()),
            });
            wrong.extend(kept.err().map(|problem| (name.clone(), problem)));
        }
        let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if pairs.len() > HEADERS_MAX || bytes > ALL_BYTES_MAX {
            wrong.push((String::new(), CustomProblem::TooMany));
        }
        if wrong.is_empty() { Ok(Self(headers)) } else { Err(wrong) }
    }

    /// What [`Self::to_text`] wrote; `None` when it is anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        let pair = |line: &str| {
            line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let pairs: Option<Vec<_>> = text.lines().map(pair).collect();
        Self::read(&pairs?).ok()
    }

    /// `name: value` lines, to be sealed.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            let value = value.to_str().unwrap_or_default();
            text.extend([name.as_str(), ": ", value, "\n"]);
        }
        text
    }

    /// In lower case.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().map(|name| name.as_str().to_owned()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn map(&self) -> &HeaderMap {
        &self.0
    }
}

fn name_of(text: &str) -> Result<HeaderName, CustomProblem> {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !(1..=NAME_CHARS_MAX).contains(&text.len()) || !is_plain {
        return Err(CustomProblem::Name);
    }
    let lower = text.to_ascii_lowercase();
    if RESERVED.contains(&lower.as_str())
        || RESERVED_STARTS.iter().any(|start| lower.starts_with(start))
        || RESERVED_ENDS.iter().any(|end| lower.ends_with(end))
    {
        return Err(CustomProblem::Reserved);
    }
    HeaderName::try_from(lower).map_err(|_| CustomProblem::Name)
}

fn value_of(text: &str) -> Result<HeaderValue, CustomProblem> {
    if text == REDACTED {
        return Err(CustomProblem::Redacted);
    }
    let is_visible = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if !(1..=VALUE_CHARS_MAX).contains(&text.len()) || !is_visible || text.trim() != text {
        return Err(CustomProblem::Value);
    }
    let mut value = HeaderValue::try_from(text).map_err(|_| CustomProblem::Value)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn problem(list: &[(&str, &str)]) -> CustomProblem {
        let wrong = CustomHeaders::read(&pairs(list)).unwrap_err();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        wrong[0].1
    }

    #[test]
    fn case_25_reserved_names_control_characters_and_duplicates_are_refused() {
        for name in [
            "Host",
            "content-length",
            "Content-Type",
            "User-Agent",
            "Webhook-Signature",
            "X-Innbocks-Signature",
            "Acme-Event-Id",
            "X-Inkbox-Request-ID",
            "Proxy-Authorization",
            "X-Forwarded-For",
        ] {
            assert_eq!(problem(&[(name, "x")]), CustomProblem::Reserved, "{name}");
        }
        for name in ["", "X Acme", "X-Äcme", "X:Acme", "X-Acme\r\nHost", &"x".repeat(65)] {
            assert_eq!(problem(&[(name, "x")]), CustomProblem::Name, "{name}");
        }
        for value in ["", " x", "x\r\nHost: evil", "x\0", "tab\there", "ü", &"x".repeat(4097)] {
            assert_eq!(problem(&[("X-Acme", value)]), CustomProblem::Value, "{value}");
        }
        assert_eq!(problem(&[("X-Acme", "1"), ("x-acme", "2")]), CustomProblem::Duplicate);
        assert_eq!(problem(&[("X-Acme", REDACTED)]), CustomProblem::Redacted);
        let names: Vec<String> = (0..=HEADERS_MAX).map(|n| format!("x-{n}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(problem(&many), CustomProblem::TooMany);
    }

    #[test]
    fn headers_come_back_from_their_text_and_no_debug_output_shows_a_value() {
        let list = pairs(&[("Authorization", "Bearer a: b, c"), ("X-Acme-Tenant", "7")]);
        let headers = CustomHeaders::read(&list).unwrap();
        assert_eq!(headers.names(), ["authorization", "x-acme-tenant"]);
        assert_eq!(CustomHeaders::from_text(&headers.to_text()), Some(headers.clone()));
        assert!(!format!("{headers:?}").contains("Bearer"));
        assert_eq!(CustomHeaders::from_text("no colon"), None);
    }
}
