//! Looking through the queue, and taking in what was read of it.

use std::time::Duration;

use storage::queue::{self, LANE_COUNT_MAX};
use tokio::time::Instant;

use super::{READ_PAUSE, Work};
use crate::deliver::meter;
use crate::deliver::read::{self, Ask, Found};

impl Work {
    /// Starts looking through the queue, unless it is being looked through.
    pub(in crate::deliver) fn scan(&mut self) {
        if !self.is_scanning {
            self.is_scanning = true;
            self.scan_began = Some(Instant::now());
            self.scan_of = self.owned.version;
            self.oldest_due = None;
            self.scan_after(i64::MIN);
        }
    }

    fn scan_after(&mut self, after: i64) {
        let count_max = if self.is_first_scan() { 1 } else { LANE_COUNT_MAX };
        self.reads.spawn(read::scan(self.tasks.clone(), after, self.owned.shards(), count_max));
    }

    /// Of what is owned now, the queue was not looked through before: nothing in memory is worth a count.
    fn is_first_scan(&self) -> bool {
        self.scanned_of != Some(self.scan_of)
    }

    pub(super) fn take_scan(&mut self, mut found: queue::Lanes) {
        let now = self.tasks.parts.app.clock.now();
        found.heads.retain(|head| self.owned.epoch(head.endpoint_no).is_some());
        let is_counted = !self.is_first_scan();
        self.lanes.compare(&found.heads, is_counted, now);
        let open = found.heads.iter().filter(|head| head.is_open && head.first_due_at <= now);
        self.oldest_due = open.map(|head| head.first_due_at).chain(self.oldest_due).min();
        match found.next {
            Some(after) => self.scan_after(after),
            None => {
                self.is_scanning = false;
                self.scanned_of = Some(self.scan_of);
                self.has_missed_scan |= self.scan_of != self.owned.version;
                if self.scan_of == self.owned.version && !self.owned.shards().is_empty() {
                    self.tasks.note_lanes();
                }
                self.scan_took = self.scan_began.map_or(Duration::ZERO, |at| at.elapsed());
                meter::oldest(self.oldest_due, now);
                meter::waits(&self.lanes.waits(now));
                self.lanes.forget_idle(now);
            }
        }
    }

    pub(super) fn take_found(&mut self, ask: &Ask, found: Found) {
        for ((endpoint_no, limit), page) in ask.pages.iter().zip(found.pages) {
            self.lanes.touch(*endpoint_no).take_page(page, *limit);
        }
        let (since, now) = (self.since, self.tasks.parts.app.clock.now());
        for (endpoint_no, endpoint) in ask.endpoints.iter().zip(found.endpoints) {
            self.lanes.touch(*endpoint_no).take_endpoint(endpoint, since, now);
        }
        let may_launch = !self.is_stopping && self.owned.may_launch(Instant::now());
        for (launch, parcel) in ask.launches.iter().zip(found.parcels) {
            let is_ours = self.owned.epoch(launch.endpoint_no) == Some(launch.epoch);
            let endpoint = self.lanes.get(launch.endpoint_no).and_then(|l| l.endpoint.clone());
            match (parcel, endpoint) {
                (Some(parcel), _) if parcel.waits => {
                    let lane = self.take_back_launch(launch);
                    lane.release(launch.place.delivery_no);
                    lane.hide();
                }
                (Some(parcel), Some(endpoint)) if !endpoint.is_of(parcel.settings_at) => {
                    let lane = self.take_back_launch(launch);
                    lane.release(launch.place.delivery_no);
                    lane.endpoint = None;
                }
                (Some(parcel), Some(endpoint)) if may_launch && is_ours => {
                    self.send(endpoint, parcel, *launch);
                }
                _ => self.take_back_launch(launch).release(launch.place.delivery_no),
            }
        }
    }

    /// What could not be read is read again, after a pause.
    pub(super) fn take_back(&mut self, ask: &Ask) {
        for (endpoint_no, _) in &ask.pages {
            self.lanes.touch(*endpoint_no).miss_page();
        }
        for endpoint_no in &ask.endpoints {
            self.lanes.touch(*endpoint_no).miss_settings();
        }
        for launch in &ask.launches {
            let lane = self.take_back_launch(launch);
            lane.release(launch.place.delivery_no);
            lane.read_again();
        }
    }

    pub(super) fn pause(&mut self, error: &storage::Error) {
        tracing::warn!(%error, "the queue can't be read; trying again shortly");
        self.resume_at = Some(Instant::now() + READ_PAUSE);
    }
}
