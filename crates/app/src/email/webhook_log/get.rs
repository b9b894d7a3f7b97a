//! One row of the log.

use domain::Result;
use domain::id::{AttemptId, DeliveryId, parse_uuid};
use storage::Tx;
use storage::email::webhook_log as rows;

use super::{LogRow, is_visible, not_found};
use crate::OpCtx;

/// A row by its id as it was sent. The first attempt of a delivery is there before it was made.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<LogRow> {
    let id = parse_uuid(id).ok_or_else(not_found)?;
    let (sent, n) = match rows::find(tx, &ctx.scope, DeliveryId(id)).await? {
        Some(sent) => (sent, 1),
        None => {
            let named = rows::named(tx, AttemptId(id)).await?;
            let (delivery_no, n) = named.ok_or_else(not_found)?;
            let sent = rows::sent(tx, &ctx.scope, delivery_no).await?;
            (sent.ok_or_else(not_found)?, n)
        }
    };
    if !is_visible(ctx, &sent) {
        return Err(not_found());
    }
    let outcome = rows::outcome(tx, sent.no, n).await?;
    Ok(LogRow { sent, outcome })
}
