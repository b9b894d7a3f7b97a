//! What an operator is told of its partners' webhooks (webhooks.md 5.16).

use std::collections::BTreeSet;
use std::sync::Arc;

use app::deliveries::recover::{RecoveryRequest, recover};
use app::deliveries::retry;
use app::endpoints::create::{NewEndpoint, create};
use app::endpoints::pause::pause;
use app::endpoints::resume::{Backlog, resume};
use app::endpoints::update::{EndpointChange, update};
use app::endpoints::{delete, rotate};
use app::{Actor, OpCtx, Tx};
use domain::endpoint::Settings;
use domain::event::EventType;
use domain::{ErrorCode, days, hours, minutes};
use serde_json::Value;
use storage::endpoints::{self, EndpointStatus, Health};

use crate::receiver::Receiver;
use crate::support::{START, World, world, write};

fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

/// What a receiver of the operator was told, in order of the events.
fn told(receiver: &Receiver) -> Vec<Value> {
    let body = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
    let mut told: Vec<Value> = receiver.requests().iter().map(|r| body(&r.body)).collect();
    told.sort_by_key(|event| event["id"].to_string());
    told
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// One retry after a second, so that an endpoint's patience ends soon.
fn impatient() -> Settings {
    Settings { retry_schedule: Some(vec![1]), ..Settings::default() }
}

#[tokio::test]
async fn what_happens_to_an_endpoint_is_told_with_the_change() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let ctx = ctx(&world);
    let new = NewEndpoint { url: receiver.url.clone(), ..NewEndpoint::default() };
    let made = ctx.app.act(&ctx, async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &new).await);
    let id = made.await.unwrap().endpoint.id.to_string();
    let of = id.clone();
    let all = async move |tx: &Tx, ctx: &OpCtx| {
        let types = Some(vec![EventType::MailArrived]);
        let description = Some(Some("hooks".to_owned()));
        let change =
            EndpointChange { description, event_types: types, ..EndpointChange::default() };
        update(tx, ctx, &of, &change).await?;
        update(tx, ctx, &of, &change).await.map(drop)?;
        rotate::rotate(tx, ctx, &of, None).await?;
        rotate::switch(tx, ctx, &of, rotate::GRACE).await?;
        pause(tx, ctx, &of, Some("an upgrade")).await?;
        resume(tx, ctx, &of, Backlog::All).await?;
        let off = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
        update(tx, ctx, &of, &off).await?;
        delete::delete(tx, ctx, &of).await
    };
    ctx.app.act(&ctx, all).await.unwrap();
    world.tasks().settle().await.unwrap();

    let told = told(&operators);
    let expected = [
        "endpoint.created",
        "endpoint.updated",
        "endpoint.updated",
        "secret.rotated",
        "secret.rotated",
        "endpoint.disabled",
        "endpoint.enabled",
        "endpoint.disabled",
        "endpoint.deleted",
    ];
    assert_eq!(types(&told), expected);
    assert!(told.iter().all(|event| event["data"]["endpoint_id"] == id));
    assert_eq!(told[0]["data"]["partner_slug"], "acme");
    assert_eq!(told[1]["data"]["changed"], serde_json::json!(["description", "event_types"]));
    assert_eq!(told[3]["data"]["step"], "drawn");
    assert_eq!(told[4]["data"]["step"], "switched");
    assert_eq!(told[5]["data"]["object"]["status"], "paused");
    assert_eq!(told[5]["data"]["object"]["disabled_reason"], "an upgrade");
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn a_change_that_is_taken_back_is_not_told() {
    let (world, operators) = (world().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let (ctx, url) = (ctx(&world), operators.url.clone());
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        create(tx, ctx, &NewEndpoint { url: url.clone(), ..NewEndpoint::default() }).await?;
        create(tx, ctx, &NewEndpoint { url: "no url".to_owned(), ..NewEndpoint::default() }).await
    };
    ctx.app.act(&ctx, work).await.unwrap_err();
    world.tasks().settle().await.unwrap();
    assert_eq!((operators.requests().len(), world.n_events().await), (0, 0));
}

#[tokio::test]
async fn case_27_a_delivery_that_is_given_up_is_told_of_once_and_so_is_its_late_arrival() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    world.endpoint_with(&receiver, impatient()).await;
    receiver.script(&["404 Not Found"; 2]);
    world.emit(1).await;
    let id = world.delivery_ids().await[0].clone();
    for _ in 0..3 {
        world.restarted().await.settle().await.unwrap();
        world.advance(minutes(1));
    }
    let first = told(&operators);
    assert_eq!(types(&first), ["delivery.exhausted"]);
    let data = &first[0]["data"];
    assert_eq!((&data["attempts"], &data["status_code"]), (&2.into(), &404.into()));
    assert_eq!((&data["delivery_id"], &data["event_type"]), (&id.into(), &"mail.arrived".into()));

    let id = world.delivery_ids().await[0].clone();
    let work = async move |tx: &Tx, ctx: &OpCtx| retry::retry(tx, ctx, &id).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    world.tasks().settle().await.unwrap();
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    let all = told(&operators);
    assert_eq!(types(&all), ["delivery.exhausted", "delivery.recovered"]);
    assert_eq!(all[1]["data"]["attempts"], 3);
}

