//! The slots of the install's data key: the same key, sealed once for each master key that may open it.
//!
//! What seals it is `app::secrets`.

use bytes::Bytes;
use domain::Timestamp;

use crate::{Result, Row, Tx, args, statements};

/// Slots that there may be: the key of today, that of tomorrow, and those that were forgotten.
pub const SLOTS_MAX: usize = 16;
/// The key under which nodes that start together take turns at drawing the data key.
const LOCK: i64 = 7_022_026_112_104;

/// The data key as one master key opens it.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Which master key, without telling anything about it.
    pub master_id: Bytes,
    pub sealed: Bytes,
    pub made_at: Timestamp,
}

statements! {
    INSERT = "insert into data_key_slots (master_id, sealed, made_at) values ($1, $2, $3)";
    LIST = "select master_id, sealed, made_at from data_key_slots order by made_at, master_id";
    DELETE = "delete from data_key_slots where master_id = $1";
    IS_IN_USE = "select exists (select 1 from operators)";
}

/// Takes the turn to change the slots, until the unit ends; false while somebody else has it.
pub async fn lock(tx: &Tx) -> Result<bool> {
    tx.try_lock(LOCK).await
}

/// Every slot, the oldest first.
pub async fn list(tx: &Tx) -> Result<Vec<Slot>> {
    let slot =
        |r: &mut Row| Ok(Slot { master_id: r.next()?, sealed: r.next()?, made_at: r.next()? });
    tx.all(LIST, args![], slot).await
}

pub async fn insert(tx: &Tx, slot: &Slot) -> Result<()> {
    tx.exec(INSERT, args![slot.master_id, slot.sealed, slot.made_at]).await.map(drop)
}

/// False when there is no such slot.
pub async fn delete(tx: &Tx, master_id: &[u8]) -> Result<bool> {
    Ok(tx.exec(DELETE, args![master_id]).await? > 0)
}

/// Whether something may have been sealed already.
pub async fn is_in_use(tx: &Tx) -> Result<bool> {
    tx.one(IS_IN_USE, args![], Row::next).await
}
