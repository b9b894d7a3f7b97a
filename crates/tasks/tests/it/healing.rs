//! How an endpoint comes back that was switched off (webhooks.md 5.13): by itself, or by hand.

use std::sync::Arc;

use app::endpoints::update::{EndpointChange, update};
use app::{Actor, OpCtx, Tx};
use domain::endpoint::Settings;
use domain::{hours, minutes, seconds};
use storage::endpoints::{self, EndpointStatus, Health};

use crate::receiver::Receiver;
use crate::support::{World, read, world, write};

/// An endpoint with five events owed, switched off because the first was the last straw.
async fn switched_off(settings: Settings) -> (World, Receiver, i64) {
    switched_off_by("404 Not Found", settings).await
}

/// The same, by this answer to one more delivery after three days of failures.
async fn switched_off_by(answer: &'static str, settings: Settings) -> (World, Receiver, i64) {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint_with(&receiver, settings).await;
    let evidence = Health {
        first_failure_at: Some(world.now().plus(-hours(72))),
        failures: 19,
        failed_hours: 12,
        ..Health::default()
    };
    let put = async move |tx: &Tx| endpoints::put_health(tx, &[(endpoint, evidence)]).await;
    write(&world.app, put).await;
    receiver.script(&[answer]);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(world.find(endpoint).await.unwrap().status, EndpointStatus::DisabledFailing);
    world.emit(4).await;
    (world, receiver, endpoint)
}

async fn switch(world: &World, endpoint: i64, enabled: bool) {
    let ctx = OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System);
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let change = EndpointChange { enabled: Some(enabled), ..EndpointChange::default() };
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &id, &change).await;
    world.app.act(&ctx, work).await.unwrap();
}

#[tokio::test]
async fn an_endpoint_that_heals_itself_is_asked_once_an_hour_and_taken_back_after_three_answers() {
    let settings = Settings { self_heal: true, ..Settings::default() };
    let (world, receiver, endpoint) = switched_off(settings).await;
    receiver.script(&["200 OK", "500 Oops", "200 OK", "204 No Content"]);
    world.advance(hours(1) - 1);
    for n in 1..=5 {
        world.restarted().await.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), n, "before the hour");
        world.advance(1);
        world.restarted().await.settle().await.unwrap();
        if n == 5 {
            break;
        }
        assert_eq!(receiver.requests().len(), n + 1);
        let status = world.find(endpoint).await.unwrap().status;
        assert_eq!(status, EndpointStatus::DisabledFailing, "after {n}");
        world.advance(hours(1) - 1);
    }
    assert_eq!(world.find(endpoint).await.unwrap().status, EndpointStatus::Enabled);
    assert_eq!(world.owed().await, 0);
    assert_eq!(
        receiver.requests().len(),
        7,
        "the last straw, one that failed, and each of the five"
    );
    let audit = read(&world.app, async |tx: &Tx| storage::audit::chain(tx, 0, 10).await).await;
    let verbs: Vec<&str> = audit.iter().map(|line| line.verb.as_str()).collect();
    assert_eq!(verbs, ["endpoint.disable", "endpoint.heal"]);
}

#[tokio::test]
async fn a_probe_that_fails_costs_its_delivery_no_try_and_other_endpoints_are_not_probed() {
    let settings =
        Settings { self_heal: true, retry_schedule: Some(vec![1]), ..Settings::default() };
    let (world, receiver, endpoint) = switched_off(settings).await;
    let (other, deaf, _) = switched_off(Settings::default()).await;
    receiver.script(&["500 Oops"; 10]);
    for n in 1..=10 {
        for world in [&world, &other] {
            world.advance(hours(1));
            world.tasks().settle().await.unwrap();
        }
        assert_eq!((receiver.requests().len(), deaf.requests().len()), (1 + n, 1));
    }
    assert_eq!(world.owed().await, 5);
    switch(&world, endpoint, true).await;
    world.tasks().settle().await.unwrap();
    assert_eq!((world.owed().await, receiver.requests().len()), (0, 16));
}

#[tokio::test]
async fn case_13_an_endpoint_that_is_gone_is_not_asked_whether_it_has_healed() {
    let settings = Settings { self_heal: true, ..Settings::default() };
    let (world, receiver, endpoint) = switched_off_by("410 Gone", settings).await;
    for _ in 0..3 {
        world.advance(hours(1));
        world.restarted().await.settle().await.unwrap();
    }
    assert_eq!(receiver.requests().len(), 1, "the one that was answered 410");
    assert_eq!(world.owed().await, 5);
    switch(&world, endpoint, true).await;
    world.tasks().settle().await.unwrap();
    assert_eq!((world.owed().await, receiver.requests().len()), (0, 6));
}

#[tokio::test]
async fn case_13_where_410_is_a_refusal_it_is_evidence_and_probes_go_on_after_it() {
    let settings = Settings { self_heal: true, disable_on_gone: false, ..Settings::default() };
    let (world, receiver, endpoint) = switched_off_by("410 Gone", settings).await;
    let reason = world.find(endpoint).await.unwrap().disabled_reason.unwrap();
    assert!(reason.starts_with("20 attempts failed since"), "{reason}");
    receiver.script(&["410 Gone"]);
    for n in 2..=5 {
        world.advance(hours(1));
        world.restarted().await.settle().await.unwrap();
        assert!(receiver.requests().len() >= n, "after {n}");
    }
    assert_eq!(world.find(endpoint).await.unwrap().status, EndpointStatus::Enabled);
}

#[tokio::test]
async fn case_13_a_probe_that_is_answered_410_is_the_last() {
    let settings = Settings { self_heal: true, ..Settings::default() };
    let (world, receiver, endpoint) = switched_off(settings).await;
    receiver.script(&["200 OK", "410 Gone"]);
    for n in [2, 3, 3, 3] {
        world.advance(hours(1));
        world.restarted().await.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), n);
    }
    let found = world.find(endpoint).await.unwrap();
    assert_eq!(found.status, EndpointStatus::DisabledFailing);
    assert_eq!(found.disabled_reason.as_deref(), Some("the endpoint answered 410 Gone"));
    assert_eq!(world.owed().await, 4);
    let audit = read(&world.app, async |tx: &Tx| storage::audit::chain(tx, 0, 10).await).await;
    let verbs: Vec<&str> = audit.iter().map(|line| line.verb.as_str()).collect();
    assert_eq!(verbs, ["endpoint.disable", "endpoint.gone"]);
}

#[tokio::test]
async fn an_endpoint_that_is_enabled_by_hand_is_asked_by_one_delivery_and_in_a_loop_once_a_minute()
{
    let (world, receiver, endpoint) = switched_off(Settings::default()).await;
    receiver.script(&["500 Oops"; 3]);
    switch(&world, endpoint, true).await;
    world.restarted().await.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 2, "one of five");
    for n in 2..=3 {
        for _ in 0..4 {
            switch(&world, endpoint, false).await;
            switch(&world, endpoint, true).await;
        }
        world.emit(5).await;
        world.advance(seconds(1));
        world.restarted().await.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), n);
        world.advance(minutes(4));
        world.restarted().await.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), n + 1);
    }
}
