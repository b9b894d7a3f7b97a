//! From stored intervals to the counts of a period (postal.md 9.1): which of them are one mailbox.
//!
//! A mailbox counts once in a period, however often it paused or moved to another number: same
//! customer, same location. Its days are the union of the days of its intervals.

use std::collections::BTreeMap;

use domain::id::{CustomerId, LocationId, MailboxId};
use domain::usage::{CountMethod, Counts, Interval, Period, count};
use domain::{Date, Timestamp};
use storage::usage::UsageInterval;

/// A time without a break in which one mailbox was active.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    /// The number of its last interval; stays are shown in this order.
    pub(super) no: i64,
    pub(super) customer_id: CustomerId,
    pub(super) mailbox_id: MailboxId,
    pub(super) location_id: LocationId,
    pub(super) interval: Interval,
    pub(super) days: i64,
    /// What it adds to the billable quantity, in hundredths.
    pub(super) units_hundredths: i64,
}

/// What the intervals of a period come to.
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) stays: Vec<Stay>,
    /// Active at the end, by location.
    pub(super) by_location: BTreeMap<LocationId, i64>,
}

pub(super) fn tally(
    rows: Vec<UsageInterval>,
    period: &Period,
    method: CountMethod,
    as_of: Timestamp,
) -> Tally {
    let until = period.ends_at().min(as_of).max(period.starts_at());
    let is_open = |stay: &Stay| stay.interval.to.is_none_or(|to| to > until);
    let mut stays = joined(rows, &period.zone);
    for stay in &mut stays {
        stay.days = period.active_days(stay.interval, as_of);
    }
    stays.retain(|stay| stay.days > 0);
    let intervals: Vec<Interval> = stays.iter().map(|stay| stay.interval).collect();
    let mut counts = count(&intervals, period, method, as_of);
    let is_peak = method == CountMethod::Peak;
    let peak_day = is_peak.then(|| peak_day(&stays, period, until)).flatten();
    let mut extra = 0;
    let mut last = None;
    for stay in &mut stays {
        let mailbox = (stay.customer_id, stay.location_id);
        let is_again = last.replace(mailbox) == Some(mailbox);
        extra += i64::from(is_again);
        let whole = |counts: bool| if counts { 100 } else { 0 };
        stay.units_hundredths = match method {
            CountMethod::DistinctActive => whole(!is_again),
            CountMethod::MonthEnd => whole(is_open(stay)),
            CountMethod::AverageDaily | CountMethod::Prorated => {
                let length = period.days().max(1);
                (200 * stay.days + length).div_euclid(2 * length)
            }
            CountMethod::Peak => {
                whole(peak_day.is_some_and(|day| touches(stay, period, day, until)))
            }
        };
    }
    // Each further stay of a mailbox was counted once as activated and once as deactivated, on top
    // of what the mailbox itself did. Taking both away keeps opening + activated - deactivated = closing.
    counts.activated -= extra;
    counts.deactivated -= extra;
    if method == CountMethod::DistinctActive {
        counts.billable_hundredths -= 100 * extra;
    }
    let mut by_location = BTreeMap::new();
    for stay in &stays {
        *by_location.entry(stay.location_id).or_default() += i64::from(is_open(stay));
    }
    stays.sort_by_key(|stay| stay.no);
    Tally { counts, stays, by_location }
}

/// Joins intervals of one mailbox that share a day, in the order of mailbox and time.
fn joined(mut rows: Vec<UsageInterval>, zone: &str) -> Vec<Stay> {
    rows.sort_by_key(|row| (row.customer_id, row.location_id, row.from, row.no));
    let mut stays: Vec<Stay> = Vec::with_capacity(rows.len());
    for row in rows {
        // An interval without a length was never a day of anybody's.
        if row.to.is_some_and(|to| to <= row.from) {
            continue;
        }
        let is_next = |stay: &Stay| {
            (stay.customer_id, stay.location_id) == (row.customer_id, row.location_id)
                && stay.interval.to.is_none_or(|to| {
                    row.from.date_in(zone) <= to.plus(-1).date_in(zone) || row.from <= to
                })
        };
        match stays.last_mut().filter(|stay| is_next(stay)) {
            Some(stay) => {
                stay.interval.to = stay.interval.to.zip(row.to).map(|(a, b)| a.max(b));
                (stay.no, stay.mailbox_id) = (row.no, row.mailbox_id);
            }
            None => stays.push(Stay {
                no: row.no,
                customer_id: row.customer_id,
                mailbox_id: row.mailbox_id,
                location_id: row.location_id,
                interval: Interval { from: row.from, to: row.to },
                days: 0,
                units_hundredths: 0,
            }),
        }
    }
    stays
}

fn touches(stay: &Stay, period: &Period, day: Date, until: Timestamp) -> bool {
    let from = day.start_in(&period.zone);
    let to = day.plus_days(1).start_in(&period.zone).min(until);
    stay.interval.from < to && stay.interval.to.is_none_or(|end| end > from)
}

/// The first day on which the most mailboxes were active.
fn peak_day(stays: &[Stay], period: &Period, until: Timestamp) -> Option<Date> {
    let mut best = None;
    let mut day = period.first;
    while day < period.end && day.start_in(&period.zone) < until {
        let active = stays.iter().filter(|stay| touches(stay, period, day, until)).count();
        if best.is_none_or(|(most, _)| active > most) {
            best = Some((active, day));
        }
        day = day.plus_days(1);
    }
    best.map(|(_, day)| day)
}

#[cfg(test)]
mod tests;
