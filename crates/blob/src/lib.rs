//! Bytes by key, on a disk, in S3 or in memory, and the pure functions that make a photo safe to keep.
//!
//! The front page of the store is [`Blobs`]; what a photo is and how it is cleaned is in [`picture`].
//! Nothing here knows a row, a tenant or a URL: which key belongs to whom is in `storage`, and
//! fetching a photo from a partner is in `tasks`.

mod disk;
mod error;
mod heic;
mod key;
mod memory;
pub mod picture;
mod raster;
mod s3;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

pub use error::{Error, Result};
pub use key::{Family, KEY_BYTES_MAX, Key, KeyRefused};
pub use memory::Memory;
pub use s3::{S3AccessKey, S3Config};

/// The largest blob that is stored or read back, in bytes.
///
/// Three times the largest photo that is fetched (20 MiB, postal.md 4.7.1), so that a picture that
/// grows when it is encoded again still fits, while one request can't fill the memory of a node.
pub const BLOB_BYTES_MAX: usize = 64 << 20;

/// Where bytes are kept. Cheap to clone: clones share one store.
///
/// A key is written whole or not at all, and the last put of a key wins.
#[derive(Clone, Debug)]
pub struct Blobs(Place);

#[derive(Clone, Debug)]
enum Place {
    Disk(Arc<disk::Disk>),
    Memory(Memory),
    #[cfg(feature = "s3")]
    S3(Arc<s3::S3>),
}

impl Blobs {
    /// Opens a directory of blobs and creates it when it is missing.
    ///
    /// Several nodes may share one directory on a file system with atomic renames.
    pub fn disk(path: &Path) -> Result<Self> {
        Ok(Self(Place::Disk(Arc::new(disk::Disk::open(path)?))))
    }

    /// An empty store that ends with the process, for tests and the demo.
    pub fn memory() -> Self {
        Memory::default().into()
    }

    /// Opens a bucket. Does not reach the network: a wrong key or bucket shows at the first use.
    #[cfg(feature = "s3")]
    pub fn s3(config: S3Config) -> Result<Self> {
        Ok(Self(Place::S3(Arc::new(s3::S3::open(config)?))))
    }

    /// Says that this build can't open a bucket; a build with the feature `s3` can.
    #[cfg(not(feature = "s3"))]
    pub fn s3(_: S3Config) -> Result<Self> {
        Err(Error::S3NotBuilt)
    }

    /// Stores bytes under a key, durably once this returns, and replaces what was there.
    ///
    /// Putting equal bytes under a content key again changes nothing, so a retry is safe.
    pub async fn put(&self, key: &Key, bytes: Bytes) -> Result<()> {
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(Error::TooLarge { key: key.clone(), size_bytes: bytes.len() as u64 });
        }
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.put(&key, &bytes)).await
            }
            Place::Memory(memory) => memory.put(key, bytes),
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.put(key, bytes).await,
        }
    }

    /// The bytes under a key, or `None` when nothing is there.
    pub async fn get(&self, key: &Key) -> Result<Option<Bytes>> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.get(&key)).await
            }
            Place::Memory(memory) => Ok(memory.get(key)),
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.get(key).await,
        }
    }

    /// Removes a key; a key that is not there is no error, so a retry is safe.
    ///
    /// A content key is shared by everyone who stored equal bytes: the caller counts its rows and
    /// deletes with the last one.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        match &self.0 {
            Place::Disk(disk) => {
                let (disk, key) = (Arc::clone(disk), key.clone());
                blocking(move || disk.delete(&key)).await
            }
            Place::Memory(memory) => {
                memory.delete(key);
                Ok(())
            }
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3.delete(key).await,
        }
    }
}

impl From<Memory> for Blobs {
    fn from(memory: Memory) -> Self {
        Self(Place::Memory(memory))
    }
}

/// Runs file work off the async threads. The work goes on when the caller is cancelled.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Stopped))
}
