//! The logs: where deliveries stand, and events as they were sent.

use app::deliveries::DeliveryStatus::{self, Cancelled, Failed, Pending, Retrying, Succeeded};
use app::deliveries::list::{DeliveryPage, Narrowing, list};
use app::deliveries::replay::{ReplayRequest, replay};
use app::endpoints::create::NewEndpoint;
use app::endpoints::update::EndpointChange;
use app::{OpCtx, Tx, endpoints, events};
use domain::event::EventType;
use domain::id::DeliveryId;
use domain::{Clock, ErrorCode, minutes};
use storage::attempts::{Attempt, Settled};
use storage::leases::{ALONE, ShardSet};
use storage::queue::Owed;

use crate::support::{World, act, invite, refusal, world};

/// The world with one endpoint that hears everything.
async fn listening() -> (World, OpCtx, String) {
    let world = world().await;
    let ctx = world.ctx().await;
    let input =
        NewEndpoint { url: "https://crm.example.com/".to_owned(), ..NewEndpoint::default() };
    let made = act(&ctx, async move |tx, ctx| endpoints::create::create(tx, ctx, &input).await);
    let id = made.await.unwrap().endpoint.id.to_string();
    (world, ctx, id)
}

async fn page(
    ctx: &OpCtx,
    narrowing: Narrowing,
    before: Option<DeliveryId>,
    limit: usize,
) -> DeliveryPage {
    let read = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &narrowing, before, limit).await;
    ctx.app.query(ctx, read).await.unwrap()
}

/// Lets the newest owed delivery of the only endpoint end like this, as the deliverer would.
async fn settle(world: &World, outcome: &'static str) {
    try_settle(world, outcome).await.unwrap();
}

async fn try_settle(world: &World, outcome: &'static str) -> storage::Result<()> {
    let now = world.clock.now();
    world
        .app
        .db
        .write(async move |tx: &Tx| {
            let lanes = storage::queue::lanes(tx, 0, now, 1, &ShardSet::all(), 1).await?;
            let lane = lanes.heads[0].endpoint_no;
            let place = *storage::queue::page(tx, lane, 100).await?.last().unwrap();
            let parcels = storage::queue::parcels(tx, &[(lane, place)], now).await?;
            let parcel = parcels.into_iter().next().flatten().unwrap();
            let again = (outcome == "retrying").then(|| Owed {
                due_at: now.plus(minutes(1)),
                attempt: 1,
                tries: 1,
                ..parcel.owed
            });
            let attempt = Attempt {
                delivery_no: parcel.owed.delivery_no,
                n: 1,
                endpoint_no: lane,
                at: now,
                duration_us: 1500,
                outcome,
                status_code: Some(200),
                error: None,
                ip: None,
                request_headers: "{}".to_owned(),
                response_headers: None,
                response_body: None,
                next_at: again.map(|o| o.due_at),
                key_n: Some(1),
                phases: None,
                url: None,
                id: None,
            };
            let settled = Settled { owed: parcel.owed, attempt, again, epoch: ALONE };
            storage::attempts::settle(tx, &[settled]).await.map(drop)
        })
        .await
}

#[tokio::test]
async fn g11_a_fault_at_any_statement_leaves_the_delivery_as_it_was_and_no_attempt() {
    let (world, ctx, _) = listening().await;
    for (outcome, status) in [("retrying", Retrying), ("failed", Failed), ("succeeded", Succeeded)]
    {
        invite(&ctx, outcome).await;
        for n in 1.. {
            world.app.db.fail_statement(n);
            let written = try_settle(&world, outcome).await;
            world.app.db.fail_statement(0);
            let found = page(&ctx, Narrowing::default(), None, 1).await.deliveries.remove(0);
            if written.is_ok() {
                assert!(n > 1, "a statement was made to fail");
                assert_eq!((found.status, found.delivery.attempts.len()), (status, 1));
                break;
            }
            let stands = (found.status, found.delivery.attempts.len());
            assert_eq!(stands, (Pending, 0), "{outcome}, statement {n}");
        }
        world.clock.advance(minutes(2));
    }
}

