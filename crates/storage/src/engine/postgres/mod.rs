//! PostgreSQL: a few connections on one thread, a transaction for each unit.
//!
//! How statements travel is in [`session`], how values do in [`values`], and how a connection is made
//! in [`server`]. Any number of nodes may work on one database.

mod hints;
mod server;
mod session;
mod values;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Statement};

pub(super) use self::hints::Hints;
use self::server::Server;
pub(super) use self::session::Session;
use self::values::explain;
use super::queue::{self, Receiver, Sender, Tenant};
use super::{QUEUE_UNITS_MAX, RUNS_MAX, Shared, Tx, Unit};
use crate::{Error, Result};

/// Connections that run transactions; units beyond them wait.
const WRITERS: usize = 16;
/// Connections shared by all reads, which are pipelined on them.
const READERS: usize = 2;
/// Reads that may be under way on the shared connections at once.
const READS_MAX: usize = 256;
/// What the server does with a statement or a transaction that we forgot; and three choices of speed.
///
/// A plan is kept for as long as a connection lives, and one that was made while a table was small
/// must not scan it when it has grown. That makes a scan look so dear to the server, where no index
/// helps, that it would compile a statement over three rows for a quarter of a second: so it does not
/// compile. Payloads and answers are a little too long to be stored as they
/// are, and packing them with the server's default costs ten times as much as with LZ4, which a server
/// may lack.
const SESSION: &str =
    "set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '15s';
    set timezone = 'UTC'; set client_min_messages = warning; set enable_seqscan = off;
    set jit = off;
    do $$ begin set default_toast_compression = 'lz4'; exception when others then null; end $$";

/// Of the units of [`super::Db::write_late`]: the server syncs within three `wal_writer_delay`.
const COMMIT_LATE: &str = "set local synchronous_commit = off; commit";

#[derive(Clone)]
pub(super) struct Handle {
    writer: Sender<Box<dyn Unit>>,
    readers: Sender<Box<dyn Unit>>,
    server: Server,
}

impl Handle {
    pub(super) async fn open(url: &str, shared: Arc<Shared>) -> Result<Self> {
        let server = Server::read(url)?;
        // Fails here, where somebody reads it, when the server is not there.
        let (client, connection) = server.connect().await?;
        drop((client, connection));
        let (writer, write_work) = queue::bounded(QUEUE_UNITS_MAX);
        let (readers, read_work) = queue::bounded(QUEUE_UNITS_MAX);
        let thread = std::thread::Builder::new().name("postgres".to_owned());
        let of_thread = server.clone();
        let started = thread.spawn(move || serve(&of_thread, &write_work, &read_work, &shared));
        started.map_err(|e| Error::Unavailable(format!("no thread: {e}")))?;
        Ok(Self { writer, readers, server })
    }

    pub(super) fn send(&self, tenant: Tenant, unit: Box<dyn Unit>, writes: bool) -> Result<()> {
        let queue = if writes { &self.writer } else { &self.readers };
        queue.send(tenant, unit)
    }

    /// Units that wait to write.
    pub(super) fn n_waiting(&self) -> usize {
        self.writer.len()
    }

    pub(super) async fn open_hints(&self) -> Result<Hints> {
        Hints::open(&self.server).await
    }

    pub(super) async fn try_hold(&self, key: i64) -> Result<Option<LockSession>> {
        const LOCK: &str = "select pg_try_advisory_lock($1)";
        let (client, connection) = self.server.connect().await?;
        let task = tokio::spawn(async move {
            // Its end is what others look for.
            let _ = connection.await;
        });
        let row = client.query_one(LOCK, &[&key]).await.map_err(|e| explain(LOCK, &e))?;
        Ok(row.get::<_, bool>(0).then_some(LockSession { client, _task: task }))
    }
}

/// A session whose life is a lock.
pub(super) struct LockSession {
    client: Client,
    _task: tokio::task::JoinHandle<()>,
}

impl LockSession {
    pub(super) fn is_alive(&self) -> bool {
        !self.client.is_closed()
    }
}

