//! Messages of a mailbox: their row; the bytes are in [`super::raw`].

use std::cmp::Reverse;

use domain::Timestamp;
use domain::email::{Direction, Message, MessageStatus};
use domain::id::{EmailMailboxId, MessageId, ThreadId};

use super::search;
use super::threads::Ref;
use crate::merge::first_rows;
use crate::{Result, Row, Tx, args, json, statements};

/// What [`message`] reads, in its order.
macro_rules! columns {
    () => {
        "no, id, mailbox_id, thread_id, direction, status, message_id, from_address, from_name, to_addresses,
        cc_addresses, bcc_addresses, reply_to, in_reply_to, reference_ids, subject, snippet, is_read, is_starred,
        has_attachments, is_forward, is_blocked, first_opened_at, open_count, import_id, size, raw, created_at,
        updated_at"
    };
}
pub(crate) use columns;

statements! {
    INSERT = "insert into messages (no, id, mailbox_id, thread_id, direction, status, message_id, from_address, from_name,
        to_addresses, cc_addresses, bcc_addresses, reply_to, in_reply_to, reference_ids, subject, snippet, is_read,
        is_starred, has_attachments, is_forward, is_blocked, first_opened_at, open_count, import_id, size, raw,
        created_at, updated_at, ref, sender)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25, $26, $27, $28, $29, $30, $31)";
    GET = concat!("select ", columns!(), " from messages where mailbox_id = $1 and id = $2");
    GET_LOCKED = concat!("select ", columns!(), " from messages where mailbox_id = $1 and id = $2 {lock}");
    BY_MESSAGE_ID = concat!("select ", columns!(), " from messages where mailbox_id = $1 and ref = $2
        order by no limit 1");
    BY_ID = concat!("select ", columns!(), " from messages where id = $1");
    BY_NO_LOCKED = concat!("select ", columns!(), " from messages where no = $1 {lock}");
    LIST = concat!("select ", columns!(), " from messages where mailbox_id = $1 and direction = $2
        and (created_at, no) > ($3, $4) and (created_at, no) < ($5, $6) and (not is_blocked or $7)
        order by created_at desc, no desc limit $8");
    LIST_OLDEST = concat!("select ", columns!(), " from messages where mailbox_id = $1 and direction = $2
        and (created_at, no) > ($3, $4) and (created_at, no) < ($5, $6) and (not is_blocked or $7)
        order by created_at, no limit $8");
    OF_THREAD = concat!("select ", columns!(), " from messages where thread_id = $1 order by created_at, no limit $2");
    LAST_OF_THREAD = concat!("select ", columns!(), " from messages where mailbox_id = $1 and thread_id = $2
        order by created_at desc, no desc limit 1");
    OTHERS_OF_THREAD = concat!("select ", columns!(), " from messages where thread_id = $1 and no <> $2
        and created_at >= $3 and not is_blocked order by created_at desc, no desc limit $4");
    /// The same message again: by its sender and Message-ID, and not long ago.
    KNOWN = "select id from messages where mailbox_id = $1 and ref = $2 and sender = $3 and size = $4
        and created_at >= $5 limit 1";
    SAME = "select count(*) from messages where mailbox_id = $1 and ref = $2 and size = $3";
    SET_FLAGS = "update messages set is_read = $2, is_starred = $3, updated_at = $4 where no = $1";
    NOTE_OPEN = "update messages set open_count = open_count + 1, first_opened_at = coalesce(first_opened_at, $2)
        where id = $1 and direction = 'outbound'";
    SET_STATUS = "update messages set status = $2, updated_at = $3 where no = $1";
    DELETE = "delete from messages where no = $1";
    RECIPIENTS_DELETE = "delete from message_recipients where message_no = $1";
}

/// Places in a list before and after all messages.
const BEFORE_ALL: (Timestamp, i64) = (Timestamp::MIN, i64::MIN);
const AFTER_ALL: (Timestamp, i64) = (Timestamp::MAX, i64::MAX);

/// What makes an inbound message known: its Message-ID, and a digest of who sent it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub message_id: Ref,
    pub sender: Option<Ref>,
}

pub async fn insert(tx: &Tx, m: &Message, known: Known) -> Result<()> {
    let row = args![
        m.no,
        m.id,
        m.mailbox_id,
        m.thread_id,
        m.direction,
        m.status,
        m.message_id,
        m.from_address,
        m.from_name,
        json::texts_to(&m.to),
        json::texts_to(&m.cc),
        json::texts_to(&m.bcc),
        json::texts_to(&m.reply_to),
        m.in_reply_to,
        json::texts_to(&m.references),
        m.subject,
        m.snippet,
        m.is_read,
        m.is_starred,
        m.has_attachments,
        m.is_forward,
        m.is_blocked,
        m.first_opened_at,
        m.open_count,
        m.import_id,
        m.size,
        m.raw,
        m.created_at,
        m.updated_at,
        known.message_id,
        known.sender
    ];
    tx.post(INSERT, row).await?;
    search::later(tx, m.no).await
}

pub async fn find(tx: &Tx, mailbox: EmailMailboxId, id: MessageId) -> Result<Option<Message>> {
    tx.opt(GET, args![mailbox, id], message).await
}

/// A message that is about to change.
pub async fn find_locked(
    tx: &Tx,
    mailbox: EmailMailboxId,
    id: MessageId,
) -> Result<Option<Message>> {
    tx.opt(GET_LOCKED, args![mailbox, id], message).await
}

/// The first message of a mailbox with this Message-ID.
pub async fn find_by_message_id(
    tx: &Tx,
    mailbox: EmailMailboxId,
    message_id: Ref,
) -> Result<Option<Message>> {
    tx.opt(BY_MESSAGE_ID, args![mailbox, message_id], message).await
}

/// A message of any mailbox, behind a signed link.
pub async fn find_by_id(tx: &Tx, id: MessageId) -> Result<Option<Message>> {
    tx.opt(BY_ID, args![id], message).await
}

/// The message behind a recipient's row.
pub async fn find_by_no_locked(tx: &Tx, no: i64) -> Result<Option<Message>> {
    tx.opt(BY_NO_LOCKED, args![no], message).await
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageFilter {
    pub direction: Option<Direction>,
    /// From the first on, before the second.
    pub created: (Option<Timestamp>, Option<Timestamp>),
    /// Whether what a contact rule refused is listed as well.
    pub with_blocked: bool,
}

/// Which messages of a list come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Newest,
    Oldest,
}

/// Messages behind a place. The index has each direction by itself, so that few among very many are found at once.
pub async fn list(
    tx: &Tx,
    mailbox: EmailMailboxId,
    filter: MessageFilter,
    order: Order,
    after: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<Message>> {
    // Both ends are always given, so that a page begins where the index has it, however deep that is.
    let (from, to) = filter.created;
    let mut first = from.map_or(BEFORE_ALL, |at| (at.plus(-1), i64::MAX));
    let mut last = to.map_or(AFTER_ALL, |at| (at, i64::MIN));
    let text = match order {
        Order::Newest => {
            last = last.min(after.unwrap_or(last));
            LIST
        }
        Order::Oldest => {
            first = first.max(after.unwrap_or(first));
            LIST_OLDEST
        }
    };
    let (blocked, mut found) = (filter.with_blocked, Vec::new());
    for direction in Direction::ALL.iter().filter(|d| filter.direction.is_none_or(|of| of == **d)) {
        let row = args![mailbox, *direction, first.0, first.1, last.0, last.1, blocked, limit];
        found.extend(tx.all(text, row, message).await?);
    }
    let place = |m: &Message| (m.created_at, m.no);
    Ok(match order {
        Order::Newest => first_rows(found, limit, |m| Reverse(place(m))),
        Order::Oldest => first_rows(found, limit, place),
    })
}

/// The messages of a thread, oldest first.
pub async fn of_thread(tx: &Tx, id: ThreadId, limit: i64) -> Result<Vec<Message>> {
    tx.all(OF_THREAD, args![id, limit], message).await
}

/// The newest message of a thread.
pub async fn last_of_thread(
    tx: &Tx,
    mailbox: EmailMailboxId,
    id: ThreadId,
) -> Result<Option<Message>> {
    tx.opt(LAST_OF_THREAD, args![mailbox, id], message).await
}

/// The other messages of a message's thread since a moment, newest first; what a rule blocked is left out.
pub async fn others_in_thread(
    tx: &Tx,
    m: &Message,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Message>> {
    tx.all(OTHERS_OF_THREAD, args![m.thread_id, m.no, since, limit], message).await
}

/// The message that this one repeats, if it came since `since` (email-engine.md 4.3).
pub async fn find_known(
    tx: &Tx,
    mailbox: EmailMailboxId,
    known: Known,
    size: i64,
    since: Timestamp,
) -> Result<Option<MessageId>> {
    tx.opt(KNOWN, args![mailbox, known.message_id, known.sender, size, since], Row::next).await
}

/// Whether a mailbox has a message with this Message-ID and size, whenever it came.
pub async fn is_there(tx: &Tx, mailbox: EmailMailboxId, id: Ref, size: i64) -> Result<bool> {
    let n: i64 = tx.one(SAME, args![mailbox, id, size], Row::next).await?;
    Ok(n > 0)
}

pub async fn set_flags(tx: &Tx, m: &Message) -> Result<()> {
    tx.post(SET_FLAGS, args![m.no, m.is_read, m.is_starred, m.updated_at]).await
}

/// Counts that a message that was sent was looked at.
pub async fn note_open(tx: &Tx, id: MessageId, now: Timestamp) -> Result<()> {
    tx.post(NOTE_OPEN, args![id, now]).await
}

pub async fn set_status(tx: &Tx, no: i64, status: MessageStatus, now: Timestamp) -> Result<()> {
    tx.post(SET_STATUS, args![no, status, now]).await
}

/// Deletes the row of a message, its recipients and its words.
pub async fn delete(tx: &Tx, no: i64) -> Result<()> {
    tx.post(RECIPIENTS_DELETE, args![no]).await?;
    search::delete(tx, no).await?;
    tx.post(DELETE, args![no]).await
}

pub(crate) fn message(r: &mut Row) -> Result<Message> {
    let texts = |r: &mut Row| json::texts_from(&r.next::<String>()?);
    Ok(Message {
        no: r.next()?,
        id: r.next()?,
        mailbox_id: r.next()?,
        thread_id: r.next()?,
        direction: r.next()?,
        status: r.next()?,
        message_id: r.next()?,
        from_address: r.next()?,
        from_name: r.next()?,
        to: texts(r)?,
        cc: texts(r)?,
        bcc: texts(r)?,
        reply_to: texts(r)?,
        in_reply_to: r.next()?,
        references: texts(r)?,
        subject: r.next()?,
        snippet: r.next()?,
        is_read: r.next()?,
        is_starred: r.next()?,
        has_attachments: r.next()?,
        is_forward: r.next()?,
        is_blocked: r.next()?,
        first_opened_at: r.next()?,
        open_count: r.next()?,
        import_id: r.next()?,
        size: r.next()?,
        raw: digest(&r.next::<bytes::Bytes>()?)?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}

fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| crate::Error::Inconsistent("hash of a raw message".into()))
}
