//! Letting go what is due: at once what was handed over, and the rest when it was read.

use std::sync::Arc;

use domain::Timestamp;
use storage::load::Rung;
use storage::queue::Parcel;
use tokio::time::Instant;

use super::{READ_PAUSE, Work};
use crate::deliver::attempt;
use crate::deliver::endpoint::Endpoint;
use crate::deliver::lane::Lane;
use crate::deliver::lanes::{Started, Turn};
use crate::deliver::read::{self, Ask, Launch};

/// Completions that are not committed yet. Each could be sent twice if the process died now.
const UNWRITTEN_MAX: usize = 1024;
/// Deliveries loaded by one unit, and such units under way.
const LOAD_ROWS_MAX: usize = 128;
const LOADS_MAX: usize = 4;

impl Work {
    /// Starts loading what is due, as far as there is room for it.
    pub(in crate::deliver) fn launch(&mut self) {
        let instant = Instant::now();
        if !self.owned.may_launch(instant) {
            self.resume_at = Some(instant + READ_PAUSE);
        }
        if self.resume_at.is_some_and(|at| at > instant) {
            return;
        }
        self.resume_at = None;
        if std::mem::take(&mut self.has_missed_scan) {
            self.scan();
        }
        let now = self.tasks.parts.app.clock.now();
        self.lanes.ring(now);
        self.lanes.give_way(self.tasks.parts.app.db.rung() >= Rung::FewSlow);
        while self.reads.len() < LOADS_MAX {
            let ask = self.gather(now);
            if ask.is_empty() {
                return;
            }
            self.reads.spawn(read::find(self.tasks.clone(), Arc::new(ask)));
        }
    }

    fn gather(&mut self, now: Timestamp) -> Ask {
        let mut ask = Ask::default();
        while ask.launches.len() < LOAD_ROWS_MAX
            && ask.pages.len() < LOAD_ROWS_MAX
            && ask.endpoints.len() < LOAD_ROWS_MAX
            && self.n_unwritten < UNWRITTEN_MAX
            && let Some(turn) = self.lanes.turn(now)
        {
            self.take_turn(&turn, &mut ask);
        }
        ask
    }

    fn take_turn(&mut self, turn: &Turn, ask: &mut Ask) {
        let endpoint_no = turn.endpoint_no;
        ask.pages.extend(turn.page.map(|limit| (endpoint_no, limit)));
        let mut wants_endpoint = turn.wants_settings;
        if let Some(Started { place, ticket, was_held_back }) = turn.launch {
            self.n_in_flight += 1;
            // No epoch that is owned is negative: were the lane not ours, its launch is not sent.
            let epoch = self.owned.epoch(endpoint_no).unwrap_or(-1);
            let launch = Launch { endpoint_no, place, epoch, ticket, was_held_back };
            let now = Instant::now();
            let fresh =
                self.lanes.get(endpoint_no).and_then(|lane| lane.fresh_endpoint(now)).cloned();
            match (self.handed.take(place, now), fresh) {
                (Some(parcel), Some(endpoint)) if self.may_send(&endpoint, &parcel, &launch) => {
                    self.send(endpoint, parcel, launch);
                }
                (_, fresh) => {
                    ask.launches.push(launch);
                    wants_endpoint |= fresh.is_none();
                }
            }
        }
        if wants_endpoint && !ask.endpoints.contains(&endpoint_no) {
            ask.endpoints.push(endpoint_no);
        }
    }

    /// Whether an endpoint that was read earlier wants a parcel that was handed over, and as it is.
    fn may_send(&self, endpoint: &Endpoint, parcel: &Parcel, launch: &Launch) -> bool {
        let is_ours = self.owned.epoch(launch.endpoint_no) == Some(launch.epoch);
        is_ours && endpoint.is_of(parcel.settings_at) && !endpoint.is_probe
    }

    pub(super) fn send(&mut self, endpoint: Arc<Endpoint>, parcel: Parcel, launch: Launch) {
        self.n_attempts += 1;
        self.attempts.spawn(attempt::make(self.tasks.clone(), endpoint, parcel, launch));
    }

    /// Frees the slot of a launch that was not sent.
    pub(super) fn take_back_launch(&mut self, launch: &Launch) -> &mut Lane {
        self.n_in_flight -= 1;
        let now = self.tasks.parts.app.clock.now();
        self.lanes.land(launch.endpoint_no, launch.ticket, None, now);
        self.lanes.touch(launch.endpoint_no)
    }
}
