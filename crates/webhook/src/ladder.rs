//! When a delivery is tried again: the ladder of waits, the classes of results, and the decision.
//!
//! Pure functions of numbers and instants. Breakers, lanes and the evidence for disabling an
//! endpoint over days are not here; they belong to whoever sees many deliveries. Source:
//! webhooks.md 5.12.

use std::borrow::Cow;

use domain::{Timestamp, hours, minutes, seconds};

use crate::outcome::ErrorKind;
use crate::retry_after::RetryAfter;

/// Waits before each try, in microseconds: twelve tries over at least 70.7 hours.
pub const WAITS: [i64; 12] = [
    0,
    seconds(5),
    seconds(30),
    minutes(2),
    minutes(10),
    minutes(30),
    hours(1),
    hours(3),
    hours(6),
    hours(12),
    hours(24),
    hours(24),
];
/// "Slow down" answers that do not count as tries.
pub const SLOW_DOWNS_FREE: u32 = 5;
/// Tries at an address that is not allowed before the endpoint is set aside.
pub const CONFIG_TRIES_MAX: u32 = 3;

domain::words! {
    /// What a result means for the delivery and its endpoint.
    pub enum Class {
        /// 2xx.
        Ok = "ok",
        /// 3xx: never followed.
        Moved = "moved",
        /// The host does not answer, or answers that it cannot: 408, 425, 5xx, no connection.
        Down = "down",
        /// 429, or 503 with `Retry-After`.
        SlowDown = "slow_down",
        /// 410: the receiver wants no more.
        Gone = "gone",
        /// Any other answer: the host lives and refuses.
        Refused = "refused",
        /// Our guard does not allow the address.
        Config = "config",
        /// Our own fault; says nothing about the receiver.
        Internal = "internal",
    }
}

impl Class {
    /// Judges an answer; `hint` is its `Retry-After`.
    pub fn of_status(status: u16, hint: Option<RetryAfter>) -> Self {
        match status {
            200..=299 => Self::Ok,
            300..=399 => Self::Moved,
            410 => Self::Gone,
            429 => Self::SlowDown,
            503 if hint.is_some() => Self::SlowDown,
            501 => Self::Refused,
            408 | 425 | 500.. => Self::Down,
            _ => Self::Refused,
        }
    }

    /// Judges an attempt without a usable answer. An error that has an answer is judged by its
    /// status, and is refused here only to make the function total.
    pub fn of_error(error: ErrorKind) -> Self {
        match error {
            ErrorKind::Dns
            | ErrorKind::Connect
            | ErrorKind::Tls
            | ErrorKind::Timeout
            | ErrorKind::Protocol => Self::Down,
            ErrorKind::Redirect => Self::Moved,
            ErrorKind::Status => Self::Refused,
            ErrorKind::Blocked => Self::Config,
            ErrorKind::Internal => Self::Internal,
        }
    }
}

/// What a delivery has used up before the attempt that is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tries that counted.
    pub tries: u32,
    /// "Slow down" answers that did not.
    pub slow_downs: u32,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Delivered.
    Done,
    /// Owed again from this instant; `spent` replaces the delivery's counters.
    RetryAt { at: Timestamp, spent: Spent },
    /// The ladder is at its end.
    GiveUp,
    /// The endpoint takes no more, or its address is not allowed: set it aside, keep what is owed.
    Disable,
}

/// The waits between the tries of a delivery: [`WAITS`], or an endpoint's own.
///
/// Invariant: at least two, in microseconds; the first, before the first try, is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    waits: Cow<'static, [i64]>,
    /// Tries after which a delivery is given up: at most one for each wait.
    tries_max: usize,
}

impl Default for Ladder {
    fn default() -> Self {
        Self { waits: Cow::Borrowed(&WAITS), tries_max: WAITS.len() }
    }
}

impl Ladder {
    /// A ladder of the delays after the first try, in seconds; without any it is the default one.
    pub fn of(delays: &[i64]) -> Self {
        if delays.is_empty() {
            return Self::default();
        }
        let waits = delays.iter().map(|delay| delay.saturating_mul(seconds(1)));
        let waits: Cow<'static, [i64]> = std::iter::once(0).chain(waits).collect();
        Self { tries_max: waits.len(), waits }
    }

