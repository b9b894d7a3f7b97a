//! The deliverer's state and its steps: look, launch, hear back, write.
//!
//! When a step is taken is decided in the module above. Every step is short and none waits, so that
//! one task can own all lanes. What is due is let go by `launch`, what was read is taken
//! in by `look`, what was sent and written by `land`.

mod land;
mod launch;
mod look;

use std::future::pending;
use std::time::Duration;

use domain::Timestamp;
use storage::leases::{ShardSet, shard_of};
use storage::queue::{Parcel, Place};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::attempt::Finished;
use super::books::Books;
use super::costs::{self, Costs};
use super::handed::Handed;
use super::lanes::Lanes;
use super::meter::{self, PhaseMeter};
use super::promise::Promise;
use super::read::Read;
use crate::Tasks;
use crate::shards::{Owned, Seen};

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
    handed: Handed,
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
            handed: Handed::default(),
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

    /// Learns of a delivery that was just committed, perhaps with what is to be sent; false when another node
    /// sends it.
    pub(super) fn hear(
        &mut self,
        endpoint_no: i64,
        delivery_no: i64,
        due_micros: i64,
        parcel: Option<Box<Parcel>>,
    ) -> bool {
        let is_ours = self.owned.epoch(endpoint_no).is_some();
        if is_ours {
            let due_at = Timestamp::from_micros(due_micros);
            let is_news = self.lanes.touch(endpoint_no).hear(Place { due_at, delivery_no });
            if let Some(parcel) = parcel.filter(|_| is_news) {
                self.handed.put(*parcel, Instant::now());
            }
        }
        is_ours
    }

    /// Learns that an endpoint was just changed: what was read of it before is not what it wants now.
    pub(super) fn hear_of_change(&mut self, endpoint_no: i64) {
        if self.lanes.get(endpoint_no).is_some() {
            self.lanes.touch(endpoint_no).changed_at = Some(Instant::now());
        }
    }

    pub(super) fn owns_any(&self, shards: &ShardSet) -> bool {
        self.owned.shards().meets(shards)
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

    /// Tells how the lanes stand, and lets go of parcels that nobody took.
    pub(super) fn tell(&mut self) {
        self.handed.forget_old(Instant::now());
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
