//! The breaker of a lane: a receiver that is down is asked by one delivery at a time, ever more rarely.
//!
//! What is owed waits meanwhile without using up tries. In memory; after a restart it is rebuilt from the evidence
//! against the endpoint, with which is stored until when it is open, for the log to tell. Source: webhooks.md 5.13.

use domain::{Timestamp, minutes, seconds};
use webhook::ladder::Class;

/// Results that say "down", one after the other, that open the breaker.
const DOWNS_MAX: i64 = 5;
/// Or this many of the last [`WINDOW`].
const DOWNS_OF_WINDOW_MAX: u32 = WINDOW / 2;
const WINDOW: u32 = 20;
const WINDOW_MASK: u32 = (1 << WINDOW) - 1;
/// The first wait for a probe, in microseconds; doubled with each that fails, up to the second.
const WAIT_MIN: i64 = seconds(5);
const WAIT_MAX: i64 = minutes(5);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: State,
    n_downs: i64,
    /// The last results, one bit each, newest lowest; set for "down".
    last: u32,
    n_last: u32,
    /// While open: the probe is under way.
    is_probing: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    /// The first delivery after `wait` is the probe. `step` is the wait without its jitter.
    Open { since: Timestamp, wait: i64, step: i64 },
}

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    /// It opened, or stays open, until then.
    OpenUntil(Timestamp),
    Closed,
}

/// Whether a result says that the host is down, or that it is there; `None` when it says neither.
pub(super) fn is_down(class: Class) -> Option<bool> {
    match class {
        Class::Down => Some(true),
        Class::Ok | Class::Moved | Class::SlowDown | Class::Gone | Class::Refused => Some(false),
        Class::Config | Class::Internal => None,
    }
}

impl Breaker {
    /// The breaker of an endpoint as far as is stored: it was open, or its last `failures` attempts failed. One delivery
    /// asks at once.
    pub(super) fn rebuilt(failures: i64, was_open: bool, now: Timestamp) -> Self {
        if failures < DOWNS_MAX && !was_open { Self::default() } else { Self::half_open(now, now) }
    }

    /// The breaker of an endpoint that was enabled by hand: its first delivery is a probe, not before `from`.
    pub(super) fn half_open(from: Timestamp, now: Timestamp) -> Self {
        let wait = (from.micros() - now.micros()).max(0);
        let state = State::Open { since: now, wait, step: WAIT_MIN / 2 };
        Self { state, ..Self::default() }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// When a probe may go; `None` while closed. A clock that was set back makes a wait begin again, and
    /// not last until the clock has caught up.
    pub(super) fn probe_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        let State::Open { since, wait, .. } = &mut self.state else { return None };
        *since = (*since).min(now);
        Some(since.plus(*wait))
    }

    /// A delivery goes out; while open it is the probe, and must be the only one under way.
    pub(super) fn launch(&mut self) {
        self.is_probing = self.is_open();
    }

    /// What went out came back without a result.
    pub(super) fn miss(&mut self) {
        self.is_probing = false;
    }

    /// Learns from a result. While open only the probe's counts: others were sent before it opened.
    /// `random` is uniform over all of `u32`.
    pub(super) fn note(&mut self, class: Class, now: Timestamp, random: u32) -> Change {
        if self.is_open() && !std::mem::take(&mut self.is_probing) {
            return Change::Nothing;
        }
        let Some(is_down) = is_down(class) else {
            // A probe was used up.
            let State::Open { step, .. } = self.state else { return Change::Nothing };
            return self.open(now, step, random);
        };
        match self.state {
            State::Open { step, .. } if is_down => {
                self.open(now, (step * 2).clamp(WAIT_MIN, WAIT_MAX), random)
            }
            State::Open { .. } => {
                *self = Self::default();
                Change::Closed
            }
            State::Closed => {
                self.n_downs = if is_down { self.n_downs + 1 } else { 0 };
                self.last = (self.last << 1 | u32::from(is_down)) & WINDOW_MASK;
                self.n_last = (self.n_last + 1).min(WINDOW);
                let is_half =
                    self.n_last == WINDOW && self.last.count_ones() >= DOWNS_OF_WINDOW_MAX;
                if is_down && (self.n_downs >= DOWNS_MAX || is_half) {
                    return self.open(now, WAIT_MIN, random);
                }
                Change::Nothing
            }
        }
    }

