//! The Partner API by itself: customers created, each durably, and customers read by id.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::client::{Client, find};
use crate::house::House;
use crate::meter::{Measured, Meter, micros};

/// Connections at work at once; each waits for an answer before its next request.
pub(crate) const CONNECTIONS: u32 = 64;
/// Bytes of an id after its prefix.
pub(crate) const ID_BYTES: usize = 26;
/// The part of an id that tells it from others.
pub(crate) type Id = [u8; ID_BYTES];

pub(crate) async fn run(house: &House, length: Duration) -> anyhow::Result<Vec<Measured>> {
    let meter = Meter::start(house)?;
    let mut writers = JoinSet::new();
    for writer in 0..CONNECTIONS {
        writers.spawn(create(house.client().await?, writer, length));
    }
    let (ids, created) = gather(writers, house, &meter, "customers created").await?;
    let ids = Arc::new(ids);
    let meter = Meter::start(house)?;
    let mut readers = JoinSet::new();
    for reader in 0..CONNECTIONS {
        readers.spawn(read(house.client().await?, Arc::clone(&ids), reader, length));
    }
    let (_, read) = gather(readers, house, &meter, "customers read").await?;
    Ok(vec![created, read])
}

/// What one connection did: the ids it met, and how long each answer took.
type Done = anyhow::Result<(Vec<Id>, Vec<u32>)>;

async fn gather(
    connections: JoinSet<Done>,
    house: &House,
    meter: &Meter,
    workload: &str,
) -> anyhow::Result<(Vec<Id>, Measured)> {
    let (mut ids, mut latencies) = (Vec::new(), Vec::new());
    for done in connections.join_all().await {
        let (met, took) = done.with_context(|| workload.to_owned())?;
        ids.extend(met);
        latencies.extend(took);
    }
    let (took, cost) = (meter.began().elapsed(), meter.stop()?);
    let (n, workload) = (latencies.len(), workload.to_owned());
    Ok((ids, Measured { workload, engine: house.engine, n, took, latencies, cost }))
}

async fn create(mut client: Client, writer: u32, length: Duration) -> Done {
    let (mut ids, mut latencies) = (Vec::new(), Vec::new());
    let until = Instant::now() + length;
    let mut n = 0;
    while Instant::now() < until {
        let request = invitation(&client, &format!("api-{writer}-{n}"));
        let began = Instant::now();
        let answer = client.good(&request).await?;
        latencies.push(micros(began.elapsed()));
        ids.push(id_after(answer, b"\"id\":\"cus_")?);
        n += 1;
    }
    Ok((ids, latencies))
}

/// The request of the seed's quickstart, for a customer of its own.
pub(crate) fn invitation(client: &Client, name: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"external_customer_id":"{name}","email":"{name}@example.com","name":"Jane Smith","phone":"+15555555555","prepay":true}}"#
    );
    client.request("POST", "/api/v1/customers", Some(name), &body)
}

/// The id that stands after a text.
pub(crate) fn id_after(bytes: &[u8], text: &[u8]) -> anyhow::Result<Id> {
    let at = find(bytes, text).context("there is an id")? + text.len();
    let id = bytes.get(at..at + ID_BYTES).context("an id is whole")?;
    Ok(id.try_into()?)
}

async fn read(mut client: Client, ids: Arc<Vec<Id>>, reader: u32, length: Duration) -> Done {
    // A stride that is prime to most lengths, so that no two reads in a row are neighbours.
    const STRIDE: usize = 7919;
    let mut latencies = Vec::new();
    let until = Instant::now() + length;
    let mut at = usize::try_from(reader)? * STRIDE;
    while Instant::now() < until {
        at = (at + STRIDE) % ids.len();
        let path = format!("/api/v1/customers/cus_{}", std::str::from_utf8(&ids[at])?);
        let request = client.request("GET", &path, None, "");
        let began = Instant::now();
        client.good(&request).await?;
        latencies.push(micros(began.elapsed()));
    }
    Ok((Vec::new(), latencies))
}
