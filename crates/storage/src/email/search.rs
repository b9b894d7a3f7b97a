//! Finding messages by their words. What the engines differ in is `crate::engine::search`.

use domain::email::Message;
use domain::id::EmailMailboxId;

use super::messages::{columns, message};
use crate::{Result, Tx, args, statements};

/// The words of one message, as `email::words` makes them.
#[derive(Clone, Debug, Default)]
pub struct Words {
    pub subject: String,
    pub people: String,
    pub body: String,
    pub files: String,
}

statements! {
    PUT = "{words put}";
    DELETE = "{words delete}";
    LATER = "insert into message_unindexed (message_no) values ($1)";
    PENDING = concat!("select ", columns!(), " from messages where no in
        (select message_no from message_unindexed order by message_no limit $1)");
    DONE = "delete from message_unindexed where message_no = $1";
    GONE = "delete from message_unindexed where message_no in (select u.message_no from message_unindexed u
        where not exists (select 1 from messages m where m.no = u.message_no) limit $1)";
    /// What is found is of the mailbox already. To say so again would let SQLite go through all its messages first.
    FIND = concat!("select ", columns!(), " from {words found} as found join messages using (no)
        where not is_blocked or $3 order by found.rank, no desc limit $4");
}

/// Leaves a message for the task that takes in its words.
pub async fn later(tx: &Tx, message_no: i64) -> Result<()> {
    tx.post(LATER, args![message_no]).await
}

/// Messages whose words are not taken in yet, oldest first.
pub async fn pending(tx: &Tx, limit: i64) -> Result<Vec<Message>> {
    tx.all(PENDING, args![limit], message).await
}

/// Forgets what was to be taken in of messages that are gone meanwhile; counts them.
pub async fn forget_gone(tx: &Tx, limit: i64) -> Result<u64> {
    tx.exec(GONE, args![limit]).await
}

/// Takes in the words of a message.
pub async fn put(tx: &Tx, m: &Message, w: &Words) -> Result<()> {
    if tx.exec(DONE, args![m.no]).await? == 0 {
        return Ok(());
    }
    tx.post(PUT, args![m.no, m.mailbox_id, w.subject, w.people, w.body, w.files]).await
}

/// Forgets the words of a message.
pub async fn delete(tx: &Tx, message_no: i64) -> Result<()> {
    tx.post(DONE, args![message_no]).await?;
    tx.post(DELETE, args![message_no]).await
}

/// Messages of a mailbox that have all these words, the best first, then the newest.
pub async fn find(
    tx: &Tx,
    mailbox: EmailMailboxId,
    words: &str,
    with_blocked: bool,
    limit: i64,
) -> Result<Vec<Message>> {
    tx.all(FIND, args![mailbox, words, with_blocked, limit], message).await
}
