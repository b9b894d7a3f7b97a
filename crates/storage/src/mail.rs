//! Mail items and their photos.

use domain::Timestamp;
use domain::id::{CustomerId, MailId, OperatorId, PhotoId};
use domain::mail::{MailFlag, MailItem, MailType, Photo, PhotoKind};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, Wake, args, json, statements};

statements! {
    INSERT = "insert into mail_items (id, operator_id, partner_id, livemode, customer_id, mailbox_id, location_id, kind,
        subtype, custody, content, carrier, tracking_number, sender_name, addressed_to, recipient_id, accountable,
        flags, weight_g, length_mm, width_mm, height_mm, received_at, free_storage_until, created_via,
        created_by_key, performed_by, external_mail_id, metadata, deleted_at, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)";
    GET = "select id, operator_id, partner_id, livemode, customer_id, mailbox_id, location_id, kind, subtype, custody,
        content, carrier, tracking_number, sender_name, addressed_to, recipient_id, accountable, flags, weight_g,
        length_mm, width_mm, height_mm, received_at, free_storage_until, created_via, created_by_key, performed_by,
        external_mail_id, metadata, deleted_at, version, created_at, updated_at from mail_items
        where id = $1 and partner_id = $2 and livemode = $3";
    GET_LOCKED = "select id, operator_id, partner_id, livemode, customer_id, mailbox_id, location_id, kind, subtype,
        custody, content, carrier, tracking_number, sender_name, addressed_to, recipient_id, accountable, flags,
        weight_g, length_mm, width_mm, height_mm, received_at, free_storage_until, created_via, created_by_key,
        performed_by, external_mail_id, metadata, deleted_at, version, created_at, updated_at from mail_items
        where id = $1 and partner_id = $2 and livemode = $3 {lock}";
    LIST = "select id, operator_id, partner_id, livemode, customer_id, mailbox_id, location_id, kind, subtype, custody,
        content, carrier, tracking_number, sender_name, addressed_to, recipient_id, accountable, flags, weight_g,
        length_mm, width_mm, height_mm, received_at, free_storage_until, created_via, created_by_key, performed_by,
        external_mail_id, metadata, deleted_at, version, created_at, updated_at from mail_items
        where customer_id = $1 and deleted_at is null
        and (received_at, id) < ($2, $3)
        and (kind = $4 or $4 is null) and (received_at >= $5 or $5 is null) and (received_at < $6 or $6 is null)
        and (updated_at >= $7 or $7 is null) and (updated_at < $8 or $8 is null)
        and (tracking_number = $9 or $9 is null) order by received_at desc, id desc limit $10";
    // The index says the same, word for word.
    DISOWNED = "select id, operator_id, partner_id, livemode, customer_id, mailbox_id, location_id, kind, subtype, custody,
        content, carrier, tracking_number, sender_name, addressed_to, recipient_id, accountable, flags, weight_g,
        length_mm, width_mm, height_mm, received_at, free_storage_until, created_via, created_by_key, performed_by,
        external_mail_id, metadata, deleted_at, version, created_at, updated_at from mail_items
        where operator_id = $1 and custody = 'in_house' and deleted_at is null and flags like '%not_mine%'
        order by updated_at, id limit $2";
    UPDATE = "update mail_items set custody = $3, content = $4, flags = $5, deleted_at = $6, updated_at = $7,
        version = version + 1 where id = $1 and version = $2";
    SAME_TRACKING = "select count(*) from mail_items where customer_id = $1 and tracking_number = $2
        and received_at >= $3 and deleted_at is null";
    PHOTO_INSERT = "insert into mail_photos (id, mail_id, position, kind, status, source_url, tries, due_at)
        select $1, $2, $3, $4, 'pending', $5, 0, $6 {each}";
    PHOTO_LIST = "select id, mail_id, kind, status, source_url, blob, thumbnail, content_type, failure from mail_photos
        where mail_id = $1 order by position";
    PHOTO_GET = "select id, mail_id, kind, status, source_url, blob, thumbnail, content_type, failure from mail_photos
        where id = $1 and exists (select 1 from mail_items m where m.id = mail_id and m.deleted_at is null)";
    PHOTO_MOVE = "update mail_photos set id = $2, mail_id = $3 where id = $1";
    PHOTO_DUE = "select id, mail_id, kind, status, source_url, blob, thumbnail, content_type, failure, tries
        from mail_photos where status = 'pending' and due_at <= $1 order by due_at limit $2";
    PHOTO_STORED = "update mail_photos set status = 'stored', blob = $2, thumbnail = $3, content_type = $4,
        failure = null where id = $1";
    PHOTO_LATER = "update mail_photos set status = $2, tries = tries + 1, due_at = $3, failure = $4 where id = $1";
}

