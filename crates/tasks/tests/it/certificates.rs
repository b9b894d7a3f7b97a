//! Client certificates that end soon (webhooks.md 5.16).

use domain::{Timestamp, days};
use serde_json::Value;
use storage::endpoints::{self, ClientCertificate};
use storage::{Tx, audit};
use tasks::{Options, Tasks};

use crate::receiver::Receiver;
use crate::support::{World, read, world, write};

/// Gives an endpoint a certificate, as an update does.
async fn show(world: &World, endpoint_no: i64, fingerprint: &str, expires_at: Timestamp) {
    let mut endpoint = world.find(endpoint_no).await.unwrap();
    endpoint.certificate = Some(ClientCertificate {
        subject: "CN=acme-hooks".to_owned(),
        fingerprint: fingerprint.to_owned(),
        expires_at,
        sealed: vec![1].into(),
    });
    write(&world.app, async move |tx: &Tx| endpoints::update(tx, &endpoint).await).await;
}

/// The fingerprints that the operator was told of.
fn told(operators: &Receiver) -> Vec<String> {
    let requests = operators.requests();
    let bodies = requests.iter().map(|r| serde_json::from_slice::<Value>(&r.body).unwrap());
    let mut told: Vec<String> = bodies
        .filter(|event| event["type"] == "certificate.expiring")
        .map(|event| event["data"]["certificate_fingerprint"].as_str().unwrap().to_owned())
        .collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_certificate_is_told_of_once_when_it_ends_within_two_weeks() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let (soon, later, never) = (
        world.endpoint(&receiver).await,
        world.endpoint(&receiver).await,
        world.endpoint(&receiver).await,
    );
    let ends_at = world.now().plus(days(20));
    show(&world, soon, "aa", ends_at).await;
    show(&world, later, "bb", world.now().plus(days(400))).await;
    world.advance(days(6));
    world.tasks().settle().await.unwrap();
    assert_eq!(told(&operators), [] as [&str; 0]);
    for _ in 0..3 {
        world.advance(days(1));
        world.restarted().await.settle().await.unwrap();
    }
    assert_eq!(told(&operators), ["aa"]);
    let event: Value = serde_json::from_slice(&operators.requests()[0].body).unwrap();
    assert_eq!(event["data"]["certificate_expires_at"], ends_at.to_string());
    assert_eq!(event["data"]["certificate_subject"], "CN=acme-hooks");
    let shown = world.find(soon).await.unwrap().id.to_string();
    assert_eq!(event["data"]["endpoint_id"], shown);
    let lines = read(&world.app, async |tx: &Tx| audit::chain(tx, 0, 10).await).await;
    assert_eq!(lines.last().unwrap().verb, "endpoint.certificate_expiring");

    show(&world, soon, "cc", world.now().plus(days(2))).await;
    show(&world, never, "dd", world.now().plus(-days(2))).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(told(&operators), ["aa", "cc", "dd"], "a new one, and one that has ended");
}

#[tokio::test]
async fn how_long_before_its_end_a_certificate_is_told_of_is_a_setting() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let endpoint = world.endpoint(&receiver).await;
    show(&world, endpoint, "aa", world.now().plus(days(30))).await;
    let options = Options { certificate_notice_days: 30, ..Options::default() };
    let tasks = Tasks::new(&world.app, options).unwrap();
    tasks.settle().await.unwrap();
    assert_eq!(told(&operators), [] as [&str; 0]);
    world.advance(1);
    tasks.settle().await.unwrap();
    assert_eq!(told(&operators), ["aa"]);
}

#[tokio::test]
async fn the_certificate_of_an_operators_own_endpoint_is_only_logged() {
    let (world, operators) = (world().await, Receiver::start().await);
    let ctx = world.operators_endpoint(&operators).await;
    let own = ctx.scope;
    let list = read(&world.app, async move |tx: &Tx| endpoints::list(tx, &own).await).await;
    show(&world, list[0].no, "aa", world.now().plus(days(1))).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(told(&operators), [] as [&str; 0]);
    let lines = read(&world.app, async |tx: &Tx| audit::chain(tx, 0, 10).await).await;
    assert_eq!(lines.last().unwrap().verb, "endpoint.certificate_expiring");
}
