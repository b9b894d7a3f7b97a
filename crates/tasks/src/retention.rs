//! Old events leave with their deliveries.
//!
//! Whatever is owed stays, with its event, however old it is; and what was given up stays for a week, so that a
//! recovery finds it. Source: webhooks.md 5.17; how long events are shown is postal.md 5.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::event::EventType;
use domain::id::first_number;
use domain::{Result, Timestamp, days, minutes};
use storage::load::Rung;
use storage::retention::{self as rows, Aged, Of};
use storage::{Tx, expunge};

use crate::Tasks;

/// The most days that events are kept.
pub const KEPT_DAYS_MAX: i64 = 90;
/// How long a delivery is kept after it was given up, in microseconds.
const DEAD_KEPT: i64 = days(7);
/// Rows that one transaction removes, and pages that one run of a step looks at: a million events an hour.
const PAGE_ROWS: i64 = 500;
const PAGES_MAX: usize = 2000;
/// After this time a walk over the events begins anew, in microseconds, because of those that were still owed.
const WALK_MAX: i64 = days(1);
/// How long after an expunge an attempt can still come in, in microseconds: many deadlines.
const LATE_MAX: i64 = minutes(10);
/// Old deliveries that may still be owed. With more of them nothing is removed: something is wrong.
const PINNED_MAX: i64 = 2_000_000;

/// How many days events are kept, with the log of their deliveries: 1 to [`KEPT_DAYS_MAX`] each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub live_days: i64,
    pub test_days: i64,
    /// Types that are kept for another time. In the test world it can only be shorter.
    pub by_type: Vec<(EventType, i64)>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { live_days: 30, test_days: 7, by_type: Vec::new() }
    }
}

impl Retention {
    fn days_of(&self, livemode: bool, kind: EventType) -> i64 {
        let own = self.by_type.iter().find(|(of, _)| *of == kind).map(|(_, days)| *days);
        match (livemode, own) {
            (true, own) => own.unwrap_or(self.live_days),
            (false, own) => own.map_or(self.test_days, |own| own.min(self.test_days)),
        }
    }

    /// The different times, and which rows have to be looked at for each.
    fn walks(&self) -> Vec<(Of, i64)> {
        let mut walks: Vec<(Of, i64)> = EventType::ALL
            .iter()
            .flat_map(|kind| {
                let (live, test) = (self.days_of(true, *kind), self.days_of(false, *kind));
                [(Of::BothModes, live), (Of::TestMode, test)]
            })
            .collect();
        walks.sort_unstable();
        walks.dedup();
        walks
    }
}

/// How far each walk has come, so that the next run goes on there. A process that begins anew looks at all again.
#[derive(Default)]
pub(crate) struct Walks(Mutex<BTreeMap<(Of, i64), Walk>>);

#[derive(Clone, Copy)]
struct Walk {
    began_at: Timestamp,
    after: i64,
}

impl Walks {
    fn take_up(&self, key: (Of, i64), now: Timestamp) -> Walk {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let walk = walks.entry(key).or_insert(Walk { began_at: now, after: 0 });
        if now.micros() - walk.began_at.micros() >= WALK_MAX {
            *walk = Walk { began_at: now, after: 0 };
        }
        *walk
    }

    fn leave_at(&self, key: (Of, i64), walk: Walk) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, walk);
    }
}

/// Counts the rows that were removed.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let now = tasks.parts.app.clock.now();
    let walks = tasks.parts.retention.walks();
    let shortest = walks.iter().map(|(_, days)| *days).min().unwrap_or(KEPT_DAYS_MAX);
    let swept = sweep_expunged(tasks, now.plus(-LATE_MAX)).await?;
    let Some(pinned) = pinned(tasks, now, shortest).await? else { return Ok(swept) };
    let mut n = swept;
    for walk in walks {
        n += forget(tasks, walk, &pinned, now).await?;
    }
    Ok(n)
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

/// The deliveries that have to stay although they are old, in order; `None` when there are too many of them.
async fn pinned(tasks: &Tasks, now: Timestamp, shortest_days: i64) -> Result<Option<Vec<i64>>> {
    let before = first_number(now.plus(-days(shortest_days)));
    let dead_since = now.plus(-DEAD_KEPT);
    let unit = async move |tx: &Tx| rows::pinned(tx, before, dead_since, PINNED_MAX).await;
    let mut pinned = tasks.parts.app.db.read(unit).await?;
    if i64::try_from(pinned.len()).is_ok_and(|n| n >= PINNED_MAX) {
        tracing::error!("too many old deliveries are still owed; nothing old is removed");
        return Ok(None);
    }
    pinned.sort_unstable();
    Ok(Some(pinned))
}

/// Removes what is older than the days of a walk. It can wait: a busy database is left alone.
async fn forget(tasks: &Tasks, key: (Of, i64), pinned: &[i64], now: Timestamp) -> Result<usize> {
    let (of, kept_days) = key;
    let db = &tasks.parts.app.db;
    let before = first_number(now.plus(-days(kept_days)));
    let mut walk = tasks.parts.walks.take_up(key, now);
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        if db.rung() > Rung::Calm {
            break;
        }
        let after = walk.after;
        let unit = async move |tx: &Tx| rows::events(tx, of, (after, before), PAGE_ROWS).await;
        let page = db.read(unit).await?;
        let Some(last) = page.last() else { break };
        walk.after = last.no;
        let is_of_walk = |e: &&Aged| tasks.parts.retention.days_of(e.livemode, e.kind) == kept_days;
        let events: Vec<Aged> = page.iter().filter(is_of_walk).copied().collect();
        if !events.is_empty() {
            n += forget_page(tasks, events, before, pinned).await?;
        }
        tasks.parts.walks.leave_at(key, walk);
    }
    Ok(n)
}

/// Removes these events with their deliveries, save for those that have to stay.
async fn forget_page(
    tasks: &Tasks,
    events: Vec<Aged>,
    before: i64,
    pinned: &[i64],
) -> Result<usize> {
    let db = &tasks.parts.app.db;
    let of = events.clone();
    let mut old = db.read(async move |tx: &Tx| rows::deliveries(tx, &of).await).await?;
    // A replay has its own age.
    old.retain(|no| *no < before && pinned.binary_search(no).is_err());
    let mut n = 0;
    for chunk in old.chunks(usize::try_from(PAGE_ROWS).unwrap_or(1)) {
        let chunk = chunk.to_vec();
        n += db.write(async move |tx: &Tx| rows::delete_deliveries(tx, &chunk).await).await?;
    }
    n += db.write(async move |tx: &Tx| rows::delete_childless(tx, &events).await).await?;
    Ok(n)
}
