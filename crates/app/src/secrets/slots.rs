//! Master keys, and how one of them opens the data key.
//!
//! The data key is drawn once and never changes. It lies in the database sealed for each master key that may open
//! it, a slot for each (webhooks.md 5.19: envelope encryption). So a master key is replaced without touching what
//! is sealed: a slot for the new one, a restart of every node with it, and the old slot goes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Ids, Timestamp};
use storage::data_key::{self, SLOTS_MAX, Slot};
use storage::{Db, Tx};

use super::{DataKey, KEY_BYTES, Sealer, mac};

/// How long to wait for another process that changes the slots, before asking again.
const TURN_NAP: Duration = Duration::from_millis(20);
/// How often to ask.
const TURNS_MAX: usize = 500;

/// The key that the operator keeps, and that opens the data key; its `Debug` says nothing.
#[derive(Clone)]
pub struct MasterKey {
    key: [u8; KEY_BYTES],
}

impl MasterKey {
    pub const fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self { key: *key }
    }

    /// What this key is called: it tells which one it is, and nothing about it.
    pub fn id(&self) -> MasterId {
        let digest = mac(&self.key, &[b"postroom master id 1"]);
        MasterId(digest.first_chunk().copied().unwrap_or_default())
    }

    fn slot(&self, ids: &dyn Ids, data: &[u8; KEY_BYTES], made_at: Timestamp) -> Slot {
        let sealed = self.sealer().seal(ids, PLACE, data);
        Slot { master_id: Bytes::copy_from_slice(&self.id().0), sealed, made_at }
    }

    fn open(&self, slots: &[Slot]) -> Result<[u8; KEY_BYTES], KeyError> {
        let id = self.id();
        let Some(slot) = slots.iter().find(|s| s.master_id == id.0.as_slice()) else {
            return Err(KeyError::NoSlot { id, theirs: names_of(slots) });
        };
        let opened = self.sealer().open(PLACE, &slot.sealed).ok();
        opened.and_then(|key| key.try_into().ok()).ok_or(KeyError::Changed(id))
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(mac(&self.key, &[b"postroom data key 1"]))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

/// For what the data key is sealed.
const PLACE: &str = "data key";

/// What a master key is called, shown as 16 hexadecimal characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterId([u8; 8]);

impl MasterId {
    /// Reads what is shown.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        Some(Self(number.to_be_bytes()))
    }

    fn of(slot: &Slot) -> Self {
        Self(slot.master_id.as_ref().try_into().unwrap_or_default())
    }
}

impl fmt::Display for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// Why the data key was not opened, or its slots were not changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the secret key {id} does not open this database, which opens with {theirs}; \
         configure one of these under [secrets]"
    )]
    NoSlot { id: MasterId, theirs: String },
    #[error("the slot of the secret key {0} was changed; restore the table data_key_slots")]
    Changed(MasterId),
    #[error("{0} opens this database already")]
    IsThere(MasterId),
    #[error("{0} does not open this database; `postroom secret-key list` shows what does")]
    NotThere(MasterId),
    #[error("{0} is the secret key of this configuration; configure another one first")]
    InUse(MasterId),
    #[error("{SLOTS_MAX} secret keys open this database; remove one first")]
    TooMany,
    #[error("another process changes the keys; try again")]
    NoTurn,
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Opens the data key; `None` where it has not been drawn yet.
pub async fn find(db: &Db, master: &MasterKey) -> Result<Option<DataKey>, KeyError> {
    let slots = read(db).await?;
    if slots.is_empty() {
        return Ok(None);
    }
    master.open(&slots).map(|key| Some(DataKey::new(&key)))
}

/// Opens the data key; draws it where there is none. In a database that was in use before there were slots, it
/// is the master key, with which everything was sealed.
pub async fn open(
    db: &Db,
    ids: Arc<dyn Ids>,
    now: Timestamp,
    master: &MasterKey,
) -> Result<DataKey, KeyError> {
    if let Some(found) = find(db, master).await? {
        return Ok(found);
    }
    let master = master.clone();
    let drawn = in_turn(db, async move |tx: &Tx| {
        let slots = data_key::list(tx).await?;
        if !slots.is_empty() {
            return master.open(&slots);
        }
        let mut key = master.key;
        if !data_key::is_in_use(tx).await? {
            ids.fill(&mut key);
        }
        data_key::insert(tx, &master.slot(ids.as_ref(), &key, now)).await?;
        Ok(key)
    });
    Ok(DataKey::new(&drawn.await?))
}

/// Lets `new` open the data key as `master` does.
pub async fn add(
    db: &Db,
    ids: Arc<dyn Ids>,
    now: Timestamp,
    master: MasterKey,
    new: MasterKey,
) -> Result<(), KeyError> {
    in_turn(db, async move |tx: &Tx| {
        let slots = data_key::list(tx).await?;
        let key = master.open(&slots)?;
        if slots.iter().any(|slot| MasterId::of(slot) == new.id()) {
            return Err(KeyError::IsThere(new.id()));
        }
        if slots.len() >= SLOTS_MAX {
            return Err(KeyError::TooMany);
        }
        Ok(data_key::insert(tx, &new.slot(ids.as_ref(), &key, now)).await?)
    })
    .await
}

/// Lets a master key that is not `master` open the data key no more.
pub async fn remove(db: &Db, master: &MasterKey, id: MasterId) -> Result<(), KeyError> {
    if id == master.id() {
        return Err(KeyError::InUse(id));
    }
    let master = master.clone();
    in_turn(db, async move |tx: &Tx| {
        // Whoever can't open it must not take the last key that can.
        master.open(&data_key::list(tx).await?)?;
        let is_removed = data_key::delete(tx, &id.0).await?;
        if is_removed { Ok(()) } else { Err(KeyError::NotThere(id)) }
    })
    .await
}

/// A master key that opens the data key, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opener {
    pub id: MasterId,
    pub made_at: Timestamp,
}

/// Every master key that opens the data key, the oldest first.
pub async fn list(db: &Db) -> Result<Vec<Opener>, KeyError> {
    let slots = read(db).await?;
    Ok(slots.iter().map(|s| Opener { id: MasterId::of(s), made_at: s.made_at }).collect())
}

/// The ids of the master keys that open the data key; `None` where it has not been drawn yet.
pub async fn names(db: &Db) -> Result<Option<String>, KeyError> {
    let slots = read(db).await?;
    Ok((!slots.is_empty()).then(|| names_of(&slots)))
}

async fn read(db: &Db) -> storage::Result<Vec<Slot>> {
    db.read(async |tx: &Tx| data_key::list(tx).await).await
}

fn names_of(slots: &[Slot]) -> String {
    let ids: Vec<String> = slots.iter().map(|slot| MasterId::of(slot).to_string()).collect();
    ids.join(", ")
}

/// Runs a unit while nobody else changes the slots.
async fn in_turn<T: Send + 'static>(
    db: &Db,
    unit: impl AsyncFn(&Tx) -> Result<T, KeyError> + Clone + Send + 'static,
) -> Result<T, KeyError> {
    for _ in 0..TURNS_MAX {
        let unit = unit.clone();
        let turn = async move |tx: &Tx| {
            if data_key::lock(tx).await? { unit(tx).await.map(Some) } else { Ok(None) }
        };
        if let Some(done) = db.write(turn).await? {
            return Ok(done);
        }
        tokio::time::sleep(TURN_NAP).await;
    }
    Err(KeyError::NoTurn)
}
