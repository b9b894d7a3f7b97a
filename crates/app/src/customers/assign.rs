//! Giving a customer another number while the mailbox is not open yet (D5, M1, M2).

use domain::customer::Customer;
use domain::mailbox::{Mailbox, MailboxStatus, Move};
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mailboxes};

use super::create::{MailboxChoice, choose_site, reserve};
use crate::OpCtx;

/// Releases the number that the customer has reserved and reserves the chosen one. The caller stores
/// the customer.
pub(crate) async fn choose(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    choice: &MailboxChoice,
) -> Result<Mailbox> {
    if let Some(id) = customer.mailbox_id
        && let Some(mailbox) = mailboxes::find(tx, id).await?
    {
        if mailbox.status != MailboxStatus::Reserved {
            let message = format!("the mailbox is {}; its number is fixed", mailbox.status);
            return Err(Error::refused(ErrorCode::MailboxUnavailable, message)
                .param("mailbox")
                .fix("ask the operator of the mailroom to move the customer to another number"));
        }
        release(tx, ctx, customer, mailbox).await?;
    }
    reserve_as(tx, ctx, customer, choice, "customer.update").await
}

/// Reserves a number in the way of the customer's location.
pub(crate) async fn reserve_default(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    reason: &str,
) -> Result<Mailbox> {
    reserve_as(tx, ctx, customer, &MailboxChoice::default(), reason).await
}

async fn reserve_as(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    choice: &MailboxChoice,
    reason: &str,
) -> Result<Mailbox> {
    let at = customer.location_id.to_string();
    let site = choose_site(tx, ctx, Some(&at)).await?;
    let mailbox = reserve(tx, ctx, &site, choice, customer.id).await?;
    let no = ctx.app.ids.number(ctx.app.clock.now());
    mailboxes::assign(tx, no, mailbox.id, customer.id, ctx.now, reason).await?;
    customer.mailbox_id = Some(mailbox.id);
    Ok(mailbox)
}

/// Frees the customer's reserved number (M2). The caller stores the customer.
pub(crate) async fn release(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    mut mailbox: Mailbox,
) -> Result<()> {
    mailbox.status = mailbox.status.after(Move::Release)?;
    mailbox.customer_id = None;
    mailbox.assigned_at = None;
    mailbox.reserved_until = None;
    if !mailboxes::update(tx, MailboxStatus::Reserved, &mailbox).await? {
        return Err(Error::internal("releasing a mailbox", "it is not reserved any more"));
    }
    mailboxes::unassign(tx, mailbox.id, customer.id, ctx.now).await?;
    customer.mailbox_id = None;
    Ok(())
}
