//! The messages of a mailbox, page by page (email-api.md 6.3).

use domain::email::Message;
use domain::{Result, Timestamp};
use storage::Tx;
use storage::email::messages as rows;
pub use storage::email::messages::MessageFilter;

use crate::OpCtx;
use crate::email::mailbox;

/// Where a page begins: after this message.
pub type After = (Timestamp, i64);

/// One page and whether there is another.
pub struct Messages {
    pub items: Vec<Message>,
    pub has_more: bool,
}

/// At most `limit` messages before a place, newest first. Blocked ones are for the organization only.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    filter: MessageFilter,
    after: Option<After>,
    limit: usize,
) -> Result<Messages> {
    let owner = mailbox(tx, ctx, address).await?;
    let filter = MessageFilter { with_blocked: ctx.identity.is_none(), ..filter };
    let n = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut items = rows::list(tx, owner.mailbox_id, filter, rows::Order::Newest, after, n).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    Ok(Messages { items, has_more })
}
