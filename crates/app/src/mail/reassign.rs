//! An item that was logged for the wrong customer goes to the right one (L3).
//!
//! Only the operator's staff do this. A partner deletes what it logged and logs it anew (seed 000).

use domain::action::ActionStatus;
use domain::id::{MailId, PhotoId};
use domain::mail::{Content, CreatedVia, Custody, MailFlag, MailItem};
use domain::{Error, ErrorCode, Field, Result, hours};
use storage::{Tx, mail as rows};

use super::MailView;
use super::create::{fresh, tell_arrival};
use super::get::get_locked;
use super::log::must_hold;
use super::view::view;
use crate::customers::get::find_locked;
use crate::{Actor, OpCtx, audit, mail_actions};

/// After this time an item is looked at as its owner's, and the mistake is put right with both.
const WINDOW_HOURS: i64 = 72;

/// Moves an item to another customer, also to one of another partner at the same mailroom.
///
/// The item keeps nothing of the owner it never had: the new one gets an item of its own with the
/// pictures, the old one's is gone and its links to pictures with it. The old owner is told nothing,
/// the new one that mail arrived.
pub async fn reassign(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    to: &OpCtx,
    customer_id: &str,
) -> Result<MailView> {
    let old = get_locked(tx, ctx, id).await?;
    must_be_fresh(ctx, &old)?;
    must_be_neighbours(ctx, to)?;
    let customer = find_locked(tx, to, customer_id).await?;
    if customer.id == old.customer.id {
        let message = "the mail item is this customer's already";
        return Err(Error::invalid(vec![Field::new("customer_id", "invalid", message)]));
    }
    let mailbox = must_hold(tx, &customer).await?;
    if mailbox.location_id != old.item.location_id {
        let message = "this customer's box is at another location than the item";
        return Err(Error::invalid(vec![Field::new("customer_id", "invalid", message)]));
    }
    let new = MailItem {
        id: fresh(ctx),
        partner_id: customer.partner_id,
        customer_id: customer.id,
        mailbox_id: Some(mailbox.id),
        recipient_id: None,
        created_via: CreatedVia::Operator,
        created_by_key: None,
        performed_by: to.actor.id(),
        external_mail_id: None,
        metadata: Vec::new(),
        // Said of the old owner.
        flags: old.item.flags.iter().copied().filter(|f| !is_of_owner(*f)).collect(),
        version: 1,
        created_at: to.now,
        updated_at: to.now,
        ..old.item.clone()
    };
    rows::insert(tx, &new).await?;
    for photo in &old.photos {
        let id = PhotoId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
        rows::photo_move(tx, photo.id, id, new.id).await?;
    }
    audit::record(tx, to, "mail.take_over", new.id, &[("from", &*old.item.id.to_string())]).await?;
    bury(tx, ctx, old.item, new.id).await?;
    let view = view(tx, new, customer).await?;
    tell_arrival(tx, to, &view).await?;
    Ok(view)
}

/// Leaves the old owner's item as a tombstone.
async fn bury(tx: &Tx, ctx: &OpCtx, mut item: MailItem, became: MailId) -> Result<()> {
    item.deleted_at = Some(ctx.now);
    item.updated_at = ctx.now;
    mail_actions::must_win(rows::update(tx, &item).await?)?;
    audit::record(tx, ctx, "mail.reassign", item.id, &[("to", &*became.to_string())]).await
}

fn is_of_owner(flag: MailFlag) -> bool {
    matches!(flag, MailFlag::NotMine | MailFlag::UnauthorisedName)
}

fn must_be_fresh(ctx: &OpCtx, view: &MailView) -> Result<()> {
    let refuse = |why: &str| {
        Err(Error::refused(ErrorCode::MailNotActionable, why)
            .fix("settle it with both customers; only a fresh mistake can be moved"))
    };
    let counts = |s: ActionStatus| !matches!(s, ActionStatus::Cancelled | ActionStatus::Rejected);
    if view.actions.iter().any(|a| counts(a.status)) {
        return refuse("something was asked of this mail item already");
    }
    if view.item.content == Content::Opened || view.item.custody != Custody::InHouse {
        return refuse("this mail item was opened or has left the house");
    }
    if ctx.now > view.item.created_at.plus(hours(WINDOW_HOURS)) {
        return refuse("this mail item was logged more than 72 hours ago");
    }
    Ok(())
}

fn must_be_neighbours(ctx: &OpCtx, to: &OpCtx) -> Result<()> {
    let is_staff = |ctx: &OpCtx| matches!(ctx.actor, Actor::Operator(_));
    let same = ctx.partner.operator_id == to.partner.operator_id && ctx.livemode() == to.livemode();
    if is_staff(ctx) && is_staff(to) && same {
        return Ok(());
    }
    let message = "only the operator moves mail, and only between its own customers of one world";
    Err(Error::refused(ErrorCode::MailNotActionable, message)
        .fix("delete the item and log it for the right customer"))
}
