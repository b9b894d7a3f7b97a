//! Blobs as files: one file a key, written beside its place and renamed into it.
//!
//! All of this blocks; [`crate::Blobs`] calls it off the async threads. Unix only, for the modes of
//! files and for syncing directories.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::{BLOB_BYTES_MAX, Error, Key, Result};

/// Temporary files begin with this. A dot is in no key, so they are never served.
///
/// A crash in the middle of a put leaves one behind. It may be deleted while no server runs.
const TEMPORARY_PREFIX: &str = ".tmp-";

/// Names tried for a temporary file. A taken name is one that a crash left behind.
const TEMPORARY_NAMES_MAX: u32 = 1000;

/// Only the user that runs the server reads blobs: they are pictures of other people's mail.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// Keeps the temporary names of puts that run at once apart.
    next_temporary: AtomicU64,
}

impl Disk {
    pub(crate) fn open(root: &Path) -> Result<Self> {
        create_directory(root)?;
        // Absolute, so that a later change of the working directory doesn't move the store.
        let root = root.canonicalize().map_err(|e| Error::io("resolve", root, e))?;
        if let Some(parent) = root.parent() {
            // The parent is often not ours to open; then it was not us who made the root in it.
            sync_directory(parent).or_else(|error| match error {
                Error::NotAllowed { .. } => Ok(()),
                other => Err(other),
            })?;
        }
        Ok(Self { root, next_temporary: AtomicU64::new(0) })
    }

    pub(crate) fn put(&self, key: &Key, bytes: &[u8]) -> Result<()> {
        let path = self.path(key);
        let directory = path.parent().expect("a key has a part under the root");
        create_directory(directory)?;
        let (temporary, mut file) = self.create_temporary(directory)?;
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            // Best effort: the first fault is the one to report, and a leftover is never served.
            drop(fs::remove_file(&temporary));
            return Err(Error::io("write", &path, error));
        }
        // Every directory up to the root, even if it was there: another put may have made it a
        // moment ago and not have synced it yet, and then a power cut would take our file with it.
        for directory in directory.ancestors().take_while(|d| d.starts_with(&self.root)) {
            sync_directory(directory)?;
        }
        Ok(())
    }

    pub(crate) fn get(&self, key: &Key) -> Result<Option<Bytes>> {
        let path = self.path(key);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("open", &path, error)),
        };
        let size_bytes = file.metadata().map_err(|e| Error::io("read", &path, e))?.len();
        if size_bytes > BLOB_BYTES_MAX as u64 {
            return Err(Error::TooLarge { key: key.clone(), size_bytes });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0));
        file.take(BLOB_BYTES_MAX as u64)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::io("read", &path, e))?;
        Ok(Some(bytes.into()))
    }

    pub(crate) fn delete(&self, key: &Key) -> Result<()> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Ok(()) => sync_directory(path.parent().expect("a key has a part under the root")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::io("delete", &path, error)),
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// A new file in the directory of the final one, so that the rename stays on one file system.
    fn create_temporary(&self, directory: &Path) -> Result<(PathBuf, File)> {
        let mut path = directory.to_path_buf();
        for _ in 0..TEMPORARY_NAMES_MAX {
            let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
            path = directory.join(format!("{TEMPORARY_PREFIX}{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("create", &path, error)),
            }
        }
        Err(Error::io("find a free name such as", &path, io::ErrorKind::AlreadyExists.into()))
    }
}

fn create_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(path)
        .map_err(|e| Error::io("create", path, e))
}

/// Makes the names in a directory survive a power cut, as syncing a file does for its bytes.
fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|d| d.sync_all()).map_err(|e| Error::io("sync", path, e))
}
