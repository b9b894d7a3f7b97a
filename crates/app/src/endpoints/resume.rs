//! Resuming an endpoint that was paused or set aside, with as much of its backlog as it wants.

use domain::id::first_number;
use domain::{Result, Timestamp};
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::{Tx, backlog};

use super::get::get_locked;
use super::pause::{HELD_MAX, Held};
use crate::notices::operator::BacklogDropped;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// Why deliveries were given up that somebody did not want any more.
const DROPPED: &str = "dropped when the endpoint was resumed";

/// Which of the held deliveries are sent. The others are given up, from where a recovery brings them
/// back for as long as they are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backlog {
    #[default]
    All,
    /// Those made since then.
    Since(Timestamp),
    /// This many of the newest, 1 at least.
    Newest(i64),
    None,
}

/// Sends to an endpoint again, whatever it was that stopped it. One that is enabled stays as it is,
/// with what it is owed.
pub async fn resume(tx: &Tx, ctx: &OpCtx, id: &str, wanted: Backlog) -> Result<Held> {
    let mut endpoint = get_locked(tx, ctx, id).await?;
    let mut dropped = 0_i64;
    if endpoint.status != EndpointStatus::Enabled {
        let now = ctx.app.clock.now();
        if let Some(before) = cut(tx, endpoint.no, wanted).await? {
            let n = backlog::cut(tx, endpoint.no, before, now, DROPPED).await?;
            dropped = i64::try_from(n).unwrap_or(i64::MAX);
        }
        cool_down(tx, ctx, &endpoint).await?;
        endpoint.status = EndpointStatus::Enabled;
        endpoint.disabled_reason = None;
        endpoint.updated_at = now;
        endpoints::update(tx, &endpoint).await?;
        let detail = [("dropped", dropped.to_string())];
        let detail = detail.each_ref().map(|(name, value)| (*name, value.as_str()));
        audit::record(tx, ctx, "endpoint.resume", endpoint.id, &detail).await?;
        notices::tell(tx, ctx, &endpoint, Notice::EndpointEnabled).await?;
        if dropped > 0 {
            let reason = DROPPED.to_owned();
            let news = Notice::BacklogDropped(BacklogDropped { dropped, reason });
            notices::tell(tx, ctx, &endpoint, news).await?;
        }
    }
    let backlog = backlog::count(tx, endpoint.no, HELD_MAX).await?;
    Ok(Held { endpoint, backlog, dropped })
}

/// An endpoint that was switched off is asked by one delivery at first, and by the next such one a minute
/// later at the earliest: switching it on and off in a loop does not hammer a host that is down.
pub(super) async fn cool_down(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<()> {
    match endpoint.status {
        EndpointStatus::Disabled | EndpointStatus::DisabledFailing => {
            Ok(endpoints::note_enabled(tx, endpoint.no, ctx.app.clock.now()).await?)
        }
        EndpointStatus::Enabled | EndpointStatus::Paused => Ok(()),
    }
}

/// Deliveries numbered below this are not wanted; `None` when all are.
async fn cut(tx: &Tx, endpoint_no: i64, wanted: Backlog) -> Result<Option<i64>> {
    Ok(match wanted {
        Backlog::All => None,
        Backlog::Since(at) => Some(first_number(at)),
        Backlog::Newest(n) => backlog::nth_newest(tx, endpoint_no, n).await?,
        Backlog::None => Some(i64::MAX),
    })
}
