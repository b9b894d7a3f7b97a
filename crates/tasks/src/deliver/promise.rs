//! The promise to healthy receivers, that 99 of 100 first tries start within 100 ms of their commit over 30 days:
//! how fast its allowance of late ones is used up, and when that is cause for alarm.
//!
//! In memory, of what this process sent. Source: webhooks.md 5.19; windows and rates are those of the Site Reliability
//! Workbook, "Alerting on SLOs", 6: multiwindow, multi-burn-rate alerts.

use std::collections::VecDeque;

use domain::{Timestamp, minutes, seconds};

/// A first try that starts later than this after its due time is late, in microseconds.
const LATE: i64 = seconds(1) / 10;
/// The share of first tries that may be late.
const ALLOWED: f64 = 0.01;
/// How often rates are told, in microseconds.
const EVERY: i64 = minutes(1);
/// Minutes that are kept: what the longest window has.
const MINUTES_MAX: usize = 3 * 24 * 60;
/// Late tries in the longer window below which nothing is alarming: of a few, one is many.
const LATE_MIN: u64 = 10;

domain::words! {
    /// How soon somebody should look.
    pub enum Severity {
        /// Now: at this rate the month's allowance is gone within days.
        Page = "page",
        /// On a working day: it will not last the month.
        Ticket = "ticket",
    }
}

domain::words! {
    /// A stretch of time that ends now.
    pub enum Window {
        Minutes5 = "5m",
        Minutes30 = "30m",
        Hour = "1h",
        Hours6 = "6h",
        Days3 = "3d",
    }
}

impl Window {
    const fn minutes(self) -> i64 {
        match self {
            Self::Minutes5 => 5,
            Self::Minutes30 => 30,
            Self::Hour => 60,
            Self::Hours6 => 6 * 60,
            Self::Days3 => 3 * 24 * 60,
        }
    }
}

/// An alarm is on while both windows burn faster: the long one says that it matters, the short one that it lasts.
const RULES: [(Severity, Window, Window, f64); 3] = [
    (Severity::Page, Window::Hour, Window::Minutes5, 14.4),
    (Severity::Page, Window::Hours6, Window::Minutes30, 6.0),
    (Severity::Ticket, Window::Days3, Window::Hours6, 1.0),
];

/// First tries of one minute.
#[derive(Clone, Copy, Default)]
struct Tries {
    minute: i64,
    n: u64,
    n_late: u64,
}

impl Tries {
    /// 1 uses up the allowance just when the month ends.
    #[expect(clippy::cast_precision_loss, reason = "exact far beyond any number of deliveries")]
    fn burn_rate(self) -> f64 {
        if self.n == 0 { 0.0 } else { self.n_late as f64 / self.n as f64 / ALLOWED }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Promise {
    /// Minutes with any, oldest first; no more than the longest window has.
    past: VecDeque<Tries>,
    told_at: Option<i64>,
    /// Alarms that were on when it was last told.
    on: Vec<Severity>,
}

/// How the promise stands.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) rates: Vec<(Window, f64)>,
    pub(super) alarms: Vec<Alarm>,
}

#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) severity: Severity,
    pub(super) is_on: bool,
    /// It was not so when it was last told.
    pub(super) is_news: bool,
}

impl Promise {
    /// A first try to a healthy receiver started so many microseconds after its due time.
    pub(super) fn note(&mut self, waited: i64, now: Timestamp) {
        let minute = now.micros() / EVERY;
        // A clock that was set back has not seen what lies ahead of it.
        while self.past.pop_back_if(|tries| tries.minute > minute).is_some() {}
        if self.past.back().is_none_or(|tries| tries.minute < minute) {
            self.past.push_back(Tries { minute, ..Tries::default() });
            while self.past.len() > MINUTES_MAX {
                self.past.pop_front();
            }
        }
        if let Some(tries) = self.past.back_mut() {
            tries.n += 1;
            tries.n_late += u64::from(waited > LATE);
        }
    }