    /// Opens as for the first time.
    pub(super) fn trip(&mut self, now: Timestamp, random: u32) -> Change {
        self.open(now, WAIT_MIN, random)
    }

    fn open(&mut self, now: Timestamp, step: i64, random: u32) -> Change {
        // Up to a quarter longer, so that lanes that broke together do not probe together.
        let jitter = step / 4 * i64::from(random >> 16) / i64::from(u16::MAX);
        self.state = State::Open { since: now, wait: step + jitter, step };
        Change::OpenUntil(now.plus(step + jitter))
    }
}

#[cfg(test)]
mod tests {
    use domain::hours;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..DOWNS_MAX {
            breaker.note(Class::Down, NOW, 0);
        }
        breaker
    }

    #[test]
    fn five_downs_in_a_row_open_it_and_a_refusal_between_does_not() {
        let mut breaker = Breaker::default();
        for class in [Class::Down, Class::Down, Class::Down, Class::Down, Class::Refused] {
            assert_eq!(breaker.note(class, NOW, 0), Change::Nothing);
        }
        assert!(!breaker.is_open());
        assert_eq!(opened().probe_at(NOW), Some(NOW.plus(seconds(5))));
    }

    #[test]
    fn half_of_the_last_twenty_opens_it() {
        let mut breaker = Breaker::default();
        for n in 0..WINDOW {
            assert!(!breaker.is_open(), "after {n}");
            breaker.note(if n % 2 == 0 { Class::Ok } else { Class::Down }, NOW, 0);
        }
        assert!(breaker.is_open());
    }

    #[test]
    fn waits_double_to_five_minutes_with_a_quarter_of_jitter_and_an_answer_ends_them() {
        let mut breaker = opened();
        assert_eq!(breaker.note(Class::Down, NOW, 0), Change::Nothing, "it was sent before");
        for wait in [10, 20, 40, 80, 160, 300, 300] {
            let until = NOW.plus(seconds(wait));
            breaker.launch();
            assert_eq!(breaker.note(Class::Down, NOW, 0), Change::OpenUntil(until));
        }
        let longest = NOW.plus(seconds(375));
        breaker.launch();
        assert_eq!(breaker.note(Class::Down, NOW, u32::MAX), Change::OpenUntil(longest));
        breaker.launch();
        assert_eq!(breaker.note(Class::Refused, NOW, 0), Change::Closed);
        assert_eq!(breaker.probe_at(NOW), None);
    }

    #[test]
    fn our_own_fault_neither_opens_nor_closes_it_nor_lengthens_the_wait() {
        let mut breaker = opened();
        let until = NOW.plus(seconds(5));
        breaker.launch();
        assert_eq!(breaker.note(Class::Internal, NOW, 0), Change::OpenUntil(until));
        for _ in 0..30 {
            assert_eq!(Breaker::default().note(Class::Internal, NOW, 0), Change::Nothing);
        }
    }

    #[test]
    fn a_clock_set_back_makes_a_wait_begin_again_and_one_set_forward_ends_it() {
        let mut breaker = opened();
        let back = NOW.plus(-hours(1));
        assert_eq!(breaker.probe_at(back), Some(back.plus(seconds(5))));
        assert!(opened().probe_at(NOW.plus(hours(1))).unwrap() < NOW.plus(hours(1)));
    }

    #[test]
    fn after_a_restart_an_endpoint_that_was_failing_is_asked_by_one_delivery() {
        assert!(!Breaker::rebuilt(4, false, NOW).is_open());
        assert_eq!(Breaker::rebuilt(0, true, NOW).probe_at(NOW), Some(NOW));
        let mut breaker = Breaker::rebuilt(5, false, NOW);
        assert_eq!(breaker.probe_at(NOW), Some(NOW));
        let until = NOW.plus(seconds(5));
        breaker.launch();
        assert_eq!(breaker.note(Class::Down, NOW, 0), Change::OpenUntil(until));
    }
}
