//! The audit chain: records written once with the change that they describe, then linked by hash.
//!
//! Records are linked by a task just after their commit, so that no two business transactions wait
//! for one another on the head of the chain. The hash itself is computed in `app::audit`.

use bytes::Bytes;
use domain::Timestamp;
use domain::id::{AuditId, OperatorId, PartnerId};

use crate::{Result, Row, Tx, args, statements};

/// Who did what to which thing.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    pub no: i64,
    pub id: AuditId,
    pub at: Timestamp,
    pub operator_id: OperatorId,
    pub partner_id: Option<PartnerId>,
    pub livemode: bool,
    /// `api_key`, `operator`, `customer`, `system`.
    pub actor_kind: String,
    pub actor_id: Option<String>,
    /// `customer.create`, `mail.delete`.
    pub verb: String,
    /// The shown id of the thing.
    pub subject: String,
    /// A JSON object.
    pub detail: String,
    pub request_id: Option<String>,
    pub chain_no: Option<i64>,
    pub hash: Option<Bytes>,
}

statements! {
    INSERT = "insert into audit_records (no, id, at, operator_id, partner_id, livemode, actor_kind, actor_id, verb,
        subject, detail, request_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UNLINKED = "select no, id, at, operator_id, partner_id, livemode, actor_kind, actor_id, verb, subject, detail,
        request_id, chain_no, hash from audit_records where chain_no is null order by no limit $1";
    HEAD = "select chain_no, hash from audit_records where chain_no is not null order by chain_no desc limit 1";
    LINK = "update audit_records set chain_no = $2, hash = $3 {each} where no = $1";
    CHAIN = "select no, id, at, operator_id, partner_id, livemode, actor_kind, actor_id, verb, subject, detail,
        request_id, chain_no, hash from audit_records where chain_no > $1 order by chain_no limit $2";
    NEWEST = "select no, id, at, operator_id, partner_id, livemode, actor_kind, actor_id, verb, subject, detail,
        request_id, chain_no, hash from audit_records
        where operator_id = $1 and (subject = $2 or $2 is null) order by no desc limit $3";
}

pub async fn insert(tx: &Tx, r: &AuditRecord) -> Result<()> {
    let row = args![
        r.no,
        r.id,
        r.at,
        r.operator_id,
        r.partner_id,
        r.livemode,
        r.actor_kind,
        r.actor_id,
        r.verb,
        r.subject,
        r.detail,
        r.request_id
    ];
    tx.post(INSERT, row).await
}

/// Records that are not part of the chain yet.
pub async fn unlinked(tx: &Tx, limit: i64) -> Result<Vec<AuditRecord>> {
    tx.all(UNLINKED, args![limit], record).await
}

/// Number and hash of the newest link.
pub async fn head(tx: &Tx) -> Result<Option<(i64, Bytes)>> {
    tx.opt(HEAD, args![], |r| Ok((r.next()?, r.next()?))).await
}

/// Links records: `(no, chain_no, hash)`.
pub async fn link(tx: &Tx, links: &[(i64, i64, Bytes)]) -> Result<()> {
    tx.each(LINK, links.iter().map(|(no, n, hash)| args![*no, *n, hash]).collect()).await
}

/// Links after a number, in the order of the chain.
pub async fn chain(tx: &Tx, after: i64, limit: i64) -> Result<Vec<AuditRecord>> {
    tx.all(CHAIN, args![after, limit], record).await
}

/// An operator's newest records, of everything or of one subject.
pub async fn newest(
    tx: &Tx,
    operator_id: OperatorId,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<AuditRecord>> {
    tx.all(NEWEST, args![operator_id, subject, limit], record).await
}

fn record(r: &mut Row) -> Result<AuditRecord> {
    Ok(AuditRecord {
        no: r.next()?,
        id: r.next()?,
        at: r.next()?,
        operator_id: r.next()?,
        partner_id: r.next()?,
        livemode: r.next()?,
        actor_kind: r.next()?,
        actor_id: r.next()?,
        verb: r.next()?,
        subject: r.next()?,
        detail: r.next()?,
        request_id: r.next()?,
        chain_no: r.next()?,
        hash: r.next()?,
    })
}
