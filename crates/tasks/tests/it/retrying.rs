//! Case 28 of webhooks.md 4.1: a retry or a replay asked for in every state of a delivery. The table is
//! in docs/guides/webhooks.md.

use std::sync::Arc;

use app::deliveries::list::{Narrowing, list};
use app::deliveries::replay::{LeftOut, ReplayRequest, Replayed};
use app::deliveries::retry::{Retried, RetryOutcome};
use app::deliveries::{DeliveryView, replay, retry};
use app::{Actor, OpCtx, Tx, endpoints};
use domain::{ErrorCode, Result, days};
use storage::endpoints::EndpointStatus;
use tokio::task::JoinHandle;

use crate::receiver::Receiver;
use crate::support::{World, world};

pub(crate) fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

/// The log, newest first.
pub(crate) async fn log(world: &World) -> Vec<DeliveryView> {
    let read = async |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &Narrowing::default(), None, 50).await;
    world.app.query(&ctx(world), read).await.unwrap().deliveries
}

/// Retries the oldest delivery.
async fn retry_first(world: &World) -> Result<Retried> {
    let id = log(world).await.last().unwrap().delivery.id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| retry::retry(tx, ctx, &id).await;
    world.app.act(&ctx(world), work).await
}

/// Replays the event of the oldest delivery, to one endpoint or to all.
pub(crate) async fn replay_first(
    world: &World,
    to: Option<i64>,
    reissue: bool,
) -> Result<Replayed> {
    let event_id = log(world).await.last().unwrap().delivery.event_id.to_string();
    let mut endpoint_id = None;
    if let Some(no) = to {
        endpoint_id = Some(world.find(no).await.unwrap().id.to_string());
    }
    let request = ReplayRequest { event_id, endpoint_id, reissue };
    let work = async move |tx: &Tx, ctx: &OpCtx| replay::replay(tx, ctx, &request).await;
    world.app.act(&ctx(world), work).await
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> ErrorCode {
    outcome.expect_err("a refusal").code()
}

/// Delivers in the background, until the receiver answers.
fn settling(tasks: &tasks::Tasks) -> JoinHandle<Result<()>> {
    let tasks = tasks.clone();
    tokio::spawn(async move { tasks.settle().await })
}

#[tokio::test]
async fn case_28_a_pending_delivery_is_under_way_and_is_sent_once() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.emit(1).await;
    assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::UnderWay);
    let refused = replay_first(&world, Some(endpoint), false).await;
    assert_eq!(code(refused), ErrorCode::DeliveryUnderWay);
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn case_28_g4_a_delivery_in_flight_is_never_sent_beside_itself() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"]);
    world.emit(1).await;
    let tasks = world.tasks();
    for flight in 1..=2 {
        receiver.shut(true);
        let settling = settling(&tasks);
        receiver.has_received(flight).await;
        assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::UnderWay);
        for reissue in [false, true] {
            let refused = replay_first(&world, Some(endpoint), reissue).await;
            assert_eq!(code(refused), ErrorCode::DeliveryUnderWay);
        }
        let all = replay_first(&world, None, true).await.unwrap();
        assert_eq!((all.deliveries.len(), all.original_id), (0, None));
        assert_eq!(all.left_out[0].1, LeftOut::UnderWay);
        receiver.shut(false);
        settling.await.unwrap().unwrap();
        if flight == 1 {
            assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::Moved);
        }
    }
    let expected = [("retrying".to_owned(), Some(500)), ("succeeded".to_owned(), Some(200))];
    assert_eq!(world.attempts().await, expected);
    assert_eq!((receiver.requests().len(), receiver.n_waiting_max()), (2, 1));
    assert_eq!(world.owed().await, 0);
}

#[tokio::test]
async fn case_28_a_delivery_that_waits_is_moved_to_now_and_counts_as_a_try() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"; 3]);
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    let refused = replay_first(&world, Some(endpoint), false).await;
    assert_eq!(code(refused), ErrorCode::DeliveryUnderWay);
    for n in 2..=4 {
        let retried = retry_first(&world).await.unwrap();
        assert_eq!((retried.outcome, retried.due_at), (RetryOutcome::Moved, world.now()));
        assert_eq!(log(&world).await[0].next_attempt_at, Some(world.now()));
        assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::UnderWay);
        tasks.settle().await.unwrap();
        let last = receiver.requests().pop().unwrap();
        assert_eq!(last.header("X-Innbocks-Delivery-Attempt"), n.to_string());
    }
    assert_eq!(world.owed().await, 0);
    assert_eq!(log(&world).await[0].status.as_str(), "succeeded");
}

