//! What is held for endpoints that take nothing is given up when it is too old or too much.
//!
//! Given up is not lost: a recovery brings it back while it is kept. Source: webhooks.md 5.13.

use app::audit;
use app::endpoints::pause::HELD_MAX;
use app::notices::operator::BacklogDropped;
use app::notices::{self, Notice};
use domain::{Result, Timestamp, days};
use storage::leases::ShardSet;
use storage::{Tx, backlog, queue};

use crate::{Tasks, whose};

/// How long deliveries are held, in microseconds.
const HELD_FOR: i64 = days(7);
const TOO_OLD: &str = "held for 7 days for an endpoint that took nothing";
const TOO_MANY: &str = "more than 100000 were held for an endpoint that took nothing";
/// Rows that one transaction gives up, and such transactions for one endpoint in one run.
const PAGE_ROWS: i64 = 500;
const PAGES_MAX: usize = 400;
/// Lanes looked at by one unit, and such units in one run.
const LANES_MAX: i64 = 1000;
const SCANS_MAX: usize = 200;

/// Counts the deliveries that were given up.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    let now = app.clock.now();
    let (mut n, mut after) = (0, i64::MIN);
    for _ in 0..SCANS_MAX {
        let all = ShardSet::all();
        let unit = async move |tx: &Tx| queue::lanes(tx, after, now, LANES_MAX, &all, 0).await;
        let found = app.db.read(unit).await?;
        for head in found.heads.iter().filter(|head| !head.is_open) {
            n += give_up(tasks, head.endpoint_no, now).await?;
        }
        let Some(next) = found.next else { break };
        after = next;
    }
    Ok(n)
}

async fn give_up(tasks: &Tasks, endpoint_no: i64, now: Timestamp) -> Result<usize> {
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let app = tasks.parts.app.clone();
        let unit = async move |tx: &Tx| give_up_page(tx, &app, endpoint_no, now).await;
        match tasks.parts.app.db.write(unit).await? {
            0 => break,
            given_up => n += given_up,
        }
    }
    Ok(n)
}

/// The oldest page of what is too much, or too old.
async fn give_up_page(tx: &Tx, app: &app::App, endpoint_no: i64, now: Timestamp) -> Result<usize> {
    let Some((ctx, endpoint)) = whose::find(tx, app, endpoint_no).await? else {
        // An event that was committed at the very moment of the deletion.
        queue::cancel_all(tx, endpoint_no).await?;
        return Ok(0);
    };
    let count = backlog::count(tx, endpoint_no, HELD_MAX + PAGE_ROWS).await?;
    let (reason, places) = if count > HELD_MAX {
        (TOO_MANY, queue::page(tx, endpoint_no, count - HELD_MAX).await?)
    } else {
        (TOO_OLD, backlog::held(tx, endpoint_no, now.plus(-HELD_FOR), PAGE_ROWS).await?)
    };
    if places.is_empty() {
        return Ok(0);
    }
    backlog::give_up(tx, endpoint_no, &places, now, reason).await?;
    let dropped = places.len();
    tracing::warn!(endpoint.id = %endpoint.id, "{dropped} deliveries were given up: {reason}");
    let shown = dropped.to_string();
    let detail = [("dropped", shown.as_str()), ("reason", reason)];
    audit::record(tx, &ctx, "endpoint.backlog_dropped", endpoint.id, &detail).await?;
    let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
    let news = BacklogDropped { dropped, reason: reason.to_owned() };
    notices::tell(tx, &ctx, &endpoint, Notice::BacklogDropped(news)).await?;
    Ok(places.len())
}
