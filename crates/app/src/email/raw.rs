//! The bytes of messages: kept as they were received, by their hash, compressed where that helps.
//!
//! Small ones lie in the database, so that one commit makes a message durable; large ones in the blob
//! store, where they are put before the transaction that refers to them.

use blob::{Family, Key};
use bytes::Bytes;
use domain::{Error, ErrorCode, Result};
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::email::raw::{self, Codec, Raw};

use crate::App;

/// Bytes as they are stored above which a message goes to the blob store (email-engine.md 4.1).
const INLINE_BYTES_MAX: usize = 64 << 10;
/// Fast, and within some percent of what higher levels reach on mail.
const ZSTD_LEVEL: i32 = 1;

/// Makes bytes ready to be stored, and stores them at once where they are large.
pub async fn stage(app: &App, bytes: &Bytes) -> Result<Raw> {
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let (codec, data) = match zstd::bulk::compress(bytes, ZSTD_LEVEL) {
        Ok(smaller) if smaller.len() < bytes.len() => (Codec::Zstd, Bytes::from(smaller)),
        Ok(_) | Err(_) => (Codec::Plain, bytes.clone()),
    };
    if data.len() <= INLINE_BYTES_MAX {
        return Ok(Raw { sha256, size, codec, data: Some(data) });
    }
    if !app.db.write(async move |tx: &Tx| raw::keep(tx, &sha256).await).await? {
        let message = "these bytes are being deleted this moment; nothing was stored";
        return Err(Error::refused(ErrorCode::TemporarilyUnavailable, message).retry_after(1));
    }
    let put = app.blobs.put(&Key::content(Family::Message, &sha256), data).await;
    put.map_err(|error| Error::internal("storing the bytes of a message", error))?;
    Ok(Raw { sha256, size, codec, data: None })
}

/// The bytes of a message as they were received.
pub async fn load(app: &App, sha256: [u8; 32]) -> Result<Bytes> {
    let found = app.db.read(async move |tx: &Tx| raw::find(tx, &sha256).await).await?;
    let raw = found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "Message not found"))?;
    let data = match raw.data {
        Some(data) => data,
        None => {
            let key = Key::content(Family::Message, &sha256);
            let got = app.blobs.get(&key).await;
            let got =
                got.map_err(|error| Error::internal("reading the bytes of a message", error))?;
            got.ok_or_else(|| Error::internal("reading the bytes of a message", "they are gone"))?
        }
    };
    match raw.codec {
        Codec::Plain => Ok(data),
        Codec::Zstd => {
            let size = usize::try_from(raw.size).unwrap_or_default();
            let opened = zstd::bulk::decompress(&data, size);
            let opened = opened.map_err(|e| Error::internal("opening the bytes of a message", e));
            opened.map(Bytes::from)
        }
    }
}
