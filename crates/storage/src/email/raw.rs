//! Raw messages: bytes as they were received, by their SHA-256, once however many mailboxes have them.

use bytes::Bytes;
use domain::Timestamp;

use crate::{Result, Row, Tx, args, statements};

domain::words! {
    /// How the bytes are kept: as they are, or compressed.
    pub enum Codec { Plain = "plain", Zstd = "zstd" }
}

/// One raw message.
#[derive(Clone, Debug)]
pub struct Raw {
    pub sha256: [u8; 32],
    /// Of the bytes as received.
    pub size: i64,
    pub codec: Codec,
    /// `None` where they are in the blob store, under their hash.
    pub data: Option<Bytes>,
}

statements! {
    PUT = "insert into raw_messages (sha256, size, codec, data, refs) values ($1, $2, $3, $4, $5)
        on conflict (sha256) do update set refs = raw_messages.refs + excluded.refs";
    GET = "select sha256, size, codec, data from raw_messages where sha256 = $1";
    ADD_REF = "update raw_messages set refs = refs + 1 where sha256 = $1";
    DROP_REF = "update raw_messages set refs = refs - 1 where sha256 = $1";
    /// Those whose bytes lie elsewhere are noted, so that these are deleted after the commit.
    GARBAGE = "insert into raw_garbage (sha256, at, is_deleting) select sha256, $2, false from raw_messages
        where sha256 = $1 and refs <= 0 and data is null on conflict do nothing";
    KEEP = "delete from raw_garbage where sha256 = $1 and not is_deleting";
    IS_GARBAGE = "select exists (select 1 from raw_garbage where sha256 = $1)";
    UNUSED = "delete from raw_messages where sha256 = $1 and refs <= 0";
}

/// Stores the bytes for so many messages more.
pub async fn put(tx: &Tx, raw: &Raw, refs: i64) -> Result<()> {
    let row = args![raw.sha256, raw.size, raw.codec.as_str(), raw.data, refs];
    tx.post(PUT, row).await
}

pub async fn find(tx: &Tx, sha256: &[u8; 32]) -> Result<Option<Raw>> {
    let read = |r: &mut Row| {
        let hash: Bytes = r.next()?;
        let size = r.next()?;
        let codec: String = r.next()?;
        Ok(Raw {
            sha256: hash.as_ref().try_into().map_err(|_| inconsistent("hash"))?,
            size,
            codec: Codec::parse(&codec).ok_or_else(|| inconsistent("codec"))?,
            data: r.next()?,
        })
    };
    tx.opt(GET, args![sha256], read).await
}

/// Says that bytes which were stored elsewhere will be needed; false while they are being deleted.
pub async fn keep(tx: &Tx, sha256: &[u8; 32]) -> Result<bool> {
    tx.exec(KEEP, args![sha256]).await?;
    let is_garbage: bool = tx.one(IS_GARBAGE, args![sha256], Row::next).await?;
    Ok(!is_garbage)
}

/// Says that a message less needs the bytes. With the last one they go.
pub async fn release(tx: &Tx, sha256: &[u8; 32], now: Timestamp) -> Result<()> {
    tx.post(DROP_REF, args![sha256]).await?;
    tx.post(GARBAGE, args![sha256, now]).await?;
    tx.post(UNUSED, args![sha256]).await
}

/// Says that one more needs bytes that are there.
pub async fn add_ref(tx: &Tx, sha256: &[u8; 32]) -> Result<()> {
    tx.post(ADD_REF, args![sha256]).await
}

fn inconsistent(what: &str) -> crate::Error {
    crate::Error::Inconsistent(format!("{what} of a raw message"))
}