pub async fn insert(tx: &Tx, m: &MailItem) -> Result<()> {
    let (length, width, height) = match m.dimensions_mm {
        Some((l, w, h)) => (Some(l), Some(w), Some(h)),
        None => (None, None, None),
    };
    let row = args![
        m.id,
        m.operator_id,
        m.partner_id,
        m.livemode,
        m.customer_id,
        m.mailbox_id,
        m.location_id,
        m.kind,
        m.subtype,
        m.custody,
        m.content,
        m.carrier,
        m.tracking_number,
        m.sender_name,
        m.addressed_to,
        m.recipient_id,
        m.accountable,
        json::words_to(m.flags.iter().map(|f| f.as_str())),
        m.weight_g,
        length,
        width,
        height,
        m.received_at,
        m.free_storage_until,
        m.created_via,
        m.created_by_key,
        m.performed_by,
        m.external_mail_id,
        json::pairs_to(&m.metadata),
        m.deleted_at,
        m.version,
        m.created_at,
        m.updated_at
    ];
    tx.post(INSERT, row).await
}

/// One item of the tenant, also one that was deleted.
pub async fn find(tx: &Tx, scope: &Scope, id: MailId) -> Result<Option<MailItem>> {
    tx.opt(GET, args![id, scope.partner_id(), scope.livemode()], item).await
}

/// Finds an item that is about to change, and keeps others from changing it meanwhile.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: MailId) -> Result<Option<MailItem>> {
    tx.opt(GET_LOCKED, args![id, scope.partner_id(), scope.livemode()], item).await
}

/// What a list of mail is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct MailFilter {
    pub kind: Option<MailType>,
    pub received: (Option<Timestamp>, Option<Timestamp>),
    pub updated: (Option<Timestamp>, Option<Timestamp>),
    pub tracking_number: Option<String>,
}

/// Items of a customer after a position, newest first.
pub async fn list(
    tx: &Tx,
    customer: CustomerId,
    filter: &MailFilter,
    after: Option<(Timestamp, MailId)>,
    limit: i64,
) -> Result<Vec<MailItem>> {
    let (at, id) = after.unwrap_or((Timestamp::MAX, MailId::MAX));
    let row = args![
        customer,
        at,
        id,
        filter.kind,
        filter.received.0,
        filter.received.1,
        filter.updated.0,
        filter.updated.1,
        filter.tracking_number,
        limit
    ];
    tx.all(LIST, row, item).await
}

/// Items in the house of which their customers say that they are somebody else's, the longest first.
pub async fn disowned(tx: &Tx, operator: OperatorId, limit: i64) -> Result<Vec<MailItem>> {
    tx.all(DISOWNED, args![operator, limit], item).await
}

/// Stores custody, content, flags and deletion; false when somebody else changed the item first.
pub async fn update(tx: &Tx, m: &MailItem) -> Result<bool> {
    let flags = json::words_to(m.flags.iter().map(|f| f.as_str()));
    let row = args![m.id, m.version, m.custody, m.content, flags, m.deleted_at, m.updated_at];
    Ok(tx.exec(UPDATE, row).await? == 1)
}

/// Items of a customer with this tracking number since a moment.
pub async fn count_tracking(
    tx: &Tx,
    customer: CustomerId,
    number: &str,
    since: Timestamp,
) -> Result<i64> {
    tx.one(SAME_TRACKING, args![customer, number, since], Row::next).await
}

/// A photo to fetch.
pub struct NewPhoto {
    pub id: PhotoId,
    pub kind: PhotoKind,
    pub url: String,
}

