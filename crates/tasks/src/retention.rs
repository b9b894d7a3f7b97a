//! Old events leave with their deliveries, and what nobody can receive is given up.
//!
//! Whatever is owed stays, with its event, however old it is. Source: webhooks.md 5.13 and 5.17.

use std::collections::HashSet;

use domain::id::first_number;
use domain::{Result, Timestamp, days};
use storage::leases::ShardSet;
use storage::retention::{self as rows, Of};
use storage::{Tx, endpoints, events};

use crate::Tasks;

/// How long events and attempts are shown, in microseconds.
const KEPT_FOR: [(Of, i64); 2] = [(Of::BothModes, days(30)), (Of::TestMode, days(7))];
/// How long deliveries are held for an endpoint that is switched off, in microseconds.
const HELD_FOR: i64 = days(7);
const HELD_REASON: &str = "held for an endpoint that was disabled for 7 days";
/// Rows that one transaction removes, and such transactions in one run of a step.
const PAGE_ROWS: i64 = 500;
const PAGES_MAX: usize = 200;
/// Old deliveries that may still be owed. With more of them nothing is removed: something is wrong.
const PINNED_MAX: i64 = 100_000;
/// Lanes looked at by one unit.
const LANES_MAX: i64 = 1000;

/// Counts the rows that were removed.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let now = tasks.parts.app.clock.now();
    let mut n = give_up_held(tasks, now).await?;
    for (of, kept) in KEPT_FOR {
        let before = first_number(now.plus(-kept));
        n += forget_deliveries(tasks, of, before).await?;
        n += forget_events(tasks, of, before).await?;
    }
    Ok(n)
}

async fn give_up_held(tasks: &Tasks, now: Timestamp) -> Result<usize> {
    let db = &tasks.parts.app.db;
    let (mut n, mut after) = (0, i64::MIN);
    for _ in 0..PAGES_MAX {
        let all = ShardSet::all();
        let unit = async move |tx: &Tx| events::lanes(tx, after, now, LANES_MAX, &all).await;
        let found = db.read(unit).await?;
        for head in found.heads.iter().filter(|head| !head.is_open) {
            n += give_up_lane(tasks, head.endpoint_no, now).await?;
        }
        let Some(next) = found.next else { break };
        after = next;
    }
    Ok(n)
}

async fn give_up_lane(tasks: &Tasks, endpoint_no: i64, now: Timestamp) -> Result<usize> {
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let given_up = tasks.parts.app.db.write(async move |tx: &Tx| {
            if endpoints::find_by_no(tx, endpoint_no).await?.is_none() {
                // An event that was committed at the very moment of the deletion.
                return events::cancel_all(tx, endpoint_no).await.map(|_| 0);
            }
            let held = rows::held(tx, endpoint_no, now.plus(-HELD_FOR), PAGE_ROWS).await?;
            rows::give_up(tx, endpoint_no, &held, now, HELD_REASON).await?;
            Ok::<_, storage::Error>(held.len())
        });
        match given_up.await? {
            0 => break,
            given_up => n += given_up,
        }
    }
    if n > 0 {
        tracing::warn!(endpoint.no = endpoint_no, "{n} deliveries were {HELD_REASON}");
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
