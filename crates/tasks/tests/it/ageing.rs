//! What time alone removes, and what it must not.

use domain::{days, hours};
use storage::endpoints::EndpointStatus;

use crate::receiver::Receiver;
use crate::support::world;

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
async fn deliveries_are_held_for_a_disabled_endpoint_for_seven_days() {
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
