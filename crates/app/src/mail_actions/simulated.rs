//! The clerk of the test world: carries actions out by itself (postal.md 4.2, developer-experience.md rule 68).

use domain::action::{ActionKind, ActionStatus, RejectReason};
use domain::id::ActionId;
use domain::{Result, seconds};
use storage::{Tx, simulations};

use super::complete::{Destruction, Handover, Outcome, Shipment, complete};
use super::{ActionView, cancel, open, work};
use crate::OpCtx;

/// Time from a request to its completion, and for the magic tracking numbers, in microseconds.
const ACTION_AFTER: i64 = seconds(30);
const MAGIC_AFTER: i64 = seconds(3);

/// Words of the simulation's list.
pub(crate) const DONE: &str = "action_done";
pub(crate) const REFUSED: &str = "action_refused";

/// Plans what becomes of a request in the test world.
pub(super) async fn plan(tx: &Tx, ctx: &OpCtx, view: &ActionView) -> Result<()> {
    if ctx.livemode() {
        return Ok(());
    }
    let tracking = view.mail.item.tracking_number.as_deref();
    let (word, after) = match (view.action.kind, tracking) {
        (ActionKind::Scan, Some("TEST-SCAN-OK")) => (DONE, MAGIC_AFTER),
        (ActionKind::Scan, Some("TEST-SCAN-FAIL")) => (REFUSED, MAGIC_AFTER),
        _ => (DONE, ACTION_AFTER),
    };
    let due = ctx.now.plus(after).max(view.action.not_before.unwrap_or_default());
    let no = ctx.app.ids.number(ctx.app.clock.now());
    Ok(simulations::insert(tx, &ctx.scope, no, view.action.id.0, word, due).await?)
}

/// Carries a planned step out. What somebody else ended meanwhile is left as it is.
pub(crate) async fn carry_out(tx: &Tx, ctx: &OpCtx, subject: [u8; 16], word: &str) -> Result<()> {
    let id = ActionId(subject).to_string();
    let view = open::get(tx, ctx, &id).await?;
    if word == REFUSED {
        return cancel::reject(tx, ctx, &id, RejectReason::Unreadable, None).await.map(drop);
    }
    finish(tx, ctx, &id, view).await.map(drop)
}

/// Starts an action, where that is still to do, and completes it with made-up proof.
pub async fn finish(tx: &Tx, ctx: &OpCtx, id: &str, view: ActionView) -> Result<ActionView> {
    if view.action.status != ActionStatus::InProgress {
        work::start(tx, ctx, id).await?;
    }
    let outcome = match view.action.kind {
        ActionKind::Scan => Outcome::Scanned { pages: 2 },
        ActionKind::Forward => Outcome::Forwarded(Shipment {
            carrier: Some("usps".to_owned()),
            service: Some("priority".to_owned()),
            tracking_number: Some("9400111899223100001234".to_owned()),
            ..Shipment::default()
        }),
        ActionKind::Shred => Outcome::Shredded(Destruction {
            item_barcode: view.mail.item.id.to_string(),
            bin_barcode: "BIN-TEST".to_owned(),
            witness: "Wes Witness".to_owned(),
            method: "crosscut".to_owned(),
        }),
        ActionKind::Pickup => Outcome::PickedUp(Handover {
            released_to: view.mail.customer.name.clone(),
            code: None,
            id_type: Some("passport".to_owned()),
        }),
    };
    complete(tx, ctx, id, &outcome).await
}