    /// How it stands, once a minute.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Report> {
        let minute = now.micros() / EVERY;
        if self.told_at.replace(minute) == Some(minute) {
            return None;
        }
        let rate = |&window| (window, self.within(window, minute).burn_rate());
        let rates = Window::ALL.iter().map(rate).collect();
        let alarms = Severity::ALL.iter().map(|&severity| {
            let is_on = self.is_alarming(severity, minute);
            Alarm { severity, is_on, is_news: is_on != self.on.contains(&severity) }
        });
        let alarms: Vec<Alarm> = alarms.collect();
        self.on = alarms.iter().filter(|alarm| alarm.is_on).map(|alarm| alarm.severity).collect();
        Some(Report { rates, alarms })
    }

    fn is_alarming(&self, of: Severity, minute: i64) -> bool {
        RULES.iter().filter(|(severity, ..)| *severity == of).any(|(_, long, short, rate)| {
            let (long, short) = (self.within(*long, minute), self.within(*short, minute));
            long.n_late >= LATE_MIN && long.burn_rate() > *rate && short.burn_rate() > *rate
        })
    }

    fn within(&self, window: Window, minute: i64) -> Tries {
        let begin = minute - window.minutes();
        let recent = self.past.iter().rev().take_while(|tries| tries.minute > begin);
        recent.fold(Tries::default(), |sum, tries| Tries {
            minute,
            n: sum.n + tries.n,
            n_late: sum.n_late + tries.n_late,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many first tries, of which so many are late, in each of so many minutes.
    fn pass(promise: &mut Promise, now: &mut Timestamp, n_minutes: i64, n: u64, n_late: u64) {
        for _ in 0..n_minutes {
            *now = now.plus(minutes(1));
            (0..n).for_each(|i| promise.note(if i < n_late { LATE + 1 } else { LATE }, *now));
        }
    }

    fn on(promise: &mut Promise, now: Timestamp) -> Vec<Severity> {
        let report = promise.due(now).unwrap();
        report.alarms.iter().filter(|alarm| alarm.is_on).map(|alarm| alarm.severity).collect()
    }

    #[test]
    fn what_is_in_time_and_nothing_at_all_alarm_nobody() {
        let (mut promise, mut now) = (Promise::default(), Timestamp::from_micros(0));
        assert_eq!(on(&mut promise, now), []);
        pass(&mut promise, &mut now, 90, 100, 1);
        let report = promise.due(now).unwrap();
        assert!(report.rates.iter().all(|(_, rate)| (*rate - 1.0).abs() < 1e-9), "{report:?}");
        assert!(report.alarms.iter().all(|alarm| !alarm.is_on && !alarm.is_news));
        assert!(promise.due(now).is_none(), "once a minute");
    }

    #[test]
    fn a_fast_burn_pages_at_once_and_the_page_ends_soon_after_it() {
        let (mut promise, mut now) = (Promise::default(), Timestamp::from_micros(0));
        pass(&mut promise, &mut now, 60, 100, 0);
        pass(&mut promise, &mut now, 10, 100, 100);
        assert_eq!(on(&mut promise, now), [Severity::Page, Severity::Ticket]);
        pass(&mut promise, &mut now, 1, 100, 0);
        assert!(promise.due(now).unwrap().alarms.iter().all(|alarm| !alarm.is_news));
        pass(&mut promise, &mut now, 30, 100, 0);
        assert_eq!(on(&mut promise, now), [Severity::Ticket]);
    }

    #[test]
    fn a_slow_burn_is_a_ticket_and_a_few_late_ones_are_nothing() {
        let (mut promise, mut now) = (Promise::default(), Timestamp::from_micros(0));
        pass(&mut promise, &mut now, 3, 3, 3);
        assert_eq!(on(&mut promise, now), []);
        let (mut promise, mut now) = (Promise::default(), Timestamp::from_micros(0));
        pass(&mut promise, &mut now, 7 * 60, 50, 1);
        assert_eq!(on(&mut promise, now), [Severity::Ticket]);
    }

    #[test]
    fn a_clock_that_is_set_back_and_a_long_run_keep_the_books_small() {
        let (mut promise, mut now) = (Promise::default(), Timestamp::from_micros(0));
        pass(&mut promise, &mut now, 5000, 1, 0);
        assert_eq!(promise.past.len(), MINUTES_MAX);
        let back = now.plus(-minutes(1000));
        promise.note(0, back);
        assert_eq!(promise.past.len(), MINUTES_MAX - 1000);
        assert!(promise.due(back).unwrap().rates.iter().all(|(_, rate)| *rate == 0.0));
    }
}
