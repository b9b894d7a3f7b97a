//! The queue of one endpoint, as far as it is in memory.
//!
//! A lane knows the first places of its queue and nothing of the rest, so that memory follows the
//! number of active endpoints and not the backlog. Nothing here awaits; reading rows is in
//! [`super::read`].

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use domain::Timestamp;
use storage::events::{LANE_COUNT_MAX, LaneHead, Place};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::health::Health;

/// Places of one endpoint kept in memory.
const PAGE_ROWS_MAX: usize = 64;
/// A page with this many places left is filled up from disk.
const PAGE_ROWS_LOW: usize = 16;
/// Attempts at one endpoint at a time (webhooks.md 5.7).
pub(super) const IN_FLIGHT_PER_ENDPOINT_MAX: usize = 8;

/// See the module.
///
/// Invariant: `page` is sorted, holds nothing of `held`, and every place on disk that is not in either
/// comes after its last one, save for what the next scan or the page being read will tell.
#[derive(Default)]
pub(super) struct Lane {
    page: VecDeque<Place>,
    more_on_disk: bool,
    state: State,
    /// Places heard of while a page is being read.
    late: Option<Vec<Place>>,
    /// Deliveries that were launched and whose completion is not committed yet.
    held: HashSet<i64>,
    /// Of those held, how many are on their way.
    pub(super) in_flight: usize,
    /// The receiver asked to be left alone until then.
    quiet_until: Timestamp,
    pub(super) is_queued: bool,
    pub(super) wakes_at: Option<Timestamp>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    pub(super) health: Option<Health>,
    pub(super) used_at: Option<Instant>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Another process changed the queue: the page must be read again.
    Stale,
    /// The endpoint takes nothing: what is owed stays on disk.
    Closed,
}

impl Lane {
    /// Learns of a delivery that is owed.
    pub(super) fn hear(&mut self, place: Place) {
        if self.state == State::Closed || self.held.contains(&place.delivery_no) {
            return;
        }
        if let Some(late) = &mut self.late {
            if late.len() < PAGE_ROWS_MAX {
                late.push(place);
            } else {
                self.more_on_disk = true;
            }
            return;
        }
        let Err(at) = self.page.binary_search(&place) else { return };
        if at == self.page.len() && (self.more_on_disk || at == PAGE_ROWS_MAX) {
            self.more_on_disk = true;
            return;
        }
        self.page.insert(at, place);
        if self.page.len() > PAGE_ROWS_MAX {
            self.page.pop_back();
            self.more_on_disk = true;
        }
    }

    /// How many places to read now, if any.
    pub(super) fn begin_page(&mut self) -> Option<i64> {
        let is_low = self.more_on_disk && self.page.len() <= PAGE_ROWS_LOW;
        let is_wanted = match self.state {
            State::Open => is_low,
            State::Stale => true,
            State::Closed => false,
        };
        if !is_wanted || self.late.is_some() {
            return None;
        }
        self.late = Some(Vec::new());
        self.state = State::Open;
        // What is held still stands on disk, before everything else.
        i64::try_from(PAGE_ROWS_MAX + self.held.len()).ok()
    }

    /// Takes the places that were read, in their order; `limit` is how many were asked for.
    pub(super) fn take_page(&mut self, places: Vec<Place>, limit: i64) {
        let late = self.late.take().unwrap_or_default();
        if self.state == State::Closed {
            return;
        }
        let is_full = i64::try_from(places.len()).is_ok_and(|n| n >= limit);
        self.page = places.into_iter().filter(|p| !self.held.contains(&p.delivery_no)).collect();
        self.more_on_disk = is_full || self.page.len() > PAGE_ROWS_MAX;
        self.page.truncate(PAGE_ROWS_MAX);
        for place in late {
            self.hear(place);
        }
    }

    /// Takes the settings that were read; `None` closes the lane.
    pub(super) fn take_endpoint(&mut self, endpoint: Option<Arc<Endpoint>>) {
        let Some(endpoint) = endpoint else { return self.close() };
        self.health.get_or_insert_with(|| Health::new(endpoint.health));
        self.endpoint = Some(endpoint);
    }

    /// A page could not be read; it is asked for again.
    pub(super) fn miss_page(&mut self) {
        self.late = None;
        self.read_again();
    }

    /// What is on disk is no longer known.
    pub(super) fn read_again(&mut self) {
        if self.state == State::Open {
            self.state = State::Stale;
        }
    }

    /// Takes the next place that is due and holds its delivery.
    pub(super) fn launch(&mut self, now: Timestamp) -> Option<Place> {
        // An old page can name the former place of a delivery that was launched from its new one.
        while self.page.front().is_some_and(|place| self.held.contains(&place.delivery_no)) {
            self.page.pop_front();
        }
        if !self.may_launch(now) {
            return None;
        }
        let place = self.page.pop_front()?;
        self.held.insert(place.delivery_no);
        self.in_flight += 1;
        Some(place)
    }

    pub(super) fn may_launch(&self, now: Timestamp) -> bool {
        self.in_flight < IN_FLIGHT_PER_ENDPOINT_MAX && self.next_at().is_some_and(|at| at <= now)
    }

    /// When the first place may be launched.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.page.front().map(|place| place.due_at.max(self.quiet_until))
    }

    /// True while a delivery is launched and its completion not committed.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets go of a delivery whose queue row is settled.
    pub(super) fn release(&mut self, delivery_no: i64) {
        self.held.remove(&delivery_no);
    }

    pub(super) fn be_quiet_until(&mut self, at: Timestamp) {
        self.quiet_until = self.quiet_until.max(at);
    }

    /// The endpoint takes nothing from now on; a scan that finds it open again says so.
    pub(super) fn close(&mut self) {
        self.state = State::Closed;
        self.endpoint = None;
        self.health = None;
        self.page.clear();
        self.more_on_disk = false;
    }

    /// Compares what a scan found with what is known; anything unknown makes the page stale.
    pub(super) fn compare(&mut self, head: &LaneHead, now: Timestamp) {
        if !head.is_open {
            return self.close();
        }
        if self.state == State::Closed {
            self.state = State::Open;
        }
        let in_page = self.page.partition_point(|place| place.due_at <= now);
        let ends_in_due_ones = in_page == self.page.len() && self.more_on_disk;
        let known = i64::try_from(self.held.len() + in_page).unwrap_or(LANE_COUNT_MAX);
        let is_unknown = self.page.is_empty() && self.held.is_empty();
        if is_unknown || head.n_due > known && !ends_in_due_ones {
            self.state = State::Stale;
        }
    }

    /// True when forgetting the lane forgets nothing that matters.
    pub(super) fn is_idle(&self) -> bool {
        self.page.is_empty()
            && self.held.is_empty()
            && !self.more_on_disk
            && self.state != State::Stale
            && self.late.is_none()
            && !self.is_queued
    }
}

#[cfg(test)]
mod tests;
