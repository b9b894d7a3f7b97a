//! Numbered boxes whose time in a state is over (M2, M5, M6).

use domain::Result;
use domain::id::MailboxId;
use domain::mailbox::{Mailbox, MailboxStatus, Move};
use storage::{Tx, customers, mailboxes, tenancy};

use crate::customers::{assign, change, get};
use crate::{OpCtx, audit};

/// Frees a number that was reserved long enough (M2), unless mail waits there.
pub(super) async fn release_lapsed(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<()> {
    let mut customer = get::find_locked(tx, ctx, customer_id).await?;
    let Some(id) = customer.mailbox_id else { return Ok(()) };
    let is_lapsed = |m: &Mailbox| {
        m.status == MailboxStatus::Reserved && m.reserved_until.is_some_and(|at| at <= ctx.now)
    };
    let Some(mailbox) = mailboxes::find(tx, id).await?.filter(is_lapsed) else { return Ok(()) };
    if customers::mail_held(tx, customer.id, id).await? > 0 {
        return Ok(());
    }
    let number = mailbox.number.to_string();
    assign::release(tx, ctx, &mut customer, mailbox).await?;
    change::store(tx, ctx, &mut customer).await?;
    audit::record(tx, ctx, "mailbox.release", id, &[("number", &number)]).await
}

/// Lets a number rest when its remail window is over and nothing waits there (M5).
pub(super) async fn end_remail(tx: &Tx, ctx: &OpCtx, id: MailboxId) -> Result<bool> {
    let Some((mut mailbox, customer_id)) = boxed(tx, id, MailboxStatus::Remail).await? else {
        return Ok(false);
    };
    let Some(mut customer) = customers::find_locked(tx, &ctx.scope, customer_id).await? else {
        return Ok(false);
    };
    let Some(location) = tenancy::location_find(tx, mailbox.location_id).await? else {
        return Ok(false);
    };
    let today = ctx.now.date_in(&location.timezone);
    let Some(last) = mailbox.remail_until.filter(|last| *last < today) else { return Ok(false) };
    if customers::mail_held(tx, customer_id, id).await? > 0 {
        return Ok(false);
    }
    // The former customer stays on the row until the number is free, because mail may still come.
    mailbox.status = mailbox.status.after(Move::Rest)?;
    mailbox.reusable_from = Some(last.plus_days(location.quarantine_days));
    if !mailboxes::update(tx, MailboxStatus::Remail, &mailbox).await? {
        return Ok(false);
    }
    if customer.mailbox_id == Some(id) {
        customer.mailbox_id = None;
        change::store(tx, ctx, &mut customer).await?;
    }
    audit::record(tx, ctx, "mailbox.rest", id, &[("until", &show(mailbox.reusable_from))]).await?;
    Ok(true)
}

/// Gives a number back to its pool when it has rested (M6).
pub(super) async fn free(tx: &Tx, ctx: &OpCtx, id: MailboxId) -> Result<bool> {
    let Some((mut mailbox, _)) = boxed(tx, id, MailboxStatus::Quarantine).await? else {
        return Ok(false);
    };
    mailbox.status = mailbox.status.after(Move::Free)?;
    mailbox.customer_id = None;
    mailbox.assigned_at = None;
    mailbox.opened_on = None;
    mailbox.closed_on = None;
    mailbox.remail_until = None;
    mailbox.reusable_from = None;
    if !mailboxes::update(tx, MailboxStatus::Quarantine, &mailbox).await? {
        return Ok(false);
    }
    audit::record(tx, ctx, "mailbox.free", id, &[]).await?;
    Ok(true)
}

async fn boxed(
    tx: &Tx,
    id: MailboxId,
    status: MailboxStatus,
) -> Result<Option<(Mailbox, domain::id::CustomerId)>> {
    let found = mailboxes::find(tx, id).await?.filter(|m| m.status == status);
    Ok(found.and_then(|m| m.customer_id.map(|customer| (m, customer))))
}

fn show(day: Option<domain::Date>) -> String {
    day.map(|d| d.to_string()).unwrap_or_default()
}
