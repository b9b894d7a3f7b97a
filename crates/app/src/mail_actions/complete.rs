//! Work that was done (SC3, F5, H4, P5), each with what proves it.

use domain::action::{Action, ActionKind, ActionStatus, ActionStep};
use domain::id::CertificateId;
use domain::mail::{Content, Custody};
use domain::{Error, ErrorCode, Field, Result};
use serde_json::{Value, json};
use storage::{Tx, actions, mail};

use super::request::must_be_approved;
use super::shred::must_not_be_held;
use super::work::{self, get_locked, save};
use super::{ActionView, consolidation, must_win, news, price, result_of, set_result};
use crate::{OpCtx, ledger};

/// What came of the work; the kind must be the action's.
#[derive(Clone, Debug)]
pub enum Outcome {
    Scanned { pages: i64 },
    Forwarded(Shipment),
    Shredded(Destruction),
    PickedUp(Handover),
}

/// A parcel that a carrier took.
#[derive(Clone, Debug, Default)]
pub struct Shipment {
    pub carrier: Option<String>,
    pub service: Option<String>,
    /// Needed unless the service has none.
    pub tracking_number: Option<String>,
    pub untracked: bool,
    /// What it cost in the end, in the smallest unit of the currency.
    pub cost_minor: Option<i64>,
}

/// Both scans that must agree, and who watched.
#[derive(Clone, Debug)]
pub struct Destruction {
    /// The item's own barcode.
    pub item_barcode: String,
    /// The bin's.
    pub bin_barcode: String,
    pub witness: String,
    /// crosscut or contractor.
    pub method: String,
}

/// Who took the item, known by the code or by a document.
#[derive(Clone, Debug)]
pub struct Handover {
    pub released_to: String,
    pub code: Option<String>,
    pub id_type: Option<String>,
}

/// Records that work was done; the event tells it.
pub async fn complete(tx: &Tx, ctx: &OpCtx, id: &str, outcome: &Outcome) -> Result<ActionView> {
    let view = ended(ctx, get_locked(tx, ctx, id).await?)?;
    match (view.action.kind, outcome) {
        (ActionKind::Scan, Outcome::Scanned { pages }) => scanned(tx, ctx, view, *pages).await,
        (ActionKind::Forward, Outcome::Forwarded(shipment)) => {
            Box::pin(forwarded(tx, ctx, view, shipment)).await
        }
        (ActionKind::Shred, Outcome::Shredded(done)) => shredded(tx, ctx, view, done).await,
        (ActionKind::Pickup, Outcome::PickedUp(done)) => picked_up(tx, ctx, view, done).await,
        (kind, _) => {
            Err(Error::refused(ErrorCode::ActionConflict, format!("this action is a {kind}"))
                .fix("complete it as what it is, or check its id"))
        }
    }
}

fn ended(ctx: &OpCtx, mut view: ActionView) -> Result<ActionView> {
    view.action.status = view.action.status.after(view.action.kind, ActionStep::Complete)?;
    view.action.completed_at = Some(ctx.now);
    view.action.performed_by = ctx.actor.id();
    Ok(view)
}

fn need(ok: bool, param: &str, message: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::invalid(vec![Field::new(param, "required", message)])) }
}

async fn scanned(tx: &Tx, ctx: &OpCtx, mut view: ActionView, pages: i64) -> Result<ActionView> {
    need(pages >= 1, "pages", "a scan has at least one page")?;
    set_result(&mut view.action, "scan", json!({"pages": pages}));
    view.mail.item.content = Content::Opened;
    let view = finish(tx, ctx, view, None).await?;
    news::scanned(tx, ctx, &view, pages).await?;
    Ok(view)
}

