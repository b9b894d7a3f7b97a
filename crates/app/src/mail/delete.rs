//! A partner takes back a mail item that it logged by mistake (L6, postal.md 4.7.3).

use domain::action::{ActionStatus, ActionStep};
use domain::mail::{Content, CreatedVia, Custody};
use domain::{Error, ErrorCode, Result, hours};
use storage::{Tx, mail};

use super::get::{find_locked, get_locked, not_found};
use crate::mail_actions::{self, cancel};
use crate::{OpCtx, audit};

/// Deletes an item before any work was done on it; a second call answers the same.
///
/// Open requests are cancelled with it and what was held for them is released.
pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<String> {
    let found = find_locked(tx, ctx, id).await?.ok_or_else(not_found)?;
    if found.deleted_at.is_some() {
        return Ok(found.id.to_string());
    }
    if found.created_via != CreatedVia::PartnerApi {
        return Err(Error::refused(
            ErrorCode::MailNotPartnerCreated,
            "the operator logged this mail item; only what a partner logged can be deleted by it",
        )
        .fix("have the operator put right what it logged"));
    }
    let view = get_locked(tx, ctx, id).await?;
    let refuse = |why: &str| {
        Error::refused(ErrorCode::MailNotDeletable, why)
            .fix("keep it; only a fresh mistake can be deleted")
    };
    let worked = |s: ActionStatus| matches!(s, ActionStatus::InProgress | ActionStatus::Completed);
    if view.actions.iter().any(|a| worked(a.status)) {
        return Err(refuse("work on this mail item has begun"));
    }
    if view.item.content == Content::Opened || view.item.custody != Custody::InHouse {
        return Err(refuse("this mail item was opened or has left the house"));
    }
    let window = hours(ctx.partner.settings.delete_window_hours);
    if ctx.now > view.item.created_at.plus(window) {
        return Err(refuse("this mail item is too old to be deleted"));
    }
    for action in view.actions.iter().filter(|a| a.status.is_open()) {
        cancel::end(tx, ctx, action, ActionStep::Cancel, "mail_deleted").await?;
    }
    let mut item = view.item;
    item.deleted_at = Some(ctx.now);
    item.updated_at = ctx.now;
    mail_actions::must_win(mail::update(tx, &item).await?)?;
    audit::record(tx, ctx, "mail.delete", item.id, &[]).await?;
    Ok(item.id.to_string())
}
