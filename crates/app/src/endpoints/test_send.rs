//! Sending an endpoint a sample, so that a receiver can be tried before anything happens.

use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::endpoint_secrets;
use storage::endpoints::{Endpoint, EndpointStatus};

use super::filter::is_told;
use super::get::get;
use super::list::list;
use super::not_heard;
use super::revoke::no_such_key;
use crate::emit::{emit_sample, emit_test};
use crate::{OpCtx, audit, test_clock};

/// Owes the endpoint a sample of a type, whatever it subscribed to. Refused while it is disabled,
/// because nothing would be sent. What comes back is logged, but says nothing of how the endpoint fares.
///
/// With the number of a live secret that one alone signs, so that its owner learns whether the receiver knows it
/// before another ends (webhooks.md 5.11).
pub async fn test_send(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    kind: EventType,
    signer: Option<i64>,
) -> Result<(EventId, DeliveryId)> {
    let endpoint = get(tx, ctx, id).await?;
    if kind.audience() != ctx.audience() {
        return Err(Error::invalid(vec![not_heard("type", kind)]));
    }
    if endpoint.status != EndpointStatus::Enabled {
        let message = format!("the endpoint is {}; nothing is sent to it", endpoint.status);
        return Err(Error::refused(ErrorCode::ValidationFailed, message)
            .param("status")
            .fix("enable the endpoint first"));
    }
    let live = endpoint_secrets::list(tx, endpoint.no, ctx.app.clock.now()).await?;
    if signer.is_some_and(|number| live.iter().all(|secret| secret.n != number)) {
        return Err(no_such_key());
    }
    let sent = emit_test(tx, ctx, &endpoint, kind, signer).await?;
    let key = signer.map_or("all".to_owned(), |number| number.to_string());
    let detail = [("type", kind.as_str()), ("key", key.as_str())];
    audit::record(tx, ctx, "endpoint.test", endpoint.id, &detail).await?;
    Ok(sent)
}

/// Emits a sample of a type in the test world, to every endpoint that listens for it; answers the event and
/// the deliveries that it is owed.
pub async fn trigger(tx: &Tx, ctx: &OpCtx, kind: EventType) -> Result<(EventId, Vec<DeliveryId>)> {
    test_clock::must_be_test(ctx)?;
    if kind.audience() != ctx.audience() {
        return Err(Error::invalid(vec![not_heard("type", kind)]));
    }
    let all = list(tx, ctx).await?;
    let listening: Vec<&Endpoint> = all.iter().filter(|e| is_told(e, kind)).collect();
    emit_sample(tx, ctx, &listening, kind).await
}
