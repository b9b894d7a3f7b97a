//! The deliverer's state and its steps: look, launch, hear back, write.
//!
//! When a step is taken is decided in the module above. Every step is short and none waits, so that
//! one task can own all lanes. What was read is taken in by `look`, what was sent and written by `land`.

mod land;
mod look;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use storage::leases::{ShardSet, shard_of};
use storage::load::Rung;
use storage::queue::Place;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt::Finished;
use super::books::Books;
use super::costs::{self, Costs};
use super::lane::Lane;
use super::lanes::{Lanes, Started, Turn};
use super::meter::{self, PhaseMeter};
use super::promise::Promise;
use super::read::{self, Ask, Launch, Read};
use crate::Tasks;
use crate::shards::{Owned, Seen};

/// Completions that are not committed yet. Each could be sent twice if the process died now.
const UNWRITTEN_MAX: usize = 1024;
/// Deliveries loaded by one unit, and such units under way.
const LOAD_ROWS_MAX: usize = 128;
const LOADS_MAX: usize = 4;
/// A pause between scans is at least so many times as long as a scan, up to the second: with many endpoints,
/// or much that was just delivered and is not swept up yet, one takes a while.
const SCAN_SHARE: u32 = 20;
const SCAN_PAUSE_MAX: Duration = Duration::from_secs(2);
/// Pause after the database could not be read.
const READ_PAUSE: Duration = Duration::from_millis(200);

/// See the module.
pub(super) struct Work {
    tasks: Tasks,
    owned: Owned,
    lanes: Lanes,
    reads: JoinSet<Read>,
    attempts: JoinSet<Finished>,
    books: Books,
    phases: PhaseMeter,
    costs: Costs,
    promise: Promise,
    /// When this process began, or took endpoints over: token buckets were empty then.
    pub(super) since: Timestamp,
    /// Deliveries being loaded or sent, and those that ended and are not committed.
    pub(super) n_in_flight: usize,
    n_unwritten: usize,
    is_scanning: bool,
    scan_began: Option<Instant>,
    /// The version of [`Owned`] that it began with.
    scan_of: u64,
    /// That of the last scan that came to its end.
    scanned_of: Option<u64>,
    /// How long the last scan took.
    scan_took: Duration,
    /// The first due time that the scan under way has found.
    oldest_due: Option<Timestamp>,
    /// The last scan broke off, or looked for what was owned before; the next launch begins another.
    has_missed_scan: bool,
    is_stopping: bool,
    resume_at: Option<Instant>,
    pub(super) n_attempts: u64,
}

impl Work {
    pub(super) fn new(tasks: &Tasks, owned: Owned) -> Self {
        Self {
            tasks: tasks.clone(),
            owned,
            lanes: Lanes::default(),
            reads: JoinSet::new(),
            attempts: JoinSet::new(),
            books: Books::default(),
            phases: PhaseMeter::new(),
            costs: Costs::new(tasks.parts.app.clock.now()),
            promise: Promise::default(),
            since: tasks.parts.app.clock.now(),
            n_in_flight: 0,
            n_unwritten: 0,
            is_scanning: false,
            scan_began: None,
            scan_of: 0,
            scanned_of: None,
            scan_took: Duration::ZERO,
            oldest_due: None,
            has_missed_scan: false,
            is_stopping: false,
            resume_at: None,
            n_attempts: 0,
        }
    }
}

impl Work {
    /// Goes by what this process owns from now on.
    pub(super) fn take_owned(&mut self, owned: Owned) {
        let is_news = owned.version != self.owned.version;
        let instant = Instant::now();
        if owned.may_launch(instant) && !self.owned.may_launch(instant) {
            self.resume_at = None;
        }
        self.owned = owned;
        if is_news {
            self.since = self.tasks.parts.app.clock.now();
            self.lanes.keep(|no| self.owned.epoch(no).is_some());
            self.scan();
        }
    }

    /// What is left of endpoints that other nodes wait for.
    pub(super) fn seen(&self) -> Seen {
        let foreign = self.lanes.holding().filter(|no| self.owned.epoch(*no).is_none());
        Seen { version: self.owned.version, busy: foreign.map(shard_of).collect() }
    }

    /// Learns of a delivery that was just committed; false when another node sends it.
    pub(super) fn hear(&mut self, endpoint_no: i64, delivery_no: i64, due_micros: i64) -> bool {
        let is_ours = self.owned.epoch(endpoint_no).is_some();
        if is_ours {
            let due_at = Timestamp::from_micros(due_micros);
            self.lanes.touch(endpoint_no).hear(Place { due_at, delivery_no });
        }
        is_ours
    }

