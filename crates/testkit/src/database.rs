//! A database of its own for each test, on the engine under test.

use std::sync::atomic::{AtomicU32, Ordering};

use storage::DatabaseUrl;
use tempfile::TempDir;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// An empty database: a file in `folder`, or one on the server that `POSTROOM_TEST_DATABASE` names.
pub async fn empty(folder: &TempDir) -> DatabaseUrl {
    let Ok(server) = std::env::var("POSTROOM_TEST_DATABASE") else {
        return DatabaseUrl::Sqlite(folder.path().join("test.sqlite"));
    };
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("postroom_test_{}_{n}", std::process::id());
    order(&server, &format!("create database {name}")).await;
    let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
    DatabaseUrl::Postgres(format!("{base}/{name}"))
}

/// Runs statements on a PostgreSQL database, beside whoever works there.
pub async fn order(url: &str, statements: &str) {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.expect("the test server answers");
    let driver = tokio::spawn(connection);
    client.batch_execute(statements).await.expect("the server obeys");
    drop(client);
    let _ = driver.await;
}
