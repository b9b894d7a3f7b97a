//! What time alone brings about: answers are forgotten, and the steps of `app::housekeeping`.
//!
//! Every step works in bounded pages and is safe to run twice.

use domain::Result;
use storage::{Tx, backlog, keys};

use crate::Tasks;

/// Rows that one transaction removes, and such transactions in one run of a step.
const PAGE_ROWS: i64 = 500;
const PAGES_MAX: usize = 200;

/// Owed deliveries that are counted for whoever watches; there may be more.
const OWED_COUNT_MAX: i64 = 1_000_000;

/// Counts the rows that were changed.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let n = forget_answers(tasks).await? + app::housekeeping::run(&tasks.parts.app).await?;
    tell_owed(tasks).await?;
    Ok(n)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to the most that is counted")]
async fn tell_owed(tasks: &Tasks) -> Result<()> {
    let unit = async move |tx: &Tx| backlog::owed(tx, OWED_COUNT_MAX).await;
    let n = tasks.parts.app.db.read(unit).await?;
    metrics::gauge!("postroom_deliveries_owed").set(n as f64);
    Ok(())
}

/// Idempotent answers are kept for seven days.
async fn forget_answers(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    let now = app.clock.now();
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let unit = async move |tx: &Tx| keys::answer_purge(tx, now, PAGE_ROWS).await;
        match app.db.write(unit).await? {
            0 => break,
            purged => n += usize::try_from(purged).unwrap_or(usize::MAX),
        }
    }
    Ok(n)
}
