//! What all four requests share: the guards A1 to A7, the hold, the row, the event (postal.md 3.5).

use domain::action::{Action, ActionKind, ActionStatus, Requester, must_not_conflict};
use domain::customer::CustomerStatus;
use domain::id::ActionId;
use domain::partner::Service;
use domain::{Error, ErrorCode, Result, Timestamp};
use storage::{Tx, actions};

use super::{ActionView, news, simulated};
use crate::mail::MailView;
use crate::mail::claim::must_be_claimed;
use crate::mail::get::get_locked;
use crate::{OpCtx, audit, ledger};

/// A request whose own rules held.
pub(super) struct Request {
    pub kind: ActionKind,
    pub service: Service,
    pub after_scan: bool,
    pub free: bool,
    pub options: String,
    pub result: String,
    pub not_before: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    pub warnings: Vec<String>,
}

/// Loads the item and checks what holds for every kind.
pub(super) async fn open(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    kind: ActionKind,
    after_scan: bool,
) -> Result<MailView> {
    let view = get_locked(tx, ctx, mail_id).await?;
    view.item.must_be_actionable(view.status())?;
    must_be_claimed(&view)?;
    must_not_conflict(kind, after_scan, &view.actions)?;
    if !view.is_served(kind, ctx.now) {
        let message = format!("the customer is {}", view.customer.status);
        return Err(Error::refused(ErrorCode::CustomerInactive, message));
    }
    must_be_approved(&view, kind)?;
    Ok(view)
}

/// Mail is opened and released only for who was verified (A5). Asked again before the work begins,
/// because a form may lapse while a request waits.
pub(super) fn must_be_approved(view: &MailView, kind: ActionKind) -> Result<()> {
    let status = view.customer.compliance_status;
    if kind == ActionKind::Shred || status.allows_release() {
        return Ok(());
    }
    let message = format!("the customer's compliance is {status}");
    Err(Error::refused(ErrorCode::ComplianceNotApproved, message)
        .fix("mail is opened and released once the form is approved"))
}

/// Prices and stores the request, and tells of it.
pub(super) async fn store(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: MailView,
    request: Request,
) -> Result<ActionView> {
    if !view.location.offers(request.service) {
        let message = format!("this location does not offer {}", request.service);
        return Err(Error::refused(ErrorCode::ServiceNotOffered, message));
    }
    let id = ActionId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
    let price = if request.free { None } else { ledger::price(tx, ctx, request.service).await? };
    if view.customer.status == CustomerStatus::Suspended && price.is_some_and(|p| p > 0) {
        return Err(Error::refused(
            ErrorCode::CustomerInactive,
            "the customer is suspended; only what is free of charge may be requested",
        ));
    }
    let hold_id = match price {
        Some(amount) if amount > 0 => ledger::hold(tx, ctx, id, amount).await?,
        Some(_) | None => None,
    };
    let action = Action {
        id,
        mail_id: view.item.id,
        customer_id: view.customer.id,
        kind: request.kind,
        status: ActionStatus::Requested,
        requested_by: Requester { kind: ctx.actor.kind().to_owned(), id: ctx.actor.id() },
        options: request.options,
        result: request.result,
        depends_on: must_not_conflict(request.kind, request.after_scan, &view.actions)?,
        not_before: request.not_before,
        due_at: request.due_at,
        performed_by: None,
        reason_code: None,
        reason_text: None,
        charge_minor: price,
        hold_id,
        warnings: request.warnings,
        requested_at: ctx.now,
        scheduled_at: None,
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        version: 1,
    };
    actions::insert(tx, &ctx.scope, &action).await?;
    let verb = format!("mail_action.request_{}", action.kind);
    audit::record(tx, ctx, &verb, action.id, &[("mail", &view.item.id.to_string())]).await?;
    view.actions.insert(0, action.clone());
    let requested = ActionView { action, mail: view };
    news::requested(tx, ctx, &requested).await?;
    simulated::plan(tx, ctx, &requested).await?;
    Ok(requested)
}
