//! Counting active mailboxes (postal.md section 9).
//!
//! A mailbox is active from the moment it opens to the moment its customer leaves. The five methods
//! turn the intervals of one month into the quantity that is billed.

use crate::{Date, Timestamp};

crate::words! {
    /// How the billable quantity of a month is found; named by the order form.
    pub enum CountMethod {
        DistinctActive = "distinct_active",
        MonthEnd = "month_end",
        AverageDaily = "average_daily",
        Prorated = "prorated",
        Peak = "peak",
    }
}

/// When one assignment of a mailbox was active. `to` is exclusive; open while `None`.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub from: Timestamp,
    pub to: Option<Timestamp>,
}

/// A month at a place: local midnight to local midnight, so that clock changes are counted right.
#[derive(Clone, Debug)]
pub struct Period {
    pub first: Date,
    /// The day after the last.
    pub end: Date,
    pub zone: String,
}

impl Period {
    /// The month that holds this day.
    pub fn month(day: Date, zone: &str) -> Self {
        let first = day.first_of_month();
        Self { first, end: first.plus_months(1), zone: zone.to_owned() }
    }

    pub fn starts_at(&self) -> Timestamp {
        self.first.start_in(&self.zone)
    }

    pub fn ends_at(&self) -> Timestamp {
        self.end.start_in(&self.zone)
    }

    pub fn days(&self) -> i64 {
        self.first.days_until(self.end)
    }

    /// `2026-11`.
    pub fn name(&self) -> String {
        format!("{:04}-{:02}", self.first.year(), self.first.month())
    }

    /// Days of the period that the interval touches, up to `as_of`.
    pub fn active_days(&self, interval: Interval, as_of: Timestamp) -> i64 {
        // What begins at this very instant is active at it.
        let until = self.ends_at().min(as_of.plus(1));
        let from = interval.from.max(self.starts_at());
        let to = interval.to.unwrap_or(until).min(until);
        if from >= to {
            return 0;
        }
        // `to` is exclusive: an interval that ends at midnight does not touch the new day.
        from.date_in(&self.zone).days_until(to.plus(-1).date_in(&self.zone)) + 1
    }
}

/// The counts of a period as of an instant. Quantities are in hundredths where they can be fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    pub opening: i64,
    pub activated: i64,
    pub deactivated: i64,
    pub closing: i64,
    pub peak: i64,
    pub mailbox_days: i64,
    /// Billable quantity in hundredths of a mailbox.
    pub billable_hundredths: i64,
}

/// Counts the intervals that touch a period.
///
/// `opening + activated - deactivated == closing` always holds: an interval counts as opening when
/// it was active just before the period and as closing when it is active at `as_of`.
pub fn count(
    intervals: &[Interval],
    period: &Period,
    method: CountMethod,
    as_of: Timestamp,
) -> Counts {
    let start = period.starts_at();
    // What begins at this very instant is active at it.
    let until = period.ends_at().min(as_of.plus(1)).max(start);
    let touching: Vec<Interval> = intervals
        .iter()
        .copied()
        .filter(|i| i.from < until && i.to.is_none_or(|to| to > start && to > i.from))
        .collect();
    let tally =
        |test: &dyn Fn(&Interval) -> bool| touching.iter().filter(|i| test(i)).count() as i64;
    let opening = tally(&|i| i.from < start);
    let deactivated = tally(&|i| i.to.is_some_and(|to| to <= until));
    let days: Vec<i64> = touching.iter().map(|i| period.active_days(*i, as_of)).collect();
    let mailbox_days: i64 = days.iter().sum();
    let distinct = touching.len() as i64;
    let closing = distinct - deactivated;
    let peak = daily_peak(&touching, period, until);
    let length = period.days().max(1);
    let billable_hundredths = match method {
        CountMethod::DistinctActive => distinct * 100,
        CountMethod::MonthEnd => closing * 100,
        CountMethod::AverageDaily => half_up(mailbox_days * 100, length),
        CountMethod::Prorated => days.iter().map(|d| half_up(d * 100, length)).sum(),
        CountMethod::Peak => peak * 100,
    };
    Counts {
        opening,
        activated: distinct - opening,
        deactivated,
        closing,
        peak,
        mailbox_days,
        billable_hundredths,
    }
}

/// `a / b` rounded half up.
fn half_up(a: i64, b: i64) -> i64 {
    (2 * a + b).div_euclid(2 * b)
}

fn daily_peak(intervals: &[Interval], period: &Period, until: Timestamp) -> i64 {
    let mut peak = 0;
    let mut day = period.first;
    while day < period.end && day.start_in(&period.zone) < until {
        let (from, to) =
            (day.start_in(&period.zone), day.plus_days(1).start_in(&period.zone).min(until));
        let active = intervals.iter().filter(|i| i.from < to && i.to.is_none_or(|end| end > from));
        peak = peak.max(active.count() as i64);
        day = day.plus_days(1);
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn november() -> Period {
        Period::month(Date::parse("2026-11-21").unwrap(), "America/Chicago")
    }

    /// The worked case of postal.md 9.1: 112 open, 9 opened, 3 closed.
    fn worked() -> Vec<Interval> {
        let start = november().starts_at();
        let at = |day: i64| start.plus(crate::days(day));
        let open = (0..109).map(|_| Interval { from: at(-40), to: None });
        let closed = (0..3).map(|_| Interval { from: at(-40), to: Some(at(10)) });
        let opened = (0..9).map(|_| Interval { from: at(5), to: None });
        open.chain(closed).chain(opened).collect()
    }

    #[test]
    fn the_worked_month_counts_as_the_specification_says() {
        let end = november().ends_at();
        let counts = count(&worked(), &november(), CountMethod::DistinctActive, end);
        assert_eq!((counts.opening, counts.activated, counts.deactivated), (112, 9, 3));
        assert_eq!((counts.closing, counts.peak, counts.billable_hundredths), (118, 121, 12_100));
        let month_end = count(&worked(), &november(), CountMethod::MonthEnd, end);
        assert_eq!(month_end.billable_hundredths, 11_800);
    }

    proptest! {
        #[test]
        fn opening_plus_activated_less_deactivated_is_closing(
            spans in prop::collection::vec((-60_i64..60, 0_i64..60, any::<bool>()), 0..40),
            seen in -5_i64..40,
        ) {
            let start = november().starts_at();
            let intervals: Vec<Interval> = spans.iter().map(|(from, length, open)| {
                let from = start.plus(crate::hours(from * 12));
                Interval { from, to: (!open).then(|| from.plus(crate::hours(length * 12))) }
            }).collect();
            let as_of = start.plus(crate::days(seen));
            for method in CountMethod::ALL {
                let c = count(&intervals, &november(), *method, as_of);
                prop_assert_eq!(c.opening + c.activated - c.deactivated, c.closing);
                prop_assert!(c.peak <= c.opening + c.activated);
            }
        }
    }
}
