//! Old events leave with their deliveries.
//!
//! Whatever is owed stays, with its event, however old it is. Source: webhooks.md 5.17.

use std::collections::HashSet;

use domain::id::first_number;
use domain::{Result, Timestamp, days, minutes};
use storage::retention::{self as rows, Of};
use storage::{Tx, expunge};

use crate::Tasks;

/// How long events and attempts are shown, in microseconds.
const KEPT_FOR: [(Of, i64); 2] = [(Of::BothModes, days(30)), (Of::TestMode, days(7))];
/// Rows that one transaction removes, and such transactions in one run of a step.
const PAGE_ROWS: i64 = 500;
const PAGES_MAX: usize = 200;
/// How long after an expunge an attempt can still come in, in microseconds: many deadlines.
const LATE_MAX: i64 = minutes(10);
/// Old deliveries that may still be owed. With more of them nothing is removed: something is wrong.
const PINNED_MAX: i64 = 100_000;

/// Counts the rows that were removed.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let now = tasks.parts.app.clock.now();
    let mut n = 0;
    for (of, kept) in KEPT_FOR {
        let before = first_number(now.plus(-kept));
        n += forget_deliveries(tasks, of, before).await?;
        n += forget_events(tasks, of, before).await?;
    }
    Ok(n + sweep_expunged(tasks, now.plus(-LATE_MAX)).await?)
}

async fn sweep_expunged(tasks: &Tasks, before: Timestamp) -> Result<usize> {
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let unit = async move |tx: &Tx| expunge::sweep(tx, before, PAGE_ROWS).await;
        match tasks.parts.app.db.write(unit).await? {
            0 => break,
            swept => n += swept,
        }
    }
    Ok(n)
}

async fn forget_deliveries(tasks: &Tasks, of: Of, before: i64) -> Result<usize> {
    let db = &tasks.parts.app.db;
    let unit = async move |tx: &Tx| rows::pinned(tx, before, PINNED_MAX).await;
    let pinned: HashSet<i64> = db.read(unit).await?.into_iter().collect();
    if i64::try_from(pinned.len()).is_ok_and(|n| n >= PINNED_MAX) {
        tracing::error!("too many old deliveries are still owed; nothing old is removed");
        return Ok(0);
    }
    let (mut n, mut after) = (0, 0);
    for _ in 0..PAGES_MAX {
        let unit = async move |tx: &Tx| rows::deliveries(tx, of, (after, before), PAGE_ROWS).await;
        let mut page = db.read(unit).await?;
        let Some(last) = page.last() else { break };
        after = *last;
        page.retain(|no| !pinned.contains(no));
        n += page.len();
        db.write(async move |tx: &Tx| rows::delete_deliveries(tx, &page).await).await?;
    }
    Ok(n)
}

async fn forget_events(tasks: &Tasks, of: Of, before: i64) -> Result<usize> {
    let db = &tasks.parts.app.db;
    let (mut n, mut after) = (0, 0);
    for _ in 0..PAGES_MAX {
        let unit =
            async move |tx: &Tx| rows::childless_events(tx, of, (after, before), PAGE_ROWS).await;
        let page = db.read(unit).await?;
        let Some(last) = page.last() else { break };
        after = *last;
        n += page.len();
        db.write(async move |tx: &Tx| rows::delete_events(tx, &page).await).await?;
    }
    Ok(n)
}
