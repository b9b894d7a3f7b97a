//! The operator's side: taking work up (SC2, F2, F4, H2, H3, P4).

use domain::action::{ActionKind, ActionStatus, ActionStep};
use domain::{Error, ErrorCode, Result};
use storage::{Tx, actions};

use super::{ActionView, must_win, open, price, request, shred};
use crate::OpCtx;
use crate::audit;
use crate::mail::get;

/// An action whose item is locked: every change of an action takes the lock of its item first.
pub(crate) async fn get_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let view = open::get(tx, ctx, id).await?;
    let mail = get::get_locked(tx, ctx, &view.action.mail_id.to_string()).await?;
    let found = mail.actions.iter().find(|a| a.id == view.action.id).cloned();
    let action = found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "no such action"))?;
    Ok(ActionView { action, mail })
}

/// Stores a changed action with its audit line, and shows it among the item's.
pub(crate) async fn save(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    verb: &str,
) -> Result<ActionView> {
    must_win(actions::update(tx, &view.action).await?)?;
    view.action.version += 1;
    let changed = view.action.clone();
    if let Some(shown) = view.mail.actions.iter_mut().find(|a| a.id == changed.id) {
        *shown = changed;
    }
    audit::record(tx, ctx, verb, view.action.id, &[("kind", view.action.kind.as_str())]).await?;
    Ok(view)
}

/// Plans work for later (F2, H2). A pickup is planned with its window, see [`super::pickup`].
pub async fn schedule(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let mut view = get_locked(tx, ctx, id).await?;
    if view.action.kind == ActionKind::Pickup {
        return Err(Error::refused(ErrorCode::ActionConflict, "a pickup needs a window")
            .fix("give the window's start and end"));
    }
    view.action.status = view.action.status.after(view.action.kind, ActionStep::Schedule)?;
    view.action.scheduled_at = Some(ctx.now);
    save(tx, ctx, view, "mail_action.schedule").await
}

/// Begins the work. What was queued behind a scan waits for it, and a shred for its hold to end.
pub async fn start(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let mut view = get_locked(tx, ctx, id).await?;
    view.action.status = view.action.status.after(view.action.kind, ActionStep::Start)?;
    if let Some(at) = view.action.not_before.filter(|at| ctx.now < *at) {
        return Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("the hold of this shred ends at {at}"),
        )
        .fix("until then the customer may change their mind"));
    }
    let waits = |s: ActionStatus| s.is_open();
    let scan = view.mail.actions.iter().find(|a| Some(a.id) == view.action.depends_on);
    if let Some(scan) = scan.filter(|a| waits(a.status)) {
        return Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("scan {} must end first", scan.id),
        ));
    }
    if view.action.kind == ActionKind::Shred {
        shred::must_not_be_held(ctx, &view.mail)?;
    }
    request::must_be_approved(&view.mail, view.action.kind)?;
    price::must_be_settled(&view.action)?;
    view.action.started_at = Some(ctx.now);
    view.action.performed_by = ctx.actor.id();
    save(tx, ctx, view, "mail_action.start").await
}
