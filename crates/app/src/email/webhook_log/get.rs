//! One row of the log.

use domain::Result;
use domain::id::{DeliveryId, parse_uuid};
use storage::Tx;
use storage::email::webhook_log as rows;

use super::{LogRow, is_visible, not_found, number, with_tail};
use crate::OpCtx;

/// A row by its id as it was sent. The first attempt of a delivery is there before it was made.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<LogRow> {
    let id = parse_uuid(id).ok_or_else(not_found)?;
    let (from, to) = (DeliveryId(with_tail(id, 0)), DeliveryId(with_tail(id, u16::MAX)));
    for sent in rows::near(tx, &ctx.scope, from, to).await? {
        let n = number(id, sent.id);
        let outcome = rows::outcome(tx, sent.no, n).await?;
        if is_visible(ctx, &sent) && (n == 1 || outcome.is_some()) {
            return Ok(LogRow { sent, n, outcome });
        }
    }
    Err(not_found())
}
