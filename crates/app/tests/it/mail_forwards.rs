//! Prices that wait for a word (F3), and several items in one parcel (postal.md 4.8).

use app::mail_actions::complete::{Outcome, Shipment};
use app::mail_actions::{ActionView, cancel as cancels, price};
use app::{OpCtx, ledger};
use domain::action::{ActionStatus, RejectReason};
use domain::event::EventType;
use domain::mail::MailStatus;
use domain::partner::Service;
use domain::{ErrorCode, Result};
use wire::partner::actions::{ForwardRequest, PickupRequest, ShredRequest};

use crate::applicants::open_mailbox;
use crate::mailroom::{
    as_staff, away, cancel, complete_with, forward, id_of, letter, look, pickup, scan, shipment,
    shred, start, status, told_since,
};
use crate::support::{World, act, events, refusal, world};

async fn weigh(ctx: &OpCtx, id: &str, cost_minor: i64) -> Result<ActionView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| price::weigh(tx, ctx, &id, cost_minor).await).await
}

async fn approve(ctx: &OpCtx, id: &str) -> Result<ActionView> {
    let id = id.to_owned();
    act(ctx, async move |tx, ctx| price::approve(tx, ctx, &id).await).await
}

/// A customer with some letters, of a partner that pays 700 for a forward out of 2000.
async fn prepaid(n_letters: usize) -> (World, OpCtx, Vec<String>) {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = open_mailbox(&ctx, "crm_1").await.customer.id.to_string();
    as_staff(&ctx, async |tx, ctx| {
        ledger::set_price(tx, ctx, Service::Forward, Some(700)).await?;
        ledger::top_up(tx, ctx, 2000, "wire 17").await
    })
    .await;
    let mut letters = Vec::new();
    for _ in 0..n_letters {
        letters.push(letter(&ctx, &customer).await);
    }
    (world, ctx, letters)
}

async fn balance(ctx: &OpCtx) -> (i64, i64) {
    let found = as_staff(ctx, async |tx, ctx| ledger::balance(tx, ctx).await).await.unwrap();
    (found.available_minor, found.held_minor)
}

fn asks(view: &ActionView) -> bool {
    let result: serde_json::Value = serde_json::from_str(&view.action.result).unwrap();
    result["requires_price_approval"].as_bool().unwrap()
}

