//! Retry now: one owed or dead delivery, moved to the head of its queue.
//!
//! Never a second flight. Which deliveries are on their way is known to their sender alone, which may
//! be another process; but only what is due can be. So a row that is due is left where it is, and the
//! caller is told that it is under way. Every state and its outcome: docs/guides/webhooks.md.

use domain::id::{DeliveryId, EndpointId};
use domain::{Error, ErrorCode, Result, Timestamp, seconds};
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::queue::Owed;
use storage::replays::{self, Standing};
use storage::{Tx, Wake, order};

use crate::emit::order_key;
use crate::{OpCtx, audit};

/// What is due this soon is left alone, in microseconds: its sender may launch it while this commits.
const SOON: i64 = seconds(1);

domain::words! {
    /// What a retry did.
    pub enum RetryOutcome {
        /// It waited for a later attempt and is due now; the attempt counts as a try.
        Moved = "moved",
        /// It had been given up and is owed again, with a whole ladder of tries.
        Revived = "revived",
        /// It is due or on its way: nothing was changed.
        UnderWay = "already_under_way",
    }
}

/// What was asked for, and what came of it.
#[derive(Clone, Debug)]
pub struct Retried {
    pub id: DeliveryId,
    pub endpoint_id: EndpointId,
    pub outcome: RetryOutcome,
    pub due_at: Timestamp,
}

/// Tries a delivery again as soon as its endpoint has room. `id` is as it was sent.
pub async fn retry(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Retried> {
    let id = DeliveryId::parse(id).ok_or_else(not_found)?;
    let endpoint_id = replays::endpoint_of(tx, &ctx.scope, id).await?.ok_or_else(not_found)?;
    let endpoint = endpoints::find_locked(tx, &ctx.scope, endpoint_id).await?;
    // Read under the endpoint's lock, which its deletion takes too.
    let standing = replays::standing(tx, &ctx.scope, id).await?.ok_or_else(not_found)?;
    let endpoint = endpoint.ok_or_else(|| {
        Error::refused(ErrorCode::EndpointNotEnabled, "the delivery's endpoint was deleted")
            .fix("replay the event to another endpoint")
    })?;
    must_be_enabled(&endpoint)?;
    let now = ctx.app.clock.now();
    let (outcome, due_at) = match (standing.due_at, standing.dead_at) {
        (Some(due_at), _) => advance(tx, &standing, due_at, now).await?,
        (None, Some(dead_at)) => revive(tx, &endpoint, &standing, dead_at, now).await?,
        (None, None) => return Err(not_owed(&standing)),
    };
    if outcome != RetryOutcome::UnderWay {
        let detail = [("outcome", outcome.as_str())];
        audit::record(tx, ctx, "delivery.retry", id, &detail).await?;
    }
    Ok(Retried { id, endpoint_id, outcome, due_at })
}

async fn advance(
    tx: &Tx,
    standing: &Standing,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(RetryOutcome, Timestamp)> {
    let waits = due_at > now.plus(SOON);
    if waits && replays::advance(tx, standing, due_at, now).await? {
        return Ok((RetryOutcome::Moved, now));
    }
    let (endpoint, delivery, due) = (standing.endpoint_no, standing.no, due_at.micros());
    tx.wake(Wake::Delivery { endpoint, delivery, due, parcel: None });
    Ok((RetryOutcome::UnderWay, due_at))
}

async fn revive(
    tx: &Tx,
    endpoint: &Endpoint,
    standing: &Standing,
    dead_at: Timestamp,
    now: Timestamp,
) -> Result<(RetryOutcome, Timestamp)> {
    // The log looks for a delivery without attempts where it was first due.
    let due_at = if standing.attempts == 0 { standing.created_at } else { now };
    if !replays::take_dead(tx, standing, dead_at, due_at).await? {
        return Ok((RetryOutcome::UnderWay, due_at));
    }
    let owed = Owed {
        endpoint_no: standing.endpoint_no,
        due_at,
        delivery_no: standing.no,
        attempt: standing.attempts,
        tries: 0,
        slow_downs: 0,
        counts_at: None,
    };
    let key = order_key(endpoint.settings.order, standing.customer_id.map(|id| id.0));
    order::owe_again(tx, &[(owed, key)]).await?;
    Ok((RetryOutcome::Revived, due_at))
}

/// Refuses to send to an endpoint that takes nothing.
pub(crate) fn must_be_enabled(endpoint: &Endpoint) -> Result<()> {
    if endpoint.status == EndpointStatus::Enabled {
        return Ok(());
    }
    let message = format!("the endpoint is {}; nothing is sent to it", endpoint.status);
    Err(Error::refused(ErrorCode::EndpointNotEnabled, message)
        .fix("enable or resume the endpoint first"))
}

fn not_owed(standing: &Standing) -> Error {
    let why = match standing.outcome.as_deref() {
        Some("succeeded") => "the delivery arrived",
        Some(_) | None => "the delivery was cancelled",
    };
    Error::refused(ErrorCode::DeliveryNotOwed, format!("{why}; there is nothing to retry"))
        .fix("replay the event to send it again")
}

fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "no such webhook delivery")
        .fix("check the id, and that the key's mode (live or test) is the delivery's")
}