#[tokio::test]
async fn case_23_case_28_a_delivery_that_arrived_is_not_retried_but_replayed() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    assert_eq!(code(retry_first(&world).await), ErrorCode::DeliveryNotOwed);
    let replayed = replay_first(&world, Some(endpoint), false).await.unwrap();
    assert_eq!(replayed.original_id, None);
    let refused = replay_first(&world, Some(endpoint), false).await;
    assert_eq!(code(refused), ErrorCode::DeliveryUnderWay);
    tasks.settle().await.unwrap();

    let [first, again] = &receiver.requests()[..] else { panic!("expected two requests") };
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("webhook-id"), again.header("webhook-id"));
    assert_ne!(first.header("X-Innbocks-Delivery-Id"), again.header("X-Innbocks-Delivery-Id"));
    assert_eq!(again.header("webhook-replay"), "1");
}

#[tokio::test]
async fn a_reissue_tells_the_same_under_a_new_id_and_names_the_old_one() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    let replayed = replay_first(&world, None, true).await.unwrap();
    tasks.settle().await.unwrap();

    let [first, again] = &receiver.requests()[..] else { panic!("expected two requests") };
    let (old, new) = (first.header("webhook-id"), again.header("webhook-id"));
    assert_eq!(new, replayed.event_id.to_string());
    assert_eq!(again.header("original-id"), old);
    let text = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    assert_eq!(text(&again.body), text(&first.body).replace(old, new));
    assert_eq!(world.n_events().await, 2);
}

#[tokio::test]
async fn case_28_a_delivery_that_was_given_up_is_owed_again_with_a_whole_ladder() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.script(&["503 No"; 13]);
    world.emit(1).await;
    let tasks = world.tasks();
    while world.owed().await > 0 {
        tasks.settle().await.unwrap();
        world.advance(days(2));
    }
    assert_eq!(log(&world).await[0].status.as_str(), "failed");
    assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::Revived);
    assert_eq!(log(&world).await[0].next_attempt_at, Some(world.now()));
    tasks.settle().await.unwrap();
    assert_eq!(world.attempts().await.last().unwrap().0, "retrying");
    assert_eq!(retry_first(&world).await.unwrap().outcome, RetryOutcome::Moved);
    tasks.settle().await.unwrap();
    assert_eq!(log(&world).await[0].delivery.attempts.len(), 14);
    assert_eq!(log(&world).await[0].status.as_str(), "succeeded");
}

#[tokio::test]
async fn case_28_nothing_is_asked_of_an_endpoint_that_is_switched_off_or_gone() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"]);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    for status in
        [EndpointStatus::Disabled, EndpointStatus::DisabledFailing, EndpointStatus::Paused]
    {
        world.set_status(endpoint, status).await;
        assert_eq!(code(retry_first(&world).await), ErrorCode::EndpointNotEnabled);
        let refused = replay_first(&world, Some(endpoint), false).await;
        assert_eq!(code(refused), ErrorCode::EndpointNotEnabled);
        let all = replay_first(&world, None, false).await.unwrap();
        assert_eq!((all.deliveries.len(), all.left_out[0].1), (0, LeftOut::NotEnabled));
    }
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let delete = async move |tx: &Tx, ctx: &OpCtx| endpoints::delete::delete(tx, ctx, &id).await;
    world.app.act(&ctx(&world), delete).await.unwrap();
    assert_eq!(code(retry_first(&world).await), ErrorCode::EndpointNotEnabled);
    assert_eq!(replay_first(&world, None, false).await.unwrap().deliveries.len(), 0);
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn case_28_a_cancelled_delivery_is_not_retried_but_replayed() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.emit(1).await;
    let id = world.find(endpoint).await.unwrap().id.to_string();
    for enabled in [false, true] {
        let id = id.clone();
        let change =
            endpoints::update::EndpointChange { enabled: Some(enabled), ..Default::default() };
        let work = async move |tx: &Tx, ctx: &OpCtx| {
            endpoints::update::update(tx, ctx, &id, &change).await.map(drop)
        };
        world.app.act(&ctx(&world), work).await.unwrap();
    }
    assert_eq!(code(retry_first(&world).await), ErrorCode::DeliveryNotOwed);
    assert_eq!(replay_first(&world, None, false).await.unwrap().deliveries.len(), 1);
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
}
