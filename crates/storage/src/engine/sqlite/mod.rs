//! SQLite: one writer thread with group commit, a few reader threads, WAL, full sync.
//!
//! Units that wait are run in one transaction, from which one that fails is taken out, and their callers are answered
//! after COMMIT. A group of late units alone is not synced at once; see [`keeper`]. A unit's futures are ready at the
//! first poll, because nothing here waits; one that is not has awaited something else and is refused.

mod keeper;
mod session;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::queue::{self, Sender, Tenant};
use super::{FileLock, Ownership, QUEUE_UNITS_MAX, Shared, Unit};
use crate::{Error, Result};
pub(super) use session::Session;
use writer::{Writer, read_loop};

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
    note: keeper::Note,
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
        let (of_writer, writer_shared) = (note.clone(), Arc::clone(shared));
        spawn("sqlite-writer", move || Writer::new(writer, of_writer, writer_shared).run(&work))?;
        let (to_readers, work) = queue::bounded(QUEUE_UNITS_MAX);
        for _ in 0..READERS {
            let reader = connect(path, true).map_err(|e| unavailable(&e))?;
            let (work, shared) = (work.clone(), Arc::clone(shared));
            spawn("sqlite-reader", move || read_loop(&Rc::new(reader), &work, &shared))?;
        }
        Ok(Self { writer: to_writer, readers: to_readers, note, path: path.to_owned() })
    }

    pub(super) fn send(&self, tenant: Tenant, unit: Box<dyn Unit>, writes: bool) -> Result<()> {
        let queue = if writes { &self.writer } else { &self.readers };
        queue.send(tenant, unit)
    }

    /// Brings late commits to the disk.
    pub(super) async fn flush(&self) -> Result<()> {
        let note = self.note.clone();
        let synced = tokio::task::spawn_blocking(move || note.sync()).await;
        let synced = synced.map_err(std::io::Error::other).and_then(|synced| synced);
        synced.map_err(|e| Error::Unavailable(format!("{}: {e}", self.path.display())))
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
