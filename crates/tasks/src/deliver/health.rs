//! How an endpoint has answered lately, and when that is reason enough to set it aside.
//!
//! The evidence is durable but not exact: it is written when it begins or ends and at most once a
//! minute between, so that a healthy endpoint costs no writes. Source: webhooks.md 5.13.

use domain::{Timestamp, hours, minutes};
use storage::endpoints;
use webhook::ladder::Class;

/// How long nothing but failures must have come back, in microseconds.
const FAILING_FOR: i64 = hours(72);
/// How many failures at least, so that a quiet endpoint is not judged by one bad answer.
const FAILURES_MIN: i64 = 20;
/// How often evidence is written that changes nothing, in microseconds.
const WRITE_EVERY: i64 = minutes(1);

/// See the module.
pub(super) struct Health {
    current: endpoints::Health,
    written_at: Option<Timestamp>,
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

    /// Notes a result; answers what should be written now, if anything.
    pub(super) fn note(&mut self, class: Class, now: Timestamp) -> Option<endpoints::Health> {
        let was_failing = self.is_failing();
        match class {
            Class::Ok => {
                self.current = endpoints::Health {
                    last_success_at: Some(now),
                    ..endpoints::Health::default()
                };
            }
            Class::Internal => return None,
            Class::Moved
            | Class::Down
            | Class::SlowDown
            | Class::Gone
            | Class::Refused
            | Class::Config => {
                self.current.first_failure_at.get_or_insert(now);
                self.current.failures += 1;
            }
        }
        let is_news = self.is_failing() != was_failing;
        let is_old = self.written_at.is_none_or(|at| now.micros() - at.micros() >= WRITE_EVERY);
        if !is_news && !is_old {
            return None;
        }
        self.written_at = Some(now);
        Some(self.current)
    }

    /// Why the endpoint should be set aside, if it should.
    pub(super) fn verdict(&self, now: Timestamp) -> Option<String> {
        let since = self.current.first_failure_at?;
        let is_long = now.micros() - since.micros() >= FAILING_FOR;
        (is_long && self.current.failures >= FAILURES_MIN)
            .then(|| format!("{} attempts failed since {since}", self.current.failures))
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
        assert!(health.verdict(NOW.plus(hours(72))).unwrap().starts_with("20 attempts failed"));
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
