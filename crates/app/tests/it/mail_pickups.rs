//! Pickups: when and by whom, who walks in without asking before, and who asks and does not come (P5, P6).

use app::admin::locations::{self, LocationChange};
use app::customers::recipients::{self, Covered};
use app::customers::suspend::{Cause, suspend};
use app::mail_actions::complete::{Handover, Outcome};
use app::mail_actions::{ActionView, pickup as pickups, work};
use app::{OpCtx, housekeeping, ledger};
use domain::action::ActionStatus;
use domain::customer::RecipientKind;
use domain::event::EventType;
use domain::mail::MailStatus;
use domain::partner::Service;
use domain::{Date, ErrorCode, Result, Timestamp, days, hours};
use wire::partner::actions::PickupRequest;

use crate::mailroom::{
    action, as_staff, complete_with, handover, id_of, letter, look, pickup, scan, start, status,
    told_since, window, with_letter,
};
use crate::support::{act, events, refusal};

async fn walk_in(ctx: &OpCtx, mail: &str, proof: Handover) -> Result<ActionView> {
    let id = mail.to_owned();
    act(ctx, async move |tx, ctx| pickups::walk_in(tx, ctx, &id, &proof).await).await
}

async fn no_show(ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| pickups::no_show(tx, ctx, &id).await).await
}

fn planned() -> PickupRequest {
    PickupRequest { window: Some(window()), ..PickupRequest::default() }
}

#[tokio::test]
async fn a_pickup_is_planned_inside_opening_hours_for_who_may_come() {
    let (_world, ctx, customer, mail) = with_letter().await;
    let at = |from: &str, to: &str| PickupRequest {
        window: Some((Timestamp::parse(from).unwrap(), Timestamp::parse(to).unwrap())),
        ..PickupRequest::default()
    };
    for wrong in [
        at("2026-11-22T16:00:00Z", "2026-11-22T17:00:00Z"),
        at("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"),
        at("2026-11-23T22:00:00Z", "2026-11-24T16:00:00Z"),
        at("2026-11-19T16:00:00Z", "2026-11-19T17:00:00Z"),
        at("2027-02-22T16:00:00Z", "2027-02-22T17:00:00Z"),
        PickupRequest { recipient_id: Some("rcp_123".to_owned()), ..Default::default() },
    ] {
        assert_eq!(refusal(pickup(&ctx, &mail, wrong).await), ErrorCode::ValidationFailed);
    }
    let recipient = act(&ctx, {
        let id = customer.clone();
        async move |tx, ctx| recipients::add(tx, ctx, &id, "Kim Smith", RecipientKind::Minor).await
    });
    let recipient = recipient.await.unwrap().id.to_string();
    let kim = PickupRequest { recipient_id: Some(recipient.clone()), ..Default::default() };
    assert_eq!(refusal(pickup(&ctx, &mail, kim.clone()).await), ErrorCode::ValidationFailed);
    let key = customer.clone();
    act(&ctx, async move |tx, ctx| {
        recipients::authorise(tx, ctx, &key, &recipient, Covered::ByCustomersForm).await
    })
    .await
    .unwrap();
    let before = events(&ctx).await.len();
    let waiting = pickup(&ctx, &mail, kim).await.unwrap().action;
    assert_eq!(waiting.status, ActionStatus::Requested);
    assert_eq!(told_since(&ctx, before).await, [EventType::MailPickupRequested]);
    let id = waiting.id.to_string();
    assert_eq!(refusal(start(&ctx, &id).await), ErrorCode::ActionConflict);
    let key = id.clone();
    let unplanned = act(&ctx, async move |tx, ctx| work::schedule(tx, ctx, &key).await).await;
    assert_eq!(refusal(unplanned), ErrorCode::ActionConflict);
    for _ in 0..2 {
        let key = id.clone();
        act(&ctx, async move |tx, ctx| pickups::schedule(tx, ctx, &key, window()).await)
            .await
            .unwrap();
    }
    let [asked, set] = [EventType::MailPickupRequested, EventType::MailPickupScheduled];
    assert_eq!(told_since(&ctx, before).await, [asked, set, set]);
    start(&ctx, &id).await.unwrap();
    let stranger = Handover { released_to: "Jo".to_owned(), code: None, id_type: None };
    let guess = Handover { code: Some("no".to_owned()), ..stranger.clone() };
    let nobody = Handover { released_to: " ".to_owned(), ..handover() };
    for wrong in [stranger, guess, nobody] {
        let refused = complete_with(&ctx, &id, Outcome::PickedUp(wrong)).await;
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    }
    let result: serde_json::Value =
        serde_json::from_str(&action(&ctx, &id).await.action.result).unwrap();
    let code = result["pickup"]["code"].as_str().unwrap().to_owned();
    let known = Handover { released_to: "Kim Smith".to_owned(), code: Some(code), id_type: None };
    complete_with(&ctx, &id, Outcome::PickedUp(known)).await.unwrap();
    assert_eq!(look(&ctx, &mail).await.status(), MailStatus::PickedUp);
    assert_eq!(events(&ctx).await.len(), before + 3);
}

