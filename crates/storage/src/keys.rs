//! API keys and what they were used for: digests, scopes, networks, and remembered answers.

use bytes::Bytes;
use domain::Timestamp;
use domain::id::KeyId;
use domain::key::{ApiKey, ScopeName};
use domain::partner::Partner;

use crate::tenancy::{self, Scope};
use crate::{Result, Row, Tx, args, json, statements};

statements! {
    INSERT = "insert into api_keys (id, partner_id, livemode, name, last4, digest, scopes, networks, expires_at,
        rotated_from, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_DIGEST = "select k.id, k.partner_id, k.livemode, k.name, k.last4, k.scopes, k.networks, k.expires_at,
        k.revoked_at, k.last_used_at, k.rotated_from, k.created_at, p.id, p.operator_id, p.name, p.slug, p.kind,
        p.status, p.settings, p.order_form, p.test_clock_ahead, p.created_at, p.stored_bytes
        from api_keys k join partners p on p.id = k.partner_id where k.digest = $1";
    LIST = "select id, partner_id, livemode, name, last4, scopes, networks, expires_at, revoked_at, last_used_at,
        rotated_from, created_at from api_keys where partner_id = $1 and kind = 'partner' order by id";
    GET_LOCKED = "select id, partner_id, livemode, name, last4, scopes, networks, expires_at, revoked_at, last_used_at,
        rotated_from, created_at from api_keys where partner_id = $1 and id = $2 and kind = 'partner' {lock}";
    SET_END = "update api_keys set expires_at = $3, revoked_at = $4 where partner_id = $1 and id = $2";
    USED = "update api_keys set last_used_at = $2 {each} where id = $1 and (last_used_at <= $3 or last_used_at is null)";
    ANSWER_GET = "select fingerprint, answer, request_id, path, created_at from idempotency_records
        where partner_id = $1 and livemode = $2 and idempotency_key = $3 and expires_at > $4";
    ANSWER_PUT = "insert into idempotency_records (partner_id, livemode, idempotency_key, fingerprint, answer,
        request_id, path, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (partner_id, livemode, idempotency_key) do update set fingerprint = excluded.fingerprint,
        answer = excluded.answer, request_id = excluded.request_id, path = excluded.path,
        created_at = excluded.created_at, expires_at = excluded.expires_at
        where idempotency_records.expires_at <= excluded.created_at";
    ANSWER_PURGE = "delete from idempotency_records where (partner_id, livemode, idempotency_key) in
        (select partner_id, livemode, idempotency_key from idempotency_records where expires_at <= $1
        order by expires_at limit $2)";
}

/// Stores a key by its digest; the key itself is never passed in.
pub async fn insert(tx: &Tx, key: &ApiKey, digest: &[u8; 32]) -> Result<()> {
    let row = args![
        key.id,
        key.partner_id,
        key.livemode,
        key.name,
        key.last4,
        digest,
        json::words_to(key.scopes.iter().map(|s| s.as_str())),
        json::words_to(key.networks.iter().map(String::as_str)),
        key.expires_at,
        key.rotated_from,
        key.created_at
    ];
    tx.post(INSERT, row).await
}

/// The key with this digest, its partner, and the scope that it opens.
pub async fn find(tx: &Tx, digest: &[u8; 32]) -> Result<Option<(ApiKey, Partner, Scope)>> {
    let read = |r: &mut Row| {
        let (key, partner) = (api_key(r)?, tenancy::partner(r)?);
        let scope = Scope::of(&partner, key.livemode);
        Ok((key, partner, scope))
    };
    tx.opt(BY_DIGEST, args![digest], read).await
}

/// Every key of a partner, in both modes.
pub async fn list(tx: &Tx, scope: &Scope) -> Result<Vec<ApiKey>> {
    tx.all(LIST, args![scope.partner_id()], api_key).await
}

/// A key that is about to end.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: KeyId) -> Result<Option<ApiKey>> {
    tx.opt(GET_LOCKED, args![scope.partner_id(), id], api_key).await
}

/// Stores when a key ends.
pub async fn set_end(tx: &Tx, scope: &Scope, key: &ApiKey) -> Result<()> {
    tx.post(SET_END, args![scope.partner_id(), key.id, key.expires_at, key.revoked_at]).await
}

/// Notes when keys were last used, unless a use less than `apart` microseconds before is noted.
pub async fn used(tx: &Tx, uses: &[(KeyId, Timestamp)], apart: i64) -> Result<()> {
    tx.each(USED, uses.iter().map(|(id, at)| args![id, at, at.plus(-apart)]).collect()).await
}

fn api_key(r: &mut Row) -> Result<ApiKey> {
    Ok(ApiKey {
        id: r.next()?,
        partner_id: r.next()?,
        livemode: r.next()?,
        name: r.next()?,
        last4: r.next()?,
        scopes: json::words_from(&r.next::<String>()?, ScopeName::parse)?,
        networks: json::words_from(&r.next::<String>()?, |w| Some(w.to_owned()))?,
        expires_at: r.next()?,
        revoked_at: r.next()?,
        last_used_at: r.next()?,
        rotated_from: r.next()?,
        created_at: r.next()?,
    })
}

/// What was answered to a request that carried an idempotency key.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// SHA-256 over what made the request that request.
    pub fingerprint: Bytes,
    pub answer: Bytes,
    /// The request that was answered first.
    pub request_id: String,
    /// Its method and path.
    pub path: String,
    pub at: Timestamp,
}

/// The answer kept under a key, unless its time is over.
pub async fn answer_find(
    tx: &Tx,
    scope: &Scope,
    key: &str,
    now: Timestamp,
) -> Result<Option<Remembered>> {
    let read = |r: &mut Row| {
        Ok(Remembered {
            fingerprint: r.next()?,
            answer: r.next()?,
            request_id: r.next()?,
            path: r.next()?,
            at: r.next()?,
        })
    };
    tx.opt(ANSWER_GET, args![scope.partner_id(), scope.livemode(), key, now], read).await
}

/// Keeps an answer until `until`.
pub async fn answer_put(
    tx: &Tx,
    scope: &Scope,
    key: &str,
    kept: &Remembered,
    until: Timestamp,
) -> Result<()> {
    let row = args![
        scope.partner_id(),
        scope.livemode(),
        key,
        kept.fingerprint,
        kept.answer,
        kept.request_id,
        kept.path,
        kept.at,
        until
    ];
    tx.post(ANSWER_PUT, row).await
}

/// Forgets at most `limit` answers whose time is over; counts them.
pub async fn answer_purge(tx: &Tx, now: Timestamp, limit: i64) -> Result<u64> {
    tx.exec(ANSWER_PURGE, args![now, limit]).await
}
