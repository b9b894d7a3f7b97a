//! Work that will not be done: withdrawn by who asked, or refused by the operator (A8, A9).

use domain::Result;
use domain::action::{Action, ActionStatus, ActionStep, RejectReason};
use storage::{Tx, actions};

use super::work::{get_locked, save};
use super::{ActionView, must_win};
use crate::{Actor, OpCtx, audit, ledger};

/// Withdraws a request; the operator may do so also after work began.
pub async fn cancel(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let step = match ctx.actor {
        Actor::Operator(_) => ActionStep::CancelByOperator,
        Actor::ApiKey(_) | Actor::Customer | Actor::System => ActionStep::Cancel,
    };
    let mut view = get_locked(tx, ctx, id).await?;
    view.action.status = view.action.status.after(view.action.kind, step)?;
    view.action.cancelled_at = Some(ctx.now);
    ledger::release(tx, ctx, view.action.id).await?;
    save(tx, ctx, view, "mail_action.cancel").await
}

/// Refuses a request, with a reason; what was held is released.
pub async fn reject(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    reason: RejectReason,
    note: Option<String>,
) -> Result<ActionView> {
    let mut view = get_locked(tx, ctx, id).await?;
    view.action.status = view.action.status.after(view.action.kind, ActionStep::Reject)?;
    view.action.reason_code = Some(reason);
    view.action.reason_text = note;
    view.action.cancelled_at = Some(ctx.now);
    ledger::release(tx, ctx, view.action.id).await?;
    save(tx, ctx, view, "mail_action.reject").await
}

/// Ends an open action because its item, or its customer, is gone. The item is locked by the caller.
pub(crate) async fn end(
    tx: &Tx,
    ctx: &OpCtx,
    action: &Action,
    step: ActionStep,
    why: &str,
) -> Result<()> {
    let mut ended = action.clone();
    ended.status = ended.status.after(ended.kind, step)?;
    ended.cancelled_at = Some(ctx.now);
    ended.reason_text = Some(why.to_owned());
    ledger::release(tx, ctx, ended.id).await?;
    must_win(actions::update(tx, &ended).await?)?;
    audit::record(tx, ctx, "mail_action.cancel", ended.id, &[("why", why)]).await
}

/// Withdraws every request of a customer that was not started.
pub(crate) async fn end_unstarted(
    tx: &Tx,
    ctx: &OpCtx,
    customer: domain::id::CustomerId,
    why: &str,
) -> Result<()> {
    for open in actions::open_of_customer(tx, customer).await? {
        let view = get_locked(tx, ctx, &open.id.to_string()).await?;
        if matches!(view.action.status, ActionStatus::Requested | ActionStatus::Scheduled) {
            end(tx, ctx, &view.action, ActionStep::Cancel, why).await?;
        }
    }
    Ok(())
}
