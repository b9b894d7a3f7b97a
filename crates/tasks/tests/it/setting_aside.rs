//! Endpoints that must not be sent to: gone, failing for days, deleted.

use domain::endpoint::Settings;
use domain::{Timestamp, hours, minutes};
use storage::endpoints::{self, EndpointStatus, Health};
use storage::{Row, Tx, args, queue};

use crate::receiver::Receiver;
use crate::support::{World, read, world, write};

#[tokio::test]
async fn case_13_a_receiver_that_answers_410_is_sent_nothing_until_somebody_enables_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["410 Gone"]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    world.emit(1).await;
    world.advance(hours(30));
    tasks.settle().await.unwrap();

    let found = world.find(endpoint).await.unwrap();
    assert_eq!(found.status, EndpointStatus::DisabledFailing);
    assert_eq!(found.disabled_reason.as_deref(), Some("the endpoint answered 410 Gone"));
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(world.owed().await, 2);
    let audit = read(&world.app, async |tx: &Tx| storage::audit::chain(tx, 0, 10).await).await;
    assert_eq!(audit[0].verb, "endpoint.disable");

    world.set_status(endpoint, EndpointStatus::Enabled).await;
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 3);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn case_13_where_its_owner_says_so_410_is_a_refusal_like_any_other() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { disable_on_gone: false, ..Settings::default() };
    let endpoint = world.endpoint_with(&receiver, settings).await;
    receiver.script(&["410 Gone"; 12]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    for n in 1..12 {
        assert_eq!(receiver.requests().len(), n);
        assert_eq!(world.owed().await, 1, "after {n}");
        world.advance(hours(30));
        tasks.settle().await.unwrap();
    }
    assert_eq!(
        (receiver.requests().len(), world.owed().await),
        (12, 0),
        "the ladder is at its end"
    );
    let found = world.find(endpoint).await.unwrap();
    assert_eq!(found.status, EndpointStatus::Enabled);
    let health = read(&world.app, async move |tx: &Tx| endpoints::health(tx, endpoint).await).await;
    assert_eq!((health.failures, health.failed_hours), (12, 12), "evidence like any other");
}

#[tokio::test]
async fn an_endpoint_that_only_failed_for_three_days_is_set_aside() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"; 2]);
    let (first_failure_at, failures) = (Some(world.now()), 18);
    let evidence = Health { first_failure_at, failures, failed_hours: 11, ..Health::default() };
    write(&world.app, async move |tx: &Tx| {
        endpoints::put_health(tx, &[(endpoint, evidence)]).await
    })
    .await;
    world.advance(hours(72) - minutes(1));
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    assert_eq!(world.find(endpoint).await.unwrap().status, EndpointStatus::Enabled);
    world.advance(minutes(1));
    tasks.settle().await.unwrap();

    let found = world.find(endpoint).await.unwrap();
    assert_eq!(found.status, EndpointStatus::DisabledFailing);
    assert!(found.disabled_reason.unwrap().starts_with("20 attempts failed since"));
    assert_eq!(world.owed().await, 1);
}

/// Settles every hour until the endpoint is switched off; answers after how many.
async fn hours_until_off(world: &World, endpoint: i64, hours_max: i64) -> i64 {
    let tasks = world.tasks();
    for hour in 0..hours_max {
        tasks.settle().await.unwrap();
        if world.find(endpoint).await.unwrap().status == EndpointStatus::DisabledFailing {
            return hour;
        }
        world.advance(hours(1));
    }
    panic!("still enabled after {hours_max} hours");
}

#[tokio::test]
async fn g8_an_endpoint_that_is_owed_one_delivery_is_asked_by_it_until_there_is_evidence_enough() {
    const LOG: &str = "select at, next_at from attempts order by n";
    const OWED: &str = "select tries from ready";
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.usually("500 Oops");
    world.emit(1).await;
    let off_after = hours_until_off(&world, endpoint, 100).await;

    assert!((72..=76).contains(&off_after), "{off_after}");
    let read_row = |r: &mut Row| Ok((r.next()?, r.next()?));
    let log: Vec<(Timestamp, Option<Timestamp>)> =
        read(&world.app, async move |tx: &Tx| tx.all(LOG, args![], read_row).await).await;
    assert!(log.len() >= 20, "{}", log.len());
    assert_eq!(log.len(), receiver.requests().len());
    assert!(log.windows(2).all(|pair| pair[0].1.unwrap() <= pair[1].0), "none is early: {log:?}");
    let apart = |pair: &[(Timestamp, _)]| pair[1].0.micros() - pair[0].0.micros();
    assert!(log.windows(2).all(|pair| apart(pair) <= hours(5)), "{log:?}");
    let tries: i64 = read(&world.app, async |tx: &Tx| tx.one(OWED, args![], Row::next).await).await;
    assert!(tries < 12, "asking uses up no try: {tries}");
}

