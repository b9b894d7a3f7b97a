//! Beginning and ending the time for which a mailbox counts (postal.md 9.1).
//!
//! Called by whatever opens a mailbox (V8, C7) and whatever ends its service (C6, V11); neither call
//! is a transition of its own, so neither is audited or told.

use domain::customer::Customer;
use domain::mailbox::Mailbox;
use domain::{Result, Timestamp};
use storage::Tx;
use storage::usage::{self, UsageInterval};

use crate::OpCtx;

/// Counts the customer's mailbox as active from `at` on. Once is enough: a second call changes
/// nothing while the first interval is open.
pub async fn opened(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &Customer,
    mailbox: &Mailbox,
    at: Timestamp,
) -> Result<()> {
    let interval = UsageInterval {
        no: ctx.app.ids.number(ctx.app.clock.now()),
        customer_id: customer.id,
        mailbox_id: mailbox.id,
        location_id: mailbox.location_id,
        from: at,
        to: None,
    };
    Ok(usage::interval_open(tx, &ctx.scope, &interval).await?)
}

/// Stops counting the customer's mailbox at `at`; nothing happens when it does not count.
pub async fn closed(tx: &Tx, ctx: &OpCtx, customer: &Customer, at: Timestamp) -> Result<()> {
    Ok(usage::interval_close(tx, &ctx.scope, customer.id, at).await?)
}
