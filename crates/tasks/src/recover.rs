//! Recoveries go on: of each that runs, a page of dead deliveries is owed again.
//!
//! Metered by the endpoint itself: a page is moved only while its lane is nearly empty, once a second at
//! most, so that news waits behind one page of the past and not behind all of it. A recovery waits
//! while its endpoint takes nothing. Source: webhooks.md 5.15; rows are in `storage::recoveries`.

use app::deliveries::recover::tell_end;
use app::{App, audit, order_key};
use domain::Result;
use storage::Tx;
use storage::endpoints::EndpointStatus;
use storage::load::Rung;
use storage::recoveries::{self, Dead, Recovery, RecoveryState};

use crate::{Tasks, whose};

/// Deliveries that one transaction moves.
const PAGE_ROWS: i64 = 500;
/// With this many due at its endpoint a recovery waits: half a page.
const LANE_DUE_MAX: i64 = 250;
/// Recoveries that one run looks at, oldest first.
const RECOVERIES_MAX: i64 = 1000;

/// Counts the deliveries that were moved.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    let unit = async move |tx: &Tx| recoveries::running(tx, RECOVERIES_MAX).await;
    let mut n = 0;
    for (no, endpoint_no) in app.db.read(unit).await? {
        if app.db.rung() >= Rung::NoReplays {
            break;
        }
        let of_unit = app.clone();
        let unit = async move |tx: &Tx| step(tx, &of_unit, no, endpoint_no).await;
        n += app.db.write(unit).await?;
    }
    Ok(n)
}

/// Moves one page, if the endpoint has room for it. Counts what changed.
async fn step(tx: &Tx, app: &App, no: i64, endpoint_no: i64) -> Result<usize> {
    let now = app.clock.now();
    let status = recoveries::lock_endpoint(tx, endpoint_no).await?;
    let Some(mut recovery) = recoveries::find_locked(tx, no).await? else { return Ok(0) };
    if recovery.state != RecoveryState::Running {
        return Ok(0);
    }
    let Some((status, order)) = status else { return Ok(0) };
    if status != EndpointStatus::Enabled
        || recoveries::due_count(tx, endpoint_no, now, LANE_DUE_MAX).await? >= LANE_DUE_MAX
    {
        return Ok(0);
    }
    let page = recoveries::page(tx, &recovery, PAGE_ROWS).await?;
    let types = &recovery.selection.event_types;
    let wanted = page.iter().filter(|dead| types.is_empty() || types.contains(&dead.kind));
    let (arrived, owed): (Vec<&Dead>, Vec<&Dead>) = wanted.partition(|dead| dead.has_arrived);
    recoveries::take_away(tx, endpoint_no, &arrived).await?;
    let n = owed.len();
    let key = |dead: &Dead| order_key(order, dead.customer_id.map(|id| id.0));
    let owed = owed.into_iter().map(|dead| (dead, key(dead))).collect();
    recoveries::revive(tx, endpoint_no, owed, now).await?;
    recovery.moved += i64::try_from(n).unwrap_or(0);
    if let Some(last) = page.last() {
        recovery.cursor = (last.at, last.delivery_no);
    }
    if i64::try_from(page.len()).is_ok_and(|n| n < PAGE_ROWS) {
        recovery.state = RecoveryState::Finished;
        recovery.ended_at = Some(now);
        note_end(tx, app, &recovery).await?;
    }
    recoveries::put(tx, &recovery).await?;
    Ok(n.max(1))
}

/// The line in the audit log of a recovery that is through, and what the operator is told.
async fn note_end(tx: &Tx, app: &App, recovery: &Recovery) -> Result<()> {
    let found = whose::find(tx, app, recovery.selection.endpoint_no).await?;
    let Some((ctx, endpoint)) = found else { return Ok(()) };
    let (id, moved) = (recovery.id.to_string(), recovery.moved.to_string());
    let detail = [("recovery", id.as_str()), ("moved", &moved)];
    audit::record(tx, &ctx, "endpoint.recovery_finished", endpoint.id, &detail).await?;
    tell_end(tx, &ctx, &endpoint, recovery).await
}
