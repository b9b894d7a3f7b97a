//! Reading actions: one, and the operator's work queue.

use domain::id::ActionId;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, actions};

use super::ActionView;
use crate::OpCtx;
use crate::mail::get;

/// Actions in one answer of the queue.
pub const QUEUE_ROWS_MAX: i64 = 500;

/// Open actions of the partner, the most urgent first.
pub async fn queue(tx: &Tx, ctx: &OpCtx) -> Result<Vec<domain::action::Action>> {
    Ok(actions::open(tx, &ctx.scope, QUEUE_ROWS_MAX).await?)
}

/// One action by the id as it was sent, with its item.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let found = match ActionId::parse(id) {
        Some(id) => actions::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    let action = found.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such action")
            .fix("check the id, and its mode (live or test)")
    })?;
    let mail = get::get(tx, ctx, &action.mail_id.to_string()).await?;
    Ok(ActionView { action, mail })
}
