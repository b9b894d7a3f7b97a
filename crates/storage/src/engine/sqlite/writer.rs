//! The threads that run units: one writes, in groups that share a commit, a few read.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::super::queue::Receiver;
use super::super::{RUNS_MAX, Shared, Tx, Unit, filing};
use super::session::Session;
use super::{keeper, say};
use crate::Error;
use crate::load::WIDE_FROM;

/// Units in one commit. Beyond 256 nothing is gained (measured).
const GROUP_UNITS_MAX: usize = 256;
/// How long a group may grow before it is committed.
const GROUP_TIME_MAX: Duration = Duration::from_millis(5);
/// The same while units pile up, when fewer syncs are worth more than a short wait (webhooks.md 5.18).
const GROUP_TIME_WIDE: Duration = Duration::from_millis(20);
/// Groups whose units have savepoints of their own, after one that had to be begun again for want of them: whoever
/// sends nothing but what fails makes others wait for one group in so many.
const CAREFUL_GROUPS: u32 = 64;

/// The one thread that writes.
pub(super) struct Writer {
    connection: Rc<Connection>,
    note: keeper::Note,
    shared: Arc<Shared>,
    /// Whether commits are synced now.
    syncs: Cell<bool>,
    /// Events since the last that were filed; what others left is not known, and may be as many.
    unfiled: Cell<usize>,
    /// Groups from now on, this one with them, whose units have savepoints.
    careful: Cell<u32>,
    /// What the group has written must not stay, because it could not be begun again.
    spoilt: Cell<bool>,
}

impl Writer {
    pub(super) fn new(connection: Connection, note: keeper::Note, shared: Arc<Shared>) -> Self {
        Self {
            connection: Rc::new(connection),
            note,
            shared,
            syncs: Cell::new(true),
            unfiled: Cell::new(filing::UNFILED_MAX),
            careful: Cell::new(0),
            spoilt: Cell::new(false),
        }
    }

    pub(super) fn run(&self, work: &Receiver<Box<dyn Unit>>) {
        let mut next = work.recv();
        while let Some(first) = next {
            next = self.group(first, work).or_else(|| work.recv());
        }
    }

    /// Runs a group of units that wait, commits it, and answers. Returns the unit that came after a
    /// group of late ones and is to be synced.
    ///
    /// A unit that fails must leave nothing behind, and a savepoint for each costs a tenth of the writer's time: copies of
    /// the pages that it changes. Few units fail after they wrote. So there are none, until one does: then
    /// the group is begun again without it, and this group and those that follow have them.
    fn group(&self, first: Box<dyn Unit>, work: &Receiver<Box<dyn Unit>>) -> Option<Box<dyn Unit>> {
        let is_late = first.is_late();
        let begun = self.sync(!is_late).and_then(|()| say(&self.connection, "begin immediate"));
        if let Err(error) = begun {
            first.answer(Err(Error::Unavailable(error.to_string())));
            return None;
        }
        let started = Instant::now();
        let mut group = Vec::new();
        self.run_unit(first, &mut group);
        let mut next = None;
        let (units_max, time_max) = group_bounds(work.len());
        while group.len() < units_max && started.elapsed() < time_max && self.is_open() {
            let Some(unit) = work.try_recv() else { break };
            if is_late && !unit.is_late() {
                next = Some(unit);
                break;
            }
            self.run_unit(unit, &mut group);
        }
        self.careful.set(self.careful.get().saturating_sub(1));
        let n_events: usize = group.iter().map(|done| done.tx.n_events.get()).sum();
        let committed = self.commit(is_late, n_events > 0);
        for done in group {
            match (&committed, done.ended) {
                (Ok(()), Ok(())) => {
                    done.tx.tell();
                    done.unit.answer(Ok(()));
                }
                (Err(message), Ok(())) => {
                    done.unit.answer(Err(Error::Unavailable(message.clone())));
                }
                (_, Err(ended)) => done.unit.answer(ended.map_or(Ok(()), Err)),
            }
        }
        self.file(n_events);
        next
    }

    /// Runs a unit, once more where it lost a race, and adds it to its group.
    fn run_unit(&self, mut unit: Box<dyn Unit>, group: &mut Vec<Done>) {
        for n in 1.. {
            let is_careful = self.careful.get() > 0;
            let done = self.try_unit(unit, is_careful);
            let has_failed = done.ended.is_err();
            if has_failed && !is_careful && done.has_written() {
                self.begin_again(group);
            }
            if !has_failed || !done.tx.lost_race.get() || n >= RUNS_MAX || !self.is_open() {
                return group.push(done);
            }
            unit = done.unit;
        }
    }

    fn try_unit(&self, mut unit: Box<dyn Unit>, in_savepoint: bool) -> Done {
        let session = Session::new(&self.connection);
        let tx = Tx::new(super::super::Session::Sqlite(session), Arc::clone(&self.shared));
        let say = |word| {
            let said = if in_savepoint { say(&self.connection, word) } else { Ok(()) };
            said.map_err(|e| Some(Error::Unavailable(e.to_string())))
        };
        let ended = say("savepoint unit")
            .and_then(|()| poll_once(&mut unit, &tx))
            .and_then(|()| say("release unit"));
        if ended.is_err() {
            let _ = say("rollback to unit");
            let _ = say("release unit");
        }
        Done { unit, tx, ended }
    }