#[tokio::test]
async fn a_delivery_says_where_it_stands() {
    let (world, ctx, endpoint) = listening().await;
    for (external, outcome) in [("a", "failed"), ("b", "succeeded"), ("c", "retrying")] {
        invite(&ctx, external).await;
        settle(&world, outcome).await;
        world.clock.advance(minutes(2));
    }
    invite(&ctx, "d").await;
    let now = world.clock.now();
    let found = page(&ctx, Narrowing::default(), None, 10).await;
    let standing: Vec<DeliveryStatus> = found.deliveries.iter().map(|d| d.status).collect();
    assert_eq!(standing, [Pending, Retrying, Succeeded, Failed]);
    let [pending, retrying, succeeded, failed] = found.deliveries.as_slice() else { panic!() };
    assert_eq!(pending.next_attempt_at, Some(now));
    assert_eq!(retrying.next_attempt_at, Some(now.plus(minutes(-1))));
    assert_eq!(succeeded.delivered_at, Some(now.plus(minutes(-4) + 1500)));
    assert_eq!((failed.next_attempt_at, failed.delivered_at), (None, None));
    act(&ctx, async move |tx, ctx| endpoints::delete::delete(tx, ctx, &endpoint).await)
        .await
        .unwrap();
    let found = page(&ctx, Narrowing::default(), None, 10).await;
    let standing: Vec<DeliveryStatus> = found.deliveries.iter().map(|d| d.status).collect();
    assert_eq!(standing, [Cancelled, Cancelled, Succeeded, Failed]);
    assert!(found.deliveries.iter().all(|d| d.delivery.endpoint_deleted));
}

#[tokio::test]
async fn what_is_owed_to_an_endpoint_ends_when_somebody_switches_it_off() {
    let (world, ctx, endpoint) = listening().await;
    invite(&ctx, "a").await;
    settle(&world, "retrying").await;
    invite(&ctx, "b").await;
    act(&ctx, async move |tx, ctx| {
        let off = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
        endpoints::update::update(tx, ctx, &endpoint, &off).await
    })
    .await
    .unwrap();
    let found = page(&ctx, Narrowing::default(), None, 10).await;
    let standing: Vec<DeliveryStatus> = found.deliveries.iter().map(|d| d.status).collect();
    assert_eq!(standing, [Cancelled, Cancelled]);
    assert!(found.deliveries.iter().all(|d| d.next_attempt_at.is_none()));
}

#[tokio::test]
async fn deliveries_of_one_status_are_found_page_by_page() {
    let (world, ctx, _) = listening().await;
    for n in 0..6 {
        invite(&ctx, &format!("crm_{n}")).await;
        if n % 2 == 0 {
            settle(&world, "succeeded").await;
        }
    }
    let of = |status| Narrowing { status: Some(status), ..Narrowing::default() };
    let first = page(&ctx, of(DeliveryStatus::Succeeded), None, 2).await;
    assert_eq!((first.deliveries.len(), first.next.is_some()), (2, true));
    let second = page(&ctx, of(DeliveryStatus::Succeeded), first.next, 2).await;
    assert_eq!((second.deliveries.len(), second.next), (1, None));
    assert_eq!(second.deliveries[0].delivery.attempts.len(), 1);
    assert_eq!(page(&ctx, of(DeliveryStatus::Pending), None, 9).await.deliveries.len(), 3);
    assert_eq!(page(&ctx, of(DeliveryStatus::Delivering), None, 9).await.deliveries.len(), 0);
    let all = page(&ctx, Narrowing::default(), None, 4).await;
    assert_eq!((all.deliveries.len(), all.next.is_some()), (4, true));
    let rest = page(&ctx, Narrowing::default(), all.next, 4).await;
    assert_eq!((rest.deliveries.len(), rest.next), (2, None));
}

