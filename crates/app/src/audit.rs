//! The audit chain: recording, linking, proving.
//!
//! A record is written in the transaction of the change that it describes. A task links new records
//! within a second: each link's hash covers the record and the hash before it, so that a changed,
//! removed or inserted record breaks every link after it.

use bytes::Bytes;
use domain::id::AuditId;
use domain::{Error, Result, Timestamp};
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::audit::{self as rows, AuditRecord};

use crate::admin::StaffCtx;
use crate::{Actor, App, OpCtx};

/// Records linked or checked in one unit.
const LINKS_MAX: i64 = 1000;

/// Records who did what to something of a partner's. `detail` names what changed; it holds no
/// personal data.
pub async fn record(
    tx: &Tx,
    ctx: &OpCtx,
    verb: &str,
    subject: impl std::fmt::Display,
    detail: &[(&str, &str)],
) -> Result<()> {
    let ids = ctx.app.ids.as_ref();
    let record = AuditRecord {
        no: ids.number(ctx.app.clock.now()),
        id: AuditId::new(ids, ctx.now),
        at: ctx.now,
        operator_id: ctx.scope.operator_id(),
        partner_id: Some(ctx.scope.partner_id()),
        livemode: ctx.livemode(),
        actor_kind: ctx.actor.kind().to_owned(),
        actor_id: ctx.actor.id(),
        verb: verb.to_owned(),
        subject: subject.to_string(),
        detail: storage::details(detail),
        request_id: ctx.request_id.map(|id| id.to_string()),
        chain_no: None,
        hash: None,
    };
    Ok(rows::insert(tx, &record).await?)
}

/// Records what the operator's staff did to something that is no partner's: a location, a pool.
pub async fn record_by_staff(
    tx: &Tx,
    ctx: &StaffCtx,
    verb: &str,
    subject: impl std::fmt::Display,
    detail: &[(&str, &str)],
) -> Result<()> {
    let ids = ctx.app.ids.as_ref();
    let actor = Actor::Operator(ctx.staff.clone());
    let record = AuditRecord {
        no: ids.number(ctx.now),
        id: AuditId::new(ids, ctx.now),
        at: ctx.now,
        operator_id: ctx.operator_id,
        partner_id: None,
        livemode: true,
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        verb: verb.to_owned(),
        subject: subject.to_string(),
        detail: storage::details(detail),
        request_id: None,
        chain_no: None,
        hash: None,
    };
    Ok(rows::insert(tx, &record).await?)
}

/// The word under which nodes take turns at the head of the chain.
const CHAIN_LOCK: i64 = 7_022_026_112_103;

/// Links records that are not part of the chain yet; counts them.
pub async fn link(app: &App) -> Result<usize> {
    app.db
        .write(async |tx: &Tx| {
            if !tx.try_lock(CHAIN_LOCK).await? {
                return Ok(0);
            }
            let fresh = rows::unlinked(tx, LINKS_MAX).await?;
            if fresh.is_empty() {
                return Ok(0);
            }
            let (mut n, mut hash) = rows::head(tx).await?.unwrap_or((0, Bytes::new()));
            let mut links = Vec::with_capacity(fresh.len());
            for record in &fresh {
                n += 1;
                hash = hash_of(record, n, &hash);
                links.push((record.no, n, hash.clone()));
            }
            rows::link(tx, &links).await?;
            Ok(links.len())
        })
        .await
}

/// What `postroom audit verify` found.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    pub links: i64,
    /// Records that the task has not linked yet.
    pub unlinked: usize,
    /// The number of the first link that does not hold.
    pub broken_at: Option<i64>,
}

/// Records shown at once.
pub const RECORDS_MAX: i64 = 1000;

/// The operator's newest records, of everything or of one subject by its shown id.
pub async fn list(
    tx: &Tx,
    ctx: &StaffCtx,
    subject: Option<&str>,
    limit: i64,
) -> Result<Vec<AuditRecord>> {
    Ok(rows::newest(tx, ctx.operator_id, subject, limit.clamp(1, RECORDS_MAX)).await?)
}

/// When the newest link was recorded, by the clock of the machine that did; `None` while nothing is
/// linked.
pub async fn last_at(app: &App) -> Result<Option<Timestamp>> {
    let found = app.db.read(async |tx: &Tx| {
        let head = rows::head(tx).await?;
        match head {
            Some((n, _)) => rows::chain(tx, n - 1, 1).await,
            None => Ok(Vec::new()),
        }
    });
    let found: std::result::Result<Vec<AuditRecord>, storage::Error> = found.await;
    // Not `at`, which is the tenant's time: a test clock may run ahead.
    Ok(found?.first().map(|r| domain::id::number_time(r.no)))
}

/// Walks the whole chain and recomputes every hash.
pub async fn verify(app: &App) -> Result<Proof> {
    let (mut n, mut hash) = (0, Bytes::new());
    loop {
        let page = app.db.read(async move |tx: &Tx| rows::chain(tx, n, LINKS_MAX).await).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            let expected = hash_of(&record, n + 1, &hash);
            if record.chain_no != Some(n + 1) || record.hash.as_ref() != Some(&expected) {
                return Ok(Proof { links: n, unlinked: 0, broken_at: Some(n + 1) });
            }
            (n, hash) = (n + 1, expected);
        }
    }
    let unlinked = app.db.read(async |tx: &Tx| rows::unlinked(tx, LINKS_MAX).await).await;
    Ok(Proof { links: n, unlinked: unlinked.map_err(Error::from)?.len(), broken_at: None })
}

/// SHA-256 over the number, the hash before, and every field, each with its length before it.
fn hash_of(r: &AuditRecord, n: i64, before: &[u8]) -> Bytes {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(&n.to_be_bytes());
    add(before);
    add(&r.id.0);
    add(&r.at.micros().to_be_bytes());
    add(&r.operator_id.0);
    add(r.partner_id.as_ref().map_or(&[], |id| &id.0[..]));
    add(&[u8::from(r.livemode)]);
    for text in [&r.actor_kind, &r.verb, &r.subject, &r.detail] {
        add(text.as_bytes());
    }
    for text in [&r.actor_id, &r.request_id] {
        add(text.as_deref().unwrap_or_default().as_bytes());
    }
    Bytes::copy_from_slice(&hash.finalize())
}
