//! What leaves because it is old: events, their deliveries, attempts and dead letters.
//!
//! Old rows are found by the numbers of hot tables, which rise with time, so that nothing needs an
//! index of its own. How old is old is decided in `tasks::retention`.

use domain::Timestamp;
use domain::event::EventType;
use domain::id::PartnerId;

use crate::queue::owed_at;
use crate::quotas::{self, Gone};
use crate::{Result, Row, Tx, args, statements};

/// Deliveries of one event that are looked at in one transaction; those beyond leave with the next.
const DELIVERIES_MAX: i64 = 1000;

statements! {
    PINNED = "select delivery_no from ready where delivery_no < $1 limit $2";
    PINNED_DEAD = "select delivery_no from dead where delivery_no < $1 and at > $2 limit $3";
    EVENTS = "select no, livemode, type, partner_id, length(payload) from events where no > $1 and no < $2 order by no limit $3";
    EVENTS_TEST = "select no, livemode, type, partner_id, length(payload) from events where livemode = false and no > $1 and no < $2
        order by no limit $3";
    DELIVERIES = "select one.* from {rows} (select no from deliveries where event_no = $1
        order by no limit $2) as one";
    /// A row that was taken up again since the pinned ones were listed is seen here.
    DONE = concat!("select one.* from {rows} (select d.no from deliveries d where d.no = $1 and ", owed_at!(), "
        is null limit 1) as one");
    CHILDLESS = "select one.* from {rows} (select e.no from events e where e.no = $1
        and not exists (select 1 from deliveries d where d.event_no = e.no) limit 1) as one";
    DEAD_DELETE = "delete from dead {each} where delivery_no = $1";
    ATTEMPT_DELETE = "delete from attempts {each} where delivery_no = $1";
    DELIVERY_DELETE = "delete from deliveries {each} where no = $1";
    EVENT_DELETE = "delete from events {each} where no = $1";
}

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    BothModes,
    TestMode,
}

/// An event that may be old enough.
#[derive(Clone, Copy, Debug)]
pub struct Aged {
    pub no: i64,
    pub livemode: bool,
    pub kind: EventType,
    pub partner_id: PartnerId,
    pub bytes: i64,
}

/// Deliveries numbered below `before` that are still owed, or were given up after `dead_since`: they and their
/// events must stay.
pub async fn pinned(tx: &Tx, before: i64, dead_since: Timestamp, limit: i64) -> Result<Vec<i64>> {
    let mut pinned = tx.all(PINNED, args![before, limit], Row::next).await?;
    pinned.extend(tx.all(PINNED_DEAD, args![before, dead_since, limit], Row::next::<i64>).await?);
    Ok(pinned)
}

/// Events between two numbers, lowest first.
pub async fn events(tx: &Tx, of: Of, (after, before): (i64, i64), limit: i64) -> Result<Vec<Aged>> {
    let sql = match of {
        Of::BothModes => EVENTS,
        Of::TestMode => EVENTS_TEST,
    };
    let read = |r: &mut Row| {
        let (no, livemode, kind) = (r.next()?, r.next()?, r.next()?);
        let (partner_id, bytes) = (r.next()?, r.next()?);
        Ok(Aged { no, livemode, kind, partner_id, bytes })
    };
    tx.all(sql, args![after, before, limit], read).await
}

/// Deliveries of these events.
pub async fn deliveries(tx: &Tx, events: &[Aged]) -> Result<Vec<i64>> {
    let rows = events.iter().map(|e| args![e.no, DELIVERIES_MAX]).collect();
    tx.all_each(DELIVERIES, rows, Row::next).await
}

/// Removes deliveries with their attempts and dead letters, unless they are owed. Counts those removed.
pub async fn delete_deliveries(tx: &Tx, numbers: &[i64]) -> Result<usize> {
    let done: Vec<i64> = tx.all_each(DONE, keys(numbers), Row::next).await?;
    tx.each(DEAD_DELETE, keys(&done)).await?;
    tx.each(ATTEMPT_DELETE, keys(&done)).await?;
    tx.each(DELIVERY_DELETE, keys(&done)).await?;
    Ok(done.len())
}

/// Removes those of these events that have no delivery left. Counts those removed.
pub async fn delete_childless(tx: &Tx, events: &[Aged]) -> Result<usize> {
    let numbers: Vec<i64> = events.iter().map(|e| e.no).collect();
    let mut childless: Vec<i64> = tx.all_each(CHILDLESS, keys(&numbers), Row::next).await?;
    childless.sort_unstable();
    tx.each(EVENT_DELETE, keys(&childless)).await?;
    let gone = events.iter().filter(|e| childless.binary_search(&e.no).is_ok());
    let gone = gone.map(|e| Gone { no: e.no, partner_id: e.partner_id, bytes: e.bytes });
    quotas::take_off(tx, &gone.collect::<Vec<_>>()).await?;
    Ok(childless.len())
}

fn keys(numbers: &[i64]) -> Vec<Vec<crate::Value>> {
    numbers.iter().map(|no| args![*no]).collect()
}
