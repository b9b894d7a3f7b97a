//! What a lane knows of its queue: what it hears of, what it reads, what it holds, what it lets go.
//!
//! Nothing here is sent; that is in [`super::launch`].

use domain::Timestamp;
use storage::order::Page;
use storage::queue::{LANE_COUNT_MAX, LaneHead, Place};

use super::{Lane, Probe, State};

/// Places of one endpoint kept in memory.
pub(super) const PAGE_ROWS_MAX: usize = 64;
/// A page with this many places left is filled up from disk.
const PAGE_ROWS_LOW: usize = 16;

impl Lane {
    /// Learns of a delivery that is owed; false when that was known, or is left to be read.
    pub(in crate::deliver) fn hear(&mut self, place: Place) -> bool {
        if self.state == State::Closed || self.held.contains(&place.delivery_no) {
            return false;
        }
        if let Some(late) = &mut self.late {
            let has_room = late.len() < PAGE_ROWS_MAX;
            if has_room {
                late.push(place);
            } else {
                self.more_on_disk = true;
            }
            return has_room;
        }
        let Err(at) = self.page.binary_search(&place) else { return false };
        if at == self.page.len() && (self.more_on_disk || at == PAGE_ROWS_MAX) {
            self.more_on_disk = true;
            return false;
        }
        self.page.insert(at, place);
        if self.page.len() > PAGE_ROWS_MAX {
            self.page.pop_back();
            self.more_on_disk = true;
        }
        true
    }

    /// How many places to read now, if any.
    pub(in crate::deliver) fn begin_page(&mut self) -> Option<i64> {
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
    pub(in crate::deliver) fn take_page(&mut self, Page { places, hides }: Page, limit: i64) {
        let late = self.late.take().unwrap_or_default();
        if self.state == State::Closed {
            return;
        }
        let is_full = i64::try_from(places.len()).is_ok_and(|n| n >= limit);
        self.page = places.into_iter().filter(|p| !self.held.contains(&p.delivery_no)).collect();
        self.more_on_disk = is_full || self.page.len() > PAGE_ROWS_MAX;
        self.hides = hides;
        self.page.truncate(PAGE_ROWS_MAX);
        for place in late {
            self.hear(place);
        }
    }

    /// A page could not be read; it is asked for again.
    pub(in crate::deliver) fn miss_page(&mut self) {
        self.late = None;
        self.read_again();
    }

    /// What is on disk is no longer known.
    pub(in crate::deliver) fn read_again(&mut self) {
        if self.state == State::Open {
            self.state = State::Stale;
        }
    }

    /// Compares what a scan found with what is known; anything unknown makes the page stale.
    /// Where nothing was counted, what is due may be more than was heard of.
    pub(in crate::deliver) fn compare(
        &mut self,
        head: &LaneHead,
        is_counted: bool,
        now: Timestamp,
    ) {
        if head.is_probed && head.n_due > 0 {
            return self.begin_probe();
        }
        if !head.is_open {
            return self.close();
        }
        if self.is_probing() {
            self.close();
        }
        if self.state == State::Closed {
            self.state = State::Open;
        }
        let in_page = self.page.partition_point(|place| place.due_at <= now);
        let ends_in_due_ones = in_page == self.page.len() && self.more_on_disk;
        let known = i64::try_from(self.held.len() + in_page).unwrap_or(LANE_COUNT_MAX);
        let is_unknown = self.page.is_empty() && self.held.is_empty();
        let may_be_more = head.n_due > known || !is_counted && head.n_due > 0;
        if is_unknown || may_be_more && !ends_in_due_ones {
            self.state = State::Stale;
        }
    }

    /// One delivery is sent, and the lane closed when it has ended.
    fn begin_probe(&mut self) {
        if self.probe == Probe::Wanted || self.is_holding() {
            return;
        }
        self.close();
        self.state = State::Stale;
        self.probe = Probe::Wanted;
    }

    pub(in crate::deliver) fn is_probing(&self) -> bool {
        self.probe != Probe::None
    }

    /// Places in memory.
    #[cfg(test)]
    pub(in crate::deliver) fn n_rows(&self) -> usize {
        self.page.len()
    }

    /// Lets go of a delivery whose queue row is settled; another may have waited for it.
    pub(in crate::deliver) fn settle(&mut self, delivery_no: i64) {
        self.release(delivery_no);
        if self.hides {
            self.read_again();
        }
    }

    /// What was launched waits for another on disk: it is looked for when that one is settled, which may
    /// have been meanwhile.
    pub(in crate::deliver) fn hide(&mut self) {
        self.hides = true;
        if self.held.is_empty() {
            self.read_again();
        }
    }

    /// Lets go of a delivery that was not sent.
    pub(in crate::deliver) fn release(&mut self, delivery_no: i64) {
        self.held.remove(&delivery_no);
    }

    /// True while a delivery is launched and its completion not committed.
    pub(in crate::deliver) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// The endpoint takes nothing from now on; a scan that finds it open again says so.
    pub(in crate::deliver) fn close(&mut self) {
        self.state = State::Closed;
        self.probe = Probe::None;
        self.endpoint = None;
        self.settings = None;
        self.health = None;
        self.page.clear();
        self.more_on_disk = false;
    }

    /// True when forgetting the lane forgets nothing that matters: a breaker that may probe is rebuilt.
    pub(in crate::deliver) fn is_idle(&mut self, now: Timestamp) -> bool {
        let is_full = self.bucket.as_ref().is_none_or(|bucket| bucket.is_full(now));
        let may_probe = self.breaker.probe_at(now).is_none_or(|at| at <= now);
        (is_full && may_probe || self.state == State::Closed)
            && !self.is_asking
            && self.page.is_empty()
            && self.held.is_empty()
            && !self.more_on_disk
            && self.state != State::Stale
            && self.late.is_none()
            && !self.is_queued
    }
}
