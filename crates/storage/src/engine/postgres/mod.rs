//! PostgreSQL: a few connections on one thread, a transaction for each unit that does more than insert.
//!
//! How statements travel is in [`session`], how values do in [`values`], how a connection is made in
//! [`server`] and kept in [`pool`]. A unit is run in [`run`]; those that only insert leave together, by
//! [`joint`]. Any number of nodes may work on one database.

mod gathered;
mod hints;
mod joint;
mod pool;
mod run;
mod server;
mod session;
mod values;

use std::sync::Arc;

use tokio_postgres::Client;

pub(super) use self::hints::Hints;
use self::pool::Pool;
use self::server::Server;
pub(super) use self::session::Session;
use self::values::explain;
use super::queue::{self, Receiver, Sender, Tenant};
use super::{QUEUE_UNITS_MAX, Shared, Unit};
use crate::{Error, Result};

/// Connections that run transactions; units beyond them wait.
const WRITERS: usize = 16;
/// Connections shared by all reads, which are pipelined on them.
const READERS: usize = 2;
/// Reads that may be under way on the shared connections at once.
const READS_MAX: usize = 256;

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
        let writes = run::serve(Pool::new(server, WRITERS, 1), write_work, shared, true);
        let reads = Pool::new(server, READERS, READS_MAX / READERS);
        let reads = run::serve(reads, read_work, shared, false);
        tokio::join!(writes, reads);
    });
}
