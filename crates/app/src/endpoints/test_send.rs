//! Sending an endpoint a sample, so that a receiver can be tried before anything happens.

use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::endpoints::{Endpoint, EndpointStatus};

use super::get::get;
use super::list::list;
use super::not_heard;
use crate::emit::{emit_sample, emit_test, is_told};
use crate::{OpCtx, audit, test_clock};

/// Owes the endpoint a sample of a type, whatever it subscribed to. Refused while it is disabled,
/// because nothing would be sent. What comes back is logged, but says nothing of how the endpoint fares.
pub async fn test_send(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    kind: EventType,
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
    let sent = emit_test(tx, ctx, &endpoint, kind).await?;
    audit::record(tx, ctx, "endpoint.test", endpoint.id, &[("type", kind.as_str())]).await?;
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
