//! Reading `Retry-After`. How a hint bends the ladder is in [`crate::ladder`].

use domain::{Timestamp, hours, seconds};
use jiff::fmt::{rfc2822, strtime};

/// The longest that a receiver may ask us to wait, in microseconds.
pub const HINT_MAX: i64 = hours(24);

/// A receiver's wish to be left alone for a while (RFC 9110, section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    Seconds(u32),
    At(Timestamp),
}

impl RetryAfter {
    /// Reads seconds, or a date in any of the three forms of RFC 9110, section 5.6.7. Anything else is
    /// no hint. Numbers beyond the largest `u32` are read as that: they are capped anyway.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::Seconds(text.parse().unwrap_or(u32::MAX)));
        }
        let zoned = rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
        let obsolete = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let instant = zoned.or_else(|| {
            obsolete.iter().find_map(|form| {
                let civil = strtime::parse(form, text).ok()?.to_datetime().ok()?;
                civil.in_tz("UTC").ok().map(|zoned| zoned.timestamp())
            })
        })?;
        Some(Self::At(Timestamp::from_micros(instant.as_microsecond())))
    }

    /// The wait from `now`, in microseconds, between none and [`HINT_MAX`].
    pub fn wait(self, now: Timestamp) -> i64 {
        let wait = match self {
            Self::Seconds(n) => seconds(i64::from(n)),
            Self::At(at) => at.micros().saturating_sub(now.micros()),
        };
        wait.clamp(0, HINT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_14_retry_after_is_read_in_every_form_and_garbage_is_no_hint() {
        let instant = Some(RetryAfter::At(Timestamp::parse("1994-11-06T08:49:37Z").unwrap()));
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Seconds(120)));
        assert_eq!(RetryAfter::parse("99999999999999"), Some(RetryAfter::Seconds(u32::MAX)));
        assert_eq!(RetryAfter::parse("Sun, 06 Nov 1994 08:49:37 GMT"), instant);
        assert_eq!(RetryAfter::parse("Sunday, 06-Nov-94 08:49:37 GMT"), instant);
        assert_eq!(RetryAfter::parse("Sun Nov  6 08:49:37 1994"), instant);
        for garbage in ["", "-5", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(RetryAfter::parse(garbage), None, "{garbage}");
        }
    }
}
