//! Sending an endpoint a sample, so that a receiver can be tried before anything happens.

use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::endpoints::EndpointStatus;

use super::get::get;
use crate::emit::emit_sample;
use crate::{OpCtx, audit};

/// Owes the endpoint a sample of a type, whatever it subscribed to. Refused while it is disabled,
/// because nothing would be sent.
pub async fn test_send(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    kind: EventType,
) -> Result<(EventId, DeliveryId)> {
    let endpoint = get(tx, ctx, id).await?;
    if endpoint.status != EndpointStatus::Enabled {
        let message = format!("the endpoint is {}; nothing is sent to it", endpoint.status);
        return Err(Error::refused(ErrorCode::ValidationFailed, message)
            .param("status")
            .fix("enable the endpoint first"));
    }
    let sent = emit_sample(tx, ctx, &endpoint, kind).await?;
    audit::record(tx, ctx, "endpoint.test", endpoint.id, &[("type", kind.as_str())]).await?;
    Ok(sent)
}