#[tokio::test]
async fn an_hour_takes_as_many_pickups_as_the_location_said() {
    let (world, ctx, customer, _) = with_letter().await;
    let wish = PickupRequest { window: Some(window()), ..PickupRequest::default() };
    for n in 0..=world.location.pickups_per_hour {
        let mail = letter(&ctx, &customer).await;
        let planned = pickup(&ctx, &mail, wish.clone()).await.unwrap().action.status;
        let full = n == world.location.pickups_per_hour;
        let expected = if full { ActionStatus::Requested } else { ActionStatus::Scheduled };
        assert_eq!(planned, expected, "{n}");
    }
    let mail = letter(&ctx, &customer).await;
    let any = PickupRequest { date: Date::parse("2026-11-23"), ..PickupRequest::default() };
    let planned = pickup(&ctx, &mail, any).await.unwrap().action;
    assert_eq!(planned.status, ActionStatus::Scheduled);
    assert_eq!(planned.due_at, Timestamp::parse("2026-11-23T15:00:00Z"));
}

#[tokio::test]
async fn who_walks_in_takes_the_item_along_in_one_step_that_is_told_as_two() {
    let (_world, ctx, _, mail) = with_letter().await;
    as_staff(&ctx, async |tx, ctx| {
        ledger::set_price(tx, ctx, Service::Pickup, Some(100)).await?;
        ledger::top_up(tx, ctx, 150, "wire 17").await
    })
    .await;
    let before = events(&ctx).await.len();
    let taken = walk_in(&ctx, &mail, handover()).await.unwrap();
    assert_eq!(taken.action.status, ActionStatus::Completed);
    let told = [EventType::MailPickupRequested, EventType::MailPickupScheduled];
    assert_eq!(told_since(&ctx, before).await, told);
    assert_eq!(look(&ctx, &mail).await.status(), MailStatus::PickedUp);
    let left = as_staff(&ctx, async |tx, ctx| ledger::balance(tx, ctx).await).await.unwrap();
    assert_eq!((left.available_minor, left.held_minor), (50, 0));
    assert_eq!(refusal(walk_in(&ctx, &mail, handover()).await), ErrorCode::MailNotActionable);
}

#[tokio::test]
async fn who_walks_in_shows_a_photo_id_and_finds_the_item_free() {
    let (world, ctx, customer, mail) = with_letter().await;
    let nobody = Handover { released_to: " ".to_owned(), ..handover() };
    let unknown = Handover { id_type: None, code: Some("123456".to_owned()), ..handover() };
    for proof in [nobody, unknown] {
        let refused = walk_in(&ctx, &mail, proof).await;
        assert_eq!(refusal(refused), ErrorCode::ValidationFailed);
    }
    assert!(look(&ctx, &mail).await.actions.is_empty());
    let busy = letter(&ctx, &customer).await;
    scan(&ctx, &busy).await.unwrap();
    assert_eq!(refusal(walk_in(&ctx, &busy, handover()).await), ErrorCode::ActionConflict);
    let foreign = walk_in(&world.other_ctx().await, &mail, handover()).await;
    assert_eq!(refusal(foreign), ErrorCode::MailNotFound);
    let location = world.location.id;
    let none = LocationChange { services: Some(vec![Service::Scan]), ..LocationChange::default() };
    world
        .staff()
        .act(async move |tx, ctx| locations::update(tx, ctx, location, &none).await)
        .await
        .unwrap();
    assert_eq!(refusal(walk_in(&ctx, &mail, handover()).await), ErrorCode::ServiceNotOffered);
}

