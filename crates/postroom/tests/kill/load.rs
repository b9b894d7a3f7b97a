//! What clients do until the process under them dies, and what they remember of it.

use std::net::SocketAddr;

use futures_util::future::join;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{Answer, Call, Client, Silence};
use crate::random::Random;

/// Clients at work at once, each on two connections.
const WRITERS: u64 = 12;
/// Changes that one client makes in a round, so that checking them stays quick.
pub(crate) const CHANGES_MAX: usize = 40;
/// Customers that a round makes at the most.
pub(crate) const CUSTOMERS_MAX: u64 = WRITERS * CHANGES_MAX as u64;

/// Something that a client asked for, under an idempotency key of its own.
pub(crate) struct Change {
    pub(crate) call: Call,
    pub(crate) kind: Kind,
    /// The good answers that arrived, before the process died.
    pub(crate) told: Vec<Answer>,
}

pub(crate) enum Kind {
    Create {
        email: String,
    },
    /// The plan that a customer should have afterwards.
    Patch {
        plan: String,
    },
}

/// Where and as whom the clients work.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) addr: SocketAddr,
    pub(crate) key: String,
}

impl Desk {
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.addr, &self.key).await.expect("the process lives")
    }
}

/// Clients at work.
pub(crate) struct Load(JoinSet<Vec<Change>>);

impl Load {
    pub(crate) fn start(desk: &Desk, round: u64, seed: u64) -> Self {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let random = Random::new(seed ^ (round << 32) ^ writer);
            writers.spawn(write(desk.clone(), format!("r{round}-w{writer}"), random));
        }
        Self(writers)
    }

    /// What each client asked for and was told, once the process is dead.
    pub(crate) async fn end(self) -> Vec<Vec<Change>> {
        self.0.join_all().await
    }
}

async fn write(desk: Desk, name: String, mut random: Random) -> Vec<Change> {
    let mut changes = Vec::new();
    // Ends with the first silence, which the death of the process brings.
    let _ = write_until_silence(&desk, &name, &mut random, &mut changes).await;
    changes
}

async fn write_until_silence(
    desk: &Desk,
    name: &str,
    random: &mut Random,
    changes: &mut Vec<Change>,
) -> Result<(), Silence> {
    let mut client = Client::connect(desk.addr, &desk.key).await?;
    let mut twin = Client::connect(desk.addr, &desk.key).await?;
    let mut mine: Vec<String> = Vec::new();
    while changes.len() < CHANGES_MAX {
        let key = format!("{name}-{}", changes.len());
        let pick = mine.get(random.below(mine.len()));
        let change = match pick {
            Some(customer) if random.one_in(4) => patch(&key, customer),
            Some(_) | None => create(&key, random.one_in(2)),
        };
        changes.push(change);
        let change = changes.last_mut().expect("it was just pushed");
        let answers = if random.one_in(5) {
            let (one, other) = join(client.call(&change.call), twin.call(&change.call)).await;
            vec![one, other]
        } else {
            vec![client.call(&change.call).await]
        };
        for answer in answers {
            note(change, answer?);
        }
        if let (Kind::Create { .. }, Some(answer)) = (&change.kind, change.told.first()) {
            mine.extend(answer.json()["id"].as_str().map(ToOwned::to_owned));
        }
    }
    Ok(())
}

/// Remembers a good answer; a twin may be told that the other is being worked on.
fn note(change: &mut Change, answer: Answer) {
    if answer.is_good() {
        change.told.push(answer);
        return;
    }
    let body = String::from_utf8_lossy(&answer.body);
    assert!(answer.asks_to_come_again(), "{} {body}", answer.status);
}

fn create(key: &str, with_external_id: bool) -> Change {
    let email = format!("{key}@example.com");
    let mut body = json!({"email": email, "name": "Jane Smith", "prepay": true});
    if with_external_id {
        body["external_customer_id"] = json!(key);
    }
    let call = Call::post("/api/v1/customers", &body).keyed(key);
    Change { call, kind: Kind::Create { email }, told: Vec::new() }
}

fn patch(key: &str, customer: &str) -> Change {
    let path = format!("/api/v1/customers/{customer}");
    let call = Call::patch(&path, &json!({"plan_id": key})).keyed(key);
    Change { call, kind: Kind::Patch { plan: key.to_owned() }, told: Vec::new() }
}
