//! What a customer says of an item: that it is theirs, or that it is somebody else's (L7).
//!
//! What is nobody's by that word waits to be sorted again: it is moved ([`super::reassign`]), returned
//! ([`super::custody`]), or accepted after all. The applicant says it, or staff for them; no partner.

use domain::mail::{MailFlag, MailItem};
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mail as rows};

use super::MailView;
use super::custody::end_actions;
use super::get::get_locked;
use crate::admin::StaffCtx;
use crate::compliance::must_not_be_partner;
use crate::{OpCtx, audit, mail_actions};

/// Items to be sorted again that are shown at once.
pub const ITEMS_MAX: i64 = 1000;

/// The customer takes an item for theirs, whatever name is on it.
pub async fn accept(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let mut view = claimable(tx, ctx, id).await?;
    view.item.flags.retain(|f| !matches!(f, MailFlag::NotMine | MailFlag::UnauthorisedName));
    store(tx, ctx, view, "mail.accept").await
}

/// The customer says that an item is somebody else's; what was asked of it is cancelled.
pub async fn disown(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let mut view = claimable(tx, ctx, id).await?;
    end_actions(tx, ctx, &view, "mail_not_mine").await?;
    if !view.item.flags.contains(&MailFlag::NotMine) {
        view.item.flags.push(MailFlag::NotMine);
    }
    store(tx, ctx, view, "mail.disown").await
}

/// What waits at the operator's mailrooms to be sorted again, the longest first; at most [`ITEMS_MAX`].
pub async fn disowned(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<MailItem>> {
    Ok(rows::disowned(tx, ctx.operator_id, ITEMS_MAX).await?)
}

/// Refuses work on an item that its customer disowned.
pub(crate) fn must_be_claimed(view: &MailView) -> Result<()> {
    if !view.item.flags.contains(&MailFlag::NotMine) {
        return Ok(());
    }
    let message = "the customer says that this mail item is somebody else's";
    Err(Error::refused(ErrorCode::MailNotActionable, message)
        .fix("wait until the mailroom has sorted it again"))
}

async fn claimable(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    must_not_be_partner(ctx)?;
    let view = get_locked(tx, ctx, id).await?;
    view.item.must_be_actionable(view.status())?;
    Ok(view)
}

async fn store(tx: &Tx, ctx: &OpCtx, mut view: MailView, verb: &str) -> Result<MailView> {
    view.item.updated_at = ctx.now;
    mail_actions::must_win(rows::update(tx, &view.item).await?)?;
    audit::record(tx, ctx, verb, view.item.id, &[]).await?;
    super::get::get(tx, ctx, &view.item.id.to_string()).await
}
