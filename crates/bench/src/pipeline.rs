//! The whole way: mail is logged, its event commits, every endpoint receives and verifies it.

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
    // Before there are endpoints, so that nobody is told of it.
    let customers = &residents(house).await?;
    let receiver = Receiver::start().await?;
    for _ in 0..endpoints {
        let made = json!({"url": receiver.url()});
        let made = house.ask("POST", "/api/v1/webhook-endpoints", &made).await?;
        receiver.add_secret(made["secret"].as_str().context("an endpoint has a secret")?)?;
    }
    let load = |name, pause| Load {
        house,
        receiver: &receiver,
        endpoints,
        customers,
        length,
        pause,
        name,
    };
    let full = load("full", None).run().await?;
    let rate = full.n as f64 / full.took.as_secs_f64() / endpoints as f64 / 3.0;
    let pause = Duration::from_secs_f64(f64::from(CONNECTIONS) / rate);
    Ok(vec![full, load("third", Some(pause)).run().await?])
}

/// A customer with an open mailbox for each connection.
async fn residents(house: &House) -> anyhow::Result<Vec<String>> {
    let mut customers = Vec::new();
    for n in 0..CONNECTIONS {
        let mut client = house.client().await?;
        let answer = client.good(&invitation(&client, &format!("resident-{n}"))).await?;
        let id = format!("cus_{}", std::str::from_utf8(&id_after(answer, b"\"id\":\"cus_")?)?);
        let walk = format!("/api/v1/test_helpers/customers/{id}/compliance");
        house.ask("POST", &walk, &json!({"status": "mailbox_active"})).await?;
        customers.push(id);
    }
    Ok(customers)
}

struct Load<'a> {
    house: &'a House,
    receiver: &'a Receiver,
    endpoints: u64,
    customers: &'a [String],
    length: Duration,
    /// Between the requests of one connection; without it each answer is followed by a request.
    pause: Option<Duration>,
    name: &'static str,
}

impl Load<'_> {
    async fn run(&self) -> anyhow::Result<Measured> {
        let meter = Meter::start(self.house)?;
        let mut writers = JoinSet::new();
        for (writer, customer) in (0..CONNECTIONS).zip(self.customers) {
            let client = self.house.client().await?;
            let work = Work { customer: customer.clone(), name: format!("{}-{writer}", self.name) };
            // Spread over the pause, so that requests do not come in bursts.
            let first =
                self.pause.map(|pause| pause.mul_f64(f64::from(writer) / f64::from(CONNECTIONS)));
            writers.spawn(log_mail(client, work, self.length, first.zip(self.pause)));
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

/// What one connection does: whose mail it logs, and what its idempotency keys begin with.
struct Work {
    customer: String,
    name: String,
}

impl Work {
    /// A letter with a picture that is nowhere to be fetched.
    fn letter(&self, client: &Client, n: u32) -> Vec<u8> {
        let body = format!(
            r#"{{"customer_id":"{}","type":"letter","photos":["http://127.0.0.1:65535/front.jpg"],"performed_by":"bench"}}"#,
            self.customer
        );
        client.request("POST", "/api/v1/mail", Some(&format!("{}-{n}", self.name)), &body)
    }
}

/// Logs mail and notes when each was answered, which is just after its commit.
async fn log_mail(
    mut client: Client,
    work: Work,
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
        let request = work.letter(&client, n);
        let answer = client.good(&request).await?;
        committed.push((id_after(answer, b"\"id\":\"mail_")?, Instant::now()));
    }
    Ok(committed)
}
