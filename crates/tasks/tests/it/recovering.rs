//! Case 29 of webhooks.md 4.1: recovering what was given up since a moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use app::deliveries::recover::{
    RecoveryRequest, RecoveryState, RecoveryView, cancel, pause, preview, progress, recover,
    resume as go_on,
};
use app::deliveries::retry;
use app::endpoints::resume::{Backlog, resume};
use app::{Actor, OpCtx, Tx, endpoints};
use domain::event::EventType;
use domain::{ErrorCode, Result, Timestamp, minutes};
use storage::endpoints::EndpointStatus;
use tasks::Tasks;
use tokio::task::JoinHandle;

use crate::receiver::Receiver;
use crate::support::{START, World, world};

/// Two full pages and a short one.
const MANY: usize = 1201;
/// Deliveries that may be on their way when a process dies, at most.
const IN_FLIGHT: usize = 8;

fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

/// Emits events and gives their deliveries up.
async fn bury(world: &World, endpoint: i64, n: usize) {
    world.set_status(endpoint, EndpointStatus::Paused).await;
    world.emit(i64::try_from(n).unwrap()).await;
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| resume(tx, ctx, &id, Backlog::None).await;
    world.app.act(&ctx(world), work).await.unwrap();
}

fn since(at: Timestamp) -> RecoveryRequest {
    RecoveryRequest { since: at, until: None, event_types: Vec::new() }
}

async fn begin(world: &World, endpoint: i64, request: RecoveryRequest) -> Result<RecoveryView> {
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| recover(tx, ctx, &id, &request).await;
    world.app.act(&ctx(world), work).await
}

async fn look(world: &World, view: &RecoveryView) -> (RecoveryState, i64) {
    let (endpoint, id) = (view.endpoint.id.to_string(), view.recovery.id.to_string());
    let work = async move |tx: &Tx, ctx: &OpCtx| progress(tx, ctx, &endpoint, &id).await;
    let found = world.app.query(&ctx(world), work).await.unwrap().recovery;
    (found.state, found.moved)
}

/// What somebody does to a recovery that began.
#[derive(Clone, Copy)]
enum Turn {
    Pause,
    Resume,
    Cancel,
}

async fn turn(world: &World, view: &RecoveryView, turn: Turn) -> Result<RecoveryState> {
    let (endpoint, id) = (view.endpoint.id.to_string(), view.recovery.id.to_string());
    let work = async move |tx: &Tx, ctx: &OpCtx| match turn {
        Turn::Pause => pause(tx, ctx, &endpoint, &id).await,
        Turn::Resume => go_on(tx, ctx, &endpoint, &id).await,
        Turn::Cancel => cancel(tx, ctx, &endpoint, &id).await,
    };
    world.app.act(&ctx(world), work).await.map(|view| view.recovery.state)
}

fn settling(tasks: &Tasks) -> JoinHandle<Result<()>> {
    let tasks = tasks.clone();
    tokio::spawn(async move { tasks.settle().await })
}

/// A recovery of [`MANY`] deliveries whose first page was moved, and of which the receiver holds one.
async fn half_way(
    world: &World,
    receiver: &Receiver,
    tasks: &Tasks,
) -> (i64, RecoveryView, JoinHandle<Result<()>>) {
    let endpoint = world.endpoint(receiver).await;
    bury(world, endpoint, MANY).await;
    let view = begin(world, endpoint, since(START)).await.unwrap();
    receiver.shut(true);
    let settling = settling(tasks);
    receiver.has_received(1).await;
    (endpoint, view, settling)
}

fn distinct(receiver: &Receiver) -> BTreeSet<String> {
    receiver.requests().iter().map(|r| r.header("webhook-id").to_owned()).collect()
}

