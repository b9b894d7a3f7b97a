//! How an endpoint has answered lately, and when that is reason enough to set it aside.
//!
//! The evidence is durable but not exact: it is written when it begins or ends and at most once a
//! minute between, so that a healthy endpoint costs no writes. Source: webhooks.md 5.13.

use domain::{Timestamp, hours, minutes};
use storage::endpoints::{self, Aside};
use webhook::ladder::Class;

use super::breaker::Change;

/// How long nothing but failures must have come back, in microseconds.
pub(super) const FAILING_FOR: i64 = hours(72);
/// How many failures at least, so that a quiet endpoint is not judged by one bad answer.
const FAILURES_MIN: i64 = 20;
/// In how many different hours, so that one bad hour is not judged by its many attempts.
const FAILED_HOURS_MIN: i64 = 12;
/// A streak is told of after this long, in microseconds, or after so many failures.
const TOLD_AFTER: i64 = hours(1);
const TOLD_FAILURES: i64 = 10;
/// How long before the earliest time of setting aside its owner is warned, in microseconds.
const WARNED_BEFORE: i64 = hours(24);
/// A receiver that fails is asked at least so often, in microseconds, if only by one delivery whose next try is
/// further away: else there would never be evidence enough against an endpoint that is owed one delivery.
pub(super) const ASKED_EVERY: i64 = hours(4);
/// How often evidence is written that changes nothing, in microseconds.
const WRITE_EVERY: i64 = minutes(1);

/// What is said of an endpoint that answered 410.
pub(super) const GONE: &str = "the endpoint answered 410 Gone";

/// Why an endpoint is set aside, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) reason: String,
    pub(super) aside: Aside,
}

/// See the module.
pub(super) struct Health {
    current: endpoints::Health,
    written_at: Option<Timestamp>,
}

/// What the owner of an endpoint should know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    Failing,
    DisableWarning,
    Recovered,
}

impl Notice {
    pub(super) const fn verb(self) -> &'static str {
        match self {
            Self::Failing => "endpoint.failing",
            Self::DisableWarning => "endpoint.disable_warning",
            Self::Recovered => "endpoint.recovered",
        }
    }
}

/// What a result comes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    pub(super) health: endpoints::Health,
    pub(super) notice: Option<Notice>,
}

impl Health {
    pub(super) fn new(stored: endpoints::Health) -> Self {
        Self { current: stored, written_at: None }
    }

    pub(super) fn is_failing(&self) -> bool {
        self.current.first_failure_at.is_some()
    }

    pub(super) fn current(&self) -> endpoints::Health {
        self.current
    }

    /// Notes until when nothing may be sent: because the receiver is down, or wants to be left alone. False when that
    /// was known.
    pub(super) fn note_wait(&mut self, change: Change, quiet_until: Option<Timestamp>) -> bool {
        match change {
            Change::Nothing => {}
            Change::OpenUntil(at) => self.current.breaker_until = Some(at),
            Change::Closed => self.current.breaker_until = None,
        }
        let is_later = quiet_until > self.current.quiet_until;
        if is_later {
            self.current.quiet_until = quiet_until;
        }
        let is_news = is_later || change != Change::Nothing;
        self.current.version += i64::from(is_news);
        is_news
    }

    /// What was asked for is over.
    pub(super) fn be_quiet_no_more(&mut self) {
        self.current.quiet_until = None;
    }

    /// Notes a result; answers what should be written now, if anything, and what its owner should know.
    pub(super) fn note(&mut self, class: Class, now: Timestamp) -> Option<Noted> {
        let before = self.current;
        match class {
            Class::Ok => {
                self.current = endpoints::Health {
                    last_success_at: Some(now),
                    quiet_until: before.quiet_until,
                    breaker_until: before.breaker_until,
                    version: before.version,
                    ..endpoints::Health::default()
                };
            }
            Class::Internal => return None,
            Class::Moved
            | Class::Down
            | Class::SlowDown
            | Class::Gone
            | Class::Refused
            | Class::Config => self.note_failure(now),
        }
        let notice = self.notice(before.notices, now);
        let is_news = self.is_failing() != before.first_failure_at.is_some()
            || self.current.failed_hours != before.failed_hours
            || notice.is_some();
        let is_old = self.written_at.is_none_or(|at| now.micros() - at.micros() >= WRITE_EVERY);
        if !is_news && !is_old {
            return None;
        }
        self.written_at = Some(now);
        self.current.version += 1;
        Some(Noted { health: self.current, notice })
    }

    fn note_failure(&mut self, now: Timestamp) {
        self.current.first_failure_at.get_or_insert(now);
        self.current.failures += 1;
        let hour = now.micros() / hours(1);
        if self.current.failed_hours == 0 || hour != self.current.last_failed_hour {
            self.current.failed_hours += 1;
            self.current.last_failed_hour = hour;
        }
    }

    /// Each notice once in a streak, and its end only where its begin was told.
    fn notice(&mut self, n_before: i64, now: Timestamp) -> Option<Notice> {
        let Some(since) = self.current.first_failure_at else {
            return (n_before > 0).then_some(Notice::Recovered);
        };
        let lasts = now.micros() - since.micros();
        let (notice, is_due) = match n_before {
            0 => (Notice::Failing, lasts >= TOLD_AFTER || self.current.failures >= TOLD_FAILURES),
            1 => (Notice::DisableWarning, lasts >= FAILING_FOR - WARNED_BEFORE),
            _ => return None,
        };
        is_due.then(|| {
            self.current.notices += 1;
            notice
        })
    }

