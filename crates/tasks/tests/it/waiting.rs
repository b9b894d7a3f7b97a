//! What the log says of deliveries that wait: what holds them, and until when (webhooks.md 5.13).

use app::deliveries::{DeliveryView, HeldBy, Hold};
use domain::endpoint::Settings;
use domain::{Timestamp, hours, minutes, seconds};
use storage::Tx;
use storage::endpoints::{self, EndpointStatus, Health};

use crate::receiver::Receiver;
use crate::retrying::log;
use crate::support::{World, read, world, write};
use crate::trying::try_out;

/// A receiver that gets one at a time, and its endpoint.
async fn one_at_a_time() -> (World, Receiver, i64) {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { max_in_flight: Some(1), ..Settings::default() };
    let endpoint = world.endpoint_with(&receiver, settings).await;
    (world, receiver, endpoint)
}

/// What holds the deliveries that were never tried, which must be the same for all of them.
async fn untried(world: &World) -> Option<Hold> {
    let log = log(world).await;
    let mut holds = log.iter().filter(|d| d.delivery.attempts.is_empty()).map(|d| d.hold);
    let first = holds.next().expect("one was never tried");
    assert!(holds.all(|hold| hold == first));
    first
}

fn until(hold: Option<Hold>, by: HeldBy) -> Timestamp {
    let hold = hold.expect("it is held");
    assert_eq!(hold.by, by);
    hold.until.expect("somebody knows until when")
}

/// Waits until it is stored that the breaker of an endpoint is open, and beyond a time.
async fn broken(world: &World, endpoint: i64, beyond: Timestamp) -> Timestamp {
    loop {
        let health =
            read(&world.app, async move |tx: &Tx| endpoints::health(tx, endpoint).await).await;
        if let Some(until) = health.breaker_until.filter(|until| *until > beyond) {
            return until;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_receiver_that_is_down_says_until_when() {
    let (world, receiver, endpoint) = one_at_a_time().await;
    receiver.usually("500 Oops");
    let running = world.tasks().start();
    world.emit(8).await;
    let first = broken(&world, endpoint, world.now()).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 5, "as many as open the breaker");
    assert_eq!(until(untried(&world).await, HeldBy::Breaker), first);
    assert!((5..=7).contains(&((first.micros() - world.now().micros()) / seconds(1))), "{first}");

    world.advance(first.micros() - world.now().micros());
    assert_eq!(untried(&world).await, None, "one of them may ask now");
    let running = world.tasks().start();
    let second = broken(&world, endpoint, first).await;
    assert_eq!(until(untried(&world).await, HeldBy::Breaker), second);
    receiver.usually("200 OK");
    world.advance(minutes(2));
    while world.owed().await > 0 {
        tokio::task::yield_now().await;
    }
    running.stop().await;
    assert!(log(&world).await.iter().all(|d| d.hold.is_none()));
    let health = read(&world.app, async move |tx: &Tx| endpoints::health(tx, endpoint).await).await;
    assert_eq!(health.breaker_until, None);
}

#[tokio::test]
async fn what_is_written_late_of_an_endpoint_takes_no_newer_ones_place() {
    let (world, _, endpoint) = one_at_a_time().await;
    let newest =
        Health { failures: 5, breaker_until: Some(world.now()), version: 2, ..Health::default() };
    for health in [newest, Health { failures: 1, version: 1, ..Health::default() }] {
        let put = async move |tx: &Tx| endpoints::put_health(tx, &[(endpoint, health)]).await;
        write(&world.app, put).await;
        let stored = async move |tx: &Tx| endpoints::health(tx, endpoint).await;
        assert_eq!(read(&world.app, stored).await, newest);
    }
}

/// What the other receiver gets shows that the deliverer has gone on meanwhile.
#[tokio::test]
async fn what_waits_for_its_turn_stays_when_its_endpoint_is_switched_off_meanwhile() {
    let (world, receiver, other) =
        (world().await, Receiver::start().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.shut(true);
    let running = world.tasks().start();
    world.emit(4).await;
    receiver.has_received(4).await;
    world.emit(8).await;
    world.set_status(endpoint, EndpointStatus::Disabled).await;
    receiver.shut(false);
    while world.owed().await > 8 {
        tokio::task::yield_now().await;
    }
    world.endpoint(&other).await;
    world.emit(20).await;
    other.has_received(20).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 4);
    world.set_status(endpoint, EndpointStatus::Enabled).await;
    world.tasks().settle().await.unwrap();
    assert!(receiver.requests().len() >= 12);
    assert_eq!(world.owed().await, 0);
}

/// Opened by half of the last twenty, which leaves fewer failures behind than open it in a row.
#[tokio::test]
async fn a_sender_that_starts_asks_by_one_delivery_where_the_breaker_was_open() {
    let (world, receiver, endpoint) = one_at_a_time().await;
    receiver.script(&["200 OK", "500 Oops"].repeat(10));
    receiver.usually("500 Oops");
    let running = world.tasks().start();
    world.emit(30).await;
    let first = broken(&world, endpoint, world.now()).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 20);
    world.advance(seconds(1));
    let running = world.restarted().await.start();
    broken(&world, endpoint, first).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 21);
}

#[tokio::test]
async fn what_waits_for_the_time_that_a_receiver_named_or_for_its_own_next_try_says_so() {
    let (world, receiver, _) = one_at_a_time().await;
    receiver.script(&["404 Not Found", "503 No\r\nRetry-After: 36000"]);
    let shown = |d: &DeliveryView| (d.hold, d.next_attempt_at);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    let (hold, next) = shown(&log(&world).await[0]);
    assert_eq!(Some(until(hold, HeldBy::Schedule)), next);

    world.emit(2).await;
    world.tasks().settle().await.unwrap();
    let named = world.now().plus(hours(10));
    assert_eq!(until(untried(&world).await, HeldBy::RetryAfter), named);
    let (hold, next) = shown(log(&world).await.last().unwrap());
    assert_eq!(until(hold, HeldBy::RetryAfter), named, "longer than its own wait");
    assert!(next.unwrap() < named);
}

#[tokio::test]
async fn what_is_owed_to_an_endpoint_that_takes_nothing_for_now_says_so() {
    let (world, _, endpoint) = one_at_a_time().await;
    world.emit(1).await;
    assert_eq!(untried(&world).await, None);
    for status in [EndpointStatus::Paused, EndpointStatus::DisabledFailing] {
        world.set_status(endpoint, status).await;
        assert_eq!(untried(&world).await, Some(Hold { by: HeldBy::Endpoint, until: None }));
    }
}

#[tokio::test]
async fn case_46_tests_that_find_a_receiver_down_let_others_wait_and_these_say_so() {
    let (world, receiver, endpoint) = one_at_a_time().await;
    receiver.usually("500 Oops");
    let running = world.tasks().start();
    for _ in 0..6 {
        try_out(&world, endpoint).await;
    }
    let known = broken(&world, endpoint, world.now()).await;
    running.stop().await;
    assert_eq!(receiver.requests().len(), 5);
    world.emit(1).await;
    assert_eq!(until(untried(&world).await, HeldBy::Breaker), known);
    assert_eq!(world.find(endpoint).await.unwrap().first_failure_at, None, "it is no evidence");
}
