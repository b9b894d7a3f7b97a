//! When mailboxes were active, and what was counted from it: intervals, nightly counts, closed months.
//!
//! Intervals are the only source of a count. The counting itself is in `domain::usage`.

use domain::Timestamp;
use domain::id::{CustomerId, LocationId, MailboxId};

use crate::tenancy::Scope;
use crate::{Result, Tx, args, statements};

/// When one assignment of a mailbox was active.
#[derive(Clone, Debug)]
pub struct UsageInterval {
    pub no: i64,
    pub customer_id: CustomerId,
    pub mailbox_id: MailboxId,
    pub location_id: LocationId,
    pub from: Timestamp,
    /// Exclusive; active while `None`.
    pub to: Option<Timestamp>,
}

statements! {
    INTERVAL_OPEN = "insert into usage_intervals (no, partner_id, livemode, customer_id, mailbox_id, location_id, from_at)
        select $1, $2, $3, $4, $5, $6, $7
        where not exists (select 1 from usage_intervals where customer_id = $4 and to_at is null)";
    // An interval never ends before it began, also when a backdated end is earlier.
    INTERVAL_CLOSE = "update usage_intervals set to_at = case when from_at > $4 then from_at else $4 end
        where customer_id = $1 and partner_id = $2 and livemode = $3 and to_at is null";
}

/// Begins an interval, unless the customer has an open one.
pub async fn interval_open(tx: &Tx, scope: &Scope, interval: &UsageInterval) -> Result<()> {
    let row = args![
        interval.no,
        scope.partner_id(),
        scope.livemode(),
        interval.customer_id,
        interval.mailbox_id,
        interval.location_id,
        interval.from
    ];
    tx.post(INTERVAL_OPEN, row).await
}

/// Ends the open interval of a customer, if there is one.
pub async fn interval_close(
    tx: &Tx,
    scope: &Scope,
    customer_id: CustomerId,
    at: Timestamp,
) -> Result<()> {
    let row = args![customer_id, scope.partner_id(), scope.livemode(), at];
    tx.post(INTERVAL_CLOSE, row).await
}
