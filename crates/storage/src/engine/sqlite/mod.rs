//! SQLite: one writer thread with group commit, a few reader threads, WAL, full sync.
//!
//! Units that wait are run in one transaction, each in a savepoint, and their callers are answered
//! after COMMIT. A group of late units alone is not synced at once; see [`keeper`]. A unit's futures are ready at the first poll, because nothing here waits; one that
//! is not has awaited something else and is refused.

mod keeper;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};

use super::queue::{self, Receiver, Sender, Tenant};
use super::{FileLock, Ownership, QUEUE_UNITS_MAX, RUNS_MAX, Shared, Tx, Unit, dialect, filing};
use crate::load::WIDE_FROM;
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Units in one commit. Beyond 256 nothing is gained (measured).
const GROUP_UNITS_MAX: usize = 256;
/// How long a group may grow before it is committed.
const GROUP_TIME_MAX: Duration = Duration::from_millis(5);
/// The same while units pile up, when fewer syncs are worth more than a short wait (webhooks.md 5.18).
const GROUP_TIME_WIDE: Duration = Duration::from_millis(20);
/// Connections that only read, each on its thread.
const READERS: usize = 2;
/// Prepared statements kept by one connection; more than there are statements.
const STATEMENTS_MAX: usize = 512;
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Handle {
    writer: Sender<Box<dyn Unit>>,
    readers: Sender<Box<dyn Unit>>,
    path: PathBuf,
}

