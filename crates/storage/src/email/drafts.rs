//! Messages that are being written, and what is attached to them; the bytes are in [`super::raw`].

use bytes::Bytes;
use domain::Timestamp;
use domain::email::draft::Forward;
use domain::email::{Draft, DraftAttachment};
use domain::id::{DraftId, EmailMailboxId};

use crate::{Result, Row, Tx, args, json, statements};

/// What [`draft`] reads before the texts, in its order.
macro_rules! columns {
    () => {
        "no, id, mailbox_id, generation, to_addresses, cc_addresses, bcc_addresses, subject, snippet, reply_to,
        thread_id, in_reply_to, reference_ids, track_opens, forward_id, is_wrapped, with_original, attachment_count,
        has_attachments, created_at, updated_at"
    };
}

statements! {
    INSERT = "insert into drafts (no, id, mailbox_id, generation, to_addresses, cc_addresses, bcc_addresses, subject,
        snippet, reply_to, thread_id, in_reply_to, reference_ids, track_opens, forward_id, is_wrapped, with_original,
        attachment_count, has_attachments, created_at, updated_at, body_text, body_html, note_text, note_html)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25)";
    GET = concat!("select ", columns!(), ", body_text, body_html, note_text, note_html from drafts
        where mailbox_id = $1 and id = $2");
    GET_LOCKED = concat!("select ", columns!(), ", body_text, body_html, note_text, note_html from drafts
        where mailbox_id = $1 and id = $2 {lock}");
    LIST = concat!("select ", columns!(), ", cast(null as text), cast(null as text), cast(null as text),
        cast(null as text) from drafts where mailbox_id = $1
        and (created_at, no) < ($2, $3)
        order by created_at desc, no desc limit $4");
    COUNT = "select count(*) from drafts where mailbox_id = $1";
    UPDATE = "update drafts set generation = $2, to_addresses = $3, cc_addresses = $4, bcc_addresses = $5,
        subject = $6, snippet = $7, reply_to = $8, thread_id = $9, in_reply_to = $10, reference_ids = $11,
        track_opens = $12, attachment_count = $13, has_attachments = $14, updated_at = $15, body_text = $16,
        body_html = $17, note_text = $18, note_html = $19 where no = $1";
    DELETE = "delete from drafts where no = $1";
    FILES = "select part, filename, content_type, content_id, size, raw from draft_attachments
        where draft_no = $1 order by part";
    FILE_PUT = "insert into draft_attachments (draft_no, part, filename, content_type, content_id, size, raw)
        values ($1, $2, $3, $4, $5, $6, $7)";
    FILE_DELETE = "delete from draft_attachments where draft_no = $1 and part = $2";
    FILES_DELETE = "delete from draft_attachments where draft_no = $1";
}

/// Stores a draft without its attachments, which [`attach`] does.
pub async fn insert(tx: &Tx, d: &Draft) -> Result<()> {
    let row = args![
        d.no,
        d.id,
        d.mailbox_id,
        d.generation,
        json::texts_to(&d.to),
        json::texts_to(&d.cc),
        json::texts_to(&d.bcc),
        d.subject,
        d.snippet,
        d.reply_to,
        d.thread_id,
        d.in_reply_to,
        json::texts_to(&d.references),
        d.track_opens,
        d.forward.map(|f| f.message_id),
        d.forward.is_some_and(|f| f.is_wrapped),
        d.forward.is_none_or(|f| f.with_original),
        d.attachment_count,
        d.has_attachments,
        d.created_at,
        d.updated_at,
        d.text,
        d.html,
        d.note_text,
        d.note_html
    ];
    tx.post(INSERT, row).await
}

/// A draft with its texts and attachments.
pub async fn find(tx: &Tx, mailbox: EmailMailboxId, id: DraftId) -> Result<Option<Draft>> {
    let found = tx.opt(GET, args![mailbox, id], draft).await?;
    with_files(tx, found).await
}

/// A draft that is about to change.
pub async fn find_locked(tx: &Tx, mailbox: EmailMailboxId, id: DraftId) -> Result<Option<Draft>> {
    let found = tx.opt(GET_LOCKED, args![mailbox, id], draft).await?;
    with_files(tx, found).await
}

async fn with_files(tx: &Tx, found: Option<Draft>) -> Result<Option<Draft>> {
    let Some(mut draft) = found else { return Ok(None) };
    draft.attachments = tx.all(FILES, args![draft.no], attachment).await?;
    Ok(Some(draft))
}

/// Drafts before a place, newest first, without texts and attachments.
pub async fn list(
    tx: &Tx,
    mailbox: EmailMailboxId,
    before: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<Draft>> {
    let (at, no) = before.unwrap_or((Timestamp::MAX, i64::MAX));
    tx.all(LIST, args![mailbox, at, no, limit], draft).await
}

/// How many drafts a mailbox has.
pub async fn count(tx: &Tx, mailbox: EmailMailboxId) -> Result<i64> {
    tx.one(COUNT, args![mailbox], Row::next).await
}

/// Stores all that may change of a draft, save its attachments.
pub async fn update(tx: &Tx, d: &Draft) -> Result<()> {
    let row = args![
        d.no,
        d.generation,
        json::texts_to(&d.to),
        json::texts_to(&d.cc),
        json::texts_to(&d.bcc),
        d.subject,
        d.snippet,
        d.reply_to,
        d.thread_id,
        d.in_reply_to,
        json::texts_to(&d.references),
        d.track_opens,
        d.attachment_count,
        d.has_attachments,
        d.updated_at,
        d.text,
        d.html,
        d.note_text,
        d.note_html
    ];
    tx.post(UPDATE, row).await
}

/// Deletes a draft; the bytes of its attachments are released before.
pub async fn delete(tx: &Tx, no: i64) -> Result<()> {
    tx.post(FILES_DELETE, args![no]).await?;
    tx.post(DELETE, args![no]).await
}

pub async fn attach(tx: &Tx, no: i64, a: &DraftAttachment) -> Result<()> {
    let row = args![no, a.part, a.filename, a.content_type, a.content_id, a.size, a.raw];
    tx.post(FILE_PUT, row).await
}

pub async fn detach(tx: &Tx, no: i64, part: i64) -> Result<()> {
    tx.post(FILE_DELETE, args![no, part]).await
}

fn draft(r: &mut Row) -> Result<Draft> {
    let texts = |r: &mut Row| json::texts_from(&r.next::<String>()?);
    let mut draft = Draft {
        no: r.next()?,
        id: r.next()?,
        mailbox_id: r.next()?,
        generation: r.next()?,
        to: texts(r)?,
        cc: texts(r)?,
        bcc: texts(r)?,
        subject: r.next()?,
        snippet: r.next()?,
        reply_to: r.next()?,
        thread_id: r.next()?,
        in_reply_to: r.next()?,
        references: texts(r)?,
        track_opens: r.next()?,
        forward: None,
        attachment_count: 0,
        has_attachments: false,
        created_at: Timestamp::from_micros(0),
        updated_at: Timestamp::from_micros(0),
        text: None,
        html: None,
        note_text: None,
        note_html: None,
        attachments: Vec::new(),
    };
    let forwarded: Option<domain::id::MessageId> = r.next()?;
    let (is_wrapped, with_original) = (r.next()?, r.next()?);
    draft.forward = forwarded.map(|message_id| Forward { message_id, is_wrapped, with_original });
    draft.attachment_count = r.next()?;
    draft.has_attachments = r.next()?;
    draft.created_at = r.next()?;
    draft.updated_at = r.next()?;
    draft.text = r.next()?;
    draft.html = r.next()?;
    draft.note_text = r.next()?;
    draft.note_html = r.next()?;
    Ok(draft)
}

fn attachment(r: &mut Row) -> Result<DraftAttachment> {
    Ok(DraftAttachment {
        part: r.next()?,
        filename: r.next()?,
        content_type: r.next()?,
        content_id: r.next()?,
        size: r.next()?,
        raw: digest(&r.next::<Bytes>()?)?,
    })
}

fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| crate::Error::Inconsistent("hash of an attachment".into()))
}
