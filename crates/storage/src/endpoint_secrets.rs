//! What signs for an endpoint: its secrets and their key pairs, sealed.

use bytes::Bytes;
use domain::Timestamp;

use crate::{Result, Row, Tx, args, statements};

/// A signing secret, sealed. The current one signs first.
#[derive(Clone, Debug)]
pub struct EndpointSecret {
    pub endpoint_no: i64,
    pub n: i64,
    pub sealed: Bytes,
    pub is_current: bool,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub pair: Option<SealedPair>,
}

/// The Ed25519 key pair that signs beside a secret.
#[derive(Clone, Debug)]
pub struct SealedPair {
    /// The private key.
    pub sealed: Bytes,
    pub public_key: String,
}

statements! {
    INSERT = "insert into endpoint_secrets (endpoint_no, n, sealed, is_current, created_at, expires_at,
        pair_sealed, public_key) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST = "select endpoint_no, n, sealed, is_current, created_at, expires_at, pair_sealed, public_key
        from endpoint_secrets where endpoint_no = $1 and (expires_at is null or expires_at > $2)
        order by case when is_current and (expires_at > $3 or expires_at is null) then 0 else 1 end, n desc";
    LAST = "select max(n) from endpoint_secrets where endpoint_no = $1";
    UPDATE = "update endpoint_secrets set is_current = $3, expires_at = $4, pair_sealed = $5, public_key = $6
        where endpoint_no = $1 and n = $2";
}

pub async fn insert(tx: &Tx, s: &EndpointSecret) -> Result<()> {
    let (pair, public) = columns(s.pair.as_ref());
    let row =
        args![s.endpoint_no, s.n, s.sealed, s.is_current, s.created_at, s.expires_at, pair, public];
    tx.post(INSERT, row).await
}

/// How long a secret still signs, second, after another one became current; in microseconds.
pub const OUTGOING_LIFE: i64 = domain::days(1);

/// Secrets that sign today, the current one first.
///
/// A current secret that ends within [`OUTGOING_LIFE`] is on its way out: its successor, which is
/// newer, stands before it from then on, without anybody writing a row.
pub async fn list(tx: &Tx, endpoint_no: i64, now: Timestamp) -> Result<Vec<EndpointSecret>> {
    let read = |r: &mut Row| {
        Ok(EndpointSecret {
            endpoint_no: r.next()?,
            n: r.next()?,
            sealed: r.next()?,
            is_current: r.next()?,
            created_at: r.next()?,
            expires_at: r.next()?,
            pair: match (r.next()?, r.next()?) {
                (Some(sealed), Some(public_key)) => Some(SealedPair { sealed, public_key }),
                _ => None,
            },
        })
    };
    tx.all(LIST, args![endpoint_no, now, now.plus(OUTGOING_LIFE)], read).await
}

/// The number of the newest secret that the endpoint ever had; 0 before the first.
pub async fn last(tx: &Tx, endpoint_no: i64) -> Result<i64> {
    let last: Option<i64> = tx.one(LAST, args![endpoint_no], Row::next).await?;
    Ok(last.unwrap_or(0))
}

/// Stores whether a secret is current, when it ends, and its pair.
pub async fn update(tx: &Tx, s: &EndpointSecret) -> Result<()> {
    let (pair, public) = columns(s.pair.as_ref());
    tx.post(UPDATE, args![s.endpoint_no, s.n, s.is_current, s.expires_at, pair, public]).await
}

fn columns(pair: Option<&SealedPair>) -> (Option<Bytes>, Option<String>) {
    (pair.map(|pair| pair.sealed.clone()), pair.map(|pair| pair.public_key.clone()))
}
