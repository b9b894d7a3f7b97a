//! An endpoint is sent to as its settings say: how many at once, how fast.

use domain::endpoint::Settings;
use domain::{hours, seconds};

use crate::receiver::Receiver;
use crate::support::world;

#[tokio::test]
async fn case_33_an_endpoint_that_asked_for_one_at_a_time_gets_one_at_a_time() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let settings = Settings { max_in_flight: Some(1), ..Settings::default() };
    world.endpoint_with(&receiver, settings).await;
    world.emit(50).await;
    world.tasks().settle().await.unwrap();
    assert_eq!((receiver.requests().len(), receiver.n_waiting_max()), (50, 1));
}

/// How many a minute brings, is simulated. The bucket of a process that starts is empty; the other
/// receiver shows that it has started.
#[tokio::test]
async fn case_32_what_is_over_the_rate_waits_and_uses_up_no_attempt() {
    let (world, receiver, other) =
        (world().await, Receiver::start().await, Receiver::start().await);
    let settings = Settings { rate_per_second: Some(1), burst: Some(3), ..Settings::default() };
    world.endpoint_with(&receiver, settings).await;
    world.endpoint(&other).await;
    let running = world.tasks().start();
    world.emit(5).await;
    other.has_received(5).await;
    world.advance(hours(1));
    receiver.has_received(3).await;
    world.advance(seconds(1));
    receiver.has_received(4).await;
    assert_eq!(receiver.requests().len(), 4);
    running.stop().await;
    assert_eq!(world.owed().await, 1);
    assert_eq!(world.attempts().await, vec![("succeeded".to_owned(), Some(200)); 5 + 4]);
}