    pub(super) fn owns_any(&self, shards: &ShardSet) -> bool {
        self.owned.shards().meets(shards)
    }

    /// Starts loading what is due, as far as there is room for it.
    pub(super) fn launch(&mut self) {
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
            ask.launches.push(Launch { endpoint_no, place, epoch, ticket, was_held_back });
            let endpoint = self.lanes.get(endpoint_no).and_then(|lane| lane.endpoint.as_ref());
            wants_endpoint |= !endpoint.is_some_and(|e| e.is_fresh(Instant::now()));
        }
        if wants_endpoint && !ask.endpoints.contains(&endpoint_no) {
            ask.endpoints.push(endpoint_no);
        }
    }

    /// Waits until something started earlier reports back, and takes in all that has.
    pub(super) async fn hear_back(&mut self) {
        tokio::select! {
            Some(ended) = self.attempts.join_next() => self.take_attempt(ended),
            Some(read) = self.reads.join_next() => self.take_read(read),
            Some(batch) = self.books.committed() => self.take_batch(batch),
            else => pending().await,
        }
        while let Some(ended) = self.attempts.try_join_next() {
            self.take_attempt(ended);
        }
    }

    fn take_read(&mut self, read: Result<Read, JoinError>) {
        match read {
            Ok(Read::Found(ask, Ok(found))) => self.take_found(&ask, found),
            Ok(Read::Found(ask, Err(error))) => {
                self.pause(&error);
                self.take_back(&ask);
            }
            Ok(Read::Scanned(Ok(lanes))) => self.take_scan(lanes),
            Ok(Read::Scanned(Err(error))) => {
                self.is_scanning = false;
                self.has_missed_scan = true;
                self.pause(&error);
            }
            Err(error) => tracing::error!(%error, "reading the queue ended badly"),
        }
    }

    /// Frees the slot of a launch that was not sent.
    fn take_back_launch(&mut self, launch: &Launch) -> &mut Lane {
        self.n_in_flight -= 1;
        let now = self.tasks.parts.app.clock.now();
        self.lanes.land(launch.endpoint_no, launch.ticket, None, now);
        self.lanes.touch(launch.endpoint_no)
    }

    /// Starts the writes that are due; `hurry` writes all there is once nothing more can join it.
    pub(super) fn write(&mut self, hurry: bool) {
        self.books.write(&self.tasks, hurry && !self.is_sending());
    }

    /// When something is due that nobody reports.
    pub(super) fn due_at(&self) -> Option<Instant> {
        let alarm = self.lanes.first_alarm().filter(|_| self.resume_at.is_none()).map(|at| {
            let wait = at.micros() - self.tasks.parts.app.clock.now().micros();
            Instant::now() + Duration::from_micros(u64::try_from(wait).unwrap_or(0))
        });
        [alarm, self.books.due_at(), self.resume_at].into_iter().flatten().min()
    }

    /// How long to leave the queue alone after a scan, so that looking takes a twentieth of the time at most.
    pub(super) fn scan_pause(&self) -> Duration {
        (self.scan_took * SCAN_SHARE).min(SCAN_PAUSE_MAX)
    }

    /// Tells how the lanes stand.
    pub(super) fn tell(&mut self) {
        let app = &self.tasks.parts.app;
        meter::rung(app.db.rung());
        meter::lanes(self.n_in_flight, self.lanes.len(), self.lanes.n_breakers_open());
        if let Some(report) = self.promise.due(app.clock.now()) {
            meter::promise(&report);
        }
        if let Some(report) = self.costs.due(app.clock.now()) {
            tokio::spawn(costs::write(self.tasks.clone(), report));
        }
    }

    /// Writes down what the lanes cost since that was last told.
    pub(super) async fn tell_costs(&mut self) {
        if let Some(report) = self.costs.report(self.tasks.parts.app.clock.now()) {
            costs::write(self.tasks.clone(), report).await;
        }
    }

    pub(super) fn is_sending(&self) -> bool {
        !self.attempts.is_empty() || !self.reads.is_empty()
    }

    pub(super) fn is_written(&self) -> bool {
        self.books.is_empty()
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.is_sending() && self.is_written() && !self.lanes.has_turns() && !self.has_missed_scan
    }

    /// Launches nothing from now on.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
    }

    /// Ends the attempts that are still under way. What they were sent for stays owed.
    pub(super) async fn cut(&mut self) {
        self.reads.shutdown().await;
        self.attempts.shutdown().await;
    }
}
