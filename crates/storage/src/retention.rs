//! What leaves because it is old: events, their deliveries, attempts and dead letters.
//!
//! Old rows are found by the numbers of hot tables, which rise with time, so that nothing needs an
//! index of its own. How old is old is decided in `tasks::retention`.

use crate::{Result, Row, Tx, args, statements};

statements! {
    PINNED = "select delivery_no from ready where delivery_no < $1 limit $2";
    DELIVERIES = "select no from deliveries where no > $1 and no < $2 order by no limit $3";
    DELIVERIES_TEST = "select no from deliveries where livemode = false and no > $1 and no < $2 order by no limit $3";
    EVENTS = "select no from events e where no > $1 and no < $2
        and not exists (select 1 from deliveries d where d.event_no = e.no) order by no limit $3";
    EVENTS_TEST = "select no from events e where livemode = false and no > $1 and no < $2
        and not exists (select 1 from deliveries d where d.event_no = e.no) order by no limit $3";
    DEAD_DELETE = "delete from dead {each} where delivery_no = $1";
    ATTEMPT_DELETE = "delete from attempts {each} where delivery_no = $1";
    DELIVERY_DELETE = "delete from deliveries {each} where no = $1";
    EVENT_DELETE = "delete from events {each} where no = $1";
}

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    BothModes,
    TestMode,
}

/// Deliveries numbered below `before` that are still owed: they and their events must stay.
pub async fn pinned(tx: &Tx, before: i64, limit: i64) -> Result<Vec<i64>> {
    tx.all(PINNED, args![before, limit], Row::next).await
}

/// Numbers of deliveries between two numbers, lowest first.
pub async fn deliveries(
    tx: &Tx,
    of: Of,
    (after, before): (i64, i64),
    limit: i64,
) -> Result<Vec<i64>> {
    let sql = match of {
        Of::BothModes => DELIVERIES,
        Of::TestMode => DELIVERIES_TEST,
    };
    tx.all(sql, args![after, before, limit], Row::next).await
}

/// Numbers of events between two numbers that have no delivery left, lowest first.
pub async fn childless_events(
    tx: &Tx,
    of: Of,
    (after, before): (i64, i64),
    limit: i64,
) -> Result<Vec<i64>> {
    let sql = match of {
        Of::BothModes => EVENTS,
        Of::TestMode => EVENTS_TEST,
    };
    tx.all(sql, args![after, before, limit], Row::next).await
}

/// Removes deliveries with their attempts and dead letters.
pub async fn delete_deliveries(tx: &Tx, numbers: &[i64]) -> Result<()> {
    let rows: Vec<_> = numbers.iter().map(|no| args![*no]).collect();
    tx.each(DEAD_DELETE, rows.clone()).await?;
    tx.each(ATTEMPT_DELETE, rows.clone()).await?;
    tx.each(DELIVERY_DELETE, rows).await
}

pub async fn delete_events(tx: &Tx, numbers: &[i64]) -> Result<()> {
    tx.each(EVENT_DELETE, numbers.iter().map(|no| args![*no]).collect()).await
}
