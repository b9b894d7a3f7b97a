//! What keeps the write-ahead log short and brings late commits to the disk, beside the writer.
//!
//! A late commit is in the log, and so survives the death of the process; a power cut may take it until
//! the log is synced, by the next commit that somebody was promised or by this thread, whichever comes
//! first (webhooks.md 5.3).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How long a late commit waits for company before it is synced: with the sync itself it is on the disk
/// within 50 ms.
const SYNC_AFTER: Duration = Duration::from_millis(40);
/// How often the log is copied into the database; also how long nothing is written before the log is
/// cut to nothing.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(1500);
/// A log of more pages, which is 64 MiB, is written from its beginning again, for which the writer waits some
/// milliseconds. The file stays as long as it is: to write over it costs half of what it costs to let it grow.
const LOG_PAGES_MAX: i64 = 16 << 10;
/// How long that may wait for readers: the writer waits with it.
const BUSY_TIMEOUT: Duration = Duration::from_millis(50);

/// The log, as the writer and the keeper see it.
struct Log {
    path: PathBuf,
    /// Some commit was late, and the log was not synced for it.
    is_unsynced: AtomicBool,
    /// Held while it is synced: who comes meanwhile finds nothing to do only once it is done.
    syncing: Mutex<()>,
}

impl Log {
    fn sync(&self) -> std::io::Result<()> {
        let _turn = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_unsynced.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let synced = File::open(&self.path).and_then(|log| log.sync_data());
        if synced.is_err() {
            self.is_unsynced.store(true, Ordering::Release);
        }
        synced
    }
}

/// What the writer tells the keeper.
#[derive(Clone)]
pub(super) struct Note {
    written: flume::Sender<()>,
    log: Arc<Log>,
}

impl Note {
    /// Notes a commit; `is_late` when it was not synced.
    pub(super) fn committed(&self, is_late: bool) {
        // A synced commit takes nothing off: if it had nothing to write, it synced nothing.
        if is_late {
            self.log.is_unsynced.store(true, Ordering::Release);
        }
        // A keeper that was told and has not come yet will see this commit too.
        let _ = self.written.try_send(());
    }

    /// Brings late commits to the disk now.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.log.sync()
    }
}

/// See the module.
pub(super) struct Keeper {
    connection: Connection,
    written: flume::Receiver<()>,
    log: Arc<Log>,
}

/// Makes the keeper of a database, and what its writer has to tell it by.
pub(super) fn of(connection: Connection, database: &Path) -> rusqlite::Result<(Keeper, Note)> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    let log = Arc::new(Log {
        path: path.into(),
        is_unsynced: AtomicBool::new(false),
        syncing: Mutex::default(),
    });
    let (told, written) = flume::bounded(1);
    let note = Note { written: told, log: Arc::clone(&log) };
    Ok((Keeper { connection, written, log }, note))
}

impl Keeper {
    /// Works until the writer ends.
    pub(super) fn run(&self) {
        let mut checkpointed_at = Instant::now();
        let mut is_behind = false;
        loop {
            let told = if is_behind {
                self.written.recv_timeout(CHECKPOINT_EVERY)
            } else {
                self.written.recv().map_err(|_| flume::RecvTimeoutError::Disconnected)
            };
            match told {
                Ok(()) => {
                    is_behind = true;
                    std::thread::sleep(SYNC_AFTER);
                    self.sync();
                    self.tell();
                    if checkpointed_at.elapsed() >= CHECKPOINT_EVERY {
                        self.checkpoint();
                        checkpointed_at = Instant::now();
                    }
                }
                Err(flume::RecvTimeoutError::Timeout) => {
                    self.copy("truncate");
                    self.tell();
                    checkpointed_at = Instant::now();
                    is_behind = false;
                }
                Err(flume::RecvTimeoutError::Disconnected) => return self.sync(),
            }
        }
    }

    /// Brings late commits to the disk.
    fn sync(&self) {
        let Err(error) = self.log.sync() else { return };
        tracing::error!(%error, "the write-ahead log could not be synced");
        // What the disk refused it may have forgotten, and with it the place of all that follows: the
        // whole log is copied and begun anew.
        if self.copy("truncate").is_whole {
            self.log.is_unsynced.store(false, Ordering::Release);
        }
    }

    fn checkpoint(&self) {
        if self.copy("passive").log_pages > LOG_PAGES_MAX {
            // What was written meanwhile is copied before the writer has to wait for the rest.
            self.copy("passive");
            self.copy("restart");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "exact far beyond any disk")]
    fn tell(&self) {
        metrics::gauge!("postroom_database_log_bytes").set(self.log_bytes() as f64);
    }

    fn log_bytes(&self) -> u64 {
        self.log.path.metadata().map_or(0, |log| log.len())
    }

    /// Copies the log into the database, in one of the ways of SQLite.
    fn copy(&self, how: &str) -> Copied {
        let order = format!("pragma wal_checkpoint({how})");
        let copied = self.connection.query_row(&order, [], |row| {
            Ok(Copied { is_whole: !row.get::<_, bool>(0)?, log_pages: row.get(1)? })
        });
        copied.unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not be copied");
            Copied::default()
        })
    }
}

/// What came of copying the log.
#[derive(Default)]
struct Copied {
    /// Nobody was in the way.
    is_whole: bool,
    /// How long the log was.
    log_pages: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_cannot_be_synced_is_copied_whole_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.sqlite");
        let open = || Connection::open(&file).unwrap();
        let writer = open();
        let (mut keeper, note) = of(open(), &file).unwrap();
        writer
            .execute_batch(
                "pragma journal_mode = wal; pragma synchronous = normal;
                 pragma wal_autocheckpoint = 0; create table t (n); insert into t values (1);",
            )
            .unwrap();
        note.committed(true);
        let log = keeper.log.path.clone();
        assert!(log.metadata().unwrap().len() > 0);
        let lost = Log {
            path: folder.path().join("gone"),
            is_unsynced: AtomicBool::new(true),
            syncing: Mutex::default(),
        };
        keeper.log = Arc::new(lost);
        keeper.sync();
        assert!(!keeper.log.is_unsynced.load(Ordering::Acquire));
        assert_eq!(log.metadata().unwrap().len(), 0);
        let n: i64 = open().query_row("select n from t", [], |row| row.get(0)).unwrap();
        assert_eq!(n, 1);
    }

    #[test]
    fn a_late_commit_is_synced_by_the_keeper_whatever_comes_after_it_and_a_synced_one_needs_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.sqlite");
        let (keeper, note) = of(Connection::open(&file).unwrap(), &file).unwrap();
        // Nothing has made a log: whoever tries to sync it fails.
        note.committed(false);
        note.sync().unwrap();
        note.committed(true);
        note.sync().unwrap_err();
        // This one may have had nothing to write.
        note.committed(false);
        note.sync().unwrap_err();
        drop(note);
        keeper.run();
    }
}
