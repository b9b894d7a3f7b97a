//! What happens to an item outside of a request: missing, found, returned, marked (L4, L5).

use domain::action::{Action, ActionKind, ActionStatus, ActionStep};
use domain::mail::{Custody, MailFlag};
use domain::mailbox::MailboxStatus;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mail, mailboxes};

use super::MailView;
use super::get::get_locked;
use crate::mail_actions::{self, cancel};
use crate::{OpCtx, audit};

/// Marks an item as missing, in the house or with its carrier; what was asked of it is cancelled.
pub async fn missing(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let view = get_locked(tx, ctx, id).await?;
    if view.item.custody != Custody::InTransit {
        view.item.must_be_actionable(view.status())?;
    }
    end_actions(tx, ctx, &view, "mail_missing").await?;
    store(tx, ctx, view, Custody::Missing, "mail.missing").await
}

/// A missing item turned up where it was last seen. One that its carrier brings back is logged as
/// new mail (F8).
pub async fn found(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let view = get_locked(tx, ctx, id).await?;
    if view.item.custody != Custody::Missing {
        let message = format!("mail item is {}, not missing", view.status());
        return Err(Error::refused(ErrorCode::MailNotActionable, message)
            .fix("check the id; only what is missing can be found"));
    }
    let left = |a: &Action| a.kind == ActionKind::Forward && a.status == ActionStatus::Completed;
    let to = if view.actions.iter().any(left) { Custody::InTransit } else { Custody::InHouse };
    store(tx, ctx, view, to, "mail.found").await
}

/// Returns an item to its sender. A current customer's mail may not be refused, unless
/// it is hazardous, or the customer says that it is somebody else's.
pub async fn return_to_sender(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let view = get_locked(tx, ctx, id).await?;
    view.item.must_be_actionable(view.status())?;
    let mailbox = match view.item.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    let protects = |m: &domain::mailbox::Mailbox| {
        m.customer_id == Some(view.customer.id)
            && matches!(m.status, MailboxStatus::Active | MailboxStatus::Remail)
    };
    let frees = |f: &MailFlag| matches!(f, MailFlag::HazmatSuspect | MailFlag::NotMine);
    if mailbox.as_ref().is_some_and(protects) && !view.item.flags.iter().any(frees) {
        return Err(Error::refused(
            ErrorCode::MailNotActionable,
            "mail of a current or recent customer may not be returned; it is held or re-mailed",
        )
        .fix("keep it for collection, or have it forwarded"));
    }
    end_actions(tx, ctx, &view, "mail_returned").await?;
    store(tx, ctx, view, Custody::Returned, "mail.return_to_sender").await
}

/// Sets or takes back a mark, such as a legal hold.
pub async fn mark(tx: &Tx, ctx: &OpCtx, id: &str, flag: MailFlag, on: bool) -> Result<MailView> {
    let mut view = get_locked(tx, ctx, id).await?;
    view.item.flags.retain(|f| *f != flag);
    if on {
        view.item.flags.push(flag);
    }
    let custody = view.item.custody;
    let verb = if on { "mail.flag" } else { "mail.unflag" };
    audit::record(tx, ctx, verb, view.item.id, &[("flag", flag.as_str())]).await?;
    store(tx, ctx, view, custody, "mail.update").await
}

/// Nothing stays open on an item that is not in the house.
pub(super) async fn end_actions(tx: &Tx, ctx: &OpCtx, view: &MailView, why: &str) -> Result<()> {
    for action in view.actions.iter().filter(|a| a.status.is_open()) {
        cancel::end(tx, ctx, action, ActionStep::CancelByOperator, why).await?;
    }
    Ok(())
}

async fn store(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: MailView,
    to: Custody,
    verb: &str,
) -> Result<MailView> {
    view.item.custody = to;
    view.item.updated_at = ctx.now;
    mail_actions::must_win(mail::update(tx, &view.item).await?)?;
    view.item.version += 1;
    audit::record(tx, ctx, verb, view.item.id, &[]).await?;
    super::get::get(tx, ctx, &view.item.id.to_string()).await
}
