//! An uploaded file, read at any place: its parts are fetched as they are needed, a few kept at hand.
//!
//! For a thread that may wait: it is read by code that knows nothing of async.

use std::io;
use std::sync::{Mutex, PoisonError};

use blob::Blobs;
use bytes::Bytes;
use domain::email::import::CHUNK_BYTES;
use rawzip::ReaderAt;
use tokio::runtime::Handle;

use super::upload::key;

/// Parts kept at hand: an archive is read at its directory and at its entries in turn.
const PARTS_KEPT: usize = 3;

pub(super) struct File {
    blobs: Blobs,
    name: [u8; 16],
    size: u64,
    runtime: Handle,
    /// Those used last first.
    kept: Mutex<Vec<(u64, Bytes)>>,
}

impl File {
    /// Must be called inside a Tokio runtime.
    pub(super) fn new(blobs: Blobs, name: [u8; 16], size: i64) -> Self {
        let size = size.unsigned_abs();
        Self { blobs, name, size, runtime: Handle::current(), kept: Mutex::default() }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn part(&self, place: u64) -> io::Result<Bytes> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(p, _)| *p == place) {
            kept[..=at].rotate_right(1);
            return Ok(kept[0].1.clone());
        }
        let key = key(&self.name, i64::try_from(place).unwrap_or(i64::MAX));
        let key = key.map_err(io::Error::other)?;
        let got = self.runtime.block_on(self.blobs.get(&key)).map_err(io::Error::other)?;
        let bytes = got.ok_or_else(|| io::Error::other("a part of the file is gone"))?;
        kept.truncate(PARTS_KEPT - 1);
        kept.insert(0, (place, bytes.clone()));
        Ok(bytes)
    }
}

impl ReaderAt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if offset >= self.size || buf.is_empty() {
            return Ok(0);
        }
        let chunk = CHUNK_BYTES as u64;
        let part = self.part(offset / chunk)?;
        let start = usize::try_from(offset % chunk).unwrap_or(usize::MAX);
        let rest = part.get(start..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}
