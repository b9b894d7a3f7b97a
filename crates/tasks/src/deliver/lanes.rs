//! All lanes: which of them may launch now, and which later.
//!
//! A state machine over times that are passed in: it neither awaits nor reads a clock, so that hours of
//! it are simulated in a moment (see [`sim`]). Whose turn it is, is decided in [`super::fair`].

use std::collections::{BTreeSet, HashMap};

use domain::{Timestamp, seconds};
use storage::queue::{LaneHead, Place};

use super::breaker::Change;
use super::fair::{Fair, Ticket};
use super::hosts::Hosts;
use super::lane::launch::Wait;
use super::lane::{Lane, Sample};

/// How long a lane without work is remembered with its settings, in microseconds.
const IDLE_MAX: i64 = seconds(10);

/// See the module.
#[derive(Default)]
pub(super) struct Lanes {
    by_endpoint: HashMap<i64, Lane>,
    /// Lanes that have something to do, each at most once.
    fair: Fair,
    hosts: Hosts,
    /// Lanes whose first place is due later, each at most once.
    alarms: BTreeSet<(Timestamp, i64)>,
}

/// What a lane wants to have done in its turn.
pub(super) struct Turn {
    pub(super) endpoint_no: i64,
    /// So many places are to be read.
    pub(super) page: Option<i64>,
    pub(super) wants_settings: bool,
    pub(super) launch: Option<Started>,
}

/// A delivery to be sent, in the slot that it holds.
pub(super) struct Started {
    pub(super) place: Place,
    pub(super) ticket: Ticket,
    /// See [`Lane::was_held_back`].
    pub(super) was_held_back: bool,
}

/// What the end of an attempt changed.
pub(super) struct Landed {
    pub(super) lane: Change,
    /// Of the host that its endpoint shares with others.
    pub(super) host: Change,
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
            self.fair.wait(lane.kin(), endpoint_no, &mut lane.charged);
        }
        lane
    }

    /// Lets the next lane have its turn.
    pub(super) fn turn(&mut self, now: Timestamp) -> Option<Turn> {
        let endpoint_no = self.fair.next()?;
        let mut turn = Turn { endpoint_no, page: None, wants_settings: false, launch: None };
        let Some(lane) = self.by_endpoint.get_mut(&endpoint_no) else { return Some(turn) };
        lane.is_queued = false;
        lane.used_at = Some(now);
        turn.page = lane.begin_page();
        let probe_at = self.hosts.probe_at(lane.kin().host, now);
        turn.wants_settings = lane.begin_settings(now, probe_at.is_some());
        let kin = lane.kin();
        // A host that is down is asked by one attempt. A lane that waits for its end is touched by the next scan.
        let may_launch = |lane: &mut Lane, fair: &Fair| {
            probe_at.is_none_or(|at| at <= now && !fair.is_at(kin.host)) && lane.may_launch(now)
        };
        if may_launch(lane, &self.fair) {
            let estimate = lane.estimate();
            let Some(ticket) = self.fair.take(kin, endpoint_no, estimate, &mut lane.charged) else {
                lane.is_queued = true;
                return Some(turn);
            };
            match lane.launch(now) {
                Some(place) => {
                    self.hosts.launch(kin.host);
                    let was_held_back = lane.was_held_back(place);
                    turn.launch = Some(Started { place, ticket, was_held_back });
                }
                None => self.fair.release(ticket, 0, &mut lane.charged),
            }
        }
        if may_launch(lane, &self.fair) {
            self.touch(endpoint_no);
        } else {
            lane.note_hold(now, probe_at.is_some());
            let at = lane.next_at(now).map(|at| probe_at.map_or(at, |probe_at| at.max(probe_at)));
            let later = at.filter(|at| *at > now);
            self.set_alarm(endpoint_no, later);
        }
        self.fair.let_next_in(kin.host);
        Some(turn)
    }

    /// Gives back the slot of a launch; without a sample nothing was sent.
    pub(super) fn land(
        &mut self,
        endpoint_no: i64,
        ticket: Ticket,
        sample: Option<Sample>,
        now: Timestamp,
    ) -> Landed {
        let lane = self.by_endpoint.entry(endpoint_no).or_default();
        self.fair.release(ticket, sample.map_or(0, |s| s.micros), &mut lane.charged);
        let host = self.hosts.note(ticket.kin.host, endpoint_no, sample, now);
        let lane = lane.land(sample, now);
        self.touch(endpoint_no);
        Landed { lane, host }
    }

    /// See [`Fair::give_way`].
    pub(super) fn give_way(&mut self, gives_way: bool) {
        self.fair.give_way(gives_way);
    }

    pub(super) fn len(&self) -> usize {
        self.by_endpoint.len()
    }

    /// Receivers that are down.
    pub(super) fn n_breakers_open(&self) -> usize {
        self.by_endpoint.values().filter(|lane| lane.is_broken()).count()
    }

    /// How many lanes have something due that waits, by what for.
    pub(super) fn waits(&mut self, now: Timestamp) -> Vec<(Wait, usize)> {
        let mut waits = Wait::ALL.map(|wait| (wait, 0)).to_vec();
        for lane in self.by_endpoint.values_mut() {
            let Some(wait) = lane.waits_for(now) else { continue };
            let wait = if self.hosts.is_down(lane.kin().host) { Wait::Breaker } else { wait };
            for (of, n) in &mut waits {
                *n += usize::from(*of == wait);
            }
        }
        waits
    }

    pub(super) fn has_turns(&self) -> bool {
        !self.fair.is_empty()
    }

    /// Lets a lane have its turn when its first place is due; `None` takes its alarm away.
    fn set_alarm(&mut self, endpoint_no: i64, at: Option<Timestamp>) {
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

    /// Takes in a part of a scan, which counted what is due or only looked whether there is any.
    pub(super) fn compare(&mut self, heads: &[LaneHead], is_counted: bool, now: Timestamp) {
        for head in heads {
            if head.is_open || head.is_probed {
                self.touch(head.endpoint_no).compare(head, is_counted, now);
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
    pub(super) fn forget_idle(&mut self, now: Timestamp) {
        self.by_endpoint.retain(|_, lane| {
            let is_old = lane.used_at.is_none_or(|at| now.micros() - at.micros() > IDLE_MAX);
            !(is_old && lane.is_idle(now))
        });
        self.fair.forget_idle();
        self.hosts.forget_idle(now);
    }
}

#[cfg(test)]
mod sim;
