//! When keys were last used, noted off the request path and at most once a minute for each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::id::KeyId;
use domain::{Timestamp, minutes};

/// How often a key's row is touched.
const NOTE_EVERY: i64 = minutes(1);

/// Uses that wait to be written by the owner of an API.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<KeyId, Timestamp>>);

impl Uses {
    /// Notes a use, unless the row already says nearly the same.
    pub fn note(&self, key: KeyId, stored: Option<Timestamp>, now: Timestamp) {
        if stored.is_some_and(|at| now < at.plus(NOTE_EVERY)) {
            return;
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(now);
    }

    pub fn take(&self) -> Vec<(KeyId, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}
