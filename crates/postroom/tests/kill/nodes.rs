//! What only two processes on one database can show, and so only PostgreSQL.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::client::Call;
use crate::load::{self, Desk, Load};
use crate::random::Random;
use crate::{House, check, number};

/// Rounds of the kill loop for one with a frozen node, which lasts as long as a lease.
const KILLS_PER_FREEZE: u64 = 30;
/// Endpoints, so that each node has shards with some of them.
const ENDPOINTS: usize = 12;
/// Customers that are made until a new node is heard of, and how long each is waited for.
const CALLS_MAX: u64 = 400;
const CALL_WAIT: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_twins_over_two_nodes_make_one_customer() {
    let mut house = House::found(100).await;
    if house.is_on_sqlite() {
        println!("left out: one process at a time works on a SQLite file");
        house.close().await;
        return;
    }
    let second = house.install.serve("second");
    let body = json!({"email": "twin@example.com", "name": "Jane Smith", "prepay": true});
    let call = Call::post("/api/v1/customers", &body).keyed("twins");
    let twins = (0..20).map(|n| {
        let addr = if n % 2 == 0 { house.desk.addr } else { second.addr };
        let (call, key) = (call.clone(), house.desk.key.clone());
        async move { Desk { addr, key }.client().await.expect(&call).await }
    });
    let answers = join_all(twins).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    let replays = answers.iter().filter(|a| a.header("idempotent-replayed") == "true").count();
    assert_eq!(replays, 19);
    let id = answers[0].json()["id"].as_str().expect("an id").to_owned();
    house.customers.insert(id, "twin@example.com".to_owned());
    house.arrived().await;
    assert!(second.stop().success());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g3_g4_g6_case_39_with_one_node_killed_and_one_frozen_nothing_is_lost() {
    let rounds = number("POSTROOM_KILL_ROUNDS", crate::ROUNDS_DEFAULT).div_ceil(KILLS_PER_FREEZE);
    let seed = number("POSTROOM_KILL_SEED", crate::SEED_DEFAULT);
    let mut house = House::found(rounds * (2 * load::CUSTOMERS_MAX + CALLS_MAX)).await;
    if house.is_on_sqlite() {
        println!("left out: one process at a time works on a SQLite file");
        house.close().await;
        return;
    }
    for _ in 1..ENDPOINTS {
        house.listen().await;
    }
    let mut random = Random::new(seed);
    let started = Instant::now();
    for round in 1..=rounds {
        freeze(&mut house, round, seed, &mut random).await;
        house.tell(round, started);
    }
    house.close().await;
}

/// Both nodes work; then one is killed and the other frozen. A third takes over from the one at once
/// and from the other after its lease; the frozen one comes back, late with all it had begun.
async fn freeze(house: &mut House, round: u64, seed: u64, random: &mut Random) {
    let name = format!("frozen-{round}");
    let frozen = house.install.serve(&name);
    let desk = Desk { addr: frozen.addr, ..house.desk.clone() };
    join(house, &desk, &name).await;
    let loads =
        [Load::start(&house.desk, 2 * round, seed), Load::start(&desk, 2 * round + 1, seed)];
    house.ledger.shut(random.one_in(2));
    let life = random.between(crate::LIFE_MS.0, crate::LIFE_MS.1);
    sleep_until(Instant::now() + Duration::from_millis(life)).await;
    frozen.freeze();
    house.ledger.note_freeze(&name);
    house.die();
    house.ledger.shut(false);
    let [of_killed, of_frozen] = loads.map(Load::end);
    let of_killed = of_killed.await;
    house.rise();
    house.customers.extend(check::promises(&house.desk, of_killed).await);
    house.arrived().await;
    frozen.thaw();
    let of_frozen = of_frozen.await;
    house.customers.extend(check::promises(&desk, of_frozen).await);
    house.arrived().await;
    house.ledger.check();
    assert!(frozen.stop().success(), "a server that is asked to stop ends well");
}

/// Goes on until the node of this name delivers too.
async fn join(house: &mut House, desk: &Desk, name: &str) {
    let mut client = desk.client().await;
    for n in 0..CALLS_MAX {
        let email = format!("{name}-{n}@example.com");
        let body = json!({"email": email, "name": "Jane Smith", "prepay": true});
        let made = client.expect(&Call::post("/api/v1/customers", &body)).await.json();
        house.customers.insert(made["id"].as_str().expect("an id").to_owned(), email);
        if house.ledger.hears_from(name, CALL_WAIT).await {
            return;
        }
    }
    panic!("{name} takes no part");
}