#[tokio::test]
async fn case_29_none_one_and_many_are_each_sent_once() {
    for n in [0, 1, MANY] {
        let (world, receiver) = (world().await, Receiver::start().await);
        let endpoint = world.endpoint(&receiver).await;
        bury(&world, endpoint, n).await;
        let view = begin(&world, endpoint, since(START)).await.unwrap();
        assert_eq!(view.recovery.extent.matched, i64::try_from(n).unwrap());
        world.tasks().settle().await.unwrap();
        assert_eq!((receiver.requests().len(), distinct(&receiver).len()), (n, n));
        let expected = (RecoveryState::Finished, i64::try_from(n).unwrap());
        assert_eq!(look(&world, &view).await, expected);
        let again = begin(&world, endpoint, since(START)).await.unwrap();
        assert_eq!(again.recovery.extent.matched, 0);
    }
}

#[tokio::test]
async fn case_29_a_recovery_goes_on_where_a_killed_process_left_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let (_, view, killed) = half_way(&world, &receiver, &world.tasks()).await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(look(&world, &view).await, (RecoveryState::Running, 500));
    receiver.shut(false);
    world.restarted().await.settle().await.unwrap();
    assert_eq!(distinct(&receiver).len(), MANY);
    let n = receiver.requests().len();
    assert!((MANY..=MANY + IN_FLIGHT).contains(&n), "{n} requests");
    assert_eq!(look(&world, &view).await, (RecoveryState::Finished, 1201));
}

#[tokio::test]
async fn case_29_cancelling_leaves_the_rest_where_it_was() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let tasks = world.tasks();
    let (endpoint, view, settling) = half_way(&world, &receiver, &tasks).await;
    turn(&world, &view, Turn::Cancel).await.unwrap();
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(look(&world, &view).await, (RecoveryState::Cancelled, 500));
    assert_eq!(receiver.requests().len(), 500);
    let rest = begin(&world, endpoint, since(START)).await.unwrap();
    assert_eq!(rest.recovery.extent.matched, 701);
    tasks.settle().await.unwrap();
    assert_eq!((receiver.requests().len(), distinct(&receiver).len()), (MANY, MANY));
}

#[tokio::test]
async fn a_paused_recovery_moves_nothing_even_after_a_restart_and_goes_on_when_resumed() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let (_, view, killed) = half_way(&world, &receiver, &world.tasks()).await;
    for _ in 0..2 {
        assert_eq!(turn(&world, &view, Turn::Pause).await.unwrap(), RecoveryState::Paused);
    }
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    receiver.shut(false);
    let restarted = world.restarted().await;
    restarted.settle().await.unwrap();
    assert_eq!(look(&world, &view).await, (RecoveryState::Paused, 500));
    assert_eq!(distinct(&receiver).len(), 500);
    for _ in 0..2 {
        assert_eq!(turn(&world, &view, Turn::Resume).await.unwrap(), RecoveryState::Running);
    }
    restarted.settle().await.unwrap();
    assert_eq!(look(&world, &view).await, (RecoveryState::Finished, 1201));
    assert_eq!(distinct(&receiver).len(), MANY);
    assert!(receiver.requests().len() <= MANY + IN_FLIGHT);
}

#[tokio::test]
async fn a_recovery_that_has_ended_is_neither_paused_nor_resumed() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    let finished = begin(&world, endpoint, since(START)).await.unwrap();
    world.tasks().settle().await.unwrap();
    let cancelled = begin(&world, endpoint, since(START)).await.unwrap();
    turn(&world, &cancelled, Turn::Pause).await.unwrap();
    assert_eq!(turn(&world, &cancelled, Turn::Cancel).await.unwrap(), RecoveryState::Cancelled);
    for (view, state) in
        [(finished, RecoveryState::Finished), (cancelled, RecoveryState::Cancelled)]
    {
        for again in [Turn::Pause, Turn::Resume] {
            let refused = turn(&world, &view, again).await.unwrap_err();
            assert_eq!(refused.code(), ErrorCode::RecoveryEnded);
        }
        assert_eq!(look(&world, &view).await, (state, 0));
    }
}

