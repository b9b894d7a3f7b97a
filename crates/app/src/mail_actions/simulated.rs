//! The clerk of the test world: carries actions out by itself (postal.md 4.2, developer-experience.md rule 68).

use domain::action::{Action, ActionKind, ActionStatus, RejectReason};
use domain::id::ActionId;
use domain::{Error, ErrorCode, Result, Timestamp, seconds};
use storage::{Tx, simulations};

use super::complete::{Destruction, Handover, Outcome, Shipment, complete};
use super::{ActionView, cancel, open, work};
use crate::OpCtx;
use crate::mail::custody;
use crate::mail::get::get_locked;

/// Time from a request to its completion, and for the magic tracking numbers, in microseconds.
const ACTION_AFTER: i64 = seconds(30);
const MAGIC_AFTER: i64 = seconds(3);

/// Words of the simulation's list.
pub(crate) const DONE: &str = "action_done";
pub(crate) const REFUSED: &str = "action_refused";
/// The forward is done, and as long again after it the carrier has lost the parcel.
pub(crate) const LOST: &str = "action_lost";

/// Plans what becomes of a request in the test world.
pub(super) async fn plan(tx: &Tx, ctx: &OpCtx, view: &ActionView) -> Result<()> {
    if ctx.livemode() {
        return Ok(());
    }
    let tracking = view.mail.item.tracking_number.as_deref();
    let (word, after) = match (view.action.kind, tracking) {
        (ActionKind::Scan, Some("TEST-SCAN-OK")) => (DONE, MAGIC_AFTER),
        (ActionKind::Scan, Some("TEST-SCAN-FAIL")) => (REFUSED, MAGIC_AFTER),
        (ActionKind::Forward, Some("TEST-FORWARD-LOST")) => (LOST, MAGIC_AFTER),
        _ => (DONE, ACTION_AFTER),
    };
    let due = ctx.now.plus(after).max(view.action.not_before.unwrap_or_default());
    put(tx, ctx, view.action.id, word, due).await
}

async fn put(tx: &Tx, ctx: &OpCtx, action: ActionId, word: &str, due: Timestamp) -> Result<()> {
    let no = ctx.app.ids.number(ctx.app.clock.now());
    Ok(simulations::insert(tx, &ctx.scope, no, action.0, word, due).await?)
}

/// Carries a planned step out. What somebody else ended meanwhile is left as it is.
pub(crate) async fn carry_out(tx: &Tx, ctx: &OpCtx, subject: [u8; 16], word: &str) -> Result<()> {
    let id = ActionId(subject).to_string();
    let view = open::get(tx, ctx, &id).await?;
    if word == REFUSED {
        return cancel::reject(tx, ctx, &id, RejectReason::Unreadable, None).await.map(drop);
    }
    if word == LOST && view.action.status == ActionStatus::Completed {
        return custody::missing(tx, ctx, &view.action.mail_id.to_string()).await.map(drop);
    }
    let done = finish(tx, ctx, &id, view, &Proof::default()).await?;
    if word == LOST {
        put(tx, ctx, done.action.id, LOST, ctx.now.plus(MAGIC_AFTER)).await?;
    }
    Ok(())
}

/// What the clerk of the test world writes down; what is left out is made up.
#[derive(Clone, Debug)]
pub struct Proof {
    pub pages: i64,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    pub service: Option<String>,
    pub cost_minor: Option<i64>,
}

impl Default for Proof {
    fn default() -> Self {
        Self { pages: 2, tracking_number: None, carrier: None, service: None, cost_minor: None }
    }
}

/// Carries the open action of an item out, or the one that is named; or refuses it for a reason.
pub async fn end(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    action_id: Option<&str>,
    refused: Option<RejectReason>,
    proof: &Proof,
) -> Result<ActionView> {
    let mail = get_locked(tx, ctx, mail_id).await?;
    let named = |a: &&Action| action_id.is_none_or(|id| a.id.to_string() == id);
    let open = mail.actions.iter().find(|a| a.status.is_open() && named(a)).cloned();
    let action = open.ok_or_else(|| {
        Error::refused(ErrorCode::ActionConflict, "this mail item has no such open action")
            .fix("request one first, for example with POST /mail/{mail_id}/scan")
    })?;
    let id = action.id.to_string();
    match refused {
        Some(reason) => cancel::reject(tx, ctx, &id, reason, None).await,
        None => finish(tx, ctx, &id, ActionView { action, mail }, proof).await,
    }
}

/// Starts an action, where that is still to do, and completes it with made-up proof.
async fn finish(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    view: ActionView,
    proof: &Proof,
) -> Result<ActionView> {
    let or =
        |text: &Option<String>, other: &str| Some(text.clone().unwrap_or_else(|| other.to_owned()));
    if view.action.status != ActionStatus::InProgress {
        Box::pin(work::start(tx, ctx, id)).await?;
    }
    let outcome = match view.action.kind {
        ActionKind::Scan => Outcome::Scanned { pages: proof.pages },
        ActionKind::Forward => Outcome::Forwarded(Shipment {
            carrier: or(&proof.carrier, "usps"),
            service: or(&proof.service, "priority"),
            tracking_number: or(&proof.tracking_number, "9400111899223100001234"),
            cost_minor: proof.cost_minor,
            untracked: false,
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
    Box::pin(complete(tx, ctx, id, &outcome)).await
}