    /// The same waits, but no more than `tries` tries: for deliveries that others wait for.
    #[must_use]
    pub fn parked_after(self, tries: usize) -> Self {
        Self { tries_max: self.tries_max.min(tries), ..self }
    }

    /// Decides what follows an attempt that ended at `now`.
    ///
    /// `random` is uniform over all of `u32` and makes the wait up to a quarter longer, never
    /// shorter, so that deliveries that failed together do not return together. `hint` only
    /// lengthens a wait.
    pub fn decide(
        &self,
        class: Class,
        spent: Spent,
        now: Timestamp,
        hint: Option<RetryAfter>,
        random: u32,
    ) -> Next {
        let tried = Spent { tries: spent.tries.saturating_add(1), ..spent };
        let left = match class {
            Class::Ok => return Next::Done,
            Class::Gone => return Next::Disable,
            Class::Config if tried.tries >= CONFIG_TRIES_MAX => return Next::Disable,
            Class::SlowDown if spent.slow_downs < SLOW_DOWNS_FREE => {
                Spent { slow_downs: spent.slow_downs + 1, ..spent }
            }
            Class::Internal => spent,
            Class::Config | Class::SlowDown | Class::Moved | Class::Down | Class::Refused => tried,
        };
        if left.tries as usize >= self.tries_max {
            return Next::GiveUp;
        }
        // Also an attempt that does not count waits for the next step, else the first would spin.
        let step = (tried.tries as usize).min(self.waits.len() - 1);
        let hinted = hint.map_or(0, |hint| hint.wait(now));
        Next::RetryAt { at: now.plus(jittered(self.waits[step].max(hinted), random)), spent: left }
    }
}

