//! What time alone removes, and what it must not.

use domain::endpoint::Settings;
use domain::event::EventType;
use domain::{days, hours};
use storage::endpoints::EndpointStatus;
use tasks::{Options, Retention, Tasks};

use crate::receiver::Receiver;
use crate::support::{World, world};

#[tokio::test]
async fn an_event_leaves_with_its_deliveries_after_thirty_days() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(3).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    world.advance(days(30));
    tasks.settle().await.unwrap();
    assert_eq!((world.n_events().await, world.attempts().await.len()), (3, 3));
    world.advance(hours(1));
    tasks.settle().await.unwrap();
    assert_eq!((world.n_events().await, world.attempts().await.len()), (0, 0));
}

#[tokio::test]
async fn a_delivery_that_is_owed_keeps_its_event_however_old() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(1).await;
    world.advance(days(40));
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn case_8_deliveries_are_held_for_a_disabled_endpoint_for_seven_days() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.set_status(endpoint, EndpointStatus::DisabledFailing).await;
    world.emit(3).await;
    let tasks = world.tasks();
    world.advance(days(7));
    tasks.settle().await.unwrap();
    assert_eq!(world.owed().await, 3);
    world.advance(1);
    tasks.settle().await.unwrap();
    assert_eq!(world.owed().await, 0);
    assert_eq!(receiver.requests().len(), 0);
}

/// One attempt a week, however often it is answered badly.
fn patient(n_tries: usize) -> Settings {
    Settings { retry_schedule: Some(vec![604_800; n_tries - 1]), ..Settings::default() }
}

#[tokio::test]
async fn case_45_what_is_still_owed_stays_with_its_event_and_the_rest_leaves() {
    let (world, deaf, receiver) = (world().await, Receiver::start().await, Receiver::start().await);
    world.endpoint_with(&deaf, patient(20)).await;
    world.endpoint(&receiver).await;
    deaf.script(&["404 Not Found"; 10]);
    world.emit(2).await;
    let tasks = world.tasks();
    for _ in 0..5 {
        tasks.settle().await.unwrap();
        world.advance(days(9));
    }
    assert_eq!((world.n_events().await, world.owed().await), (2, 2));
    assert_eq!(world.delivery_ids().await.len(), 2, "those that arrived have left");
    tasks.settle().await.unwrap();
    assert_eq!((world.owed().await, deaf.requests().len()), (0, 12));
    world.advance(days(1));
    tasks.settle().await.unwrap();
    assert_eq!((world.n_events().await, world.attempts().await.len()), (0, 0));
}

#[tokio::test]
async fn what_was_given_up_stays_for_a_week_after_that() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint_with(&receiver, patient(6)).await;
    world.emit(1).await;
    receiver.script(&["404 Not Found"; 6]);
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    for _ in 0..5 {
        world.advance(days(9));
        tasks.settle().await.unwrap();
    }
    assert_eq!((world.owed().await, world.attempts().await.len()), (0, 6));
    world.advance(days(7) - 1);
    world.restarted().await.settle().await.unwrap();
    assert_eq!(world.n_events().await, 1);
    world.advance(1);
    world.restarted().await.settle().await.unwrap();
    assert_eq!((world.n_events().await, world.attempts().await.len()), (0, 0));
}

fn keeping(world: &World, retention: Retention) -> Tasks {
    Tasks::new(&world.app, Options { retention, ..Options::default() }).unwrap()
}

#[tokio::test]
async fn a_type_can_be_kept_for_a_time_of_its_own() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    let by_type = vec![(EventType::MailArrived, 3)];
    let tasks = keeping(&world, Retention { by_type, ..Retention::default() });
    world.emit(600).await;
    tasks.settle().await.unwrap();
    world.advance(days(3));
    tasks.settle().await.unwrap();
    assert_eq!(world.n_events().await, 600);
    world.advance(hours(1));
    tasks.settle().await.unwrap();
    assert_eq!((world.n_events().await, world.attempts().await.len()), (0, 0));

    let by_type = vec![(EventType::MailArrived, 90), (EventType::MailScanned, 1)];
    let tasks = keeping(&world, Retention { by_type, ..Retention::default() });
    world.emit(1).await;
    for kept in [1, 1, 1, 0] {
        world.advance(days(30) - hours(1));
        tasks.settle().await.unwrap();
        assert_eq!(world.n_events().await, kept);
    }
}