#[tokio::test]
async fn a_price_within_the_tolerance_is_not_asked_about() {
    let (_world, ctx, letters) = prepaid(1).await;
    let id = id_of(forward(&ctx, &letters[0], away()).await);
    for (cost, far) in [(900, false), (500, false), (901, true), (499, true), (700, false)] {
        let weighed = weigh(&ctx, &id, cost).await.unwrap();
        assert_eq!(
            (asks(&weighed), weighed.action.status),
            (far, ActionStatus::Scheduled),
            "{cost}"
        );
    }
    assert_eq!(refusal(approve(&ctx, &id).await), ErrorCode::ActionConflict);
    assert_eq!(refusal(weigh(&ctx, &id, -1).await), ErrorCode::ValidationFailed);
    start(&ctx, &id).await.unwrap();
    assert_eq!(refusal(weigh(&ctx, &id, 700).await), ErrorCode::ActionConflict);
    assert_eq!(refusal(weigh(&ctx, "act_123", 700).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_price_that_is_far_off_stops_the_work_until_it_is_approved() {
    let (_world, ctx, letters) = prepaid(1).await;
    let id = id_of(forward(&ctx, &letters[0], away()).await);
    assert_eq!(balance(&ctx).await, (1300, 700));
    let before = events(&ctx).await.len();
    weigh(&ctx, &id, 2100).await.unwrap();
    assert_eq!(refusal(start(&ctx, &id).await), ErrorCode::ConfirmationRequired);
    assert_eq!(refusal(approve(&ctx, &id).await), ErrorCode::InsufficientPrepayBalance);
    assert_eq!(balance(&ctx).await, (1300, 700));
    weigh(&ctx, &id, 1200).await.unwrap();
    assert_eq!(approve(&ctx, &id).await.unwrap().action.charge_minor, Some(1200));
    assert_eq!(balance(&ctx).await, (800, 1200));
    assert_eq!(refusal(approve(&ctx, &id).await), ErrorCode::ActionConflict);
    start(&ctx, &id).await.unwrap();
    let dear = Shipment { cost_minor: Some(1201), ..shipment() };
    let refused = complete_with(&ctx, &id, Outcome::Forwarded(dear)).await;
    assert_eq!(refusal(refused), ErrorCode::ConfirmationRequired);
    complete_with(&ctx, &id, Outcome::Forwarded(shipment())).await.unwrap();
    assert_eq!(balance(&ctx).await, (800, 0));
    assert_eq!(told_since(&ctx, before).await, [EventType::MailForwarded]);
}

#[tokio::test]
async fn nothing_ships_above_what_the_request_allowed() {
    let (_world, ctx, letters) = prepaid(1).await;
    let capped = ForwardRequest { max_cost_minor: Some(750), ..away() };
    let id = id_of(forward(&ctx, &letters[0], capped).await);
    assert!(asks(&weigh(&ctx, &id, 751).await.unwrap()));
    let reject = id.clone();
    act(&ctx, async move |tx, ctx| {
        cancels::reject(tx, ctx, &reject, RejectReason::PriceRefused, None).await
    })
    .await
    .unwrap();
    assert_eq!(balance(&ctx).await, (2000, 0));
    assert_eq!(refusal(approve(&ctx, &id).await), ErrorCode::ActionConflict);
    let capped = ForwardRequest { max_cost_minor: Some(750), ..away() };
    let id = id_of(forward(&ctx, &letters[0], capped).await);
    start(&ctx, &id).await.unwrap();
    let dear = Shipment { cost_minor: Some(751), ..shipment() };
    let refused = complete_with(&ctx, &id, Outcome::Forwarded(dear)).await;
    assert_eq!(refusal(refused), ErrorCode::ConfirmationRequired);
}

#[tokio::test]
async fn only_forwards_are_weighed() {
    let (_world, ctx, letters) = prepaid(1).await;
    let id = id_of(scan(&ctx, &letters[0]).await);
    assert_eq!(refusal(weigh(&ctx, &id, 700).await), ErrorCode::ActionConflict);
    assert_eq!(refusal(approve(&ctx, &id).await), ErrorCode::ActionConflict);
}

#[tokio::test]
async fn items_of_one_parcel_leave_together_and_are_paid_for_once() {
    let (_world, ctx, letters) = prepaid(3).await;
    let before = events(&ctx).await.len();
    let joined = ForwardRequest { consolidate_with: letters[1..].to_vec(), ..away() };
    let lead = id_of(forward(&ctx, &letters[0], joined).await);
    assert_eq!(told_since(&ctx, before).await, [EventType::MailForwardRequested; 3]);
    assert_eq!(balance(&ctx).await, (1300, 700));
    let follower = look(&ctx, &letters[1]).await.actions[0].id.to_string();
    for refused in [
        weigh(&ctx, &follower, 700).await,
        shred(&ctx, &letters[2], ShredRequest::default()).await,
        {
            start(&ctx, &follower).await.unwrap();
            complete_with(&ctx, &follower, Outcome::Forwarded(shipment())).await
        },
    ] {
        assert_eq!(refusal(refused), ErrorCode::ActionConflict);
    }
    start(&ctx, &lead).await.unwrap();
    let before = events(&ctx).await.len();
    let sent = Shipment { cost_minor: Some(650), ..shipment() };
    complete_with(&ctx, &lead, Outcome::Forwarded(sent)).await.unwrap();
    assert_eq!(told_since(&ctx, before).await, [EventType::MailForwarded; 3]);
    assert_eq!(balance(&ctx).await, (1350, 0));
    for letter in &letters {
        let view = look(&ctx, letter).await;
        assert_eq!(view.status(), MailStatus::Forwarded);
        assert!(view.actions[0].result.contains("9400111899223100001234"));
    }
}

#[tokio::test]
async fn an_item_whose_parcel_was_withdrawn_goes_on_alone() {
    let (_world, ctx, letters) = prepaid(2).await;
    let joined = ForwardRequest { consolidate_with: letters[1..].to_vec(), ..away() };
    let lead = id_of(forward(&ctx, &letters[0], joined).await);
    cancel(&ctx, &lead).await.unwrap();
    let follower = look(&ctx, &letters[1]).await.actions[0].id.to_string();
    start(&ctx, &follower).await.unwrap();
    complete_with(&ctx, &follower, Outcome::Forwarded(shipment())).await.unwrap();
    assert_eq!(look(&ctx, &letters[0]).await.status(), MailStatus::Arrived);
}

#[tokio::test]
async fn a_parcel_is_refused_whole_when_one_item_does_not_fit() {
    let (_world, ctx, letters) = prepaid(3).await;
    let stranger = open_mailbox(&ctx, "crm_2").await.customer.id.to_string();
    let foreign = letter(&ctx, &stranger).await;
    let busy = id_of(pickup(&ctx, &letters[2], PickupRequest::default()).await);
    for (others, code) in [
        (vec!["mail_123".to_owned()], ErrorCode::ValidationFailed),
        (vec![foreign], ErrorCode::ValidationFailed),
        (vec![letters[0].clone()], ErrorCode::ValidationFailed),
        (vec![letters[1].clone(), letters[1].clone()], ErrorCode::ValidationFailed),
        (letters[1..].to_vec(), ErrorCode::ActionConflict),
    ] {
        let joined = ForwardRequest { consolidate_with: others, ..away() };
        assert_eq!(refusal(forward(&ctx, &letters[0], joined).await), code);
    }
    assert_eq!(balance(&ctx).await, (2000, 0));
    assert!(look(&ctx, &letters[1]).await.actions.is_empty());
    assert_eq!(status(&ctx, &busy).await, ActionStatus::Requested);
}
