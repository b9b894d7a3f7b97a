//! What is held for an endpoint that takes nothing for a while: counted, cut, given up.
//!
//! Held rows are ordinary rows of `ready` whose lane nobody visits. Deliveries are numbered by time, so
//! that a cut by number is a cut by age.

use domain::Timestamp;

use crate::attempts;
use crate::queue::{self, Place};
use crate::{Result, Row, Tx, args, statements};

statements! {
    OWED = "select count(*) from (select 1 from ready limit $1) as owed";
    COUNT = "select count(*) from (select 1 from ready where endpoint_no = $1 limit $2) as held";
    NEWEST = "select delivery_no from ready where endpoint_no = $1 order by delivery_no desc limit 1 offset $2";
    CUT_DEAD = "insert into dead (endpoint_no, at, delivery_no, reason)
        select r.endpoint_no, $3, r.delivery_no, $4 from ready r where r.endpoint_no = $1 and r.delivery_no < $2
        on conflict do nothing";
    CUT = "delete from ready where endpoint_no = $1 and delivery_no < $2";
}

/// Deliveries that are owed, over all endpoints, counted up to `limit`.
pub async fn owed(tx: &Tx, limit: i64) -> Result<i64> {
    tx.one(OWED, args![limit], Row::next).await
}

/// Deliveries held for an endpoint, counted up to `limit`.
pub async fn count(tx: &Tx, endpoint_no: i64, limit: i64) -> Result<i64> {
    tx.one(COUNT, args![endpoint_no, limit], Row::next).await
}

/// The number of the `n`-th newest delivery, counted from 1; `None` when there are fewer.
pub async fn nth_newest(tx: &Tx, endpoint_no: i64, n: i64) -> Result<Option<i64>> {
    tx.opt(NEWEST, args![endpoint_no, n - 1], Row::next).await
}

/// Gives up every delivery numbered below `before`, with the reason. Counts them.
pub async fn cut(
    tx: &Tx,
    endpoint_no: i64,
    before: i64,
    at: Timestamp,
    reason: &str,
) -> Result<u64> {
    tx.post(CUT_DEAD, args![endpoint_no, before, at, reason]).await?;
    tx.exec(CUT, args![endpoint_no, before]).await
}

/// What stands in the queue of an endpoint since before `due_before`, oldest first.
pub async fn held(
    tx: &Tx,
    endpoint_no: i64,
    due_before: Timestamp,
    limit: i64,
) -> Result<Vec<Place>> {
    let mut places = queue::page(tx, endpoint_no, limit).await?;
    places.retain(|place| place.due_at < due_before);
    Ok(places)
}

/// Gives up deliveries that were never tried to an end, with the reason.
pub async fn give_up(
    tx: &Tx,
    endpoint_no: i64,
    places: &[Place],
    at: Timestamp,
    reason: &str,
) -> Result<()> {
    let key = |p: &Place| args![endpoint_no, p.due_at, p.delivery_no];
    let dead = places.iter().map(|p| [key(p), args![at, reason]].concat());
    tx.each(attempts::DEAD_INSERT, dead.collect()).await?;
    tx.each(attempts::READY_DELETE, places.iter().map(key).collect()).await
}
