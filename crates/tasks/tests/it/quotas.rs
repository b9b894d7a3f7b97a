//! Quotas of stored events: how much there is, and who is told (webhooks.md 5.17).

use std::sync::Arc;

use app::events::expunge::{Of, expunge, find};
use app::{Actor, OpCtx};
use domain::{days, hours, minutes};
use serde_json::Value;
use storage::{Tx, tenancy};

use crate::receiver::Receiver;
use crate::support::{World, read, world, write};

/// What [`World::emit`] stores for each event.
async fn bytes_of_one(world: &World) -> i64 {
    i64::try_from(world.payload().await.len()).unwrap()
}

async fn set_quota(world: &World, bytes: Option<i64>) {
    let mut partner = world.partner.clone();
    partner.settings.payload_quota_bytes = bytes;
    write(&world.app, async move |tx: &Tx| tenancy::partner_update(tx, &partner).await).await;
}

async fn stored_bytes(world: &World) -> i64 {
    let id = world.partner.id;
    let find = async move |tx: &Tx| tenancy::partner_find(tx, id).await;
    read(&world.app, find).await.unwrap().stored_bytes
}

/// The marks that the operator was told of.
fn told(operators: &Receiver) -> Vec<i64> {
    let requests = operators.requests();
    let bodies = requests.iter().map(|r| serde_json::from_slice::<Value>(&r.body).unwrap());
    let reached = bodies.filter(|event| event["type"] == "quota.reached");
    reached.map(|event| event["data"]["percent"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_stored_is_counted_a_minute_later_and_taken_off_when_it_leaves() {
    let world = world().await;
    set_quota(&world, Some(1 << 30)).await;
    world.emit(9).await;
    let one = bytes_of_one(&world).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(stored_bytes(&world).await, 0);
    world.advance(minutes(2));
    for _ in 0..2 {
        world.restarted().await.settle().await.unwrap();
        assert_eq!(stored_bytes(&world).await, 9 * one);
    }

    let ctx = OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System);
    let ids = world.event_ids().await;
    let (counted, fresh) = (ids[0].clone(), 1);
    world.emit(fresh).await;
    let uncounted = world.event_ids().await.last().unwrap().clone();
    for id in [counted, uncounted] {
        let work = async move |tx: &Tx, ctx: &OpCtx| {
            let found = find(tx, ctx, &Of::Event(id.clone()), None).await?;
            expunge(tx, ctx, &found, "a test").await.map(drop)
        };
        ctx.app.act(&ctx, work).await.unwrap();
    }
    assert_eq!(stored_bytes(&world).await, 8 * one);

    world.advance(days(30) + hours(1));
    world.tasks().settle().await.unwrap();
    assert_eq!((world.n_events().await, stored_bytes(&world).await), (0, 0));
}

#[tokio::test]
async fn each_mark_of_a_quota_is_told_of_once_until_there_is_room_again() {
    let (world, operators) = (world().await, Receiver::start().await);
    world.operators_endpoint(&operators).await;
    world.emit(1).await;
    let one = bytes_of_one(&world).await;
    set_quota(&world, Some(100 * one)).await;
    for (n, expected) in
        [(70, vec![]), (12, vec![80]), (10, vec![80]), (20, vec![80, 100]), (5, vec![80, 100])]
    {
        world.emit(n).await;
        world.advance(minutes(2));
        world.tasks().settle().await.unwrap();
        assert_eq!(told(&operators), expected, "with {n} more");
    }
    let requests = operators.requests();
    let event: Value = serde_json::from_slice(&requests[0].body).unwrap();
    let data = &event["data"];
    assert_eq!((&data["partner_slug"], &data["endpoint_id"]), (&"acme".into(), &Value::Null));
    assert_eq!(
        (&data["object"]["object"], &data["object"]["name"]),
        (&"partner".into(), &"Acme".into())
    );
    assert!(data["stored_bytes"].as_i64() >= Some(80 * one));
    assert_eq!(data["quota_bytes"], 100 * one);

    set_quota(&world, Some(1000 * one)).await;
    world.restarted().await.settle().await.unwrap();
    set_quota(&world, Some(100 * one)).await;
    world.restarted().await.settle().await.unwrap();
    assert_eq!(told(&operators), [80, 100, 100]);
}

#[tokio::test]
async fn nothing_is_counted_while_nobody_has_a_quota_and_everything_once_somebody_has() {
    let world = world().await;
    world.emit(3).await;
    let one = bytes_of_one(&world).await;
    world.advance(days(1));
    world.tasks().settle().await.unwrap();
    assert_eq!(stored_bytes(&world).await, 0);
    set_quota(&world, Some(1)).await;
    world.tasks().settle().await.unwrap();
    assert_eq!(stored_bytes(&world).await, 3 * one);
}