/// The thread: one runtime, the two queues, the connections.
fn serve(
    server: &Server,
    write_work: &Receiver<Box<dyn Unit>>,
    read_work: &Receiver<Box<dyn Unit>>,
    shared: &Arc<Shared>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let writes = Pool::new(server, WRITERS, 1).serve(write_work, shared, true);
        let reads = Pool::new(server, READERS, READS_MAX / READERS).serve(read_work, shared, false);
        tokio::join!(writes, reads);
    });
}

/// Connections, each lent to as many units at once as `lends` says.
struct Pool {
    server: Server,
    free: (flume::Sender<Rc<Slot>>, flume::Receiver<Rc<Slot>>),
}

#[derive(Default)]
struct Slot {
    link: RefCell<Option<Rc<Link>>>,
}

impl Pool {
    fn new(server: &Server, connections: usize, lends: usize) -> Self {
        let free = flume::bounded(connections * lends);
        let slots: Vec<Rc<Slot>> = (0..connections).map(|_| Rc::default()).collect();
        for _ in 0..lends {
            for slot in &slots {
                // The channel was made to hold exactly these.
                let _ = free.0.try_send(Rc::clone(slot));
            }
        }
        Self { server: server.clone(), free }
    }

    async fn serve(self, work: &Receiver<Box<dyn Unit>>, shared: &Arc<Shared>, writes: bool) {
        let pool = Rc::new(self);
        while let Ok(slot) = pool.free.1.recv_async().await {
            let Some(unit) = work.recv_async().await else { return };
            let (pool, shared) = (Rc::clone(&pool), Arc::clone(shared));
            tokio::task::spawn_local(async move {
                match pool.link(&slot).await {
                    Ok(link) => run(&link, unit, &shared, writes).await,
                    Err(error) => unit.answer(Err(error)),
                }
                let _ = pool.free.0.try_send(slot);
            });
        }
    }

    /// The slot's connection, made again when the old one ended.
    async fn link(&self, slot: &Slot) -> Result<Rc<Link>> {
        if let Some(link) = slot.link.borrow().as_ref().filter(|l| !l.client.is_closed()) {
            return Ok(Rc::clone(link));
        }
        let (client, connection) = self.server.connect().await?;
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a database connection ended");
            }
        });
        client.batch_execute(SESSION).await.map_err(|e| explain("session", &e))?;
        let link = Rc::new(Link {
            client,
            statements: RefCell::default(),
            together: RefCell::default(),
            fills: RefCell::default(),
        });
        *slot.link.borrow_mut() = Some(Rc::clone(&link));
        Ok(link)
    }
}

/// A connection with its prepared statements, by the address of their texts.
struct Link {
    client: Client,
    /// Those who come while one is being prepared wait for it.
    statements: RefCell<HashMap<Key, Rc<OnceCell<Statement>>>>,
    together: RefCell<HashMap<Vec<Key>, Statement>>,
    /// See [`super::dialect::fills`].
    fills: RefCell<HashMap<Key, Option<Rc<str>>>>,
}

/// Address and length of a text, and whether it is the form for many rows.
type Key = (usize, usize, bool);

async fn run(link: &Rc<Link>, mut unit: Box<dyn Unit>, shared: &Arc<Shared>, writes: bool) {
    let mut runs = 0;
    loop {
        runs += 1;
        let session = Session::new(link, writes);
        let tx = Tx::new(super::Session::Postgres(session), Arc::clone(shared));
        let ran =
            futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(unit.run(&tx)))
                .await;
        let super::Session::Postgres(session) = &tx.session else { return };
        let keep = matches!(ran, Ok(true));
        let left = if keep { session.leave_last().await } else { Ok(()) };
        let keep = keep && left.is_ok();
        session.end(match keep {
            true if unit.is_late() && tx.n_events.get() == 0 => COMMIT_LATE,
            true => "commit",
            false => "rollback",
        });
        let posted = left.and(session.settle().await);
        if matches!(posted, Err(Error::Conflict(_))) {
            tx.lost_race.set(true);
        }
        if (!keep || posted.is_err()) && tx.lost_race.get() && runs < RUNS_MAX {
            continue;
        }
        let ended = match (ran, posted) {
            (Err(_), _) => Err(Error::Panicked),
            // What the unit returned is the answer, unless a write failed behind its back.
            (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(())) => Ok(()),
        };
        if keep && ended.is_ok() {
            tx.tell();
        }
        return unit.answer(ended);
    }
}
