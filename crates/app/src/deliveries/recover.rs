//! Recovering an endpoint: what was given up since a moment is owed again.
//!
//! A recovery is a row; `tasks::recover` moves its pages. What it is told beforehand is how many
//! deliveries there are and from when.

use domain::event::EventType;
use domain::id::RecoveryId;
use domain::{Error, ErrorCode, Field, Result, Timestamp};
use storage::Tx;
use storage::endpoints::Endpoint;
use storage::recoveries::{self, Selection};
pub use storage::recoveries::{Extent, Recovery, RecoveryState};

use super::retry::must_be_enabled;
use crate::emit::must_be_calm;
use crate::endpoints::get::{get, get_locked};
use crate::notices::operator::RecoveryFinished;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// Recoveries of one endpoint that run or are paused at a time.
const OPEN_MAX: i64 = 4;
/// Recoveries of one endpoint that are remembered.
const KEPT_MAX: i64 = 100;

/// Which deliveries to owe again.
#[derive(Clone, Debug)]
pub struct RecoveryRequest {
    /// Made from, and before; without an end, until now.
    pub since: Timestamp,
    pub until: Option<Timestamp>,
    /// Empty means all of them.
    pub event_types: Vec<EventType>,
}

/// A recovery and the endpoint that it is for.
#[derive(Clone, Debug)]
pub struct RecoveryView {
    pub endpoint: Endpoint,
    pub recovery: Recovery,
}

/// What a recovery would find now. Changes nothing.
pub async fn preview(tx: &Tx, ctx: &OpCtx, id: &str, request: &RecoveryRequest) -> Result<Extent> {
    let endpoint = get(tx, ctx, id).await?;
    Ok(recoveries::extent(tx, &selection(ctx, &endpoint, request)?).await?)
}

/// Begins a recovery of what is dead now. Pages are moved afterwards.
pub async fn recover(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    request: &RecoveryRequest,
) -> Result<RecoveryView> {
    must_be_calm(ctx)?;
    let endpoint = get_locked(tx, ctx, id).await?;
    must_be_enabled(&endpoint)?;
    if recoveries::open_of(tx, endpoint.no).await? >= OPEN_MAX {
        let message = format!("{OPEN_MAX} recoveries of this endpoint are running or paused");
        return Err(Error::refused(ErrorCode::DeliveryUnderWay, message)
            .fix("wait until one has finished, or cancel it"));
    }
    let selection = selection(ctx, &endpoint, request)?;
    let extent = recoveries::extent(tx, &selection).await?;
    let ids = ctx.app.ids.as_ref();
    let recovery = Recovery {
        no: ids.number(selection.dead_by),
        id: RecoveryId::new(ids, selection.dead_by),
        partner_id: ctx.scope.partner_id(),
        selection,
        extent,
        state: RecoveryState::Running,
        moved: 0,
        cursor: (Timestamp::default(), 0),
        ended_at: None,
    };
    recoveries::insert(tx, &ctx.scope, &recovery).await?;
    recoveries::forget(tx, endpoint.no, KEPT_MAX).await?;
    let (matched, since) = (extent.matched.to_string(), request.since.to_string());
    let (shown, under) = (recovery.id.to_string(), "recovery");
    let detail = [(under, shown.as_str()), ("matched", &matched), ("since", &since)];
    audit::record(tx, ctx, "endpoint.recover", endpoint.id, &detail).await?;
    Ok(RecoveryView { endpoint, recovery })
}

/// How far a recovery is. Ids are as they were sent.
pub async fn progress(tx: &Tx, ctx: &OpCtx, endpoint_id: &str, id: &str) -> Result<RecoveryView> {
    let endpoint = get(tx, ctx, endpoint_id).await?;
    let found = match RecoveryId::parse(id) {
        Some(id) => recoveries::find(tx, &ctx.scope, endpoint.no, id).await?,
        None => None,
    };
    let recovery = found.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such recovery")
            .fix("check the id; the newest 100 of an endpoint are remembered")
    })?;
    Ok(RecoveryView { endpoint, recovery })
}

