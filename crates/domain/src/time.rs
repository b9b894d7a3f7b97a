//! Instants, dates and the clock that is passed in.
//!
//! Rows hold integer microseconds since 1970 UTC; the wire shows RFC 3339 with milliseconds and `Z`.

use std::fmt;

use jiff::{ToSpan, civil, tz::TimeZone};

/// Tells the time. The only implementation that reads the machine's clock is in the binary.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const MIN: Self = Self(i64::MIN);
    pub const MAX: Self = Self(i64::MAX);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }

    /// Reads a local time without an offset, at a place. Of a time that a change of clocks repeats or leaves
    /// out, the earlier reading.
    pub fn parse_in(text: &str, zone: &str) -> Option<Self> {
        let local = text.parse::<civil::DateTime>().ok()?;
        let zoned = zone_named(zone).to_ambiguous_zoned(local).earlier().ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }

    /// The instant this many microseconds later (earlier when negative).
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The calendar day at a place, by IANA zone name; an unknown zone counts as UTC.
    pub fn date_in(self, zone: &str) -> Date {
        Date(self.civil(zone).date())
    }

    /// The local date and time at a place.
    pub fn civil(self, zone: &str) -> civil::DateTime {
        self.instant().to_zoned(zone_named(zone)).datetime()
    }

    /// RFC 3339 with the local offset of a place, to the second: what a report's boundaries show.
    pub fn in_zone(self, zone: &str) -> String {
        let zoned = self.instant().to_zoned(zone_named(zone));
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.instant().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

/// A calendar day, shown as `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| text.parse().ok().map(Self)).flatten()
    }

    /// A day by numbers; `None` when the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The first instant of this day at a place.
    pub fn start_in(self, zone: &str) -> Timestamp {
        let midnight = self.0.at(0, 0, 0, 0);
        let zoned = zone_named(zone).to_ambiguous_zoned(midnight).compatible();
        Timestamp(zoned.map_or(0, |z| z.timestamp().as_microsecond()))
    }

    #[must_use]
    pub fn plus_days(self, n: i64) -> Self {
        Self(self.0.saturating_add(n.days()))
    }

    /// The same day this many months later, or the month's last day when it has no such day.
    #[must_use]
    pub fn plus_months(self, n: i64) -> Self {
        Self(self.0.saturating_add(n.months()))
    }

    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }

    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// Days from `self` to `other`, negative when `other` is earlier.
    pub fn days_until(self, other: Self) -> i64 {
        i64::from((other.0 - self.0).get_days())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// True when the name is in the IANA time zone database.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

fn zone_named(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Durations in microseconds, as [`Timestamp::plus`] takes them.
pub const fn seconds(n: i64) -> i64 {
    n * 1_000_000
}
pub const fn minutes(n: i64) -> i64 {
    seconds(n * 60)
}
pub const fn hours(n: i64) -> i64 {
    minutes(n * 60)
}
pub const fn days(n: i64) -> i64 {
    hours(n * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_show_milliseconds_and_read_back() {
        let instant = Timestamp::parse("2026-11-20T09:04:05.123-06:00").unwrap();
        assert_eq!(instant.to_string(), "2026-11-20T15:04:05.123Z");
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn a_month_that_changes_clocks_has_two_offsets() {
        let start = Date::new(2026, 11, 1).unwrap();
        let zone = "America/Chicago";
        assert_eq!(start.start_in(zone).in_zone(zone), "2026-11-01T00:00:00-05:00");
        assert_eq!(start.plus_months(1).start_in(zone).in_zone(zone), "2026-12-01T00:00:00-06:00");
    }

    #[test]
    fn six_months_after_the_end_of_august_is_the_end_of_february() {
        assert_eq!(Date::new(2026, 8, 31).unwrap().plus_months(6).to_string(), "2027-02-28");
    }
}
