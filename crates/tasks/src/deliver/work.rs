//! The deliverer's state and its steps: look, launch, hear back, write.
//!
//! When a step is taken is decided in the module above. Every step is short and none waits, so that
//! one task can own all lanes.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use storage::leases::shard_of;
use storage::load::Rung;
use storage::queue::{self, Owed, Place};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use webhook::ladder::Class;

use super::attempt::{self, Finished};
use super::books::{Books, Written};
use super::breaker::Change;
use super::costs::{self, Costs};
use super::health::{ASKED_EVERY, Noted};
use super::lane::{Lane, Sample};
use super::lanes::{Lanes, Turn};
use super::meter::{self, PhaseMeter};
use super::read::{self, Ask, Found, Launch, Read};
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
    /// When this process began, or took endpoints over: token buckets were empty then.
    pub(super) since: Timestamp,
    /// Deliveries being loaded or sent, and those that ended and are not committed.
    pub(super) n_in_flight: usize,
    n_unwritten: usize,
    is_scanning: bool,
    scan_began: Option<Instant>,
    /// How long the last scan took.
    scan_took: Duration,
    /// The first due time that the scan under way has found.
    oldest_due: Option<Timestamp>,
    /// The last scan broke off; the next launch begins another.
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
            since: tasks.parts.app.clock.now(),
            n_in_flight: 0,
            n_unwritten: 0,
            is_scanning: false,
            scan_began: None,
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

    /// Learns of a delivery that was just committed.
    pub(super) fn hear(&mut self, endpoint_no: i64, delivery_no: i64, due_micros: i64) {
        if self.owned.epoch(endpoint_no).is_none() {
            return;
        }
        let due_at = Timestamp::from_micros(due_micros);
        self.lanes.touch(endpoint_no).hear(Place { due_at, delivery_no });
    }

    /// Starts looking through the queue, unless it is being looked through.
    pub(super) fn scan(&mut self) {
        if !self.is_scanning {
            self.is_scanning = true;
            self.scan_began = Some(Instant::now());
            self.oldest_due = None;
            self.scan_after(i64::MIN);
        }
    }

    fn scan_after(&mut self, after: i64) {
        self.reads.spawn(read::scan(self.tasks.clone(), after, self.owned.shards()));
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
        if let Some((place, ticket)) = turn.launch {
            self.n_in_flight += 1;
            // No epoch that is owned is negative: were the lane not ours, its launch is not sent.
            let epoch = self.owned.epoch(endpoint_no).unwrap_or(-1);
            ask.launches.push(Launch { endpoint_no, place, epoch, ticket });
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

    fn take_scan(&mut self, mut found: queue::Lanes) {
        let now = self.tasks.parts.app.clock.now();
        found.heads.retain(|head| self.owned.epoch(head.endpoint_no).is_some());
        self.lanes.compare(&found.heads, now);
        let open = found.heads.iter().filter(|head| head.is_open && head.first_due_at <= now);
        self.oldest_due = open.map(|head| head.first_due_at).chain(self.oldest_due).min();
        match found.next {
            Some(after) => self.scan_after(after),
            None => {
                self.is_scanning = false;
                self.scan_took = self.scan_began.map_or(Duration::ZERO, |at| at.elapsed());
                meter::oldest(self.oldest_due, now);
                meter::waits(&self.lanes.waits(now));
                self.lanes.forget_idle(now);
            }
        }
    }

    fn take_found(&mut self, ask: &Ask, found: Found) {
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
                    self.n_attempts += 1;
                    let attempt = attempt::make(self.tasks.clone(), endpoint, parcel, *launch);
                    self.attempts.spawn(attempt);
                }
                _ => self.take_back_launch(launch).release(launch.place.delivery_no),
            }
        }
    }

    /// What could not be read is read again, after a pause.
    fn take_back(&mut self, ask: &Ask) {
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

    fn pause(&mut self, error: &storage::Error) {
        tracing::warn!(%error, "the queue can't be read; trying again shortly");
        self.resume_at = Some(Instant::now() + READ_PAUSE);
    }

    /// Frees the slot of a launch that was not sent.
    fn take_back_launch(&mut self, launch: &Launch) -> &mut Lane {
        self.n_in_flight -= 1;
        let now = self.tasks.parts.app.clock.now();
        self.lanes.land(launch.endpoint_no, launch.ticket, None, now);
        self.lanes.touch(launch.endpoint_no)
    }

    fn take_attempt(&mut self, ended: Result<Finished, JoinError>) {
        let Ok(mut done) = ended else { return };
        self.n_in_flight -= 1;
        self.n_unwritten += 1;
        if !done.is_test {
            meter::attempt(&self.phases, &done);
            self.costs.note(&done);
        }
        let sample = self.sample(&done);
        let endpoint_no = done.launch.endpoint_no;
        let change = self.lanes.land(endpoint_no, done.launch.ticket, Some(sample), done.at);
        match change {
            Change::Nothing => {}
            Change::OpenUntil(at) => {
                tracing::info!(endpoint.no = endpoint_no, "the receiver is down; held until {at}");
            }
            Change::Closed => {
                tracing::info!(endpoint.no = endpoint_no, "the receiver answers again");
            }
        }
        let lane = self.lanes.touch(endpoint_no);
        if let Some(at) = done.quiet_until {
            lane.be_quiet_until(at);
        }
        if done.is_probe {
            if lane.is_probing() {
                lane.close();
            }
            self.books.add(done.settled);
            self.books.add_probe(endpoint_no, done.class);
            return;
        }
        if done.is_test {
            self.books.add(done.settled);
            return;
        }
        let ask_at = done.at.plus(ASKED_EVERY);
        if lane.rests_until(ask_at) {
            done.ask_sooner(ask_at);
        }
        let mut disable = done.disable;
        let mut news = None;
        if let Some(health) = &mut lane.health {
            news = health.note(done.class, done.at);
            if change != Change::Nothing && news.is_none() {
                // Another process rebuilds the breaker from this.
                news = Some(Noted { health: health.current(), notice: None });
            }
            disable = disable.or_else(|| health.verdict(done.at));
        }
        if disable.is_some() {
            lane.close();
        }
        self.books.add(done.settled);
        if let Some(verdict) = disable {
            self.books.add_disabled(endpoint_no, verdict);
        } else if let Some(noted) = news {
            self.books.add_health(endpoint_no, noted);
        }
    }

    fn sample(&self, done: &Finished) -> Sample {
        let mut random = [0; 4];
        if done.class == Class::Down {
            self.tasks.parts.app.ids.fill(&mut random);
        }
        Sample {
            class: done.class,
            load: done.load,
            micros: done.settled.attempt.duration_us,
            random: u32::from_be_bytes(random),
        }
    }

    /// Lets go of what is committed; a retry takes its new place.
    fn take_batch(&mut self, written: Option<Written>) {
        let Some(Written { batch, stale }) = written else { return };
        for settled in &batch.settled {
            self.n_unwritten -= 1;
            let lane = self.lanes.touch(settled.owed.endpoint_no);
            lane.settle(settled.owed.delivery_no);
            if stale.contains(shard_of(settled.owed.endpoint_no)) {
                lane.read_again();
            } else if let Some(Owed { due_at, delivery_no, .. }) = settled.again {
                lane.hear(Place { due_at, delivery_no });
            }
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

    /// Tells how the lanes stand.
    pub(super) fn tell(&mut self) {
        let app = &self.tasks.parts.app;
        meter::rung(app.db.rung());
        meter::lanes(self.n_in_flight, self.lanes.len(), self.lanes.n_breakers_open());
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
