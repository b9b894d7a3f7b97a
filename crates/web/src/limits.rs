//! How often a partner may call, and how often an address may call with a bad key.
//!
//! Token buckets in memory, one for each partner and mode; each node counts for itself. Our own
//! because the rate differs by partner and the time comes from the clock that is passed in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use domain::id::PartnerId;
use domain::{Timestamp, minutes, seconds};

/// Bad keys that one address may send in a minute.
pub const BAD_KEYS_PER_MINUTE: i64 = 20;

/// Buckets kept at once; when there are more, those that are full again are forgotten.
const BUCKETS_MAX: usize = 100_000;

/// A rate: `per_window` calls in `window` microseconds, `burst` at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub burst: i64,
    pub per_window: i64,
    pub window: i64,
}

/// What is left after a call was counted.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pub remaining: i64,
    /// Seconds until the bucket is full again.
    pub full_in: i64,
}

/// Seconds to wait before the next call is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    pub retry_after: u32,
}

#[derive(Default)]
pub struct Limits {
    partners: Buckets<(PartnerId, bool)>,
    addresses: Buckets<IpAddr>,
}

impl Limits {
    /// Counts a call of a partner.
    pub fn call(
        &self,
        partner: PartnerId,
        livemode: bool,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Left, Exhausted> {
        self.partners.take((partner, livemode), rate, now)
    }

    /// Counts a bad key that an address sent.
    pub fn bad_key(&self, from: IpAddr, now: Timestamp) -> Result<Left, Exhausted> {
        self.addresses.take(from, BAD_KEYS, now)
    }

    /// True when an address has sent so many bad keys that it is not heard for a while.
    pub fn is_shut_out(&self, from: IpAddr, now: Timestamp) -> Option<Exhausted> {
        self.addresses.look(from, BAD_KEYS, now).err()
    }
}

const BAD_KEYS: Rate =
    Rate { burst: BAD_KEYS_PER_MINUTE, per_window: BAD_KEYS_PER_MINUTE, window: minutes(1) };

/// Each bucket is the instant at which it will be full again (the generic cell rate algorithm).
struct Buckets<K>(Mutex<HashMap<K, i64>>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Copy> Buckets<K> {
    fn take(&self, key: K, rate: Rate, now: Timestamp) -> Result<Left, Exhausted> {
        self.count(key, rate, now, true)
    }

    fn look(&self, key: K, rate: Rate, now: Timestamp) -> Result<Left, Exhausted> {
        self.count(key, rate, now, false)
    }

    fn count(&self, key: K, rate: Rate, now: Timestamp, spend: bool) -> Result<Left, Exhausted> {
        let now = now.micros();
        let cost = (rate.window / rate.per_window.max(1)).max(1);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.retain(|_, full_at| *full_at > now);
        }
        let full_at = buckets.get(&key).copied().unwrap_or(now).max(now) + cost;
        let over = full_at - now - rate.burst * cost;
        if over > 0 {
            return Err(Exhausted {
                retry_after: u32::try_from(over.div_euclid(seconds(1)) + 1).unwrap_or(1),
            });
        }
        if spend {
            buckets.insert(key, full_at);
        }
        Ok(Left { remaining: -over / cost, full_in: (full_at - now).div_euclid(seconds(1)) + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_the_sustained_rate() {
        let buckets: Buckets<u8> = Buckets::default();
        let rate = Rate { burst: 3, per_window: 10, window: seconds(10) };
        let start = Timestamp::from_micros(0);
        let left: Vec<_> =
            (0..3).map(|_| buckets.take(1, rate, start).unwrap().remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        assert_eq!(buckets.take(1, rate, start).unwrap_err().retry_after, 2);
        assert!(buckets.take(2, rate, start).is_ok(), "another caller has a bucket of its own");
        assert!(buckets.take(1, rate, start.plus(seconds(1))).is_ok());
        assert!(buckets.take(1, rate, start.plus(seconds(1))).is_err());
    }
}
