//! A disk that takes nothing more: on SQLite by a limit on the size of files, on PostgreSQL by a database
//! that only reads. A sync that fails takes the same way, and can't be had from a test.

use std::time::Duration;

use serde_json::json;
use testkit::database;
use tokio::time::{Instant, sleep_until};

use crate::House;
use crate::client::{Answer, Call, Client};
use crate::server::Server;

/// Bytes that the files may still grow by; a customer needs a third of it.
const ROOM_BYTES: u64 = 200 << 10;
/// How often a client comes again, and after how long.
const AGAIN_MAX: u32 = 50;
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// Customers until the disk must be full.
const CUSTOMERS_MAX: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case_38_a_disk_that_is_full_refuses_loudly_and_goes_on_when_there_is_room() {
    let mut house = House::found(CUSTOMERS_MAX).await;
    let mut client = house.desk.client().await;
    let read = Call::get("/api/v1/me".to_owned());
    invite(&mut house, &mut client, "before").await.expect("there is room");
    house.arrived().await;
    fill(&house).await;
    let mut refused = None;
    for n in 0..CUSTOMERS_MAX {
        let key = format!("n{n}");
        if let Err(answer) = invite(&mut house, &mut client, &key).await {
            refused = Some((key, answer));
            break;
        }
    }
    let (key, answer) = refused.expect("the disk is full");
    assert_eq!((answer.status, answer.code()), (503, "temporarily_unavailable".to_owned()));
    assert_ne!(answer.header("retry-after"), "");
    read_again(&house, &mut client, &read).await;
    let again = invite(&mut house, &mut client, &key).await.expect_err("it is still full");
    assert_eq!(again.status, 503);
    empty(&house).await;
    invite_again(&mut house, &mut client, &key).await;
    house.arrived().await;
    // Everything that was told is there, once, and nothing that was refused.
    house.close().await;
}

/// Makes a customer, or says why not.
async fn invite(house: &mut House, client: &mut Client, key: &str) -> Result<(), Answer> {
    let email = format!("{key}@example.com");
    let body = json!({"email": email, "name": "Jane Smith", "prepay": true});
    let call = Call::post("/api/v1/customers", &body).keyed(key);
    let answer = client.call(&call).await.expect("the process lives");
    if !answer.is_good() {
        return Err(answer);
    }
    let id = answer.json()["id"].as_str().expect("a customer has an id").to_owned();
    house.customers.insert(id, email);
    Ok(())
}

/// The same as clients do that are told to come again: a connection that was just ended can still be met.
async fn invite_again(house: &mut House, client: &mut Client, key: &str) {
    for _ in 0..AGAIN_MAX {
        match invite(house, client, key).await {
            Ok(()) => return,
            Err(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
        }
        sleep_until(Instant::now() + AGAIN_AFTER).await;
    }
    panic!("there is room again, and nobody is served");
}

/// Reads while nothing can be written. On PostgreSQL a connection that was just ended can still be met.
async fn read_again(house: &House, client: &mut Client, read: &Call) {
    let again_max = if house.postgres.is_some() { AGAIN_MAX } else { 0 };
    for _ in 0..again_max {
        let answer = client.call(read).await.expect("the process lives");
        if answer.is_good() {
            return;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        sleep_until(Instant::now() + AGAIN_AFTER).await;
    }
    client.expect(read).await;
}

async fn fill(house: &House) {
    match &house.postgres {
        Some(url) => read_only(url, "on").await,
        None => {
            let size =
                |name| std::fs::metadata(house.folder.path().join(name)).map_or(0, |m| m.len());
            let largest = size("test.sqlite").max(size("test.sqlite-wal"));
            server(house).limit_files(&(largest + ROOM_BYTES).to_string());
        }
    }
}

async fn empty(house: &House) {
    match &house.postgres {
        Some(url) => read_only(url, "off").await,
        None => server(house).limit_files("unlimited"),
    }
}

fn server(house: &House) -> &Server {
    house.server.as_ref().expect("it lives")
}

/// Sessions begin with what the database says then, so the old ones are ended.
async fn read_only(url: &str, is_read_only: &str) {
    let name = url.rsplit_once('/').map_or(url, |(_, name)| name);
    let statements = format!(
        "begin read write;
         alter database {name} set default_transaction_read_only = {is_read_only};
         commit;
         select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid();"
    );
    database::order(url, &statements).await;
}
