//! Jobs that bring mail along; the parts of their files are in the blob store.

use bytes::Bytes;
use domain::Timestamp;
use domain::email::Import;
use domain::email::import::Place;
use domain::id::{EmailMailboxId, ImportId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, json, statements};

/// What [`import`] reads, in its order.
macro_rules! columns {
    () => {
        "no, id, partner_id, mailbox_id, status, format, addresses, mark_as_read, upload, upload_size, processed,
        place, place_before, place_unpacked, imported, duplicates, failed, rejected, error, created_at, updated_at,
        started_at, finished_at"
    };
}

statements! {
    INSERT = "insert into imports (no, id, partner_id, mailbox_id, status, format, addresses, mark_as_read, upload,
        upload_size, processed, imported, duplicates, failed, rejected, error, created_at, updated_at, started_at,
        finished_at, is_open)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    GET = concat!("select ", columns!(), " from imports where mailbox_id = $1 and id = $2");
    GET_LOCKED = concat!("select ", columns!(), " from imports where mailbox_id = $1 and id = $2 {lock}");
    BY_ID_LOCKED = concat!("select ", columns!(), " from imports where id = $1 {lock}");
    LIST = concat!("select ", columns!(), " from imports where mailbox_id = $1
        and (created_at, no) < ($2, $3)
        order by created_at desc, no desc limit $4");
    /// Also what keeps a second one out on its own, by its unique index.
    IN_FLIGHT = "select count(*) from imports where mailbox_id = $1
        and status in ('pending_upload', 'queued', 'running')";
    SINCE = "select created_at from imports where partner_id = $1 and created_at > $2
        order by created_at desc limit $3";
    DUE = concat!("select ", columns!(), " from imports where is_open
        and (status <> 'pending_upload' or created_at <= $1) order by no limit $2");
    UPDATE = "update imports set status = $2, upload = $3, upload_size = $4, processed = $5, imported = $6,
        duplicates = $7, failed = $8, rejected = $9, error = $10, updated_at = $11, started_at = $12,
        finished_at = $13, place = $14, place_before = $15, place_unpacked = $16 where no = $1";
    CLOSE = "update imports set is_open = false, upload = null where no = $1";
}

pub async fn insert(tx: &Tx, i: &Import) -> Result<()> {
    let row = args![
        i.no,
        i.id,
        i.partner_id,
        i.mailbox_id,
        i.status,
        i.format,
        i.addresses.as_deref().map(json::texts_to),
        i.mark_as_read,
        i.upload,
        i.upload_size,
        i.processed,
        i.imported,
        i.duplicates,
        i.failed,
        i.rejected,
        i.error,
        i.created_at,
        i.updated_at,
        i.started_at,
        i.finished_at,
        true
    ];
    tx.post(INSERT, row).await
}

pub async fn find(tx: &Tx, mailbox: EmailMailboxId, id: ImportId) -> Result<Option<Import>> {
    tx.opt(GET, args![mailbox, id], import).await
}

/// A job that is about to change.
pub async fn find_locked(tx: &Tx, mailbox: EmailMailboxId, id: ImportId) -> Result<Option<Import>> {
    tx.opt(GET_LOCKED, args![mailbox, id], import).await
}

/// The same of any mailbox, behind a signed link or for the task.
pub async fn find_by_id_locked(tx: &Tx, id: ImportId) -> Result<Option<Import>> {
    tx.opt(BY_ID_LOCKED, args![id], import).await
}

/// Jobs before a place, newest first.
pub async fn list(
    tx: &Tx,
    mailbox: EmailMailboxId,
    before: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<Import>> {
    let (at, no) = before.unwrap_or((Timestamp::MAX, i64::MAX));
    tx.all(LIST, args![mailbox, at, no, limit], import).await
}

/// Whether a job of the mailbox is not over.
pub async fn is_in_flight(tx: &Tx, mailbox: EmailMailboxId) -> Result<bool> {
    let n: i64 = tx.one(IN_FLIGHT, args![mailbox], Row::next).await?;
    Ok(n > 0)
}

/// When the jobs of an organization began, newest first.
pub async fn begun_since(
    tx: &Tx,
    scope: &Scope,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Timestamp>> {
    tx.all(SINCE, args![scope.partner_id(), since, limit], Row::next).await
}

/// Jobs with something to do: mail to bring along, files to delete, and those begun before a time that
/// still wait for a file.
pub async fn due(tx: &Tx, begun_before: Timestamp, limit: i64) -> Result<Vec<Import>> {
    tx.all(DUE, args![begun_before, limit], import).await
}

/// Stores all that may change.
pub async fn update(tx: &Tx, i: &Import) -> Result<()> {
    let row = args![
        i.no,
        i.status,
        i.upload,
        i.upload_size,
        i.processed,
        i.imported,
        i.duplicates,
        i.failed,
        i.rejected,
        i.error,
        i.updated_at,
        i.started_at,
        i.finished_at,
        i.place.at,
        i.place.before,
        i.place.unpacked
    ];
    tx.post(UPDATE, row).await
}

/// Says that nothing is left to do for a job.
pub async fn close(tx: &Tx, no: i64) -> Result<()> {
    tx.post(CLOSE, args![no]).await
}

fn import(r: &mut Row) -> Result<Import> {
    Ok(Import {
        no: r.next()?,
        id: r.next()?,
        partner_id: r.next()?,
        mailbox_id: r.next()?,
        status: r.next()?,
        format: r.next()?,
        addresses: r.next::<Option<String>>()?.as_deref().map(json::texts_from).transpose()?,
        mark_as_read: r.next()?,
        upload: r.next::<Option<Bytes>>()?.map(|bytes| name(&bytes)).transpose()?,
        upload_size: r.next()?,
        processed: r.next()?,
        place: Place { at: r.next()?, before: r.next()?, unpacked: r.next()? },
        imported: r.next()?,
        duplicates: r.next()?,
        failed: r.next()?,
        rejected: r.next()?,
        error: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
        started_at: r.next()?,
        finished_at: r.next()?,
    })
}

fn name(bytes: &[u8]) -> Result<[u8; 16]> {
    bytes.try_into().map_err(|_| crate::Error::Inconsistent("name of an upload".into()))
}
