//! Cases 8 and 9 of webhooks.md 4.1: an endpoint that takes nothing for a while, and what it gets then.

use std::sync::Arc;

use app::deliveries::{retry, retry::RetryOutcome};
use app::endpoints::pause::{Held, pause};
use app::endpoints::resume::{Backlog, resume};
use app::{Actor, OpCtx, Tx};
use domain::{ErrorCode, Result, days, minutes};
use storage::endpoints::EndpointStatus;

use crate::receiver::{Receiver, Request};
use crate::support::{World, world};

fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

async fn pause_it(world: &World, endpoint: i64) -> Result<Held> {
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| pause(tx, ctx, &id, Some("an upgrade")).await;
    world.app.act(&ctx(world), work).await
}

async fn resume_it(world: &World, endpoint: i64, wanted: Backlog) -> Held {
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| resume(tx, ctx, &id, wanted).await;
    world.app.act(&ctx(world), work).await.unwrap()
}

fn ids(requests: &[Request]) -> Vec<String> {
    let mut ids: Vec<String> = requests.iter().map(|r| r.header("webhook-id").to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn case_8_a_paused_endpoint_is_sent_nothing_and_its_backlog_grows() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.emit(2).await;
    assert_eq!(pause_it(&world, endpoint).await.unwrap().backlog, 2);
    world.emit(3).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    let held = pause_it(&world, endpoint).await.unwrap();
    assert_eq!((held.endpoint.status, held.backlog), (EndpointStatus::Paused, 5));
    assert_eq!(held.endpoint.disabled_reason.as_deref(), Some("an upgrade"));
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn case_9_resuming_sends_exactly_what_was_chosen() {
    // Of six, made two at a time and a minute apart: what is sent, and what is given up.
    let choices = [
        (Backlog::All, 6),
        (Backlog::Since(crate::support::START.plus(minutes(1))), 4),
        (Backlog::Newest(3), 3),
        (Backlog::Newest(7), 6),
        (Backlog::None, 0),
    ];
    for (wanted, n) in choices {
        let (world, receiver) = (world().await, Receiver::start().await);
        let endpoint = world.endpoint(&receiver).await;
        pause_it(&world, endpoint).await.unwrap();
        for _ in 0..3 {
            world.emit(2).await;
            world.advance(minutes(1));
        }
        let all = world.event_ids().await;
        let resumed = resume_it(&world, endpoint, wanted).await;
        assert_eq!((resumed.backlog, resumed.dropped), (n, 6 - n), "{wanted:?}");
        let tasks = world.tasks();
        tasks.settle().await.unwrap();
        let chosen = &all[all.len() - usize::try_from(n).unwrap()..];
        assert_eq!(ids(&receiver.requests()), chosen, "{wanted:?}");
        world.emit(1).await;
        tasks.settle().await.unwrap();
        assert_eq!(receiver.requests().len(), chosen.len() + 1, "{wanted:?}");
        assert_eq!(resume_it(&world, endpoint, Backlog::None).await.dropped, 0);
    }
}

#[tokio::test]
async fn an_attempt_on_its_way_ends_although_the_endpoint_is_paused() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    receiver.shut(true);
    world.emit(1).await;
    let tasks = world.tasks();
    let settling = tokio::spawn({
        let tasks = tasks.clone();
        async move { tasks.settle().await }
    });
    receiver.has_received(1).await;
    pause_it(&world, endpoint).await.unwrap();
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(world.attempts().await, [("succeeded".to_owned(), Some(200))]);
    assert_eq!(resume_it(&world, endpoint, Backlog::All).await.backlog, 0);
}

#[tokio::test]
async fn what_was_dropped_is_brought_back_one_by_one() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    pause_it(&world, endpoint).await.unwrap();
    world.emit(2).await;
    let id = world.delivery_ids().await[0].clone();
    resume_it(&world, endpoint, Backlog::None).await;
    let work = async move |tx: &Tx, ctx: &OpCtx| retry::retry(tx, ctx, &id).await;
    let retried = world.app.act(&ctx(&world), work).await.unwrap();
    assert_eq!(retried.outcome, RetryOutcome::Revived);
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn case_9_an_endpoint_that_failed_is_resumed_and_one_that_is_disabled_is_not_paused() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.set_status(endpoint, EndpointStatus::DisabledFailing).await;
    let refused = pause_it(&world, endpoint).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::EndpointNotEnabled);
    world.emit(4).await;
    let resumed = resume_it(&world, endpoint, Backlog::Newest(1)).await;
    assert_eq!((resumed.endpoint.status, resumed.dropped), (EndpointStatus::Enabled, 3));
    world.tasks().settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn what_is_held_too_long_is_given_up_with_a_line_in_the_audit_log() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    pause_it(&world, endpoint).await.unwrap();
    world.emit(3).await;
    world.advance(days(7) + 1);
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(world.owed().await, 1);
    let chain = async |tx: &Tx| storage::audit::chain(tx, 0, 10).await;
    let audit = crate::support::read(&world.app, chain).await;
    let line = audit.iter().find(|line| line.verb == "endpoint.backlog_dropped").unwrap();
    assert!(line.detail.contains("\"3\""), "{}", line.detail);
}
