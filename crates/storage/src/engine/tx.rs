//! What a unit of work sees of its database: named statements, and news that wait for its commit.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Shared, WAKES_WHOLE_MAX, Wake, postgres, sqlite};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// An open transaction, or a read.
pub struct Tx {
    pub(super) session: Session,
    shared: Arc<Shared>,
    wakes: RefCell<Vec<Wake>>,
    /// Events that it stored.
    pub(super) n_events: Cell<usize>,
    /// Set when a constraint or a deadlock ended the unit, and running it again may help.
    pub(super) lost_race: Cell<bool>,
}

pub(super) enum Session {
    Sqlite(sqlite::Session),
    Postgres(postgres::Session),
}

impl Tx {
    pub(super) fn new(session: Session, shared: Arc<Shared>) -> Self {
        Self {
            session,
            shared,
            wakes: RefCell::default(),
            n_events: Cell::new(0),
            lost_race: Cell::new(false),
        }
    }

    /// Every row of the answer.
    pub async fn all<T>(
        &self,
        sql: &'static str,
        args: Vec<Value>,
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.tick()?;
        let rows = match &self.session {
            Session::Sqlite(session) => session.all(sql, &args),
            Session::Postgres(session) => session.all(sql, args).await,
        };
        self.note(rows)?.into_iter().map(|mut row| read(&mut row)).collect()
    }

    /// The first row, if there is one.
    pub async fn opt<T>(
        &self,
        sql: &'static str,
        args: Vec<Value>,
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.all(sql, args, read).await?.into_iter().next())
    }

    /// The one row that must be there.
    pub async fn one<T>(
        &self,
        sql: &'static str,
        args: Vec<Value>,
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<T> {
        let found = self.opt(sql, args, read).await?;
        found.ok_or_else(|| Error::Inconsistent(format!("a row is missing [{sql}]")))
    }

    /// Runs a statement and counts the rows it changed.
    pub async fn exec(&self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        self.tick()?;
        let changed = match &self.session {
            Session::Sqlite(session) => session.exec(sql, &args),
            Session::Postgres(session) => session.exec(sql, args).await,
        };
        self.note(changed)
    }

    /// Runs a statement whose answer nobody needs: on PostgreSQL it is sent at once and checked
    /// before COMMIT, which saves a round trip.
    pub async fn post(&self, sql: &'static str, args: Vec<Value>) -> Result<()> {
        self.tick()?;
        let sent = match &self.session {
            Session::Sqlite(session) => session.exec(sql, &args).map(drop),
            Session::Postgres(session) => session.post(sql, args).await,
        };
        self.note(sent)
    }

    /// Runs one row's statement for many rows: a prepared loop on SQLite, one UNNEST statement on
    /// PostgreSQL. The text marks the place with `{each}`.
    pub async fn each(&self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.tick()?;
        let sent = match &self.session {
            Session::Sqlite(session) => {
                rows.iter().try_for_each(|row| session.exec(sql, row).map(drop))
            }
            Session::Postgres(session) => session.each(sql, rows).await,
        };
        self.note(sent)
    }

    /// Asks one question for many rows and answers in any order: a prepared loop on SQLite, one statement on
    /// PostgreSQL. The text marks the place with `{rows}`, before a subquery.
    pub async fn all_each<T>(
        &self,
        sql: &'static str,
        rows: Vec<Vec<Value>>,
        read: impl Fn(&mut Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.tick()?;
        let found = match &self.session {
            Session::Sqlite(session) => session.all_each(sql, &rows),
            Session::Postgres(session) => session.all_each(sql, rows).await,
        };
        self.note(found)?.into_iter().map(|mut row| read(&mut row)).collect()
    }

    /// Checks that the engine understands a statement, in each form that it can have.
    pub async fn prepare(&self, sql: &'static str) -> Result<()> {
        match &self.session {
            Session::Sqlite(session) => session.prepare(sql),
            Session::Postgres(session) => session.prepare_forms(sql).await,
        }
    }

    /// Runs several statements that are not prepared: migrations.
    pub(crate) async fn script(&self, sql: &str) -> Result<()> {
        self.tick()?;
        match &self.session {
            Session::Sqlite(session) => session.script(sql),
            Session::Postgres(session) => session.script(sql).await,
        }
    }

    /// Takes a lock on a word until the transaction ends, without waiting; false while another unit
    /// holds it. On SQLite units never overlap, so the answer is always true.
    pub async fn try_lock(&self, key: i64) -> Result<bool> {
        match &self.session {
            Session::Sqlite(_) => Ok(true),
            Session::Postgres(session) => session.try_lock(key).await,
        }
    }

    /// Runs a part that only asks, and that a unit that writes can do without: where it fails, the unit goes on as if
    /// it had not been there. On PostgreSQL a failed statement would otherwise end the whole transaction.
    ///
    /// The words of the savepoint travel with the statements, and cost no round trip. A failure of what was posted
    /// before still ends the unit.
    pub async fn spare<T, E>(
        &self,
        part: impl Future<Output = std::result::Result<T, E>>,
    ) -> Result<std::result::Result<T, E>> {
        self.say("savepoint part").await?;
        let outcome = part.await;
        if outcome.is_err() {
            self.say("rollback to savepoint part").await?;
        }
        self.say("release savepoint part").await?;
        Ok(outcome)
    }

    async fn say(&self, word: &'static str) -> Result<()> {
        match &self.session {
            Session::Sqlite(session) => session.script(word),
            Session::Postgres(session) => session.say(word).await,
        }
    }

    /// Leaves news for the tasks of this process, told only if the unit commits.
    pub fn wake(&self, wake: Wake) {
        self.wakes.borrow_mut().push(wake);
    }

    /// Leaves word for streams of an event, told only if the unit commits.
    pub(crate) fn tell_streams(&self) {
        self.n_events.set(self.n_events.get() + 1);
    }

    /// Tells the news of a unit that committed. A full channel loses them, which the tasks' own
    /// clock makes good.
    pub(super) fn tell(&self) {
        if self.n_events.take() > 0 {
            self.shared.events.send_replace(());
        }
        for mut wake in self.wakes.take() {
            if let Wake::Delivery { parcel, .. } = &mut wake
                && self.shared.wakes.len() >= WAKES_WHOLE_MAX
            {
                *parcel = None;
            }
            if self.shared.wakes.try_send(wake).is_err() {
                return;
            }
        }
    }

    fn tick(&self) -> Result<()> {
        let countdown = &self.shared.fault_in;
        if countdown.load(Ordering::Relaxed) == 0 || countdown.fetch_sub(1, Ordering::SeqCst) != 1 {
            return Ok(());
        }
        Err(Error::Injected)
    }

    fn note<T>(&self, outcome: Result<T>) -> Result<T> {
        if matches!(outcome, Err(Error::Conflict(_))) {
            self.lost_race.set(true);
        }
        outcome
    }
}