#[tokio::test]
async fn of_all_that_an_endpoint_is_owed_one_delivery_asks_and_it_arrives_when_it_is_answered() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { retry_schedule: Some(vec![86_400]), ..Settings::default() };
    world.endpoint_with(&receiver, settings).await;
    receiver.usually("404 Not Found");
    world.emit(3).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    for n in 0..3 {
        assert_eq!(receiver.requests().len(), 3 + n);
        world.advance(hours(4) - 1);
        tasks.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), 3 + n, "one asks, and not early");
        world.advance(minutes(1));
        world.restarted().await.settle().await.unwrap();
    }
    receiver.usually("200 OK");
    world.advance(hours(4));
    tasks.settle().await.unwrap();
    let outcomes: Vec<String> = world.attempts().await.into_iter().map(|(o, _)| o).collect();
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "succeeded").count(), 1);
    assert_eq!((receiver.requests().len(), world.owed().await), (7, 2));
    world.advance(hours(9));
    tasks.settle().await.unwrap();
    assert_eq!(world.owed().await, 0, "the others had their time to wait for");
}

#[tokio::test]
async fn g8_case_14_a_receiver_that_named_a_time_is_not_asked_before_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { retry_schedule: Some(vec![86_400]), ..Settings::default() };
    world.endpoint_with(&receiver, settings).await;
    receiver.script(&["404 Not Found", "503 No\r\nRetry-After: 36000"]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    world.advance(hours(21));
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 2);
    world.advance(hours(10) - 1);
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 2);
    world.advance(1);
    tasks.settle().await.unwrap();
    assert_eq!((receiver.requests().len(), world.owed().await), (3, 0));
}

#[tokio::test]
async fn case_30_an_endpoint_that_fails_is_told_of_once_and_so_is_its_recovery() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["404 Not Found"; 4]);
    world.emit(1).await;
    for _ in 0..4 {
        world.restarted().await.settle().await.unwrap();
        world.advance(hours(1));
    }
    assert!(world.find(endpoint).await.unwrap().first_failure_at.is_some());
    world.restarted().await.settle().await.unwrap();
    let audit = read(&world.app, async |tx: &Tx| storage::audit::chain(tx, 0, 10).await).await;
    let verbs: Vec<&str> = audit.iter().map(|line| line.verb.as_str()).collect();
    assert_eq!(verbs, ["endpoint.failing", "endpoint.recovered"]);
}

#[tokio::test]
async fn case_31_a_success_ends_the_evidence_against_an_endpoint() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    assert_eq!(world.find(endpoint).await.unwrap().first_failure_at, Some(world.now()));
    world.advance(minutes(1));
    tasks.settle().await.unwrap();
    let found = world.find(endpoint).await.unwrap();
    assert_eq!((found.first_failure_at, found.failures), (None, 0));
    assert_eq!(found.last_success_at, Some(world.now()));
}

#[tokio::test]
async fn a_deleted_endpoint_gets_nothing_more_although_an_attempt_was_on_its_way() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"; 4]);
    receiver.shut(true);
    world.emit(20).await;
    let tasks = world.tasks();
    let settling = tokio::spawn({
        let tasks = tasks.clone();
        async move { tasks.settle().await }
    });
    receiver.has_received(4).await;
    let now = world.now();
    write(&world.app, async move |tx: &Tx| {
        endpoints::delete(tx, endpoint, now).await?;
        queue::cancel_all(tx, endpoint).await.map(drop)
    })
    .await;
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    world.advance(hours(1));
    tasks.settle().await.unwrap();

    assert_eq!(receiver.requests().len(), 4);
    assert_eq!(world.owed().await, 0);
    let expected = vec![("cancelled".to_owned(), Some(500)); 4];
    assert_eq!(world.attempts().await, expected);
}
