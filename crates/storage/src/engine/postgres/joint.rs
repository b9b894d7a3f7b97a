//! Units that do nothing but insert, which leave as one statement when several wait.
//!
//! A statement of its own, with its commit, costs the server several times what its rows cost. So a
//! unit that would be one waits while enough of them are under way, and leaves with all that wait and
//! insert the same way. One commit answers them. Where it fails, each is run again and goes alone.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::oneshot;

use super::gathered::Gathered;
use super::pool::{Key, Place, Pool};
use super::session::Session;
use crate::{Error, Result};

/// Units that wait without a connection, and the most that leave as one.
const UNITS_MAX: usize = 64;
/// Such statements under way at once, while there is room to wait: as one is synced, the server works on the next.
/// Where there is none, each unit more carries what waits by its own connection.
const UNDER_WAY_MAX: usize = 2;

/// Where such units wait.
pub(super) struct Joint {
    waiting: (flume::Sender<Waiting>, flume::Receiver<Waiting>),
    under_way: Cell<usize>,
}

struct Waiting {
    /// The texts of its inserts.
    kind: Vec<Key>,
    inserts: Vec<Gathered>,
    reply: oneshot::Sender<Result<Fate>>,
}

/// What became of a unit.
#[derive(Clone, Copy)]
pub(super) enum Fate {
    Ended,
    /// Nothing stayed of it or of those that left with it: one of them failed.
    Failed,
}

impl Default for Joint {
    fn default() -> Self {
        Self { waiting: flume::bounded(UNITS_MAX), under_way: Cell::new(0) }
    }
}

impl Joint {
    /// Commits what a unit inserts. Its place is free while it waits, unless it carries others.
    pub(super) async fn leave(
        &self,
        pool: &Rc<Pool>,
        place: Place,
        inserts: Vec<Gathered>,
    ) -> Result<Fate> {
        if self.under_way.get() < UNDER_WAY_MAX || self.waiting.0.is_full() {
            let carrier = Carrier::new(pool, place);
            tokio::task::spawn_local(async move { carrier.carry().await });
        } else {
            drop(place);
        }
        let kind = inserts.iter().map(Gathered::text).collect();
        let (reply, answer) = oneshot::channel();
        // The other end is ours too.
        let _ = self.waiting.0.send_async(Waiting { kind, inserts, reply }).await;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("its thread ended".into())))
    }
}

/// Sends those that wait, until none does.
struct Carrier {
    pool: Rc<Pool>,
    place: Place,
}

impl Carrier {
    fn new(pool: &Rc<Pool>, place: Place) -> Self {
        let under_way = &pool.joint.under_way;
        under_way.set(under_way.get() + 1);
        Self { pool: Rc::clone(pool), place }
    }

    async fn carry(&self) {
        loop {
            let waiting = self.pool.joint.waiting.1.try_iter();
            let mut waiting: Vec<Waiting> = waiting.take(UNITS_MAX).collect();
            if waiting.is_empty() {
                return;
            }
            while let Some(first) = waiting.first() {
                let kind = first.kind.clone();
                let (party, others) = waiting.into_iter().partition(|w| w.kind == kind);
                self.send(party).await;
                waiting = others;
            }
        }
    }

    /// Sends what units of one kind insert as one statement, and tells each what became of it.
    async fn send(&self, party: Vec<Waiting>) {
        let mut replies = Vec::with_capacity(party.len());
        let mut inserts = Vec::new();
        for one in party {
            replies.push(one.reply);
            if inserts.is_empty() {
                inserts = one.inserts;
            } else {
                inserts.iter_mut().zip(one.inserts).for_each(|(all, more)| all.append(more));
            }
        }
        let sent = match self.place.link().await {
            Ok(link) => Session::new(&link, false).send_only(inserts).await,
            Err(error) => Err(error),
        };
        // A unit that is gone needs no answer.
        match <[_; 1]>::try_from(replies) {
            Ok([reply]) => drop(reply.send(sent.map(|()| Fate::Ended))),
            Err(replies) => replies.into_iter().for_each(|reply| drop(reply.send(of_one(&sent)))),
        }
    }
}

/// What became of one of several that left together.
fn of_one(sent: &Result<()>) -> Result<Fate> {
    match sent {
        Ok(()) => Ok(Fate::Ended),
        // After some such failures it is committed all the same, so it is not run again.
        Err(Error::Unavailable(why)) => Err(Error::Unavailable(why.clone())),
        Err(_) => Ok(Fate::Failed),
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        let under_way = &self.pool.joint.under_way;
        under_way.set(under_way.get() - 1);
    }
}
