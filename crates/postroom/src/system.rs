//! The machine's clock and randomness: the only place that reads either.

use std::cell::RefCell;

use domain::{Clock, Ids, Timestamp};

/// The time of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that is real")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since.map_or(0, |d| d.as_micros());
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// Randomness of the operating system, which is asked for enough for many ids at once: asking costs more than
/// an id does. Keys and nonces are asked for by themselves.
pub struct SystemIds;

/// Bytes asked for at once, for each thread.
const DRAWN_MAX: usize = 512;
/// The longest that is an id.
const ID_MAX: usize = 16;

/// What was drawn and not given away yet. What was given away is zero.
struct Drawn {
    bytes: [u8; DRAWN_MAX],
    left: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; DRAWN_MAX], left: 0 }) };
}

impl Ids for SystemIds {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > ID_MAX {
            return draw(buffer);
        }
        DRAWN.with_borrow_mut(|Drawn { bytes, left }| {
            if *left < buffer.len() {
                draw(bytes);
                *left = bytes.len();
            }
            let given = &mut bytes[*left - buffer.len()..*left];
            buffer.copy_from_slice(given);
            given.fill(0);
            *left -= buffer.len();
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "without randomness no id or secret may be made")]
fn draw(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives randomness");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_given_twice_and_every_length_is_filled() {
        let mut given = HashSet::new();
        for length in (16..40).chain([16; 500]) {
            let mut buffer = vec![0; length];
            SystemIds.fill(&mut buffer);
            for part in buffer.chunks_exact(16) {
                assert!(given.insert(part.to_vec()), "the same 16 bytes twice");
            }
        }
    }
}
