//! Pausing an endpoint: nothing is sent, and what it would have received is held for it.
//!
//! Disabling is another matter: it cancels. What is held, and for how long, is in `tasks::held`.

use domain::{Error, ErrorCode, Field, Result};
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::{Tx, backlog};

use super::get::get_locked;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// Deliveries held for one endpoint; beyond it the oldest are given up (webhooks.md 5.13).
pub const HELD_MAX: i64 = 100_000;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 200;

/// An endpoint, and what became of its backlog.
#[derive(Clone, Debug)]
pub struct Held {
    pub endpoint: Endpoint,
    /// Deliveries that it is owed, counted up to [`HELD_MAX`].
    pub backlog: i64,
    /// Deliveries that were given up by this call.
    pub dropped: i64,
}

/// Pauses an enabled endpoint. Attempts on their way end; nothing new begins. One that is paused stays
/// so, one that is disabled is refused.
pub async fn pause(tx: &Tx, ctx: &OpCtx, id: &str, reason: Option<&str>) -> Result<Held> {
    let mut endpoint = get_locked(tx, ctx, id).await?;
    if reason.is_some_and(|text| text.chars().count() > REASON_CHARS_MAX) {
        let message = format!("a reason has at most {REASON_CHARS_MAX} characters");
        return Err(Error::invalid(vec![Field::new("reason", "too_long", message)]));
    }
    match endpoint.status {
        EndpointStatus::Paused => {}
        EndpointStatus::Enabled => {
            endpoint.status = EndpointStatus::Paused;
            endpoint.disabled_reason = Some(reason.unwrap_or("paused").to_owned());
            endpoint.updated_at = ctx.app.clock.now();
            endpoints::update(tx, &endpoint).await?;
            let detail = [("reason", reason.unwrap_or_default())];
            audit::record(tx, ctx, "endpoint.pause", endpoint.id, &detail).await?;
            notices::tell(tx, ctx, &endpoint, Notice::EndpointDisabled).await?;
        }
        EndpointStatus::Disabled | EndpointStatus::DisabledFailing => {
            let message = format!("the endpoint is {} and takes nothing anyway", endpoint.status);
            return Err(Error::refused(ErrorCode::EndpointNotEnabled, message)
                .fix("resume it first, if it should be paused instead"));
        }
    }
    let backlog = backlog::count(tx, endpoint.no, HELD_MAX).await?;
    Ok(Held { endpoint, backlog, dropped: 0 })
}