#[tokio::test]
async fn replays_stand_among_the_others_at_the_time_when_they_were_asked_for() {
    let (world, ctx, _) = listening().await;
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        invite(&ctx, name).await;
        settle(&world, "succeeded").await;
        let first = page(&ctx, Narrowing::default(), None, 1).await.deliveries.remove(0).delivery;
        made.push(first.id);
        world.clock.advance(minutes(1));
        if name != "c" {
            let event_id = first.event_id.to_string();
            let request = ReplayRequest { event_id, endpoint_id: None, reissue: name == "b" };
            let again = async move |tx: &Tx, ctx: &OpCtx| replay(tx, ctx, &request).await;
            made.push(act(&ctx, again).await.unwrap().deliveries[0].1);
            settle(&world, "succeeded").await;
            world.clock.advance(minutes(1));
        }
    }
    made.reverse();
    for limit in 1..=6 {
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let found = page(&ctx, Narrowing::default(), before, limit).await;
            seen.extend(found.deliveries.iter().map(|d| d.delivery.id));
            before = found.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, made, "{limit} at a time");
    }
    let narrowing = Narrowing { status: Some(Succeeded), ..Narrowing::default() };
    let found = page(&ctx, narrowing, None, 9).await.deliveries;
    assert_eq!(found.iter().map(|d| d.delivery.id).collect::<Vec<_>>(), made);
}

#[tokio::test]
async fn deliveries_are_narrowed_by_what_they_carry_and_where_they_go() {
    let (world, ctx, endpoint) = listening().await;
    let customer = invite(&ctx, "a").await.customer.id.to_string();
    invite(&ctx, "b").await;
    let none = Narrowing::default;
    let by = [
        (1, Narrowing { customer_id: Some(customer), ..none() }),
        (1, Narrowing { customer_id: Some("ext:b".to_owned()), ..none() }),
        (0, Narrowing { customer_id: Some("cus_123".to_owned()), ..none() }),
        (2, Narrowing { endpoint_id: Some(endpoint), ..none() }),
        (0, Narrowing { endpoint_id: Some("whe_123".to_owned()), ..none() }),
        (0, Narrowing { event_id: Some("evt_123".to_owned()), ..none() }),
        (2, Narrowing { event_type: Some(EventType::CustomerCreated), ..none() }),
        (0, Narrowing { event_type: Some(EventType::MailScanned), ..none() }),
        (0, Narrowing { created: (None, Some(world.clock.now())), ..none() }),
        (2, Narrowing { created: (Some(world.clock.now()), None), ..none() }),
    ];
    for (n, narrowing) in by {
        let found = page(&ctx, narrowing.clone(), None, 9).await.deliveries.len();
        assert_eq!(found, n, "{narrowing:?}");
    }
    let other = world.other_ctx().await;
    assert_eq!(page(&other, none(), None, 9).await.deliveries.len(), 0);
}

#[tokio::test]
async fn an_event_reads_as_it_was_sent_and_only_to_its_tenant() {
    let (world, ctx, _) = listening().await;
    invite(&ctx, "a").await;
    invite(&ctx, "b").await;
    let narrowed = async |customer: Option<&str>| {
        let narrowing = events::list::Narrowing {
            customer_id: customer.map(ToOwned::to_owned),
            ..events::list::Narrowing::default()
        };
        let read = async move |tx: &Tx, ctx: &OpCtx| {
            events::list::list(tx, ctx, &narrowing, None, 10).await
        };
        ctx.app.query(&ctx, read).await.unwrap()
    };
    assert_eq!(narrowed(Some("ext:nobody")).await.len(), 0);
    assert_eq!(narrowed(Some("ext:a")).await.len(), 1);
    let all = narrowed(None).await;
    assert_eq!(all.len(), 2);
    let get = async |ctx: &OpCtx| {
        let id = all[0].id.to_string();
        let read = async move |tx: &Tx, ctx: &OpCtx| events::get::get(tx, ctx, &id).await;
        ctx.app.query(ctx, read).await
    };
    let sent = page(&ctx, Narrowing::default(), None, 1).await;
    assert_eq!(get(&ctx).await.unwrap().payload, sent.deliveries[0].delivery.payload);
    assert_eq!(refusal(get(&world.test_ctx().await).await), ErrorCode::NotFound);
}
