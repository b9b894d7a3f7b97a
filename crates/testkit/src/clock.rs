//! Time and randomness that a test decides.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::{Clock, Ids, Timestamp};
use sha2::{Digest, Sha256};

/// The instant at which every test begins: 2026-11-20T15:04:05.123Z, a Friday morning in Austin.
pub const START: Timestamp = Timestamp::from_micros(1_795_187_045_123_000);

/// A clock that moves when it is told to.
pub struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.micros()))
    }
}

impl TestClock {
    /// Moves the clock forward by microseconds.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that follow from a counter: the same test draws the same ids, and what is made later sorts
/// later although the clock stands still. Longer draws are mixed, so that secrets look like secrets.
#[derive(Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn fill(&self, buffer: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        match buffer.len() {
            // The random part of a number, of which the upper 21 bits are used.
            4 => buffer.copy_from_slice(&(count << 11).to_be_bytes()[4..]),
            // The random part of an id.
            10 => {
                buffer.fill(0);
                buffer[2..].copy_from_slice(&count.to_be_bytes());
            }
            _ => {
                for (i, chunk) in buffer.chunks_mut(32).enumerate() {
                    let block = Sha256::digest([count.to_be_bytes(), i.to_be_bytes()].concat());
                    chunk.copy_from_slice(&block[..chunk.len()]);
                }
            }
        }
    }
}
