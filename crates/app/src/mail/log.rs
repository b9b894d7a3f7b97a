//! The operator logs what arrived, also as held for a box whose customer left or whose form lapsed (L1, R-30, R-31).

use domain::customer::Customer;
use domain::id::LocationId;
use domain::mail::CreatedVia;
use domain::mailbox::{Mailbox, MailboxStatus};
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mailboxes};

use super::MailView;
use super::create::{NewMail, fresh, must_be_recipient, must_be_safe, store};
use crate::OpCtx;
use crate::customers::get::{find_locked, not_found};

/// Logs an item for a customer who has, or had within the remail window, a box.
///
/// A customer who was never approved has no right to receive: notify the sender or return it.
pub async fn log(tx: &Tx, ctx: &OpCtx, input: &NewMail) -> Result<MailView> {
    let customer = find_locked(tx, ctx, &input.customer_id).await?;
    let mailbox = must_hold(tx, &customer).await?;
    must_be_recipient(tx, &customer, input).await?;
    must_be_safe(&ctx.app, &input.photos)?;
    store(tx, ctx, fresh(ctx), customer, &mailbox, input, CreatedVia::Operator).await
}

/// The box for which mail is taken in, be it to be held.
pub(super) async fn must_hold(tx: &Tx, customer: &Customer) -> Result<Mailbox> {
    let mailbox = match customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    let held = |status| matches!(status, MailboxStatus::Active | MailboxStatus::Remail);
    mailbox.filter(|m| held(m.status)).ok_or_else(|| {
        Error::refused(
            ErrorCode::MailboxNotActive,
            "this customer has no box that may receive mail",
        )
        .fix("notify the person, or return the item to its sender")
    })
}

/// Whose mail it is that bears this number, for a clerk who reads it from an envelope.
///
/// The answer is an id for [`log`], which refuses the customers of other partners as unknown.
pub async fn customer_of(
    tx: &Tx,
    _ctx: &OpCtx,
    location: LocationId,
    number: i64,
) -> Result<String> {
    let mailbox = mailboxes::find_by_number(tx, location, number).await?;
    let customer = mailbox.and_then(|m| m.customer_id).ok_or_else(not_found)?;
    Ok(customer.to_string())
}
