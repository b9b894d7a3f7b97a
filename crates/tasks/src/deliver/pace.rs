//! How many attempts at one endpoint may be under way, learned from its answers.
//!
//! Additive growth and multiplicative cuts, as TCP does it: a receiver that keeps up gets more, one that
//! says it is overloaded gets half. Whether anything may go at all is in [`super::breaker`]. Source:
//! webhooks.md 5.7.

use domain::seconds;

/// Attempts at once at an endpoint of which nothing is known yet.
const CAP_START: usize = 4;
/// Attempts at once that an endpoint gets unless its settings say otherwise.
pub(super) const CAP_MAX: usize = 8;
/// Above this median an endpoint is slow, in microseconds.
const SLOW_ABOVE: i64 = seconds(2);
/// Results that make a median.
const WINDOW: usize = 16;
/// Medians below this are not compared, in microseconds: they double by the noise of a busy machine.
const NOISE: i64 = seconds(1) / 20;

/// What a result says about the load that the receiver bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    Success,
    /// A timeout, 429, 502, 503 or 504.
    Overload,
    /// Any other failure: it tells nothing about load.
    Failure,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Pace {
    cap: usize,
    /// Fast successes since the cap last changed.
    n_fast: usize,
    /// Results still to come of attempts that were under way at the last cut: one overload makes them
    /// all fail, and is answered once.
    n_stragglers: usize,
    /// The last durations in microseconds, in a ring.
    recent: [u32; WINDOW],
    n_results: usize,
    median: i64,
    /// The median one window ago; 0 when there was none.
    before: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            cap: CAP_START,
            n_fast: 0,
            n_stragglers: 0,
            recent: [0; WINDOW],
            n_results: 0,
            median: 0,
            before: 0,
        }
    }
}

impl Pace {
    pub(super) fn cap(&self) -> usize {
        self.cap
    }

    pub(super) fn is_slow(&self) -> bool {
        self.median > SLOW_ABOVE
    }

    /// What an attempt will probably last, in microseconds.
    pub(super) fn median(&self) -> i64 {
        self.median
    }

    /// Begins anew with one attempt at a time.
    pub(super) fn restart(&mut self) {
        self.cap = 1;
        self.n_fast = 0;
    }

    /// Learns from a result; `n_left` attempts are still under way, and `cap_max` is the settings' cap.
    pub(super) fn note(&mut self, load: Load, micros: i64, n_left: usize, cap_max: usize) {
        let has_doubled = self.take_duration(micros);
        let is_straggler = self.n_stragglers > 0;
        self.n_stragglers = self.n_stragglers.saturating_sub(1).min(n_left);
        if has_doubled || load == Load::Overload {
            if !is_straggler {
                self.cap = (self.cap / 2).max(1);
                self.n_stragglers = n_left;
            }
            self.n_fast = 0;
        } else if load == Load::Success && self.is_fast(micros) {
            self.n_fast += 1;
            if self.n_fast >= self.cap && self.cap < cap_max {
                self.cap += 1;
                self.n_fast = 0;
            }
        } else {
            self.n_fast = 0;
        }
    }

    fn is_fast(&self, micros: i64) -> bool {
        let usual = if self.before == 0 { self.median } else { self.before };
        micros <= SLOW_ABOVE && micros <= (usual * 2).max(NOISE)
    }

    /// Keeps a duration; true when the median has doubled within the last window.
    fn take_duration(&mut self, micros: i64) -> bool {
        self.recent[self.n_results % WINDOW] = u32::try_from(micros.max(0)).unwrap_or(u32::MAX);
        self.n_results += 1;
        let n = self.n_results.min(WINDOW);
        let mut sorted = self.recent;
        let (_, median, _) = sorted[..n].select_nth_unstable(n / 2);
        self.median = i64::from(*median);
        if !self.n_results.is_multiple_of(WINDOW) {
            return false;
        }
        let before = std::mem::replace(&mut self.before, self.median);
        before > 0 && self.median > NOISE && self.median >= before * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: i64 = 1000;

    fn grown(cap_max: usize) -> Pace {
        let mut pace = Pace::default();
        for _ in 0..600 {
            pace.note(Load::Success, FAST, 0, cap_max);
        }
        pace
    }

    #[test]
    fn a_full_window_of_fast_successes_allows_one_more_up_to_the_cap() {
        let mut pace = Pace::default();
        for _ in 0..CAP_START - 1 {
            pace.note(Load::Success, FAST, 0, 32);
        }
        assert_eq!(pace.cap(), CAP_START);
        pace.note(Load::Success, FAST, 0, 32);
        assert_eq!(pace.cap(), CAP_START + 1);
        assert_eq!(grown(32).cap(), 32);
        assert_eq!(grown(CAP_MAX).cap(), CAP_MAX);
    }

    #[test]
    fn one_overload_halves_once_however_many_attempts_it_fails() {
        let mut pace = grown(32);
        for n_left in (0..32).rev() {
            pace.note(Load::Overload, seconds(15), n_left, 32);
        }
        assert_eq!(pace.cap(), 16);
        for expected in [8, 4, 2, 1, 1] {
            pace.note(Load::Overload, seconds(15), 0, 32);
            assert_eq!(pace.cap(), expected);
        }
    }

    #[test]
    fn a_median_that_doubles_halves_and_an_outlier_does_not() {
        let mut pace = grown(32);
        pace.note(Load::Success, seconds(1), 0, 32);
        assert_eq!(pace.cap(), 32);
        for _ in 0..WINDOW {
            pace.note(Load::Success, seconds(1), 0, 32);
        }
        assert_eq!(pace.cap(), 16);
        assert!(!pace.is_slow());
        for _ in 0..WINDOW {
            pace.note(Load::Success, seconds(3), 0, 32);
        }
        assert!(pace.is_slow());
    }
}
