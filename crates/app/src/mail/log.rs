//! The operator logs what arrived, also as held for a box whose customer left or whose form lapsed (L1, R-30, R-31).

use domain::mail::CreatedVia;
use domain::mailbox::MailboxStatus;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, mailboxes};

use super::MailView;
use super::create::{NewMail, store};
use crate::OpCtx;
use crate::customers::get::find;

/// Logs an item for a customer who has, or had within the remail window, a box.
///
/// A customer who was never approved has no right to receive: notify the sender or return it.
pub async fn log(tx: &Tx, ctx: &OpCtx, input: &NewMail) -> Result<MailView> {
    let customer = find(tx, ctx, &input.customer_id).await?;
    let mailbox = match customer.mailbox_id {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    let held = |status| matches!(status, MailboxStatus::Active | MailboxStatus::Remail);
    let mailbox = mailbox.filter(|m| held(m.status)).ok_or_else(|| {
        Error::refused(
            ErrorCode::MailboxNotActive,
            "this customer has no box that may receive mail",
        )
        .fix("notify the person, or return the item to its sender")
    })?;
    store(tx, ctx, customer, &mailbox, input, CreatedVia::Operator).await
}
