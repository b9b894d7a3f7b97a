//! Query strings, read as the clients write them: what is not known is ignored, a name may come again.

use std::ops::RangeInclusive;

use domain::{Date, Error, ErrorCode, Result, Timestamp};
use percent_encoding::percent_decode_str;

/// Rows of a page when the caller does not say, and at most (email-api.md 1.8).
const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 100;

/// The parameters of one request.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn read(raw: Option<&str>) -> Self {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = raw.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self { pairs: pairs.collect() }
    }

    /// The first value of a parameter; an empty one is none.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may come again.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.pairs.iter().filter(move |(n, v)| n == name && !v.is_empty());
        found.map(|(_, v)| v.as_str())
    }

    /// One word of a vocabulary.
    pub(crate) fn word<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        rule: &str,
    ) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| invalid(name, rule))
    }

    /// Yes or no; Python's clients write `True`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>> {
        let truth = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        self.word(name, truth, "must be true or false")
    }

    /// How many rows a page has; what is out of range is refused (Q34).
    pub(crate) fn limit(&self) -> Result<usize> {
        let rule = format!("must be a whole number from 1 to {LIMIT_MAX}");
        let read = |text: &str| text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
        Ok(self.word("limit", read, &rule)?.unwrap_or(LIMIT_DEFAULT))
    }

    /// A whole number in a range.
    pub(crate) fn number(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>> {
        let rule = format!("must be a whole number from {} to {}", range.start(), range.end());
        self.word(name, |text| text.parse().ok().filter(|n| range.contains(n)), &rule)
    }

    /// The moment that a date or a time without a zone names in the zone of the query (M-2 to M-4). A bare
    /// date is the start of its day, or with `is_end` that of the day after.
    pub(crate) fn moment(&self, name: &str, is_end: bool) -> Result<Option<Timestamp>> {
        let zone = self.text("tz").unwrap_or("UTC");
        if !domain::time::is_zone(zone) {
            return Err(invalid("tz", "must be an IANA zone such as Europe/Berlin"));
        }
        let Some(text) = self.text(name) else { return Ok(None) };
        if let Some(date) = Date::parse(text) {
            return Ok(Some(date.plus_days(i64::from(is_end)).start_in(zone)));
        }
        // A + in a query is a blank, and offsets have one.
        let text = text.replace(' ', "+");
        let found = Timestamp::parse(&text).or_else(|| Timestamp::parse_in(&text, zone));
        let rule = "must be a date, or a time such as 2026-11-21T15:04:05Z";
        // The end itself is part of the range.
        found.map(|at| Some(at.plus(i64::from(is_end)))).ok_or_else(|| invalid(name, rule))
    }
}

/// A refusal of a parameter.
pub(crate) fn invalid(name: &str, rule: &str) -> Error {
    Error::refused(ErrorCode::ValidationFailed, format!("{name} {rule}"))
}
