//! The breaker of a host: many endpoints of one scheme, host and port that is down ask it one at a time.
//!
//! The breakers of their lanes let each of them ask now and then; of a thousand that is still a storm. What is
//! owed waits meanwhile without using up tries. In memory only, and only of hosts that fail: after a restart
//! the next failures open it again. Source: webhooks.md 5.7.

use std::collections::{BTreeSet, HashMap};

use domain::{Timestamp, minutes};

use super::breaker::{Breaker, Change, is_down};
use super::lane::Sample;

/// Endpoints of a host that say "down", with no answer of the host between them, that open its breaker.
/// Fewer ask rarely enough by the breakers of their lanes.
const DOWN_ENDPOINTS: usize = 8;
/// How long a host is remembered of which nothing is heard, in microseconds: beyond the longest wait for a
/// probe and its attempt.
const REMEMBERED: i64 = minutes(10);

/// Hosts that failed since they last answered, by the digest that [`super::fair::Kin`] has.
#[derive(Default)]
pub(super) struct Hosts(HashMap<u64, Host>);

#[derive(Default)]
struct Host {
    breaker: Breaker,
    /// While the breaker is closed, who failed; at most [`DOWN_ENDPOINTS`].
    down: BTreeSet<i64>,
    noted_at: Timestamp,
}

impl Hosts {
    /// When a host that is down may be asked, by one attempt; `None` while it is not known to be down.
    pub(super) fn probe_at(&mut self, host: u64, now: Timestamp) -> Option<Timestamp> {
        self.0.get_mut(&host)?.breaker.probe_at(now)
    }

    pub(super) fn is_down(&self, host: u64) -> bool {
        self.0.get(&host).is_some_and(|host| host.breaker.is_open())
    }

    /// An attempt goes out; at a host that is down it must be the only one under way.
    pub(super) fn launch(&mut self, host: u64) {
        if let Some(host) = self.0.get_mut(&host) {
            host.breaker.launch();
        }
    }

    /// Learns what came of an attempt of an endpoint; without a sample nothing was sent.
    pub(super) fn note(
        &mut self,
        host: u64,
        endpoint_no: i64,
        sample: Option<Sample>,
        now: Timestamp,
    ) -> Change {
        let Some(sample) = sample else {
            if let Some(host) = self.0.get_mut(&host) {
                host.breaker.miss();
            }
            return Change::Nothing;
        };
        match is_down(sample.class) {
            Some(true) => self.0.entry(host).or_default().take_failure(endpoint_no, sample, now),
            Some(false) => {
                // Also when it answers what was sent before the breaker opened: it is there.
                let was_down = self.0.remove(&host).is_some_and(|host| host.breaker.is_open());
                if was_down { Change::Closed } else { Change::Nothing }
            }
            None => {
                let host = self.0.get_mut(&host).filter(|host| host.breaker.is_open());
                host.map_or(Change::Nothing, |h| h.breaker.note(sample.class, now, sample.random))
            }
        }
    }

    /// Forgets hosts that nobody asks any more.
    pub(super) fn forget_idle(&mut self, now: Timestamp) {
        self.0.retain(|_, host| now.micros() - host.noted_at.micros() < REMEMBERED);
    }
}

impl Host {
    fn take_failure(&mut self, endpoint_no: i64, sample: Sample, now: Timestamp) -> Change {
        self.noted_at = now;
        if self.breaker.is_open() {
            return self.breaker.note(sample.class, now, sample.random);
        }
        self.down.insert(endpoint_no);
        if self.down.len() < DOWN_ENDPOINTS {
            return Change::Nothing;
        }
        self.down.clear();
        self.breaker.trip(now, sample.random)
    }
}

#[cfg(test)]
mod tests {
    use domain::seconds;
    use webhook::ladder::Class;

    use super::super::pace::Load;
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
    const HOST: u64 = 7;

    fn note(hosts: &mut Hosts, endpoint_no: i64, class: Class) -> Change {
        let sample = Sample { class, load: Load::Failure, micros: 1, random: 0 };
        hosts.note(HOST, endpoint_no, Some(sample), NOW)
    }

    fn opened() -> Hosts {
        let mut hosts = Hosts::default();
        for no in 1..8 {
            assert_eq!(note(&mut hosts, no, Class::Down), Change::Nothing);
        }
        let until = NOW.plus(seconds(5));
        assert_eq!(note(&mut hosts, 8, Class::Down), Change::OpenUntil(until));
        hosts
    }

    #[test]
    fn eight_endpoints_that_are_down_open_it_for_their_host_alone() {
        let mut hosts = opened();
        assert!(hosts.is_down(HOST) && !hosts.is_down(8));
        assert_eq!(hosts.probe_at(HOST, NOW), Some(NOW.plus(seconds(5))));
        assert_eq!(hosts.probe_at(8, NOW), None);
    }

    #[test]
    fn an_answer_between_or_one_endpoint_over_and_over_does_not_open_it() {
        let mut hosts = Hosts::default();
        for no in 0..100 {
            note(&mut hosts, 1, Class::Down);
            let class = if no % 6 == 5 { Class::Refused } else { Class::Down };
            assert_eq!(note(&mut hosts, no, class), Change::Nothing, "{no}");
        }
        for no in 0..100 {
            note(&mut hosts, no, Class::Internal);
        }
        assert!(!hosts.is_down(HOST));
    }

    #[test]
    fn waits_double_to_five_minutes_with_each_probe_that_fails_and_any_answer_ends_them() {
        let mut hosts = opened();
        assert_eq!(note(&mut hosts, 9, Class::Down), Change::Nothing, "sent before");
        for wait in [10, 20, 40, 80, 160, 300, 300] {
            let until = NOW.plus(seconds(wait));
            hosts.launch(HOST);
            assert_eq!(hosts.note(HOST, 1, None, NOW), Change::Nothing, "it was not sent");
            hosts.launch(HOST);
            assert_eq!(note(&mut hosts, 1, Class::Down), Change::OpenUntil(until));
        }
        assert_eq!(note(&mut hosts, 2, Class::Refused), Change::Closed);
        assert_eq!(hosts.probe_at(HOST, NOW), None);
    }

    #[test]
    fn a_host_of_which_nothing_is_heard_for_ten_minutes_is_forgotten() {
        let mut hosts = opened();
        hosts.forget_idle(NOW.plus(minutes(10) - 1));
        assert!(hosts.is_down(HOST));
        hosts.forget_idle(NOW.plus(minutes(10)));
        assert!(!hosts.is_down(HOST));
    }
}
