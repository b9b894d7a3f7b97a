//! What is sent again to an endpoint with an order takes its place at the end of it (webhooks.md 5.14, 5.15).

use std::sync::Arc;

use app::deliveries::recover::{RecoveryRequest, recover};
use app::deliveries::replay::{ReplayRequest, replay};
use app::deliveries::retry::retry;
use app::endpoints::resume::{Backlog, resume};
use app::{Actor, OpCtx, Tx};
use domain::endpoint::{Order, Settings};
use domain::seconds;
use storage::endpoints::EndpointStatus;

use crate::receiver::Receiver;
use crate::support::{START, World, world};

fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

async fn open(settings: Settings) -> (World, Receiver, i64) {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint_with(&receiver, settings).await;
    (world, receiver, endpoint)
}

/// Which events came, by their places among all that were emitted, in the order in which they came.
async fn came(world: &World, receiver: &Receiver) -> Vec<usize> {
    let ids = world.event_ids().await;
    let place = |id: &str| ids.iter().position(|known| known == id).unwrap();
    receiver.requests().iter().map(|r| place(r.header("webhook-id"))).collect()
}

async fn settle(world: &World) {
    world.restarted().await.settle().await.unwrap();
}

#[tokio::test]
async fn g10_case_33_a_delivery_that_is_revived_is_waited_for_by_what_comes_after_it() {
    let settings =
        Settings { order: Order::Strict, retry_schedule: Some(vec![60]), ..Settings::default() };
    let (world, receiver, _) = open(settings).await;
    receiver.script(&["404 Not Found"; 3]);
    world.emit(1).await;
    settle(&world).await;
    world.advance(seconds(75));
    settle(&world).await;
    assert_eq!(world.owed().await, 0, "given up after its second try");
    let id = world.delivery_ids().await.remove(0);
    let work = async move |tx: &Tx, ctx: &OpCtx| retry(tx, ctx, &id).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    world.emit(3).await;
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0, 0, 0]);
    world.advance(seconds(75));
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0, 0, 0, 0, 1, 2, 3]);
}

#[tokio::test]
async fn g10_case_33_a_replay_is_waited_for_by_later_events_of_its_customer_alone() {
    let settings = Settings { order: Order::Key, max_in_flight: Some(1), ..Settings::default() };
    let (world, receiver, endpoint) = open(settings).await;
    world.emit(2).await;
    settle(&world).await;
    receiver.script(&["404 Not Found"]);
    let endpoint_id = Some(world.find(endpoint).await.unwrap().id.to_string());
    let event_id = world.event_ids().await.remove(0);
    let request = ReplayRequest { event_id, endpoint_id, reissue: false };
    let work = async move |tx: &Tx, ctx: &OpCtx| replay(tx, ctx, &request).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    settle(&world).await;
    world.emit(2).await;
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0, 1, 0, 3]);
    world.advance(seconds(7));
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0, 1, 0, 3, 0, 2]);
}

#[tokio::test]
async fn g10_case_33_what_is_recovered_keeps_the_order_in_which_it_was_emitted() {
    let (world, receiver, endpoint) =
        open(Settings { order: Order::Strict, ..Settings::default() }).await;
    world.set_status(endpoint, EndpointStatus::Paused).await;
    world.emit(5).await;
    let id = world.find(endpoint).await.unwrap().id.to_string();
    receiver.script(&["404 Not Found"]);
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        resume(tx, ctx, &id, Backlog::None).await?;
        let since = RecoveryRequest { since: START, until: None, event_types: Vec::new() };
        recover(tx, ctx, &id, &since).await
    };
    world.app.act(&ctx(&world), work).await.unwrap();
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0]);
    world.emit(1).await;
    world.advance(seconds(7));
    settle(&world).await;
    assert_eq!(came(&world, &receiver).await, [0, 0, 1, 2, 3, 4, 5]);
}
