//! Blobs in memory, with a put that fails when a test asks for it.
//!
//! The stores that outlive the process are in `disk` and `s3`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::{Error, Key, Result};

/// A store that ends with the process. Clones share it, so a test keeps one and hands on the other.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    blobs: BTreeMap<Key, Bytes>,
    /// Puts until the one that fails; `None` when none is asked to.
    puts_until_failure: Option<u32>,
}

impl Memory {
    /// Makes the `nth` put from now fail once and store nothing; 1 is the next one.
    pub fn fail_put(&self, nth: u32) {
        self.inner().puts_until_failure = Some(nth);
    }

    /// The keys that are stored, in order.
    pub fn keys(&self) -> Vec<Key> {
        self.inner().blobs.keys().cloned().collect()
    }

    pub(crate) fn put(&self, key: &Key, bytes: Bytes) -> Result<()> {
        let mut inner = self.inner();
        inner.puts_until_failure = match inner.puts_until_failure {
            Some(0 | 1) => {
                inner.puts_until_failure = None;
                return Err(Error::FailedOnRequest);
            }
            Some(more) => Some(more - 1),
            None => None,
        };
        inner.blobs.insert(key.clone(), bytes);
        Ok(())
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Bytes> {
        self.inner().blobs.get(key).cloned()
    }

    pub(crate) fn delete(&self, key: &Key) {
        self.inner().blobs.remove(key);
    }

    /// A poisoned lock is taken all the same: every change under it is a single step.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
