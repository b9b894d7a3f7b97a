//! Threads, and the Message-IDs by which messages find theirs (email-engine.md 4.4).

use std::cmp::Reverse;

use domain::Timestamp;
use domain::email::{Folder, Thread};
use domain::id::{EmailMailboxId, ThreadId};

use crate::merge::first_rows;
use crate::{Result, Row, Tx, args, statements};

/// A hashed Message-ID.
pub type Ref = [u8; 16];

statements! {
    INSERT = "insert into threads (id, mailbox_id, subject, folder, message_count, last_message_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    GET = "select id, mailbox_id, subject, folder, message_count, last_message_at, created_at from threads
        where mailbox_id = $1 and id = $2";
    GET_LOCKED = "select id, mailbox_id, subject, folder, message_count, last_message_at, created_at from threads
        where mailbox_id = $1 and id = $2 {lock}";
    LIST = "select id, mailbox_id, subject, folder, message_count, last_message_at, created_at from threads
        where mailbox_id = $1 and folder = $2 and (last_message_at, id) < ($3, $4)
        order by last_message_at desc, id desc limit $5";
    HAS_FOLDER = "select exists (select 1 from threads where mailbox_id = $1 and folder = $2)";
    UPDATE = "update threads set folder = $2, message_count = $3, last_message_at = $4 where id = $1";
    DELETE = "delete from threads where id = $1";
    OF_REF = "select thread_id from {rows} (select thread_id from message_refs
        where mailbox_id = $1 and ref = $2) as one";
    REF_PUT = "insert into message_refs (mailbox_id, ref, thread_id) select $1, $2, $3 {each} where true
        on conflict (mailbox_id, ref) do nothing";
    REFS_MOVE = "update message_refs set thread_id = $2 where thread_id = $1";
    REFS_DELETE = "delete from message_refs where thread_id = $1";
    MESSAGES_MOVE = "update messages set thread_id = $2 where thread_id = $1";
}

pub async fn insert(tx: &Tx, t: &Thread) -> Result<()> {
    let row = args![
        t.id,
        t.mailbox_id,
        t.subject,
        t.folder,
        t.message_count,
        t.last_message_at,
        t.created_at
    ];
    tx.post(INSERT, row).await
}

pub async fn find(tx: &Tx, mailbox: EmailMailboxId, id: ThreadId) -> Result<Option<Thread>> {
    tx.opt(GET, args![mailbox, id], thread).await
}

/// A thread that is about to change.
pub async fn find_locked(tx: &Tx, mailbox: EmailMailboxId, id: ThreadId) -> Result<Option<Thread>> {
    tx.opt(GET_LOCKED, args![mailbox, id], thread).await
}

/// Threads of some folders before a place, those with the latest messages first.
pub async fn list(
    tx: &Tx,
    mailbox: EmailMailboxId,
    folders: &[Folder],
    before: Option<(Timestamp, ThreadId)>,
    limit: i64,
) -> Result<Vec<Thread>> {
    let (at, id) = before.unwrap_or((Timestamp::MAX, ThreadId::MAX));
    let mut found = Vec::new();
    for folder in folders {
        found.extend(tx.all(LIST, args![mailbox, *folder, at, id, limit], thread).await?);
    }
    Ok(first_rows(found, limit, |t| Reverse((t.last_message_at, t.id))))
}

/// Whether a folder holds a thread.
pub async fn has_folder(tx: &Tx, mailbox: EmailMailboxId, folder: Folder) -> Result<bool> {
    tx.one(HAS_FOLDER, args![mailbox, folder], Row::next).await
}

/// Stores folder, count and last activity.
pub async fn update(tx: &Tx, t: &Thread) -> Result<()> {
    tx.post(UPDATE, args![t.id, t.folder, t.message_count, t.last_message_at]).await
}

/// Deletes a thread and all that points to it; its messages are deleted before.
pub async fn delete(tx: &Tx, id: ThreadId) -> Result<()> {
    tx.post(REFS_DELETE, args![id]).await?;
    tx.post(DELETE, args![id]).await
}

/// The threads that know any of these ids, each once, oldest first.
pub async fn of_refs(tx: &Tx, mailbox: EmailMailboxId, refs: &[Ref]) -> Result<Vec<ThreadId>> {
    let rows = refs.iter().map(|one| args![mailbox, one]).collect();
    let mut found: Vec<ThreadId> = tx.all_each(OF_REF, rows, Row::next).await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Lets a thread be found by these ids, save those that belong to one already.
pub async fn put_refs(tx: &Tx, mailbox: EmailMailboxId, refs: &[Ref], id: ThreadId) -> Result<()> {
    tx.each(REF_PUT, refs.iter().map(|one| args![mailbox, one, id]).collect()).await
}

/// Moves messages and ids of one thread to another, and deletes the one.
pub async fn merge(tx: &Tx, from: ThreadId, into: ThreadId) -> Result<()> {
    tx.post(MESSAGES_MOVE, args![from, into]).await?;
    tx.post(REFS_MOVE, args![from, into]).await?;
    tx.post(DELETE, args![from]).await
}

pub(crate) fn thread(r: &mut Row) -> Result<Thread> {
    Ok(Thread {
        id: r.next()?,
        mailbox_id: r.next()?,
        subject: r.next()?,
        folder: r.next()?,
        message_count: r.next()?,
        last_message_at: r.next()?,
        created_at: r.next()?,
    })
}
