//! Case 45 of webhooks.md 4.1: what is expunged leaves whole, and a receipt stays.

use std::sync::Arc;

use app::deliveries::replay::{ReplayRequest, replay};
use app::endpoints::pause::pause;
use app::endpoints::resume::{Backlog, resume};
use app::events::expunge::{Of, expunge, find, receipt};
use app::{Actor, OpCtx, Tx};
use domain::id::EventId;
use domain::{ErrorCode, Result, hours};
use serde_json::Value;
use sha2::{Digest, Sha256};
use storage::expunge::Receipt;

use crate::receiver::Receiver;
use crate::support::{World, read, world};

fn ctx(world: &World) -> OpCtx {
    OpCtx::new(&world.app, Arc::new(world.partner.clone()), true, Actor::System)
}

/// Expunges a selection, page by page.
async fn expunge_all(world: &World, of: Of) -> Result<Vec<Receipt>> {
    let (mut made, mut after) = (Vec::new(), None::<EventId>);
    loop {
        let asked = of.clone();
        let search = async move |tx: &Tx, ctx: &OpCtx| find(tx, ctx, &asked, after).await;
        let page = world.app.query(&ctx(world), search).await?;
        let Some(last) = page.last() else { return Ok(made) };
        after = Some(*last);
        let work = async move |tx: &Tx, ctx: &OpCtx| expunge(tx, ctx, &page, "asked to").await;
        made.extend(world.app.act(&ctx(world), work).await?);
    }
}

fn told(receipt: &Receipt) -> Value {
    serde_json::from_str(&receipt.document).unwrap()
}

/// Events, deliveries, attempts, owed and dead rows.
async fn rows(world: &World) -> [i64; 5] {
    const COUNTS: [&str; 5] = [
        "select count(*) from events",
        "select count(*) from deliveries",
        "select count(*) from attempts",
        "select count(*) from ready",
        "select count(*) from dead",
    ];
    let mut counts = [0; 5];
    for (count, sql) in counts.iter_mut().zip(COUNTS) {
        let unit = async move |tx: &Tx| tx.one(sql, Vec::new(), storage::Row::next::<i64>).await;
        *count = read(&world.app, unit).await;
    }
    counts
}

#[tokio::test]
async fn case_45_what_was_delivered_is_owed_or_was_given_up_leaves_whole() {
    let (world, receiver) = (world().await, Receiver::start().await);
    let endpoint = world.endpoint(&receiver).await;
    world.emit(1).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    let id = world.find(endpoint).await.unwrap().id.to_string();
    let held = id.clone();
    let hold = async move |tx: &Tx, ctx: &OpCtx| pause(tx, ctx, &held, None).await;
    world.app.act(&ctx(&world), hold.clone()).await.unwrap();
    world.emit(1).await;
    let work = async move |tx: &Tx, ctx: &OpCtx| resume(tx, ctx, &id, Backlog::None).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    world.app.act(&ctx(&world), hold).await.unwrap();
    world.emit(1).await;
    assert_eq!(rows(&world).await, [3, 3, 1, 1, 1]);
    let ids = world.event_ids().await;
    let deliveries = world.delivery_ids().await;
    let receipts = expunge_all(&world, Of::All(None)).await.unwrap();
    assert_eq!(rows(&world).await, [0; 5]);
    let [made] = receipts.as_slice() else { panic!("one receipt: {receipts:?}") };
    let document = told(made);
    let events = document["events"].as_array().unwrap();
    for (n, event) in events.iter().enumerate() {
        assert_eq!(event["id"], ids[n]);
        assert_eq!(event["deliveries"][0], deliveries[n]);
        assert_eq!(event["cancelled"], i64::from(n == 2));
    }
    let sent = Sha256::digest(&receiver.requests()[0].body);
    let hash: String = sent.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(events[0]["payload_sha256"], hash);
    tasks.settle().await.unwrap();
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(expunge_all(&world, Of::All(None)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn case_45_a_fault_at_any_statement_leaves_all_of_it() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(2).await;
    let before = rows(&world).await;
    let ids: Vec<EventId> =
        world.event_ids().await.iter().filter_map(|id| EventId::parse(id)).collect();
    for n in 1.. {
        let page = ids.clone();
        let work = async move |tx: &Tx, ctx: &OpCtx| expunge(tx, ctx, &page, "asked to").await;
        world.app.db.fail_statement(n);
        let outcome = world.app.act(&ctx(&world), work).await;
        if world.app.db.fail_statement(0) > 0 {
            assert!(outcome.unwrap().is_some());
            break;
        }
        outcome.unwrap_err();
        assert_eq!(rows(&world).await, before, "statement {n}");
    }
    assert_eq!(rows(&world).await, [0; 5]);
}

#[tokio::test]
async fn case_45_an_attempt_on_its_way_ends_and_what_it_wrote_is_taken_out_too() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    receiver.shut(true);
    world.emit(1).await;
    let tasks = world.tasks();
    let settling = tokio::spawn({
        let tasks = tasks.clone();
        async move { tasks.settle().await }
    });
    receiver.has_received(1).await;
    let id = world.event_ids().await[0].clone();
    assert_eq!(expunge_all(&world, Of::Event(id)).await.unwrap().len(), 1);
    receiver.shut(false);
    settling.await.unwrap().unwrap();
    assert_eq!(rows(&world).await, [0, 0, 1, 0, 0]);
    world.advance(hours(1));
    tasks.settle().await.unwrap();
    assert_eq!(rows(&world).await, [0; 5]);
}

#[tokio::test]
async fn an_event_leaves_with_what_was_reissued_of_it_and_is_not_replayed_any_more() {
    let (world, receiver) = (world().await, Receiver::start().await);
    world.endpoint(&receiver).await;
    world.emit(2).await;
    let tasks = world.tasks();
    tasks.settle().await.unwrap();
    let ids = world.event_ids().await;
    let request = ReplayRequest { event_id: ids[0].clone(), endpoint_id: None, reissue: true };
    let again = request.clone();
    let work = async move |tx: &Tx, ctx: &OpCtx| replay(tx, ctx, &again).await;
    world.app.act(&ctx(&world), work).await.unwrap();
    let receipts = expunge_all(&world, Of::Event(ids[0].clone())).await.unwrap();
    assert_eq!(told(&receipts[0])["events"].as_array().unwrap().len(), 2);
    assert_eq!(world.event_ids().await, [ids[1].clone()]);
    let work = async move |tx: &Tx, ctx: &OpCtx| replay(tx, ctx, &request).await;
    let refused = world.app.act(&ctx(&world), work).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
    let gone = expunge_all(&world, Of::Event(ids[0].clone())).await.unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_receipt_is_proven_and_one_that_was_changed_is_not() {
    const CHANGE: &str =
        "update expunge_receipts set document = replace(document, 'asked', 'asker')";
    let world = world().await;
    world.emit(101).await;
    let receipts = expunge_all(&world, Of::All(None)).await.unwrap();
    let n_events = |r: &Receipt| told(r)["events"].as_array().unwrap().len();
    assert_eq!(receipts.iter().map(n_events).collect::<Vec<_>>(), [100, 1]);
    let look = async || {
        let id = receipts[1].id.to_string();
        let work = async move |tx: &Tx, ctx: &OpCtx| receipt(tx, ctx, &id).await;
        world.app.query(&ctx(&world), work).await
    };
    assert_eq!(look().await.unwrap().document, receipts[1].document);
    world.app.db.write(async |tx: &Tx| tx.exec(CHANGE, Vec::new()).await).await.unwrap();
    assert_eq!(look().await.unwrap_err().code(), ErrorCode::InternalError);
}
