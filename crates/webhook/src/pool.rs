//! Connections kept open between attempts, by scheme, host and port.
//!
//! Times come in from the caller. Opening connections is in `connect`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};

use crate::connect::Link;

/// How long a connection waits for its next request.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(15);
/// How long a connection serves, so that a changed address and the guard take effect.
pub(crate) const AGE_MAX: Duration = Duration::from_mins(5);
/// Idle connections to one origin: as many as an endpoint may have in flight, so that a burst that
/// ends all at once closes none of them.
pub(crate) const IDLE_PER_HOST_MAX: usize = 32;
/// Idle connections in all; with those that are shared 4,096.
const IDLE_TOTAL_MAX: usize = 3072;
/// Closed at once when the pool is full, oldest first, so that a full pool is not searched for every
/// single connection that comes back.
const EVICTED_AT_ONCE: usize = 256;

#[derive(Default)]
pub(crate) struct Pool(Mutex<Shelves>);

#[derive(Default)]
struct Shelves {
    /// The longest idle is in front.
    by_origin: HashMap<Arc<str>, VecDeque<Idle>>,
    /// Invariant: the sum of the lengths above.
    count: usize,
}

struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    /// Takes the connection that was used last: the likeliest to be still open.
    pub(crate) fn take(&self, origin: &str, now: Instant) -> Option<Link> {
        let mut shelves = self.shelves();
        loop {
            let idle = shelves.by_origin.get_mut(origin)?.pop_back()?;
            shelves.count -= 1;
            if idle.is_usable(now) {
                return Some(idle.link);
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(crate) fn put(&self, origin: &Arc<str>, link: Link, now: Instant) {
        let idle = Idle { link, since: now };
        if !idle.is_usable(now) {
            return;
        }
        let mut shelves = self.shelves();
        if shelves.count >= IDLE_TOTAL_MAX {
            shelves.evict_oldest();
        }
        let shelf = match shelves.by_origin.get_mut(origin) {
            Some(shelf) => shelf,
            None => shelves.by_origin.entry(origin.clone()).or_default(),
        };
        shelf.push_back(idle);
        if shelf.len() > IDLE_PER_HOST_MAX {
            shelf.pop_front();
        } else {
            shelves.count += 1;
        }
    }

    /// Closes what has waited or served too long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.shelves().keep(|idle| idle.is_usable(now));
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn keep(&mut self, wanted: impl Fn(&Idle) -> bool) {
        self.by_origin.retain(|_, shelf| {
            shelf.retain(&wanted);
            !shelf.is_empty()
        });
        self.count = self.by_origin.values().map(VecDeque::len).sum();
    }

    fn evict_oldest(&mut self) {
        let mut times: Vec<Instant> =
            self.by_origin.values().flatten().map(|idle| idle.since).collect();
        let (_, &mut last_evicted, _) = times.select_nth_unstable(EVICTED_AT_ONCE - 1);
        self.keep(|idle| idle.since > last_evicted);
    }
}

impl Idle {
    fn is_usable(&self, now: Instant) -> bool {
        now.duration_since(self.since) < IDLE_MAX
            && now.duration_since(self.link.meter.opened) < AGE_MAX
            && !self.link.http.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;

    use super::*;

    const ORIGIN: &str = "https://example.com";
    const TICK: Duration = Duration::from_millis(1);

    /// Puts one link, opened and put at these times, and gives the receiver's end of it.
    async fn put(pool: &Pool, origin: &str, opened: Instant, now: Instant) -> DuplexStream {
        let (link, end) = Link::over_pipe(opened).await;
        pool.put(&origin.into(), link, now);
        end
    }

    fn count(pool: &Pool) -> usize {
        let shelves = pool.shelves();
        assert_eq!(shelves.count, shelves.by_origin.values().map(VecDeque::len).sum());
        shelves.count
    }

    #[tokio::test]
    async fn the_connection_used_last_is_taken_first_and_only_by_its_origin() {
        let (pool, now) = (Pool::default(), Instant::now());
        let _first = put(&pool, ORIGIN, now, now).await;
        let _second = put(&pool, ORIGIN, now + TICK, now + TICK).await;
        assert!(pool.take("https://example.com:8443", now).is_none());
        assert_eq!(pool.take(ORIGIN, now + TICK).unwrap().meter.opened, now + TICK);
        assert_eq!(pool.take(ORIGIN, now + TICK).unwrap().meter.opened, now);
        assert!(pool.take(ORIGIN, now + TICK).is_none());
    }

    #[tokio::test]
    async fn a_connection_is_not_used_after_15_idle_seconds_or_5_minutes_of_life() {
        let (pool, now) = (Pool::default(), Instant::now());
        let _idle = put(&pool, ORIGIN, now, now).await;
        assert!(pool.take(ORIGIN, now + IDLE_MAX).is_none());

        let _old = put(&pool, ORIGIN, now, now + AGE_MAX - TICK).await;
        assert!(pool.take(ORIGIN, now + AGE_MAX).is_none());
        let _older = put(&pool, ORIGIN, now, now + AGE_MAX).await;
        assert_eq!(count(&pool), 0);

        let _kept = put(&pool, ORIGIN, now, now).await;
        pool.sweep(now + IDLE_MAX - TICK);
        assert_eq!(count(&pool), 1);
        pool.sweep(now + IDLE_MAX);
        assert_eq!(count(&pool), 0);
    }

    #[tokio::test]
    async fn one_origin_keeps_its_newest_connections_up_to_its_limit() {
        let (pool, now) = (Pool::default(), Instant::now());
        let mut ends = Vec::new();
        for _ in 0..=IDLE_PER_HOST_MAX {
            ends.push(put(&pool, ORIGIN, now, now).await);
        }
        assert_eq!(count(&pool), IDLE_PER_HOST_MAX);
    }

    #[tokio::test]
    async fn a_full_pool_closes_its_oldest_connections() {
        let (pool, now) = (Pool::default(), Instant::now());
        let mut ends = Vec::new();
        for number in 0..=u32::try_from(IDLE_TOTAL_MAX).unwrap() {
            let at = now + Duration::from_micros(number.into());
            ends.push(put(&pool, &format!("https://{number}.example.com"), at, at).await);
        }
        let later = now + TICK;
        assert_eq!(count(&pool), IDLE_TOTAL_MAX - EVICTED_AT_ONCE + 1);
        assert!(pool.take("https://255.example.com", later).is_none());
        assert!(pool.take("https://256.example.com", later).is_some());
        assert!(pool.take("https://3072.example.com", later).is_some());
    }
}
