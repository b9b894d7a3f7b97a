//! The seam between one SQL text and two engines. The only place that knows which engine runs.
//!
//! A unit of work is an async closure over a [`Tx`]. It is polled on a database thread and may await
//! nothing but the database. On SQLite all units that wait form one transaction, from which one that
//! fails is taken out, and answers leave after COMMIT; on PostgreSQL each unit is a transaction of its own on
//! one of a few connections, its writes pipelined, and those that only insert may share one.

mod dialect;
mod filing;
mod postgres;
mod queue;
mod search;
mod sqlite;
mod tx;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Instant;

use domain::id::PartnerId;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{oneshot, watch};

use crate::leases::ShardSet;
use crate::load::Rung;
use crate::queue::Parcel;
use crate::value::Row;
use crate::{Error, Result};
pub use dialect::{Engine, EngineVersion};
use queue::Tenant;
use tx::Session;
pub use tx::Tx;

/// Units that may wait for a database thread; one more is refused with [`Error::Busy`].
pub const QUEUE_UNITS_MAX: usize = 4096;

/// Times that a unit is run when a constraint or a deadlock of its own ended it. The second run sees the rows
/// of whoever won, and can answer for them.
const RUNS_MAX: usize = 3;

/// News for the tasks of this process, told after the commit that makes them true.
#[derive(Clone, Debug)]
pub enum Wake {
    /// A delivery became due. Of one that was just published its parcel comes with it, which need not be read then
    /// (webhooks.md 5.3).
    Delivery { endpoint: i64, delivery: i64, due: i64, parcel: Option<Box<Parcel>> },
    /// An endpoint was changed or deleted.
    Endpoint(i64),
    /// A photo waits to be fetched.
    Photo,
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file, made when it is missing.
    Sqlite(PathBuf),
    /// A libpq connection string.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` or `postgres://…`.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(PathBuf::from(path.trim_start_matches("//"))));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("the database URL must start with sqlite: or postgres://".to_owned())
    }

    /// The file that holds the database, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    threads: Threads,
    shared: Arc<Shared>,
}

#[derive(Clone)]
enum Threads {
    Sqlite(sqlite::Handle),
    Postgres(Box<postgres::Handle>),
}

/// What every unit of one database sees.
pub(crate) struct Shared {
    /// Statements until a test's fault; never reached below zero.
    fault_in: AtomicI64,
    /// Units that a test says are waiting.
    waiting_least: AtomicUsize,
    wakes: flume::Sender<Wake>,
    wakes_out: flume::Receiver<Wake>,
    /// Marked as changed after each commit of events by this process.
    events: watch::Sender<()>,
}

/// News that may wait; more are dropped, because tasks also look by the clock.
const WAKES_MAX: usize = 65_536;
/// News that may wait with their parcels; those of more come without.
const WAKES_WHOLE_MAX: usize = 1024;

impl Db {
    /// Opens the database and starts its threads. Migrations are a step of their own.
    pub async fn open(url: &DatabaseUrl) -> Result<Self> {
        let (wakes, wakes_out) = flume::bounded(WAKES_MAX);
        let shared = Arc::new(Shared {
            fault_in: AtomicI64::new(0),
            waiting_least: AtomicUsize::new(0),
            wakes,
            wakes_out,
            events: watch::Sender::default(),
        });
        let threads = match url {
            DatabaseUrl::Sqlite(path) => Threads::Sqlite(sqlite::Handle::open(path, &shared)?),
            DatabaseUrl::Postgres(config) => Threads::Postgres(Box::new(
                postgres::Handle::open(config, Arc::clone(&shared)).await?,
            )),
        };
        Ok(Self { threads, shared })
    }

    pub fn engine(&self) -> Engine {
        match self.threads {
            Threads::Sqlite(_) => Engine::Sqlite,
            Threads::Postgres(_) => Engine::Postgres,
        }
    }