#[tokio::test]
async fn paused_recoveries_count_among_the_four_and_end_with_their_endpoint() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    for _ in 0..4 {
        let view = begin(&world, endpoint, since(START)).await.unwrap();
        turn(&world, &view, Turn::Pause).await.unwrap();
    }
    let refused = begin(&world, endpoint, since(START)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::DeliveryUnderWay);
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let delete = async move |tx: &Tx, ctx: &OpCtx| endpoints::delete::delete(tx, ctx, &id).await;
    world.app.act(&ctx(&world), delete).await.unwrap();
    let unit = async move |tx: &Tx| storage::recoveries::open_of(tx, endpoint).await;
    assert_eq!(crate::support::read(&world.app, unit).await, 0);
}

#[tokio::test]
async fn a_recovery_takes_what_was_made_in_its_time_and_of_its_types() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    for _ in 0..3 {
        bury(&world, endpoint, 2).await;
        world.advance(minutes(1));
    }
    let at = |n| START.plus(minutes(n));
    let (scanned, arrived) = (vec![EventType::MailScanned], vec![EventType::MailArrived]);
    let all = Vec::new;
    let requests = [
        (6, RecoveryRequest { since: at(0), until: None, event_types: all() }),
        (4, RecoveryRequest { since: at(1), until: None, event_types: all() }),
        (2, RecoveryRequest { since: at(1), until: Some(at(2)), event_types: arrived }),
        (0, RecoveryRequest { since: at(0), until: None, event_types: scanned }),
    ];
    for (n, request) in requests.clone() {
        let id = world.find(endpoint).await.unwrap().id.to_string();
        let asked = request.clone();
        let work = async move |tx: &Tx, ctx: &OpCtx| preview(tx, ctx, &id, &asked).await;
        let found = world.app.query(&ctx(&world), work).await.unwrap();
        assert_eq!(found.matched, n, "{request:?}");
        if n == 2 {
            assert_eq!((found.oldest, found.newest), (Some(at(1)), Some(at(1))));
        }
    }
    begin(&world, endpoint, requests[2].1.clone()).await.unwrap();
    begin(&world, endpoint, requests[3].1.clone()).await.unwrap();
    world.tasks().settle().await.unwrap();
    let sent: Vec<String> = distinct(&receiver).into_iter().collect();
    assert_eq!(sent, world.event_ids().await[2..4]);
    let backwards = RecoveryRequest { until: Some(at(0)), ..since(at(1)) };
    let refused = begin(&world, endpoint, backwards).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
}

#[tokio::test]
async fn a_recovery_waits_while_its_endpoint_takes_nothing_and_ends_with_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    bury(&world, endpoint, 3).await;
    let view = begin(&world, endpoint, since(START)).await.unwrap();
    world.set_status(endpoint, EndpointStatus::Paused).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    assert_eq!(look(&world, &view).await, (RecoveryState::Running, 0));
    let refused = begin(&world, endpoint, since(START)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::EndpointNotEnabled);
    let id = view.endpoint.id.to_string();
    let delete = async move |tx: &Tx, ctx: &OpCtx| endpoints::delete::delete(tx, ctx, &id).await;
    world.app.act(&ctx(&world), delete).await.unwrap();
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 0);
    let unit = async |tx: &Tx| storage::recoveries::running(tx, 10).await;
    assert_eq!(crate::support::read(&world.app, unit).await.len(), 0);
}

#[tokio::test]
async fn what_was_retried_by_hand_is_not_recovered_as_well() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    bury(&world, endpoint, 2).await;
    begin(&world, endpoint, since(START)).await.unwrap();
    let id = world.delivery_ids().await[0].clone();
    let work = async move |tx: &Tx, ctx: &OpCtx| retry::retry(tx, ctx, &id).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    world.tasks().settle().await.unwrap();
    assert_eq!((receiver.requests().len(), distinct(&receiver).len()), (2, 2));
}
