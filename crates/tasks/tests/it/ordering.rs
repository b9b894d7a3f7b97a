//! Order, where an endpoint asked for it: one waits for another over failures and restarts.

use domain::endpoint::{Order, Settings};
use domain::{minutes, seconds};

use crate::receiver::Receiver;
use crate::support::{World, world};

/// The numbers of the events in the order in which they came.
fn numbers(receiver: &Receiver) -> Vec<i64> {
    let number = |body: Vec<u8>| {
        let text = String::from_utf8(body).unwrap();
        let (_, n) = text.rsplit_once(':').unwrap();
        n.trim_end_matches('}').parse().unwrap()
    };
    receiver.requests().into_iter().map(|request| number(request.body)).collect()
}

async fn open(settings: Settings) -> (World, Receiver) {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint_with(&receiver, settings).await;
    (world, receiver)
}

#[tokio::test]
async fn g10_case_33_events_of_a_customer_wait_for_the_one_that_failed_and_others_do_not() {
    let one_at_a_time = Some(1);
    let settings =
        Settings { order: Order::Key, max_in_flight: one_at_a_time, ..Settings::default() };
    let (world, receiver) = open(settings).await;
    receiver.script(&["500 Oops"]);
    world.emit(6).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(numbers(&receiver), [0, 1, 3, 5]);
    world.restarted().await.settle().await.unwrap();
    assert_eq!(numbers(&receiver), [0, 1, 3, 5]);
    world.advance(seconds(7));
    world.restarted().await.settle().await.unwrap();
    assert_eq!(numbers(&receiver), [0, 1, 3, 5, 0, 2, 4]);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn g10_each_customer_has_one_delivery_under_way_and_a_long_queue_keeps_its_order() {
    let (world, receiver) = open(Settings { order: Order::Key, ..Settings::default() }).await;
    world.emit(300).await;
    receiver.shut(true);
    let tasks = world.tasks();
    let settling = tokio::spawn(async move { tasks.settle().await });
    receiver.has_received(2).await;
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(receiver.n_waiting_max(), 2);
    let (even, odd): (Vec<i64>, Vec<i64>) =
        numbers(&receiver).into_iter().partition(|n| n % 2 == 0);
    assert_eq!(even, (0..300).step_by(2).collect::<Vec<_>>());
    assert_eq!(odd, (1..300).step_by(2).collect::<Vec<_>>());
}

#[tokio::test]
async fn g10_case_33_strict_order_waits_for_the_first_over_a_restart_and_goes_on_once_it_is_given_up()
 {
    let settings = Settings {
        order: Order::Strict,
        retry_schedule: Some(vec![60, 60]),
        ..Settings::default()
    };
    let (world, receiver) = open(settings).await;
    receiver.script(&["500 Oops"; 3]);
    world.emit(100).await;
    for expected in [vec![0], vec![0, 0]] {
        world.restarted().await.settle().await.unwrap();
        assert_eq!(numbers(&receiver), expected);
        world.advance(seconds(59));
        world.restarted().await.settle().await.unwrap();
        assert_eq!(numbers(&receiver), expected, "not before its time, and nothing before it");
        world.advance(minutes(1));
    }
    world.tasks().settle().await.unwrap();
    let expected: Vec<i64> = [0, 0].into_iter().chain(0..100).collect();
    assert_eq!(numbers(&receiver), expected);
    assert_eq!(receiver.n_waiting_max(), 1);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn g10_a_delivery_that_is_parked_makes_way_before_its_schedule_is_at_its_end() {
    let settings = Settings { order: Order::Strict, park_after: Some(2), ..Settings::default() };
    let (world, receiver) = open(settings).await;
    receiver.script(&["500 Oops"; 2]);
    world.emit(3).await;
    world.restarted().await.settle().await.unwrap();
    assert_eq!(numbers(&receiver), [0]);
    world.advance(seconds(7));
    world.restarted().await.settle().await.unwrap();
    assert_eq!(numbers(&receiver), [0, 0, 1, 2]);
    assert_eq!(world.attempts().await[1], ("failed".to_owned(), Some(500)));
}
