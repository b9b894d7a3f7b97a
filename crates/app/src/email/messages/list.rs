//! The messages of a mailbox, page by page (email-api.md 6.3).

use domain::email::Message;
use domain::{Result, Timestamp};
use storage::Tx;
use storage::email::messages as rows;
pub use storage::email::messages::MessageFilter;

use crate::OpCtx;
use crate::email::mailbox;
use crate::page::{Page, one_more};

/// Where a page begins: after this message.
pub type After = (Timestamp, i64);

/// At most `limit` messages before a place, newest first. Blocked ones are for the organization only.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    filter: MessageFilter,
    after: Option<After>,
    limit: usize,
) -> Result<Page<Message>> {
    let owner = mailbox(tx, ctx, address).await?;
    let filter = MessageFilter { with_blocked: ctx.identity.is_none(), ..filter };
    let n = one_more(limit);
    let found = rows::list(tx, owner.mailbox_id, filter, rows::Order::Newest, after, n).await?;
    Ok(Page::of(found, limit))
}