/// Ends a recovery; what it moved stays moved. One that has ended stays as it is.
pub async fn cancel(tx: &Tx, ctx: &OpCtx, endpoint_id: &str, id: &str) -> Result<RecoveryView> {
    let mut view = locked(tx, ctx, endpoint_id, id).await?;
    if view.recovery.ended_at.is_none() {
        view.recovery.state = RecoveryState::Cancelled;
        view.recovery.ended_at = Some(ctx.app.clock.now());
        recoveries::put(tx, &view.recovery).await?;
        let (shown, moved) = (view.recovery.id.to_string(), view.recovery.moved.to_string());
        let detail = [("recovery", shown.as_str()), ("moved", &moved)];
        audit::record(tx, ctx, "endpoint.recover_cancel", view.endpoint.id, &detail).await?;
        tell_end(tx, ctx, &view.endpoint, &view.recovery).await?;
    }
    Ok(view)
}

/// Holds a recovery: no page is moved until it is resumed. One that is paused stays so, one that has ended
/// is refused.
pub async fn pause(tx: &Tx, ctx: &OpCtx, endpoint_id: &str, id: &str) -> Result<RecoveryView> {
    let view = locked(tx, ctx, endpoint_id, id).await?;
    set(tx, ctx, view, RecoveryState::Paused, "endpoint.recover_pause").await
}

/// Goes on with a recovery where it was paused. One that runs stays so, one that has ended is refused.
pub async fn resume(tx: &Tx, ctx: &OpCtx, endpoint_id: &str, id: &str) -> Result<RecoveryView> {
    let view = locked(tx, ctx, endpoint_id, id).await?;
    set(tx, ctx, view, RecoveryState::Running, "endpoint.recover_resume").await
}

async fn set(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: RecoveryView,
    state: RecoveryState,
    action: &'static str,
) -> Result<RecoveryView> {
    let recovery = &mut view.recovery;
    if recovery.ended_at.is_some() {
        let message = format!("the recovery is {}", recovery.state);
        return Err(Error::refused(ErrorCode::RecoveryEnded, message)
            .fix("begin another; it takes what is still given up"));
    }
    if recovery.state != state {
        recovery.state = state;
        recoveries::put(tx, recovery).await?;
        let (shown, moved) = (recovery.id.to_string(), recovery.moved.to_string());
        let detail = [("recovery", shown.as_str()), ("moved", &moved)];
        audit::record(tx, ctx, action, view.endpoint.id, &detail).await?;
    }
    Ok(view)
}

/// A recovery under its lock, which whoever moves a page takes too.
async fn locked(tx: &Tx, ctx: &OpCtx, endpoint_id: &str, id: &str) -> Result<RecoveryView> {
    let mut view = progress(tx, ctx, endpoint_id, id).await?;
    if let Some(locked) = recoveries::find_locked(tx, view.recovery.no).await? {
        view.recovery = locked;
    }
    Ok(view)
}

/// Tells the operator that a recovery ended.
pub async fn tell_end(
    tx: &Tx,
    ctx: &OpCtx,
    endpoint: &Endpoint,
    recovery: &Recovery,
) -> Result<()> {
    let ended = RecoveryFinished {
        recovery_id: recovery.id.to_string(),
        recovery_status: recovery.state.as_str().to_owned(),
        matched: recovery.extent.matched,
        moved: recovery.moved,
    };
    notices::tell(tx, ctx, endpoint, Notice::RecoveryFinished(ended)).await
}

fn selection(ctx: &OpCtx, endpoint: &Endpoint, request: &RecoveryRequest) -> Result<Selection> {
    let now = ctx.app.clock.now();
    // What was made this very moment counts as well.
    let until = request.until.unwrap_or(now.plus(domain::seconds(1)));
    if request.since >= until {
        let message = "since must be before until, and not in the future";
        return Err(Error::invalid(vec![Field::new("since", "invalid", message)]));
    }
    Ok(Selection {
        endpoint_no: endpoint.no,
        since: request.since,
        until,
        event_types: request.event_types.clone(),
        dead_by: now,
    })
}