/// Multiplies a wait by 1.00 to 1.25.
fn jittered(wait: i64, random: u32) -> i64 {
    let quarter = i128::from(wait / 4) * i128::from(random) / i128::from(u32::MAX);
    wait + i64::try_from(quarter).expect("a quarter of a wait fits where the wait does")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::retry_after::HINT_MAX;

    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

    fn after(class: Class, tries: u32, hint: Option<RetryAfter>, random: u32) -> Next {
        Ladder::default().decide(class, Spent { tries, slow_downs: 0 }, NOW, hint, random)
    }

    fn wait(next: Next) -> i64 {
        match next {
            Next::RetryAt { at, .. } => at.micros() - NOW.micros(),
            other => panic!("expected a retry, got {other:?}"),
        }
    }

    #[test]
    fn case_26_a_host_that_stays_down_gets_twelve_tries_over_three_days() {
        let mut spent = Spent::default();
        let mut waits = vec![WAITS[0]];
        let ladder = Ladder::default();
        while let Next::RetryAt { at, spent: left } =
            ladder.decide(Class::Down, spent, NOW, None, 0)
        {
            waits.push(at.micros() - NOW.micros());
            spent = left;
        }
        assert_eq!(waits, WAITS);
        assert_eq!(waits.iter().sum::<i64>() / minutes(1), 70 * 60 + 42);
        assert_eq!(after(Class::Down, 11, None, 0), Next::GiveUp);
    }

    #[test]
    fn case_26_an_endpoints_own_ladder_waits_as_it_says_and_never_less() {
        let ladder = Ladder::of(&[7, 60, 604_800]);
        for random in [0, u32::MAX / 2, u32::MAX] {
            for (tries, delay) in [(0, 7), (1, 60), (2, 604_800)] {
                let spent = Spent { tries, slow_downs: 0 };
                let wait = wait(ladder.decide(Class::Down, spent, NOW, None, random));
                assert!((seconds(delay)..=seconds(delay) * 5 / 4).contains(&wait), "{wait}");
            }
        }
        let spent = Spent { tries: 3, slow_downs: 0 };
        assert_eq!(ladder.decide(Class::Down, spent, NOW, None, 0), Next::GiveUp);
        assert_eq!(Ladder::of(&[]), Ladder::default());
    }

    #[test]
    fn case_26_jitter_reaches_a_quarter_and_no_more() {
        assert_eq!(wait(after(Class::Down, 0, None, u32::MAX)), 6_250_000);
        assert_eq!(wait(after(Class::Down, 10, None, u32::MAX)), hours(30));
    }

    #[test]
    fn case_12_statuses_fall_into_the_classes_of_the_table() {
        let hint = Some(RetryAfter::Seconds(1));
        let table: [(Class, &[u16]); 6] = [
            (Class::Ok, &[200, 201, 202, 204, 299]),
            (Class::Moved, &[300, 301, 302, 307, 308, 399]),
            (Class::Down, &[408, 425, 500, 502, 503, 504, 599]),
            (Class::SlowDown, &[429]),
            (Class::Gone, &[410]),
            (Class::Refused, &[101, 400, 401, 403, 404, 405, 409, 413, 415, 418, 422, 501]),
        ];
        for (class, statuses) in table {
            for status in statuses {
                assert_eq!(Class::of_status(*status, None), class, "{status}");
            }
        }
        assert_eq!(Class::of_status(503, hint), Class::SlowDown);
        assert_eq!(Class::of_status(500, hint), Class::Down);
    }

    #[test]
    fn slow_down_is_free_five_times_and_then_counts() {
        let mut spent = Spent { tries: 3, slow_downs: 0 };
        for expected in [(3, 1), (3, 2), (3, 3), (3, 4), (3, 5), (4, 5), (5, 5)] {
            let Next::RetryAt { spent: left, .. } =
                Ladder::default().decide(Class::SlowDown, spent, NOW, None, 0)
            else {
                panic!("the ladder is not at its end")
            };
            assert_eq!((left.tries, left.slow_downs), expected);
            spent = left;
        }
    }

    #[test]
    fn a_first_answer_that_does_not_count_still_waits_a_step() {
        assert_eq!(wait(after(Class::SlowDown, 0, None, 0)), seconds(5));
        assert_eq!(wait(after(Class::Internal, 0, None, 0)), seconds(5));
    }

    #[test]
    fn our_own_faults_never_exhaust_a_delivery() {
        let Next::RetryAt { spent, .. } = after(Class::Internal, 11, None, 0) else {
            panic!("expected a retry")
        };
        assert_eq!(spent.tries, 11);
    }

    #[test]
    fn gone_disables_at_once_and_a_forbidden_address_at_the_third_try() {
        assert_eq!(after(Class::Gone, 0, None, 0), Next::Disable);
        assert_eq!(wait(after(Class::Config, 1, None, 0)), seconds(30));
        assert_eq!(after(Class::Config, 2, None, 0), Next::Disable);
        assert_eq!(after(Class::Ok, 0, None, 0), Next::Done);
    }

    #[test]
    fn g8_case_14_a_hint_lengthens_a_wait_up_to_a_day_and_never_shortens_it() {
        let hinted = |hint| wait(after(Class::SlowDown, 3, Some(hint), 0));
        assert_eq!(hinted(RetryAfter::Seconds(1)), minutes(10));
        assert_eq!(hinted(RetryAfter::Seconds(3600)), hours(1));
        assert_eq!(hinted(RetryAfter::Seconds(u32::MAX)), HINT_MAX);
        assert_eq!(hinted(RetryAfter::At(NOW.plus(hours(2)))), hours(2));
        assert_eq!(hinted(RetryAfter::At(NOW.plus(-hours(2)))), minutes(10));
    }

    proptest! {
        #[test]
        fn g8_case_26_no_retry_is_early_or_later_than_a_day_and_a_quarter(
            class in proptest::sample::select(Class::ALL),
            tries in 0_u32..20,
            slow_downs in 0_u32..20,
            hint in proptest::option::of(any::<u32>().prop_map(RetryAfter::Seconds)),
            random in any::<u32>(),
        ) {
            let spent = Spent { tries, slow_downs };
            if let Next::RetryAt { at, spent: left } =
                Ladder::default().decide(class, spent, NOW, hint, random)
            {
                let wait = at.micros() - NOW.micros();
                let step = WAITS[(tries as usize + 1).min(WAITS.len() - 1)];
                prop_assert!(step <= wait && wait <= hours(30));
                prop_assert!((left.tries as usize) < WAITS.len());
            }
        }
    }
}