    /// Asks the engine for its version.
    pub async fn version(&self) -> Result<EngineVersion> {
        let engine = self.engine();
        let found = self.read(async move |tx: &Tx| {
            tx.one(engine.version_sql(), Vec::new(), Row::next::<String>).await
        });
        Ok(engine.version_of(&found.await?))
    }

    /// Runs a unit that may write. Returns after COMMIT; an error means that nothing was written, save as
    /// [`Error::Unavailable`] says. It may be run more than once, for its own sake or another's, and only what it
    /// wrote the last time stays.
    ///
    /// The unit can be run again when somebody else's commit ended it, so it must not give away
    /// what it captured.
    pub async fn write<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        F: AsyncFn(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(unit, Work::Write, None).await
    }

    /// As [`Db::write`], in the turn of a tenant: however many units one of them leaves, the next of each
    /// other goes before all but one.
    pub async fn write_for<T, E, F>(&self, tenant: PartnerId, unit: F) -> Result<T, E>
    where
        F: AsyncFn(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(unit, Work::Write, Some(tenant)).await
    }

    /// Runs a unit of which a power cut may take what it wrote in the last 50 ms, because all that
    /// comes of it is that its work is done again. The death of the process takes nothing. What
    /// tells events is synced as if by [`Db::write`].
    pub async fn write_late<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        F: AsyncFn(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(unit, Work::WriteLate, None).await
    }

    /// Brings what was written late to the disk, at the end of a process that stops in peace. PostgreSQL does so
    /// by itself, whoever stops.
    pub async fn flush(&self) -> Result<()> {
        match &self.threads {
            Threads::Sqlite(handle) => handle.flush().await,
            Threads::Postgres(_) => Ok(()),
        }
    }

    /// Runs a unit that only reads, beside the writers.
    pub async fn read<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        F: AsyncFn(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(unit, Work::Read, None).await
    }

    async fn run<T, E, F>(&self, unit: F, work: Work, tenant: Tenant) -> Result<T, E>
    where
        F: AsyncFn(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let began = Instant::now();
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Job { unit, is_late: work == Work::WriteLate, outcome: None, reply });
        let writes = work != Work::Read;
        if writes && self.shared.waiting_least.load(Ordering::Relaxed) >= QUEUE_UNITS_MAX {
            return Err(Error::Busy.into());
        }
        match &self.threads {
            Threads::Sqlite(handle) => handle.send(tenant, job, writes)?,
            Threads::Postgres(handle) => handle.send(tenant, job, writes)?,
        }
        let answer = answer.await;
        metrics::histogram!("postroom_database_unit_seconds", "work" => work.as_str())
            .record(began.elapsed());
        answer.unwrap_or_else(|_| Err(Error::Unavailable("its thread ended".into()).into()))
    }

    /// News of commits made by this process. One receiver at a time hears each.
    pub fn wakes(&self) -> flume::Receiver<Wake> {
        self.shared.wakes_out.clone()
    }

    /// Changes whenever this process has committed events. Other nodes' commits must be looked for.
    pub fn events(&self) -> watch::Receiver<()> {
        self.shared.events.subscribe()
    }

    /// Takes the sole right to work on what is owed, where the database is one process's alone.
    pub fn try_own(&self) -> Result<Ownership> {
        match &self.threads {
            Threads::Sqlite(handle) => handle.try_own(),
            Threads::Postgres(_) => Ok(Ownership::Shared),
        }
    }

    /// Takes a lock on a word in a session of its own, so that the death of this process frees it at
    /// once. `None` while another session has it, and on SQLite, where there are no others.
    pub async fn try_hold(&self, key: i64) -> Result<Option<HeldLock>> {
        match &self.threads {
            Threads::Sqlite(_) => Ok(None),
            Threads::Postgres(handle) => Ok(handle.try_hold(key).await?.map(HeldLock)),
        }
    }

    /// Opens a session of its own by which nodes give one another hints; `None` on SQLite, where there are no
    /// others.
    pub async fn open_hints(&self) -> Result<Option<Hints>> {
        match &self.threads {
            Threads::Sqlite(_) => Ok(None),
            Threads::Postgres(handle) => Ok(Some(Hints(handle.open_hints().await?))),
        }
    }

    /// How far what is asked for should give way now.
    pub fn rung(&self) -> Rung {
        let waiting = match &self.threads {
            Threads::Sqlite(handle) => handle.n_waiting(),
            Threads::Postgres(handle) => handle.n_waiting(),
        };
        Rung::of(waiting.max(self.shared.waiting_least.load(Ordering::Relaxed)))
    }

    /// Lets so many units seem to wait at least, so that with [`QUEUE_UNITS_MAX`] no write has room. For tests of what
    /// gives way.
    pub fn pretend_waiting(&self, n: usize) {
        self.shared.waiting_least.store(n, Ordering::Relaxed);
    }

    /// Makes the n-th statement from now fail, once. For tests that prove that nothing half-done
    /// stays behind; zero takes the fault back. Returns what was left of an earlier one.
    pub fn fail_statement(&self, n: i64) -> i64 {
        self.shared.fault_in.swap(n, Ordering::SeqCst)
    }
}

