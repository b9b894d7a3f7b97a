//! What is left of deleted identities and messages, page by page.

use bytes::Bytes;
use domain::Timestamp;
use domain::email::Message;
use domain::id::{EmailMailboxId, IdentityId};

use super::messages::{columns, message};
use crate::{Result, Row, Tx, args, statements};

statements! {
    UNSWEPT = "select id, mailbox_id from identities where deleted_at is not null and swept_at is null
        order by deleted_at limit 1";
    MESSAGES = concat!("select ", columns!(), " from messages where mailbox_id = $1 limit $2");
    REFS = "delete from message_refs where mailbox_id = $1";
    THREADS = "delete from threads where mailbox_id = $1";
    USAGE = "delete from mailbox_usage where mailbox_id = $1";
    SWEPT = "update identities set swept_at = $2 where id = $1";
    GARBAGE = "select sha256 from raw_garbage where at <= $1 or is_deleting limit $2";
    UNUSED = "update raw_garbage set is_deleting = true where sha256 = $1
        and not exists (select 1 from raw_messages r where r.sha256 = $1)";
    FORGET = "delete from raw_garbage where sha256 = $1";
}

/// A deleted identity whose messages are still there, and its mailbox.
pub async fn unswept(tx: &Tx) -> Result<Option<(IdentityId, EmailMailboxId)>> {
    tx.opt(UNSWEPT, args![], |r| Ok((r.next()?, r.next()?))).await
}

/// Messages of a mailbox, in no order.
pub async fn messages(tx: &Tx, mailbox: EmailMailboxId, limit: i64) -> Result<Vec<Message>> {
    tx.all(MESSAGES, args![mailbox, limit], message).await
}

/// Ends the sweep of an identity without messages.
pub async fn finish(
    tx: &Tx,
    identity: IdentityId,
    mailbox: EmailMailboxId,
    now: Timestamp,
) -> Result<()> {
    tx.post(REFS, args![mailbox]).await?;
    tx.post(THREADS, args![mailbox]).await?;
    tx.post(USAGE, args![mailbox]).await?;
    tx.post(SWEPT, args![identity, now]).await
}

/// Hashes of raw messages that nothing has needed since a time.
pub async fn garbage(tx: &Tx, since: Timestamp, limit: i64) -> Result<Vec<[u8; 32]>> {
    let read = |r: &mut Row| {
        let hash: Bytes = r.next()?;
        let wrong = || crate::Error::Inconsistent("hash of a raw message".into());
        hash.as_ref().try_into().map_err(|_| wrong())
    };
    tx.all(GARBAGE, args![since, limit], read).await
}

/// Begins to delete the bytes of a raw message; false when they are used again, and are to stay.
pub async fn begin(tx: &Tx, sha256: &[u8; 32]) -> Result<bool> {
    if tx.exec(UNUSED, args![sha256]).await? == 1 {
        return Ok(true);
    }
    forget(tx, sha256).await?;
    Ok(false)
}

/// Takes a raw message off the list.
pub async fn forget(tx: &Tx, sha256: &[u8; 32]) -> Result<()> {
    tx.post(FORGET, args![sha256]).await
}
