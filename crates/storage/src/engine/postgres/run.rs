//! The life of a unit: it takes a connection, is run, and ends with its transaction.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::super::queue::Receiver;
use super::super::{RUNS_MAX, Session as AnySession, Shared, Tx, Unit};
use super::joint::Fate;
use super::pool::{Place, Pool};
use super::session::Session;
use crate::{Error, Result};

/// Of the units of [`crate::Db::write_late`]: the server syncs within three `wal_writer_delay`.
const COMMIT_LATE: &str = "set local synchronous_commit = off; commit";

/// Runs the units of a queue, as many at once as the pool has places.
pub(super) async fn serve(
    pool: Rc<Pool>,
    work: &Receiver<Box<dyn Unit>>,
    shared: &Arc<Shared>,
    writes: bool,
) {
    loop {
        let place = pool.place().await;
        let Some(unit) = work.recv_async().await else { return };
        let (pool, shared) = (Rc::clone(&pool), Arc::clone(shared));
        tokio::task::spawn_local(async move { run(&pool, place, unit, &shared, writes).await });
    }
}

async fn run(
    pool: &Rc<Pool>,
    place: Place,
    mut unit: Box<dyn Unit>,
    shared: &Arc<Shared>,
    writes: bool,
) {
    let mut runs = 0;
    let mut place = Some(place);
    let mut may_join = true;
    loop {
        let held = match place.take() {
            Some(place) => place,
            None => pool.place().await,
        };
        let session = match held.link().await {
            Ok(link) => Session::new(&link, writes),
            Err(error) => return unit.answer(Err(error)),
        };
        let tx = Tx::new(AnySession::Postgres(session), Arc::clone(shared));
        let ran = AssertUnwindSafe(unit.run(&tx)).catch_unwind().await;
        let AnySession::Postgres(session) = &tx.session else { return };
        let keep = matches!(ran, Ok(true));
        let ended = if keep
            && may_join
            && let Some(inserts) = session.take_only()
        {
            pool.joint.leave(pool, held, inserts).await
        } else {
            place = Some(held);
            let is_late = unit.is_late() && tx.n_events.get() == 0;
            end(session, keep, if is_late { COMMIT_LATE } else { "commit" }).await
        };
        if matches!(ended, Ok(Fate::Failed)) {
            may_join = false;
            continue;
        }
        runs += 1;
        if matches!(ended, Err(Error::Conflict(_))) {
            tx.lost_race.set(true);
        }
        if (!keep || ended.is_err()) && tx.lost_race.get() && runs < RUNS_MAX {
            continue;
        }
        // What the unit returned is the answer, unless a write failed behind its back.
        let ended = if ran.is_err() { Err(Error::Panicked) } else { ended.map(drop) };
        if keep && ended.is_ok() {
            tx.tell();
        }
        return unit.answer(ended);
    }
}

/// Ends a transaction by a word of its own, which is `commit` where it is to stay.
async fn end(session: &Session, keep: bool, commit: &'static str) -> Result<Fate> {
    let left = if keep { session.leave_last().await } else { Ok(()) };
    session.end(if keep && left.is_ok() { commit } else { "rollback" });
    left.and(session.settle().await).map(|()| Fate::Ended)
}
