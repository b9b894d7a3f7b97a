//! A fresh, migrated database for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::Timestamp;
use storage::{DatabaseUrl, Db};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

/// A database that lives as long as this value.
pub(crate) struct Fresh {
    db: Db,
    /// Where it is, on SQLite.
    pub(crate) folder: tempfile::TempDir,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

impl std::ops::Deref for Fresh {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// Opens an empty database on the engine under test and migrates it.
pub(crate) async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = match std::env::var("POSTROOM_TEST_DATABASE") {
        Ok(server) => DatabaseUrl::Postgres(create_database(&server).await),
        Err(_) => DatabaseUrl::Sqlite(folder.path().join("test.sqlite")),
    };
    let db = Db::open(&url).await.unwrap();
    storage::migrate(&db, NOW).await.unwrap();
    Fresh { db, folder }
}

/// Makes a database on the server and answers its URL.
async fn create_database(server: &str) -> String {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("contract_{}_{n}", std::process::id());
    let (client, connection) =
        tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("create database {name}")).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
