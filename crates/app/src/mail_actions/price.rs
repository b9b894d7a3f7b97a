//! A forward whose price must be approved before it goes (F3).

use domain::action::{Action, ActionKind, ActionStatus, ActionStep};
use domain::{Error, ErrorCode, Field, Result};
use serde_json::{Value, json};
use storage::Tx;

use super::work::{get_locked, save};
use super::{ActionView, consolidation, result_of, set_result};
use crate::OpCtx;
use crate::ledger::{self, AMOUNT_MINOR_MAX};

/// What a price may differ from the agreed one without being asked about: a tenth of it, or two of
/// a currency that has hundredths, whichever is more (postal.md F3).
const TOLERANCE_PERCENT: i64 = 10;
const TOLERANCE_MINOR: i64 = 200;

/// Writes down what a forward will cost now that it was weighed, in the smallest unit of the currency.
///
/// A cost above `max_cost_minor`, or further from the agreed price than the tolerance, waits for
/// approval; the forward then stays scheduled.
pub async fn weigh(tx: &Tx, ctx: &OpCtx, id: &str, cost_minor: i64) -> Result<ActionView> {
    if !(0..=AMOUNT_MINOR_MAX).contains(&cost_minor) {
        let message = "a cost is from 0 to 1,000,000,000 minor units";
        return Err(Error::invalid(vec![Field::new("cost_minor", "invalid", message)]));
    }
    let mut view = get_locked(tx, ctx, id).await?;
    must_be_forward(&view.action)?;
    consolidation::must_lead(tx, ctx, &view.action).await?;
    if view.action.status != ActionStatus::Scheduled {
        view.action.status = view.action.status.after(ActionKind::Forward, ActionStep::Schedule)?;
        view.action.scheduled_at = Some(ctx.now);
    }
    let options: Value = serde_json::from_str(&view.action.options).unwrap_or_default();
    let cap = options.get("max_cost_minor").and_then(Value::as_i64);
    let is_far = |agreed: i64| {
        let tolerance = TOLERANCE_MINOR.max(agreed * TOLERANCE_PERCENT / 100);
        (cost_minor - agreed).abs() > tolerance
    };
    let asks =
        cap.is_some_and(|cap| cost_minor > cap) || view.action.charge_minor.is_some_and(is_far);
    set_result(&mut view.action, "cost_minor", json!(cost_minor));
    set_result(&mut view.action, "requires_price_approval", json!(asks));
    save(tx, ctx, view, "mail_action.weigh").await
}

/// Agrees to the weighed price; what is held follows it. Refused with `insufficient_prepay_balance`
/// when the balance does not cover it.
pub async fn approve(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let mut view = get_locked(tx, ctx, id).await?;
    must_be_forward(&view.action)?;
    let cost = weighed(&view.action).filter(|_| view.action.status.is_open() && asks(&view.action));
    let Some(cost) = cost else {
        let message = "no price of this forward waits for approval";
        return Err(Error::refused(ErrorCode::ActionConflict, message)
            .fix("weigh it first, if it is still open and costs another price"));
    };
    ledger::release(tx, ctx, view.action.id).await?;
    ledger::hold(tx, ctx, view.action.id, cost).await?;
    view.action.charge_minor = Some(cost);
    set_result(&mut view.action, "approved_cost_minor", json!(cost));
    set_result(&mut view.action, "requires_price_approval", json!(false));
    save(tx, ctx, view, "mail_action.approve_price").await
}

/// Refuses to begin work whose price is still a question.
pub(super) fn must_be_settled(action: &Action) -> Result<()> {
    if !asks(action) {
        return Ok(());
    }
    Err(Error::refused(
        ErrorCode::ConfirmationRequired,
        "the price of this forward is not approved",
    )
    .fix("have the price approved, or reject the request with price_refused"))
}

/// The most that a forward may cost: what was approved, else what the request allowed.
pub(super) fn cap(action: &Action) -> Option<i64> {
    let approved = result_of(action).get("approved_cost_minor").and_then(Value::as_i64);
    let options: Value = serde_json::from_str(&action.options).unwrap_or_default();
    approved.or_else(|| options.get("max_cost_minor").and_then(Value::as_i64))
}

fn asks(action: &Action) -> bool {
    result_of(action).get("requires_price_approval").and_then(Value::as_bool).unwrap_or(false)
}

/// What weighing found it to cost.
pub(super) fn weighed(action: &Action) -> Option<i64> {
    result_of(action).get("cost_minor").and_then(Value::as_i64)
}

fn must_be_forward(action: &Action) -> Result<()> {
    match action.kind {
        ActionKind::Forward => Ok(()),
        ActionKind::Scan | ActionKind::Shred | ActionKind::Pickup => Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("a {} is not weighed; only forwards are", action.kind),
        )
        .fix("check the action's id")),
    }
}
