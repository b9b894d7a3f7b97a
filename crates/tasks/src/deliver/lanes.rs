//! All lanes: which of them may launch now, and which later.
//!
//! Lanes take turns, one delivery a turn, so that an endpoint with a long queue delays no other.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use domain::Timestamp;
use storage::events::LaneHead;
use tokio::time::Instant;

use super::lane::Lane;

/// How long a lane without work is remembered with its settings.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Default)]
pub(super) struct Lanes {
    by_endpoint: HashMap<i64, Lane>,
    /// Lanes that have something to do, each at most once.
    turns: VecDeque<i64>,
    /// Lanes whose first place is due later, each at most once.
    alarms: BTreeSet<(Timestamp, i64)>,
}

impl Lanes {
    pub(super) fn get(&mut self, endpoint_no: i64) -> Option<&mut Lane> {
        self.by_endpoint.get_mut(&endpoint_no)
    }

    /// The lane of an endpoint, which gets a turn.
    pub(super) fn touch(&mut self, endpoint_no: i64) -> &mut Lane {
        let lane = self.by_endpoint.entry(endpoint_no).or_default();
        if !lane.is_queued {
            lane.is_queued = true;
            self.turns.push_back(endpoint_no);
        }
        lane
    }

    /// Takes the lane whose turn it is.
    pub(super) fn next(&mut self) -> Option<i64> {
        let endpoint_no = self.turns.pop_front()?;
        if let Some(lane) = self.by_endpoint.get_mut(&endpoint_no) {
            lane.is_queued = false;
        }
        Some(endpoint_no)
    }

    pub(super) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Lets a lane have its turn when its first place is due; `None` takes its alarm away.
    pub(super) fn set_alarm(&mut self, endpoint_no: i64, at: Option<Timestamp>) {
        let Some(lane) = self.by_endpoint.get_mut(&endpoint_no) else { return };
        if lane.wakes_at == at {
            return;
        }
        if let Some(old) = lane.wakes_at {
            self.alarms.remove(&(old, endpoint_no));
        }
        lane.wakes_at = at;
        self.alarms.extend(at.map(|at| (at, endpoint_no)));
    }

    /// Gives a turn to every lane whose alarm is due.
    pub(super) fn ring(&mut self, now: Timestamp) {
        while let Some(&(at, endpoint_no)) = self.alarms.first()
            && at <= now
        {
            self.alarms.pop_first();
            self.touch(endpoint_no).wakes_at = None;
        }
    }

    pub(super) fn first_alarm(&self) -> Option<Timestamp> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// Takes in a part of a scan.
    pub(super) fn compare(&mut self, heads: &[LaneHead], now: Timestamp) {
        for head in heads {
            if head.is_open {
                self.touch(head.endpoint_no).compare(head, now);
            } else if let Some(lane) = self.by_endpoint.get_mut(&head.endpoint_no) {
                lane.close();
            }
        }
    }

    /// Closes the lanes of endpoints that are not ours, which another node takes over.
    pub(super) fn keep(&mut self, is_ours: impl Fn(i64) -> bool) {
        for (_, lane) in self.by_endpoint.iter_mut().filter(|(no, _)| !is_ours(**no)) {
            lane.close();
        }
    }

    /// Endpoints with deliveries that are launched and not written.
    pub(super) fn holding(&self) -> impl Iterator<Item = i64> {
        self.by_endpoint.iter().filter(|(_, lane)| lane.is_holding()).map(|(no, _)| *no)
    }

    /// Forgets lanes that have had no work for a while.
    pub(super) fn forget_idle(&mut self, now: Instant) {
        self.by_endpoint.retain(|_, lane| {
            let is_old = lane.used_at.is_none_or(|at| now.duration_since(at) > IDLE_MAX);
            !(is_old && lane.is_idle())
        });
    }
}