async fn forwarded(tx: &Tx, ctx: &OpCtx, view: ActionView, s: &Shipment) -> Result<ActionView> {
    let tracked = s.tracking_number.is_some() || s.untracked;
    need(tracked, "tracking_number", "give the tracking number, or say that there is none")?;
    consolidation::must_lead(tx, ctx, &view.action).await?;
    let cost = s.cost_minor.or_else(|| price::weighed(&view.action));
    if let (Some(cap), Some(cost)) = (price::cap(&view.action), cost)
        && cost > cap
    {
        return Err(Error::refused(
            ErrorCode::ConfirmationRequired,
            format!("the cost {cost} is above {cap}, which is the most that was agreed to"),
        )
        .fix("cancel or reject this forward, or ship it for what was agreed"));
    }
    let shipment = json!({
        "carrier": s.carrier, "service": s.service, "tracking_number": s.tracking_number,
        "tracking_url": null,
    });
    for follower in consolidation::followers(tx, &view.action).await? {
        carry_along(tx, ctx, &follower, &shipment).await?;
    }
    ship(tx, ctx, view, shipment, cost).await
}

/// What goes in the same parcel leaves with it; work on it begins now where it had not.
async fn carry_along(tx: &Tx, ctx: &OpCtx, action: &Action, shipment: &Value) -> Result<()> {
    let id = action.id.to_string();
    if action.status != ActionStatus::InProgress {
        work::start(tx, ctx, &id).await?;
    }
    let view = ended(ctx, get_locked(tx, ctx, &id).await?)?;
    ship(tx, ctx, view, shipment.clone(), None).await.map(drop)
}

async fn ship(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    shipment: Value,
    cost: Option<i64>,
) -> Result<ActionView> {
    set_result(&mut view.action, "shipment", shipment);
    view.mail.item.custody = Custody::InTransit;
    let view = finish(tx, ctx, view, cost).await?;
    news::forwarded(tx, ctx, &view).await?;
    Ok(view)
}

async fn shredded(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    done: &Destruction,
) -> Result<ActionView> {
    must_not_be_held(ctx, &view.mail)?;
    need(
        done.item_barcode == view.mail.item.id.to_string(),
        "item_barcode",
        "the item's barcode is not that of this mail item; check what is in hand",
    )?;
    need(!done.bin_barcode.trim().is_empty(), "bin_barcode", "scan the bin too")?;
    need(!done.witness.trim().is_empty(), "witness", "destruction needs a witness")?;
    let certificate = CertificateId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
    actions::certificate_insert(
        tx,
        certificate,
        view.action.id,
        &done.method,
        &done.witness,
        ctx.now,
    )
    .await?;
    view.mail.item.custody = Custody::Destroyed;
    let view = finish(tx, ctx, view, None).await?;
    news::shredded(tx, ctx, &view, certificate.to_string()).await?;
    Ok(view)
}

async fn picked_up(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    done: &Handover,
) -> Result<ActionView> {
    must_be_approved(&view.mail, ActionKind::Pickup)?;
    need(!done.released_to.trim().is_empty(), "released_to", "say who took it")?;
    let result = result_of(&view.action);
    let code = result.get("pickup").and_then(|p| p.get("code")).and_then(Value::as_str);
    let by_code = done.code.is_some() && done.code.as_deref() == code;
    need(by_code || done.id_type.is_some(), "code", "check the code or a photo ID")?;
    view.mail.item.custody = Custody::Released;
    finish(tx, ctx, view, None).await
}

/// Stores item and action and settles what was held: `cost` is the actual price, else the agreed one.
async fn finish(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    cost: Option<i64>,
) -> Result<ActionView> {
    view.mail.item.updated_at = ctx.now;
    must_win(mail::update(tx, &view.mail.item).await?)?;
    view.mail.item.version += 1;
    let actual = cost.or(view.action.charge_minor);
    if let Some(amount) = actual {
        view.action.charge_minor = Some(amount);
        ledger::capture(tx, ctx, view.action.id, amount).await?;
    }
    save(tx, ctx, view, "mail_action.complete").await
}