/// Who works on what is owed; see [`Db::try_own`].
pub enum Ownership {
    /// This process alone, for as long as the value lives. It is a lock on a file beside the database,
    /// so that the death of its holder frees it at once.
    Alone(FileLock),
    /// Another process has the file.
    Taken,
    /// Any number of nodes, who share by [`crate::leases`].
    Shared,
}

/// The lock of [`Ownership::Alone`].
pub struct FileLock(#[expect(dead_code, reason = "held, not read")] std::fs::File);

/// The lock of [`Db::try_hold`], for as long as the value lives.
pub struct HeldLock(postgres::LockSession);

impl HeldLock {
    /// False once the session has ended.
    pub fn is_held(&self) -> bool {
        self.0.is_alive()
    }
}

/// The session of [`Db::open_hints`], for as long as the value lives.
pub struct Hints(postgres::Hints);

impl Hints {
    /// Tells every node that something was owed in these shards.
    pub async fn tell(&self, shards: &ShardSet) -> Result<()> {
        self.0.tell(&shards.to_text()).await
    }

    /// The shards that some node tells of next; `None` once the session has ended.
    pub async fn hear(&self) -> Option<ShardSet> {
        Some(ShardSet::of_text(&self.0.hear().await?))
    }
}

/// What a unit does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Read,
    Write,
    WriteLate,
}

impl Work {
    /// The word of the measurement.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::WriteLate => "write_late",
        }
    }
}

/// A unit of work on its way through a database thread.
trait Unit: Send {
    /// Runs it once; true when its changes should stay.
    fn run<'a>(&'a mut self, tx: &'a Tx) -> LocalBoxFuture<'a, bool>;
    /// True when its commit need not be synced at once, unless it tells events.
    fn is_late(&self) -> bool;
    /// Tells the caller. An error overrules what the unit returned.
    fn answer(self: Box<Self>, ended: Result<()>);
}

struct Job<F, T, E> {
    unit: F,
    is_late: bool,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Unit for Job<F, T, E>
where
    F: AsyncFn(&Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run<'a>(&'a mut self, tx: &'a Tx) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            let outcome = (self.unit)(tx).await;
            let keep = outcome.is_ok();
            self.outcome = Some(outcome);
            keep
        })
    }

    fn is_late(&self) -> bool {
        self.is_late
    }

    fn answer(self: Box<Self>, ended: Result<()>) {
        let outcome = match (ended, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(Error::Panicked.into()),
            (Err(error), _) => Err(error.into()),
        };
        // The caller may have gone; what was committed stays.
        let _ = self.reply.send(outcome);
    }
}
