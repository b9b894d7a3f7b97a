//! Reading what is typed: words of closed lists, days, spans of time, times of day, files.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use domain::{Date, Timestamp, days, hours, minutes, seconds};

/// A parser for one of the domain's closed vocabularies, which its help then lists.
macro_rules! one_of {
    ($word:ty) => {{
        use clap::builder::TypedValueParser as _;
        clap::builder::PossibleValuesParser::new(<$word>::ALL.iter().map(|word| word.as_str()))
            .try_map(|text| <$word>::parse(&text).ok_or("no such word"))
    }};
}
pub(crate) use one_of;

/// Largest file that a command reads, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

pub(crate) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "a day is written 2026-11-21".to_owned())
}

/// An instant such as `2026-11-21T15:04:05Z`.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "a time is written 2026-11-21T15:04:05Z".to_owned())
}

/// A span such as `90d`, `24h`, `30m` or `45s`, in microseconds.
pub(crate) fn span(text: &str) -> Result<i64, String> {
    let wrong = || "a span is a number and d, h, m or s, such as 90d".to_owned();
    let at = text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at)).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    // Three million days are more than any calendar needs, and far from the end of the integers.
    let number: i64 =
        number.parse().ok().filter(|n| (0..=3_000_000).contains(n)).ok_or_else(wrong)?;
    match unit {
        "d" => Ok(days(number)),
        "h" => Ok(hours(number)),
        "m" => Ok(minutes(number)),
        "s" => Ok(seconds(number)),
        _ => Err(wrong()),
    }
}

/// Opening hours such as `09:00-17:30`, as minutes of the day.
pub(crate) fn opening_hours(text: &str) -> Result<(i64, i64), String> {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    };
    let both = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    both.ok_or_else(|| "opening hours are written 09:00-17:00".to_owned())
}

/// Numbers such as `301-1300`, or a single one.
pub(crate) fn number_range(text: &str) -> Result<(i64, i64), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let read = |text: &str| text.trim().parse::<i64>().ok().filter(|n| *n > 0);
    match (read(first), read(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => Err("numbers are written 301-1300".to_owned()),
    }
}

/// A pair such as `tier=gold`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a pair is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a file, or standard input for `-`.
pub(crate) fn file(path: &Path) -> anyhow::Result<Bytes> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("reading {}", path.display()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(span("90d"), Ok(days(90)));
        assert_eq!(span("45s"), Ok(seconds(45)));
        for wrong in ["", "d", "90", "-1d", "1w", "9é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn opening_hours_are_two_times_of_the_day() {
        assert_eq!(opening_hours("09:00-17:30"), Ok((540, 1050)));
        for wrong in ["9-17", "09:60-17:00", "09:00"] {
            assert!(opening_hours(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_of_numbers_may_be_one() {
        assert_eq!(number_range("301-1300"), Ok((301, 1300)));
        assert_eq!(number_range("7"), Ok((7, 7)));
        assert!(number_range("9-7").is_err() && number_range("0-7").is_err());
    }
}