    /// Takes everything back that the group has written, and writes again what should stay.
    fn begin_again(&self, group: &mut Vec<Done>) {
        self.careful.set(CAREFUL_GROUPS);
        // SQLite has done so already where the disk is full.
        let _ = say(&self.connection, "rollback");
        if let Err(error) = say(&self.connection, "begin immediate") {
            self.spoilt.set(true);
            tracing::warn!(%error, "a group of changes could not be begun again");
        }
        for done in std::mem::take(group) {
            match done.ended {
                Ok(()) if self.is_open() => self.run_unit(done.unit, group),
                // Without a transaction the commit fails, and so does this unit.
                Ok(()) | Err(_) => group.push(done),
            }
        }
    }

    /// False when the transaction ended on its own, as where the disk is full, or must not be committed.
    fn is_open(&self) -> bool {
        !self.spoilt.get() && !self.connection.is_autocommit()
    }

    /// Files events once there are many of them. What could not be filed is tried with those that follow.
    fn file(&self, n_events: usize) {
        self.unfiled.set(self.unfiled.get() + n_events);
        if n_events == 0 || self.unfiled.get() < filing::UNFILED_MAX {
            return;
        }
        let words = ["begin immediate", filing::FILE, filing::CLEAR, "commit"];
        let filed = self
            .sync(false)
            .and_then(|()| words.into_iter().try_for_each(|word| say(&self.connection, word)));
        match filed {
            Ok(()) => {
                self.unfiled.set(0);
                self.note.committed(true);
            }
            Err(error) => {
                let _ = say(&self.connection, "rollback");
                tracing::warn!(%error, "events could not be filed");
            }
        }
    }

    /// What `tells` events is on the disk before they are told, however late it may be.
    fn commit(&self, is_late: bool, tells: bool) -> Result<(), String> {
        if self.spoilt.take() {
            let _ = say(&self.connection, "rollback");
            return Err("it could not be begun again after another's failure".to_owned());
        }
        if let Err(error) = say(&self.connection, "commit") {
            if !self.connection.is_autocommit() {
                // A commit that could not be written leaves the transaction open.
                let _ = say(&self.connection, "rollback");
            }
            return Err(error.to_string());
        }
        self.note.committed(is_late);
        if tells && is_late { self.note.sync().map_err(|e| e.to_string()) } else { Ok(()) }
    }

    /// Sets whether the commits that follow are synced.
    fn sync(&self, syncs: bool) -> rusqlite::Result<()> {
        if self.syncs.get() != syncs {
            let level = if syncs { "full" } else { "normal" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.syncs.set(syncs);
        }
        Ok(())
    }
}

/// A unit that was run and waits for the commit.
struct Done {
    unit: Box<dyn Unit>,
    tx: Tx,
    /// `Err(None)` when the unit itself returned an error, which its caller should hear.
    ended: Result<(), Option<Error>>,
}

impl Done {
    fn has_written(&self) -> bool {
        match &self.tx.session {
            super::super::Session::Sqlite(session) => session.has_written(),
            super::super::Session::Postgres(_) => false,
        }
    }
}

/// How many units share a commit, and for how long it waits for them: more while more wait.
const fn group_bounds(n_waiting: usize) -> (usize, Duration) {
    if n_waiting < WIDE_FROM {
        (GROUP_UNITS_MAX, GROUP_TIME_MAX)
    } else {
        (GROUP_UNITS_MAX * 4, GROUP_TIME_WIDE)
    }
}

/// Runs the unit to its end, which takes one poll.
fn poll_once(unit: &mut Box<dyn Unit>, tx: &Tx) -> Result<(), Option<Error>> {
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| unit.run(tx).as_mut().poll(&mut context)));
    match polled {
        Ok(Poll::Ready(true)) => Ok(()),
        Ok(Poll::Ready(false)) => Err(None),
        Ok(Poll::Pending) => Err(Some(Error::ForeignAwait)),
        Err(_) => Err(Some(Error::Panicked)),
    }
}

/// Runs units that only read, each in a transaction of its own that is rolled back.
pub(super) fn read_loop(
    connection: &Rc<Connection>,
    work: &Receiver<Box<dyn Unit>>,
    shared: &Arc<Shared>,
) {
    while let Some(mut unit) = work.recv() {
        let tx =
            Tx::new(super::super::Session::Sqlite(Session::new(connection)), Arc::clone(shared));
        let ended = match say(connection, "begin") {
            Ok(()) => poll_once(&mut unit, &tx),
            Err(error) => Err(Some(Error::Unavailable(error.to_string()))),
        };
        let _ = say(connection, "rollback");
        unit.answer(ended.or_else(|error| error.map_or(Ok(()), Err)));
    }
}
