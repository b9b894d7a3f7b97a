//! Units that wait for a database thread, tenant by tenant.
//!
//! The first unit of each tenant goes before the second of any, so that one who floods waits for itself alone
//! (webhooks.md 5.7). What belongs to no tenant, the tasks' own writes and the operator's, has a turn
//! as one more.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::PartnerId;

use crate::{Error, Result};

/// Whose turn it is.
pub(super) type Tenant = Option<PartnerId>;

/// A queue for so many units, of which one more is refused with [`Error::Busy`].
pub(super) fn bounded<T>(units_max: usize) -> (Sender<T>, Receiver<T>) {
    let (count, counted) = flume::bounded(units_max);
    let lines = Arc::new(Mutex::new(Lines::default()));
    (Sender { count, lines: Arc::clone(&lines) }, Receiver { counted, lines })
}

/// Where units are left.
pub(super) struct Sender<T> {
    /// Holds as much as there are units.
    count: flume::Sender<()>,
    lines: Arc<Mutex<Lines<T>>>,
}

/// Where units are taken.
pub(super) struct Receiver<T> {
    counted: flume::Receiver<()>,
    lines: Arc<Mutex<Lines<T>>>,
}

/// Invariant: `turns` holds each tenant of `waiting` once, and none of these lines is empty.
struct Lines<T> {
    waiting: HashMap<Tenant, VecDeque<T>>,
    turns: VecDeque<Tenant>,
}

impl<T> Sender<T> {
    pub(super) fn send(&self, tenant: Tenant, unit: T) -> Result<()> {
        let mut lines = lock(&self.lines);
        self.count.try_send(()).map_err(|_| Error::Busy)?;
        lines.push(tenant, unit);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.count.len()
    }
}

impl<T> Receiver<T> {
    /// The next unit; `None` once nobody can leave one any more.
    pub(super) fn recv(&self) -> Option<T> {
        self.counted.recv().ok().and_then(|()| lock(&self.lines).pop())
    }

    pub(super) async fn recv_async(&self) -> Option<T> {
        self.counted.recv_async().await.ok().and_then(|()| lock(&self.lines).pop())
    }

    /// The next unit, if one waits.
    pub(super) fn try_recv(&self) -> Option<T> {
        self.counted.try_recv().ok().and_then(|()| lock(&self.lines).pop())
    }

    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }
}

impl<T> Lines<T> {
    fn push(&mut self, tenant: Tenant, unit: T) {
        let line = self.waiting.entry(tenant).or_default();
        if line.is_empty() {
            self.turns.push_back(tenant);
        }
        line.push_back(unit);
    }

    fn pop(&mut self) -> Option<T> {
        let tenant = self.turns.pop_front()?;
        let line = self.waiting.get_mut(&tenant)?;
        let unit = line.pop_front();
        if line.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        unit
    }
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), turns: VecDeque::new() }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { count: self.count.clone(), lines: Arc::clone(&self.lines) }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        Self { counted: self.counted.clone(), lines: Arc::clone(&self.lines) }
    }
}

fn lock<T>(lines: &Mutex<Lines<T>>) -> MutexGuard<'_, Lines<T>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Tenant = Some(PartnerId([1; 16]));
    const OTHER: Tenant = Some(PartnerId([2; 16]));

    #[test]
    fn g7_whoever_floods_waits_for_itself_and_others_for_one_of_its_units() {
        let (sender, receiver) = bounded(8);
        for n in 0..4 {
            sender.send(ONE, n).unwrap();
        }
        sender.send(OTHER, 20).unwrap();
        sender.send(None, 30).unwrap();
        sender.send(OTHER, 21).unwrap();
        assert_eq!(receiver.len(), 7);
        let order: Vec<i32> = std::iter::from_fn(|| receiver.try_recv()).collect();
        assert_eq!(order, [0, 20, 30, 1, 21, 2, 3]);
        assert_eq!(sender.len(), 0);
    }

    #[test]
    fn a_full_queue_refuses_and_an_abandoned_one_ends_when_it_is_empty() {
        let (sender, receiver) = bounded(1);
        sender.send(None, 1).unwrap();
        assert!(matches!(sender.send(ONE, 2), Err(Error::Busy)));
        drop(sender);
        assert_eq!((receiver.recv(), receiver.recv()), (Some(1), None));
    }
}