#[tokio::test]
async fn case_30_failing_and_recovered_are_told_once_in_each_streak() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    world.endpoint(&receiver).await;
    for _ in 0..2 {
        receiver.script(&["404 Not Found"; 4]);
        world.emit(1).await;
        for _ in 0..5 {
            world.restarted().await.settle().await.unwrap();
            world.advance(hours(1));
        }
    }
    let told = told(&operators);
    let streak = ["endpoint.failing", "endpoint.recovered"];
    assert_eq!(types(&told), [streak, streak].concat());
    assert_eq!(told[0]["data"]["failing_since"], START.to_string());
    assert_eq!(told[1]["data"]["failing_since"], START.to_string());
}

#[tokio::test]
async fn case_13_case_30_an_endpoint_that_is_set_aside_is_told_of_a_day_before_and_then() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let endpoint = world.endpoint(&receiver).await;
    receiver.script(&["500 Oops"; 2]);
    let (first_failure_at, failures) = (Some(world.now()), 18);
    let evidence =
        Health { first_failure_at, failures, failed_hours: 11, notices: 1, ..Health::default() };
    write(&world.app, async move |tx: &Tx| {
        endpoints::put_health(tx, &[(endpoint, evidence)]).await
    })
    .await;
    world.advance(hours(72) - minutes(1));
    world.emit(1).await;
    world.tasks().settle().await.unwrap();
    world.advance(minutes(1));
    world.tasks().settle().await.unwrap();
    let told = told(&operators);
    assert_eq!(types(&told), ["endpoint.disable_warning", "endpoint.disabled"]);
    assert_eq!(told[0]["data"]["disabled_from"], START.plus(hours(72)).to_string());
    assert_eq!(told[1]["data"]["object"]["status"], "disabled_failing");
}

#[tokio::test]
async fn a_dropped_backlog_and_the_end_of_a_recovery_are_told_with_their_numbers() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    let endpoint = world.endpoint(&receiver).await;
    world.set_status(endpoint, EndpointStatus::Paused).await;
    world.emit(3).await;
    world.advance(days(7) + 1);
    world.tasks().settle().await.unwrap();
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        resume(tx, ctx, &id, Backlog::All).await?;
        let request = RecoveryRequest { since: START, until: None, event_types: Vec::new() };
        recover(tx, ctx, &id, &request).await
    };
    world.app.act(&ctx(&world), work).await.unwrap();
    world.tasks().settle().await.unwrap();
    let told = told(&operators);
    assert_eq!(types(&told), ["backlog.dropped", "endpoint.enabled", "recovery.finished"]);
    assert_eq!(told[0]["data"]["dropped"], 3);
    let data = &told[2]["data"];
    assert_eq!((&data["matched"], &data["moved"]), (&3.into(), &3.into()));
    assert_eq!(receiver.requests().len(), 3);
}

#[tokio::test]
async fn case_47_an_operators_endpoint_that_fails_causes_no_notices_of_its_own() {
    let (world, receiver, operators) =
        (world().await, Receiver::start().await, Receiver::start().await);
    let own = world.operators_endpoint(&operators).await;
    world.endpoint_with(&receiver, impatient()).await;
    receiver.script(&["404 Not Found"; 2]);
    operators.script(&["500 Oops"; 60]);
    world.emit(1).await;
    for _ in 0..200 {
        world.tasks().settle().await.unwrap();
        world.advance(minutes(30));
    }
    let ids: BTreeSet<&str> = told(&operators)
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned().leak() as &str)
        .collect();
    assert_eq!(ids, BTreeSet::from(["delivery.exhausted"]));
    assert!(operators.requests().len() >= 12, "its ladder was climbed to the end");
    assert_eq!(world.n_events().await, 2, "the one of the partner, and the one notice");

    // It was set aside meanwhile.
    let work = async |tx: &Tx, ctx: &OpCtx| {
        let id = endpoints::list(tx, &ctx.scope).await?[0].id.to_string();
        resume(tx, ctx, &id, Backlog::None).await?;
        pause(tx, ctx, &id, None).await?;
        resume(tx, ctx, &id, Backlog::None).await?;
        delete::delete(tx, ctx, &id).await
    };
    own.app.act(&own, work).await.unwrap();
    assert_eq!(world.n_events().await, 2);
}

#[tokio::test]
async fn partners_and_operators_can_only_ask_for_what_they_hear() {
    let (world, operators) = (world().await, Receiver::start().await);
    let own = world.operators_endpoint(&operators).await;
    for (ctx, kind) in [(ctx(&world), EventType::EndpointCreated), (own, EventType::MailArrived)] {
        let new = NewEndpoint {
            url: operators.url.clone(),
            event_types: vec![kind],
            ..NewEndpoint::default()
        };
        let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &new).await;
        let refused = ctx.app.act(&ctx, work).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    }
}
