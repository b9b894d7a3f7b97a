//! The whole way: a customer is created, the event commits, every endpoint receives and verifies it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use crate::api::{CONNECTIONS, Id, id_after, invitation};
use crate::client::Client;
use crate::house::House;
use crate::meter::{Measured, Meter, micros};
use crate::receiver::Receiver;

/// How long the last deliveries may take after the load has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_mins(2);

/// Measures at full load, and then at a third of the rate that was reached, where latency means
/// something.
pub(crate) async fn run(
    house: &House,
    length: Duration,
    endpoints: u64,
) -> anyhow::Result<Vec<Measured>> {
    let receiver = Receiver::start().await?;
    for _ in 0..endpoints {
        let made = json!({"url": receiver.url()});
        let made = house.ask("POST", "/api/v1/webhook-endpoints", &made).await?;
        receiver.add_secret(made["secret"].as_str().context("an endpoint has a secret")?)?;
    }
    let full = Load { house, receiver: &receiver, endpoints, length, pause: None, name: "full" };
    let full = full.run().await?;
    let rate = full.n as f64 / full.took.as_secs_f64() / endpoints as f64 / 3.0;
    let pause = Duration::from_secs_f64(f64::from(CONNECTIONS) / rate);
    let third =
        Load { house, receiver: &receiver, endpoints, length, pause: Some(pause), name: "third" };
    Ok(vec![full, third.run().await?])
}

struct Load<'a> {
    house: &'a House,
    receiver: &'a Receiver,
    endpoints: u64,
    length: Duration,
    /// Between the requests of one connection; without it each answer is followed by a request.
    pause: Option<Duration>,
    name: &'static str,
}

impl Load<'_> {
    async fn run(&self) -> anyhow::Result<Measured> {
        let meter = Meter::start(self.house)?;
        let mut writers = JoinSet::new();
        for writer in 0..CONNECTIONS {
            let client = self.house.client().await?;
            let name = format!("{}-{writer}", self.name);
            // Spread over the pause, so that requests do not come in bursts.
            let first =
                self.pause.map(|pause| pause.mul_f64(f64::from(writer) / f64::from(CONNECTIONS)));
            writers.spawn(create(client, name, self.length, first.zip(self.pause)));
        }
        let mut committed: HashMap<Id, Instant> = HashMap::new();
        for done in writers.join_all().await {
            committed.extend(done?);
        }
        let n = committed.len() * usize::try_from(self.endpoints)?;
        let receipts = timeout(DRAIN_TIMEOUT, self.receiver.take(n)).await;
        let receipts = receipts.context("deliveries are missing")??;
        ensure!(receipts.len() == n, "{} deliveries came instead of {n}", receipts.len());
        let took = meter.began().elapsed();
        let cost = meter.stop()?;
        let since = |(id, at): &(Id, Instant)| {
            // The receiver can be faster than the client that waits for its answer.
            let committed = committed.get(id).context("delivered and not answered")?;
            Ok(micros(at.saturating_duration_since(*committed)))
        };
        let latencies = receipts.iter().map(since).collect::<anyhow::Result<_>>()?;
        let workload = format!("pipeline, {} endpoints, {} load", self.endpoints, self.name);
        Ok(Measured { workload, engine: self.house.engine, n, took, latencies, cost })
    }
}

/// Creates customers and notes when each was answered, which is just after its commit.
async fn create(
    mut client: Client,
    name: String,
    length: Duration,
    pace: Option<(Duration, Duration)>,
) -> anyhow::Result<Vec<(Id, Instant)>> {
    let began = Instant::now();
    let mut committed = Vec::new();
    for n in 0_u32.. {
        if let Some((first, pause)) = pace {
            sleep_until((began + first + pause * n).into()).await;
        }
        if began.elapsed() >= length {
            break;
        }
        let request = invitation(&client, &format!("{name}-{n}"));
        let answer = client.good(&request).await?;
        committed.push((id_after(answer, b"\"id\":\"cus_")?, Instant::now()));
    }
    Ok(committed)
}