/// Adds photos that wait to be fetched, and tells the tasks.
pub async fn photo_insert(
    tx: &Tx,
    mail: MailId,
    photos: &[NewPhoto],
    due_at: Timestamp,
) -> Result<()> {
    let rows = photos.iter().enumerate();
    let row = |(i, p): (usize, &NewPhoto)| args![p.id, mail, i as i64, p.kind, p.url, due_at];
    tx.each(PHOTO_INSERT, rows.map(row).collect()).await?;
    tx.wake(Wake::Photo);
    Ok(())
}

pub async fn photo_list(tx: &Tx, mail: MailId) -> Result<Vec<Photo>> {
    tx.all(PHOTO_LIST, args![mail], photo).await
}

/// A photo by its id, for whoever holds a signed link to it. It is gone with its item.
pub async fn photo_find(tx: &Tx, id: PhotoId) -> Result<Option<Photo>> {
    tx.opt(PHOTO_GET, args![id], photo).await
}

/// Gives a photo to another item, under a new id: links to the old one end.
pub async fn photo_move(tx: &Tx, from: PhotoId, to: PhotoId, mail: MailId) -> Result<()> {
    tx.post(PHOTO_MOVE, args![from, to, mail]).await
}

/// Photos to fetch now, each with the tries made so far.
pub async fn photo_due(tx: &Tx, now: Timestamp, limit: i64) -> Result<Vec<(Photo, i64)>> {
    tx.all(PHOTO_DUE, args![now, limit], |r| Ok((photo(r)?, r.next()?))).await
}

/// What a stored photo is.
pub struct StoredPhoto<'a> {
    pub blob: &'a str,
    pub thumbnail: Option<&'a str>,
    pub content_type: &'a str,
}

pub async fn photo_stored(tx: &Tx, id: PhotoId, stored: &StoredPhoto<'_>) -> Result<()> {
    tx.post(PHOTO_STORED, args![id, stored.blob, stored.thumbnail, stored.content_type]).await
}

/// Counts a failed try: `again` is when to try next, `None` gives up.
pub async fn photo_failed(tx: &Tx, id: PhotoId, why: &str, again: Option<Timestamp>) -> Result<()> {
    let status = if again.is_some() { "pending" } else { "failed" };
    tx.post(PHOTO_LATER, args![id, status, again.unwrap_or_default(), why]).await
}

fn item(r: &mut Row) -> Result<MailItem> {
    Ok(MailItem {
        id: r.next()?,
        operator_id: r.next()?,
        partner_id: r.next()?,
        livemode: r.next()?,
        customer_id: r.next()?,
        mailbox_id: r.next()?,
        location_id: r.next()?,
        kind: r.next()?,
        subtype: r.next()?,
        custody: r.next()?,
        content: r.next()?,
        carrier: r.next()?,
        tracking_number: r.next()?,
        sender_name: r.next()?,
        addressed_to: r.next()?,
        recipient_id: r.next()?,
        accountable: r.next()?,
        flags: json::words_from(&r.next::<String>()?, MailFlag::parse)?,
        weight_g: r.next()?,
        dimensions_mm: sides(r)?,
        received_at: r.next()?,
        free_storage_until: r.next()?,
        created_via: r.next()?,
        created_by_key: r.next()?,
        performed_by: r.next()?,
        external_mail_id: r.next()?,
        metadata: json::pairs_from(&r.next::<String>()?)?,
        deleted_at: r.next()?,
        version: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}

fn sides(r: &mut Row) -> Result<Option<(i64, i64, i64)>> {
    let (length, width, height): (Option<i64>, Option<i64>, Option<i64>) =
        (r.next()?, r.next()?, r.next()?);
    Ok(length.zip(width).zip(height).map(|((l, w), h)| (l, w, h)))
}

fn photo(r: &mut Row) -> Result<Photo> {
    Ok(Photo {
        id: r.next()?,
        mail_id: r.next()?,
        kind: r.next()?,
        status: r.next()?,
        source_url: r.next()?,
        blob: r.next()?,
        thumbnail: r.next()?,
        content_type: r.next()?,
        failure: r.next()?,
    })
}
