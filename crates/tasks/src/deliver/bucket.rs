//! The token bucket of a lane: no more attempts in any time than rate times time, plus the burst.
//!
//! Kept as one instant, the time at which the bucket is full again; waiting uses up no tries. Source:
//! webhooks.md 5.14.

use domain::{Timestamp, seconds};

/// A limit as the endpoint's settings give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) per_second: i64,
    pub(super) burst: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// Microseconds in which one token comes, rounded up: never faster than asked for.
    interval: i64,
    full_at: Timestamp,
}

impl Bucket {
    /// A bucket that was empty at `since`, which is when this process began: what was sent before is not
    /// known.
    pub(super) fn new(rate: Rate, since: Timestamp) -> Self {
        let rate = Rate { per_second: rate.per_second.max(1), burst: rate.burst.max(1) };
        let interval = (seconds(1) + rate.per_second - 1) / rate.per_second;
        Self { rate, interval, full_at: since.plus(interval.saturating_mul(rate.burst)) }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// When the next token is there. A clock that was set back empties the bucket and no more.
    pub(super) fn next_at(&mut self, now: Timestamp) -> Timestamp {
        let fill = self.interval.saturating_mul(self.rate.burst);
        self.full_at = self.full_at.min(now.plus(fill));
        self.full_at.plus(self.interval - fill)
    }

    /// Takes a token that is there.
    pub(super) fn take(&mut self, now: Timestamp) {
        self.full_at = self.full_at.max(now).plus(self.interval);
    }

    /// Forgetting a full bucket forgets nothing.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use domain::hours;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
    const RATE: Rate = Rate { per_second: 10, burst: 20 };

    /// Takes all there is.
    fn drain(bucket: &mut Bucket, now: Timestamp) -> usize {
        std::iter::from_fn(|| (bucket.next_at(now) <= now).then(|| bucket.take(now))).count()
    }

    #[test]
    fn case_32_ten_a_second_and_a_burst_of_twenty_make_620_in_a_minute() {
        let mut bucket = Bucket::new(RATE, NOW.plus(-seconds(10)));
        let n: usize = (0..60_000).map(|ms| drain(&mut bucket, NOW.plus(ms * 1000))).sum();
        assert!((619..=621).contains(&n), "{n}");
    }

    #[test]
    fn a_new_process_starts_empty_and_never_holds_more_than_the_burst() {
        let mut bucket = Bucket::new(RATE, NOW);
        assert_eq!(drain(&mut bucket, NOW), 0);
        assert_eq!(drain(&mut bucket, NOW.plus(seconds(1))), 10);
        assert_eq!(drain(&mut bucket, NOW.plus(hours(1))), 20);
    }

    #[test]
    fn a_clock_set_back_an_hour_waits_no_longer_than_for_one_token() {
        let mut bucket = Bucket::new(RATE, NOW.plus(-seconds(10)));
        drain(&mut bucket, NOW);
        let back = NOW.plus(-hours(1));
        assert_eq!(bucket.next_at(back), back.plus(seconds(1) / 10));
    }
}