impl Handle {
    pub(super) fn open(path: &Path, shared: &Arc<Shared>) -> Result<Self> {
        let unavailable =
            |e: &dyn std::fmt::Display| Error::Unavailable(format!("{}: {e}", path.display()));
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| unavailable(&e))?;
        }
        let writer = connect(path, false).map_err(|e| unavailable(&e))?;
        let keeper = connect(path, false).and_then(|own| keeper::of(own, path));
        let (keeper, note) = keeper.map_err(|e| unavailable(&e))?;
        spawn("sqlite-keeper", move || keeper.run())?;
        let (to_writer, work) = queue::bounded(QUEUE_UNITS_MAX);
        let writer_shared = Arc::clone(shared);
        spawn("sqlite-writer", move || Writer::new(writer, note, writer_shared).run(&work))?;
        let (to_readers, work) = queue::bounded(QUEUE_UNITS_MAX);
        for _ in 0..READERS {
            let reader = connect(path, true).map_err(|e| unavailable(&e))?;
            let (work, shared) = (work.clone(), Arc::clone(shared));
            spawn("sqlite-reader", move || read_loop(&Rc::new(reader), &work, &shared))?;
        }
        Ok(Self { writer: to_writer, readers: to_readers, path: path.to_owned() })
    }

    pub(super) fn send(&self, tenant: Tenant, unit: Box<dyn Unit>, writes: bool) -> Result<()> {
        let queue = if writes { &self.writer } else { &self.readers };
        queue.send(tenant, unit)
    }

    /// Units that wait to write.
    pub(super) fn n_waiting(&self) -> usize {
        self.writer.len()
    }

    pub(super) fn try_own(&self) -> Result<Ownership> {
        let path = self.path.with_extension("lock");
        let file = File::create(&path)
            .map_err(|e| Error::Unavailable(format!("{}: {e}", path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(Ownership::Alone(FileLock(file))),
            Err(TryLockError::WouldBlock) => Ok(Ownership::Taken),
            Err(TryLockError::Error(e)) => {
                Err(Error::Unavailable(format!("{}: {e}", path.display())))
            }
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map(drop).map_err(|e| Error::Unavailable(format!("no thread: {e}")))
}

fn connect(path: &Path, read_only: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // 16 MiB of pages: what is not there, the system has. Of 64 MiB a tenth of the writer's time went into walks
    // through the cache, which SQLite takes at the end of a commit that moved pages.
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16384;
         pragma temp_store = memory; pragma wal_autocheckpoint = 0; pragma foreign_keys = on;",
    )?;
    // Plans must not depend on what is bound: otherwise a statement that meets a partial index is
    // prepared anew each time it is run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if read_only {
        connection.execute_batch("pragma query_only = on;")?;
    }
    Ok(connection)
}

/// Says a word of the protocol of transactions, which is kept prepared: parsing it costs more than
/// doing it.
fn say(connection: &Connection, word: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(word)?.execute([]).map(drop)
}

/// The one thread that writes.
struct Writer {
    connection: Rc<Connection>,
    note: keeper::Note,
    shared: Arc<Shared>,
    /// Whether commits are synced now.
    syncs: Cell<bool>,
    /// Events since the last that were filed; what others left is not known, and may be as many.
    unfiled: Cell<usize>,
}

impl Writer {
    fn new(connection: Connection, note: keeper::Note, shared: Arc<Shared>) -> Self {
        Self {
            connection: Rc::new(connection),
            note,
            shared,
            syncs: Cell::new(true),
            unfiled: Cell::new(filing::UNFILED_MAX),
        }
    }

    fn run(&self, work: &Receiver<Box<dyn Unit>>) {
        let mut next = work.recv();
        while let Some(first) = next {
            next = self.group(first, work).or_else(|| work.recv());
        }
    }

    /// Runs a group of units that wait, commits it, and answers. Returns the unit that came after a
    /// group of late ones and is to be synced.
    fn group(&self, first: Box<dyn Unit>, work: &Receiver<Box<dyn Unit>>) -> Option<Box<dyn Unit>> {
        let is_late = first.is_late();
        let begun = self.sync(!is_late).and_then(|()| say(&self.connection, "begin immediate"));
        if let Err(error) = begun {
            first.answer(Err(Error::Unavailable(error.to_string())));
            return None;
        }
        let started = Instant::now();
        let run = |unit| run_in_savepoint(&self.connection, unit, &self.shared);
        let mut group = vec![run(first)];
        let mut next = None;
        let (units_max, time_max) = group_bounds(work.len());
        while group.len() < units_max && started.elapsed() < time_max {
            let Some(unit) = work.try_recv() else { break };
            if is_late && !unit.is_late() {
                next = Some(unit);
                break;
            }
            group.push(run(unit));
        }
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

    /// Files events once there are many of them. What could not be filed is tried with those that follow.
    fn file(&self, n_events: usize) {
        self.unfiled.set(self.unfiled.get() + n_events);
        if n_events == 0 || self.unfiled.get() < filing::UNFILED_MAX {
            return;
        }
        let words = ["begin immediate", filing::FILE, filing::CLEAR];
        let moved = self
            .sync(false)
            .and_then(|()| words.into_iter().try_for_each(|word| say(&self.connection, word)));
        match moved.map_err(|e| e.to_string()).and_then(|()| self.commit(true, false)) {
            Ok(()) => self.unfiled.set(0),
            Err(error) => {
                tracing::warn!(%error, "events could not be filed");
                let _ = say(&self.connection, "rollback");
            }
        }
    }

    /// What `tells` events is on the disk before they are told, however late it may be.
    fn commit(&self, is_late: bool, tells: bool) -> std::result::Result<(), String> {
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
    ended: std::result::Result<(), Option<Error>>,
}

/// How many units share a commit, and for how long it waits for them: more while more wait.
const fn group_bounds(n_waiting: usize) -> (usize, Duration) {
    if n_waiting < WIDE_FROM {
        (GROUP_UNITS_MAX, GROUP_TIME_MAX)
    } else {
        (GROUP_UNITS_MAX * 4, GROUP_TIME_WIDE)
    }
}

fn run_in_savepoint(
    connection: &Rc<Connection>,
    mut unit: Box<dyn Unit>,
    shared: &Arc<Shared>,
) -> Done {
    let mut runs = 0;
    loop {
        runs += 1;
        let tx = Tx::new(super::Session::Sqlite(Session::new(connection)), Arc::clone(shared));
        let ended = match say(connection, "savepoint unit") {
            Ok(()) => poll_once(&mut unit, &tx),
            Err(error) => Err(Some(Error::Unavailable(error.to_string()))),
        };
        let ended = ended.and_then(|()| {
            let released = say(connection, "release unit");
            released.map_err(|e| Some(Error::Unavailable(e.to_string())))
        });
        if ended.is_err() {
            let _ = say(connection, "rollback to unit");
            let _ = say(connection, "release unit");
        }
        if ended.is_err() && tx.lost_race.get() && runs < RUNS_MAX {
            continue;
        }
        return Done { unit, tx, ended };
    }
}

/// Runs the unit to its end, which takes one poll.
fn poll_once(unit: &mut Box<dyn Unit>, tx: &Tx) -> std::result::Result<(), Option<Error>> {
    let mut context = Context::from_waker(Waker::noop());
    let polled = catch_unwind(AssertUnwindSafe(|| unit.run(tx).as_mut().poll(&mut context)));
    match polled {
        Ok(Poll::Ready(true)) => Ok(()),
        Ok(Poll::Ready(false)) => Err(None),
        Ok(Poll::Pending) => Err(Some(Error::ForeignAwait)),
        Err(_) => Err(Some(Error::Panicked)),
    }
}

fn read_loop(connection: &Rc<Connection>, work: &Receiver<Box<dyn Unit>>, shared: &Arc<Shared>) {
    while let Some(mut unit) = work.recv() {
        let tx = Tx::new(super::Session::Sqlite(Session::new(connection)), Arc::clone(shared));
        let ended = match say(connection, "begin") {
            Ok(()) => poll_once(&mut unit, &tx),
            Err(error) => Err(Some(Error::Unavailable(error.to_string()))),
        };
        let _ = say(connection, "rollback");
        unit.answer(ended.or_else(|error| error.map_or(Ok(()), Err)));
    }
}

thread_local! {
    /// Translated texts, by the address of the original: statements are static.
    static TEXTS: RefCell<HashMap<(usize, usize), Rc<str>>> = RefCell::default();
}

fn text_of(sql: &'static str) -> Rc<str> {
    TEXTS.with_borrow_mut(|texts| {
        let key = (sql.as_ptr().addr(), sql.len());
        Rc::clone(texts.entry(key).or_insert_with(|| dialect::sqlite(sql).into()))
    })
}

pub(super) struct Session {
    connection: Rc<Connection>,
}

impl Session {
    fn new(connection: &Rc<Connection>) -> Self {
        Self { connection: Rc::clone(connection) }
    }

    pub(super) fn all(&self, sql: &'static str, args: &[Value]) -> Result<Vec<Row>> {
        self.query(sql, args).map_err(|e| explain(sql, &e))
    }

    pub(super) fn all_each(&self, sql: &'static str, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        let mut found = Vec::with_capacity(rows.len());
        for args in rows {
            found.extend(self.all(sql, args)?);
        }
        Ok(found)
    }

    fn query(&self, sql: &'static str, args: &[Value]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(&text_of(sql))?;
        let columns = statement.column_count();
        let mut answer = statement.query(params_from_iter(args))?;
        let mut rows = Vec::new();
        while let Some(row) = answer.next()? {
            let read = |i| Ok(column(row.get_ref(i)?));
            rows.push(Row::new((0..columns).map(read).collect::<rusqlite::Result<_>>()?));
        }
        Ok(rows)
    }

    pub(super) fn exec(&self, sql: &'static str, args: &[Value]) -> Result<u64> {
        let mut statement =
            self.connection.prepare_cached(&text_of(sql)).map_err(|e| explain(sql, &e))?;
        let changed = statement.execute(params_from_iter(args));
        changed.map(|n| n as u64).map_err(|e| explain(sql, &e))
    }

    pub(super) fn prepare(&self, sql: &'static str) -> Result<()> {
        self.connection.prepare(&text_of(sql)).map(drop).map_err(|e| explain(sql, &e))
    }

    pub(super) fn script(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(&dialect::sqlite(sql)).map_err(|e| explain(sql, &e))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Bool(b) => ValueRef::Integer(i64::from(*b)),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn column(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        // No column holds a real; one that does is read as text and refused by its reader.
        ValueRef::Real(x) => Value::Text(x.to_string()),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(Bytes::copy_from_slice(bytes)),
    }
}

fn explain(sql: &str, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => Error::Conflict(error.to_string()),
        Some(
            rusqlite::ErrorCode::DatabaseBusy
            | rusqlite::ErrorCode::DiskFull
            | rusqlite::ErrorCode::ReadOnly
            | rusqlite::ErrorCode::SystemIoFailure
            | rusqlite::ErrorCode::CannotOpen,
        ) => Error::Unavailable(error.to_string()),
        _ => Error::Statement { sql: sql.to_owned(), message: error.to_string() },
    }
}