    /// Why the endpoint should be set aside, if it should.
    pub(super) fn verdict(&self, now: Timestamp) -> Option<Verdict> {
        let since = self.current.first_failure_at?;
        let is_long = now.micros() - since.micros() >= FAILING_FOR;
        let is_often =
            self.current.failures >= FAILURES_MIN && self.current.failed_hours >= FAILED_HOURS_MIN;
        let reason = || format!("{} attempts failed since {since}", self.current.failures);
        (is_long && is_often).then(|| Verdict { reason: reason(), aside: Aside::ForNow })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    #[test]
    fn three_days_and_twenty_failures_without_a_success_are_enough() {
        let mut health = Health::new(endpoints::Health::default());
        for n in 0..19 {
            health.note(Class::Down, NOW.plus(hours(n)));
        }
        assert_eq!(health.verdict(NOW.plus(hours(72))), None);
        health.note(Class::Refused, NOW.plus(hours(71)));
        assert_eq!(health.verdict(NOW.plus(hours(71))), None);
        assert!(
            health.verdict(NOW.plus(hours(72))).unwrap().reason.starts_with("20 attempts failed")
        );
        health.note(Class::Ok, NOW.plus(hours(72)));
        assert_eq!(health.verdict(NOW.plus(hours(200))), None);
    }

    #[test]
    fn case_31_sporadic_failures_are_never_enough() {
        let mut health = Health::new(endpoints::Health::default());
        for n in 0..1000 {
            let class = if n % 50 == 49 { Class::Ok } else { Class::Down };
            health.note(class, NOW.plus(hours(n)));
            assert_eq!(health.verdict(NOW.plus(hours(n))), None, "hour {n}");
        }
    }

    /// The notices of hours in which every attempt failed, and of the success after them.
    fn told(health: &mut Health, from: i64, n_hours: i64) -> Vec<(i64, Notice)> {
        let mut told = Vec::new();
        for n in 0..n_hours {
            let noted = health.note(Class::Down, NOW.plus(hours(from + n)));
            told.extend(noted.and_then(|noted| noted.notice).map(|notice| (n, notice)));
        }
        let noted = health.note(Class::Ok, NOW.plus(hours(from + n_hours)));
        told.extend(noted.and_then(|noted| noted.notice).map(|notice| (n_hours, notice)));
        told
    }

    #[test]
    fn case_30_each_notice_is_given_once_in_a_streak_also_over_a_restart() {
        let mut health = Health::new(endpoints::Health::default());
        let all = [(1, Notice::Failing), (48, Notice::DisableWarning), (60, Notice::Recovered)];
        assert_eq!(told(&mut health, 0, 60), all);
        assert_eq!(told(&mut health, 100, 1), [], "one failure is nothing to tell of");
        assert_eq!(told(&mut health, 110, 10), [(1, Notice::Failing), (10, Notice::Recovered)]);

        for n in 0..5 {
            health.note(Class::Down, NOW.plus(hours(200 + n)));
        }
        let mut restarted = Health::new(health.current());
        assert_eq!(told(&mut restarted, 205, 5), [(5, Notice::Recovered)]);
    }

    #[test]
    fn case_30_ten_failures_within_a_minute_are_told_at_once() {
        let mut health = Health::new(endpoints::Health::default());
        let notices: Vec<bool> = (0..12)
            .map(|_| health.note(Class::Down, NOW).is_some_and(|noted| noted.notice.is_some()))
            .collect();
        assert_eq!(notices.iter().position(|is_told| *is_told), Some(9));
        assert_eq!(notices.iter().filter(|is_told| **is_told).count(), 1);
    }

    #[test]
    fn one_bad_hour_is_not_enough_however_many_attempts_failed_in_it() {
        let mut health = Health::new(endpoints::Health::default());
        for n in 0..100 {
            health.note(Class::Down, NOW.plus(minutes(n % 30)));
        }
        for n in 0..10 {
            health.note(Class::Down, NOW.plus(hours(70 + n)));
            assert_eq!(health.verdict(NOW.plus(hours(70 + n))), None, "hour {n}");
        }
        health.note(Class::Down, NOW.plus(hours(80)));
        assert!(health.verdict(NOW.plus(hours(80))).is_some());
    }

    #[test]
    fn evidence_is_written_when_it_begins_and_ends_and_once_a_minute_between() {
        let mut health = Health::new(endpoints::Health::default());
        assert!(health.note(Class::Ok, NOW).is_some());
        assert!(health.note(Class::Ok, NOW.plus(minutes(1) - 1)).is_none());
        assert!(health.note(Class::Down, NOW.plus(minutes(1) - 1)).is_some());
        assert!(health.note(Class::Down, NOW.plus(minutes(1))).is_none());
        assert!(health.note(Class::Internal, NOW.plus(minutes(9))).is_none());
        assert!(health.note(Class::Down, NOW.plus(minutes(2))).is_some());
        assert!(health.note(Class::Ok, NOW.plus(minutes(2))).is_some());
    }
}