#[tokio::test]
async fn who_is_suspended_may_still_fetch_what_costs_nothing() {
    let (_world, ctx, customer, mail) = with_letter().await;
    act(&ctx, async move |tx, ctx| suspend(tx, ctx, &customer, Cause::Operator, "a note").await)
        .await
        .unwrap();
    walk_in(&ctx, &mail, handover()).await.unwrap();
}

#[tokio::test]
async fn a_pickup_that_nobody_came_for_waits_for_a_new_time_a_day_after_its_window() {
    let (world, ctx, _, mail) = with_letter().await;
    let id = id_of(pickup(&ctx, &mail, planned()).await);
    let before = events(&ctx).await.len();
    let end = window().1;
    world.clock.set(end.plus(hours(24) - 1));
    assert_eq!(housekeeping::run(&world.app).await.unwrap(), 0);
    assert_eq!(status(&ctx, &id).await, ActionStatus::Scheduled);
    world.clock.set(end.plus(hours(24)));
    assert_eq!(housekeeping::run(&world.app).await.unwrap(), 1);
    assert_eq!(housekeeping::run(&world.app).await.unwrap(), 0);
    let missed = action(&ctx, &id).await;
    assert_eq!(missed.action.status, ActionStatus::Requested);
    assert_eq!(missed.action.scheduled_at, None);
    assert!(!missed.action.result.contains("code"));
    assert_eq!(missed.mail.status(), MailStatus::PickupRequested);
    assert!(told_since(&ctx, before).await.is_empty());
    let ctx = world.ctx().await;
    let again = (window().0.plus(days(7)), window().1.plus(days(7)));
    let key = id.clone();
    act(&ctx, async move |tx, ctx| pickups::schedule(tx, ctx, &key, again).await).await.unwrap();
    assert_eq!(told_since(&ctx, before).await, [EventType::MailPickupScheduled]);
}

#[tokio::test]
async fn what_was_pulled_for_the_desk_keeps_its_time() {
    let (world, ctx, _, mail) = with_letter().await;
    let id = id_of(pickup(&ctx, &mail, planned()).await);
    start(&ctx, &id).await.unwrap();
    world.clock.set(window().1.plus(days(30)));
    assert_eq!(housekeeping::run(&world.app).await.unwrap(), 0);
    let ctx = world.ctx().await;
    assert_eq!(refusal(no_show(&ctx, &id).await), ErrorCode::ActionConflict);
    complete_with(&ctx, &id, Outcome::PickedUp(handover())).await.unwrap();
}

#[tokio::test]
async fn a_clerk_says_that_nobody_came_once_the_window_is_over() {
    let (world, ctx, customer, mail) = with_letter().await;
    let waiting = letter(&ctx, &customer).await;
    let waiting = id_of(pickup(&ctx, &waiting, PickupRequest::default()).await);
    assert_eq!(refusal(no_show(&ctx, &waiting).await), ErrorCode::ActionConflict);
    let id = id_of(pickup(&ctx, &mail, planned()).await);
    assert_eq!(refusal(no_show(&ctx, &id).await), ErrorCode::ActionConflict);
    world.clock.set(Timestamp::parse("2026-11-23T17:00:00Z").unwrap());
    let missed = no_show(&world.ctx().await, &id).await.unwrap();
    assert_eq!(missed.action.status, ActionStatus::Requested);
    assert_eq!(missed.action.due_at, Some(window().1.plus(days(1))));
}
