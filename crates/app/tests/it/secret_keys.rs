//! Master keys, and the data key that they open.

use std::sync::Arc;

use app::secrets::slots::{self, KeyError};
use app::secrets::{DataKey, MasterKey};
use domain::Ids;
use storage::data_key::SLOTS_MAX;
use storage::{Db, Tx};
use tempfile::TempDir;

use crate::support::{START, TestIds, database, world};

/// A database in which nothing is stored.
struct Vault {
    db: Db,
    ids: Arc<dyn Ids>,
    _folder: TempDir,
}

async fn vault() -> Vault {
    let folder = tempfile::tempdir().unwrap();
    Vault { db: database(&folder).await, ids: Arc::new(TestIds::new()), _folder: folder }
}

impl Vault {
    async fn open(&self, master: &MasterKey) -> Result<DataKey, KeyError> {
        slots::open(&self.db, Arc::clone(&self.ids), START, master).await
    }

    async fn add(&self, master: &MasterKey, new: &MasterKey) -> Result<(), KeyError> {
        let ids = Arc::clone(&self.ids);
        slots::add(&self.db, ids, START, master.clone(), new.clone()).await
    }

    async fn remove(&self, master: &MasterKey, gone: &MasterKey) -> Result<(), KeyError> {
        slots::remove(&self.db, master, gone.id()).await
    }
}

const fn master(n: u8) -> MasterKey {
    MasterKey::new(&[n; 32])
}

/// What tells one data key from another.
fn mark(key: &DataKey) -> [u8; 32] {
    key.key_digest("ib_live_x")
}

#[tokio::test]
async fn the_data_key_is_drawn_once_and_the_master_key_does_not_tell_it() {
    let vault = vault().await;
    let (one, two) = (master(1), master(1));
    assert!(slots::find(&vault.db, &one).await.unwrap().is_none());
    let (first, second) = tokio::join!(vault.open(&one), vault.open(&two));
    let drawn = mark(&first.unwrap());
    assert_eq!(mark(&second.unwrap()), drawn);
    assert_eq!(mark(&slots::find(&vault.db, &one).await.unwrap().unwrap()), drawn);
    assert_ne!(mark(&DataKey::new(&[1; 32])), drawn);
    assert_eq!(slots::list(&vault.db).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_that_was_in_use_before_keeps_the_key_that_its_values_are_sealed_with() {
    let world = world().await;
    let ids: Arc<dyn Ids> = Arc::new(TestIds::new());
    let opened = slots::open(&world.app.db, ids, START, &master(7)).await.unwrap();
    assert_eq!(mark(&opened), mark(&world.app.secrets));
}

#[tokio::test]
async fn a_master_key_takes_anothers_place_and_what_is_sealed_still_opens() {
    let vault = vault().await;
    let (old, new) = (master(1), master(2));
    let drawn = mark(&vault.open(&old).await.unwrap());
    vault.add(&old, &new).await.unwrap();
    assert_eq!(mark(&vault.open(&old).await.unwrap()), drawn);
    assert_eq!(mark(&vault.open(&new).await.unwrap()), drawn);
    vault.remove(&new, &old).await.unwrap();
    assert_eq!(mark(&vault.open(&new).await.unwrap()), drawn);
    let refused = vault.open(&old).await.unwrap_err().to_string();
    assert!(refused.contains(&old.id().to_string()), "{refused}");
    assert!(refused.contains(&new.id().to_string()), "{refused}");
}

#[tokio::test]
async fn what_would_lock_the_database_or_helps_nobody_is_refused() {
    let vault = vault().await;
    let (ours, other, stranger) = (master(1), master(2), master(3));
    vault.open(&ours).await.unwrap();
    assert!(matches!(vault.add(&ours, &ours).await, Err(KeyError::IsThere(_))));
    assert!(matches!(vault.remove(&ours, &ours).await, Err(KeyError::InUse(_))));
    assert!(matches!(vault.remove(&ours, &other).await, Err(KeyError::NotThere(_))));
    assert!(matches!(vault.add(&stranger, &other).await, Err(KeyError::NoSlot { .. })));
    assert!(matches!(vault.remove(&stranger, &ours).await, Err(KeyError::NoSlot { .. })));
    for n in 2..=u8::try_from(SLOTS_MAX).unwrap() {
        vault.add(&ours, &master(n)).await.unwrap();
    }
    assert!(matches!(vault.add(&ours, &master(200)).await, Err(KeyError::TooMany)));
}

#[tokio::test]
async fn a_slot_that_was_changed_opens_nothing() {
    let vault = vault().await;
    vault.open(&master(1)).await.unwrap();
    let change = async |tx: &Tx| {
        let slot = storage::data_key::list(tx).await?.remove(0);
        storage::data_key::delete(tx, &slot.master_id).await?;
        let sealed = slot.sealed.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>().into();
        storage::data_key::insert(tx, &storage::data_key::Slot { sealed, ..slot }).await
    };
    vault.db.write::<_, storage::Error, _>(change).await.unwrap();
    assert!(matches!(vault.open(&master(1)).await, Err(KeyError::Changed(_))));
}
