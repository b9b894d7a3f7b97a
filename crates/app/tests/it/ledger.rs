//! The prepaid balance: what each movement leaves, and that the entries always sum up to it.

use app::ledger::{self, AMOUNT_MINOR_MAX};
use app::{OpCtx, Tx};
use domain::billing::LedgerKind;
use domain::id::ActionId;
use domain::partner::Service;
use domain::{ErrorCode, Result};
use storage::ledger::Balance;

use crate::support::{act, refusal, world};

fn action(n: u8) -> ActionId {
    ActionId([n; 16])
}

async fn top_up(ctx: &OpCtx, amount: i64) {
    act(ctx, async move |tx, ctx| ledger::top_up(tx, ctx, amount, "wire 17").await).await.unwrap();
}

async fn hold(ctx: &OpCtx, n: u8, amount: i64) -> Result<bool> {
    act(ctx, async move |tx, ctx| ledger::hold(tx, ctx, action(n), amount).await)
        .await
        .map(|id| id.is_some())
}

async fn release(ctx: &OpCtx, n: u8) -> Result<()> {
    act(ctx, async move |tx, ctx| ledger::release(tx, ctx, action(n)).await).await
}

async fn capture(ctx: &OpCtx, n: u8, actual: i64) -> Result<()> {
    act(ctx, async move |tx, ctx| ledger::capture(tx, ctx, action(n), actual).await).await
}

/// The balance, after checking that the ledger's entries add up to it.
async fn balance(ctx: &OpCtx) -> (i64, i64) {
    let read = async |tx: &Tx, ctx: &OpCtx| {
        Ok((ledger::balance(tx, ctx).await?, ledger::entries(tx, ctx, None, 100).await?))
    };
    let (balance, entries) = ctx.app.query(ctx, read).await.unwrap();
    let Balance { available_minor, held_minor, .. } = balance.unwrap();
    let (mut available, mut held) = (0, 0);
    for e in &entries {
        let (a, h) = match e.kind {
            LedgerKind::TopUp | LedgerKind::Refund | LedgerKind::Adjust => (1, 0),
            LedgerKind::Hold => (-1, 1),
            LedgerKind::Release => (1, -1),
            LedgerKind::Capture => (0, -1),
        };
        available += a * e.amount_minor;
        held += h * e.amount_minor;
    }
    assert_eq!((available, held), (available_minor, held_minor));
    (available, held)
}

#[tokio::test]
async fn a_partner_without_an_account_is_never_asked_for_money() {
    let world = world().await;
    let ctx = world.ctx().await;
    assert!(!hold(&ctx, 1, 500).await.unwrap());
    capture(&ctx, 1, 500).await.unwrap();
    release(&ctx, 1).await.unwrap();
    let none = ctx.app.query(&ctx, async |tx: &Tx, ctx: &OpCtx| ledger::balance(tx, ctx).await);
    assert_eq!(none.await.unwrap(), None);
}

#[tokio::test]
async fn a_hold_is_taken_from_what_is_available_and_captured_in_part() {
    let world = world().await;
    let ctx = world.ctx().await;
    top_up(&ctx, 2000).await;
    assert!(hold(&ctx, 1, 1200).await.unwrap());
    assert_eq!(balance(&ctx).await, (800, 1200));
    capture(&ctx, 1, 1000).await.unwrap();
    assert_eq!(balance(&ctx).await, (1000, 0));
}

#[tokio::test]
async fn a_released_hold_comes_back_once() {
    let world = world().await;
    let ctx = world.ctx().await;
    top_up(&ctx, 2000).await;
    hold(&ctx, 1, 1200).await.unwrap();
    for _ in 0..2 {
        release(&ctx, 1).await.unwrap();
        assert_eq!(balance(&ctx).await, (2000, 0));
    }
}

#[tokio::test]
async fn work_that_cost_more_than_was_held_takes_the_rest_or_is_refused() {
    let world = world().await;
    let ctx = world.ctx().await;
    top_up(&ctx, 2000).await;
    hold(&ctx, 1, 1200).await.unwrap();
    assert_eq!(refusal(capture(&ctx, 1, 2001).await), ErrorCode::InsufficientPrepayBalance);
    assert_eq!(balance(&ctx).await, (800, 1200));
    capture(&ctx, 1, 1500).await.unwrap();
    assert_eq!(balance(&ctx).await, (500, 0));
}

#[tokio::test]
async fn a_hold_beyond_the_balance_is_refused_and_changes_nothing() {
    let world = world().await;
    let ctx = world.ctx().await;
    top_up(&ctx, 500).await;
    assert_eq!(refusal(hold(&ctx, 1, 501).await), ErrorCode::InsufficientPrepayBalance);
    assert_eq!(balance(&ctx).await, (500, 0));
    assert!(!hold(&ctx, 1, 0).await.unwrap());
}

#[tokio::test]
async fn a_refund_gives_back_at_most_what_was_paid() {
    let world = world().await;
    let ctx = world.ctx().await;
    top_up(&ctx, 500).await;
    capture(&ctx, 1, 300).await.unwrap();
    let refund = async |amount| {
        act(&ctx, async move |tx, ctx| ledger::refund(tx, ctx, action(1), amount, "torn").await)
            .await
    };
    assert_eq!(refusal(refund(301).await), ErrorCode::ValidationFailed);
    assert_eq!(refund(200).await.unwrap().available_minor, 400);
    assert_eq!(refusal(refund(101).await), ErrorCode::ValidationFailed);
    assert_eq!(balance(&ctx).await, (400, 0));
}

#[tokio::test]
async fn corrections_need_an_account_a_sane_amount_and_enough_money() {
    let world = world().await;
    let ctx = world.ctx().await;
    let adjust = async |amount| {
        act(&ctx, async move |tx, ctx| ledger::adjust(tx, ctx, amount, "count").await).await
    };
    assert_eq!(refusal(adjust(1).await), ErrorCode::NotFound);
    top_up(&ctx, 100).await;
    assert_eq!(refusal(adjust(0).await), ErrorCode::ValidationFailed);
    assert_eq!(refusal(adjust(-101).await), ErrorCode::InsufficientPrepayBalance);
    assert_eq!(adjust(-100).await.unwrap().available_minor, 0);
    for amount in [0, -1, AMOUNT_MINOR_MAX + 1] {
        let refused = act(&ctx, async move |tx, ctx| ledger::top_up(tx, ctx, amount, "").await);
        assert_eq!(refusal(refused.await), ErrorCode::ValidationFailed);
    }
}

#[tokio::test]
async fn a_price_holds_for_its_partner_until_it_is_taken_back() {
    let world = world().await;
    let ctx = world.ctx().await;
    let set = async |price| {
        act(&ctx, async move |tx, ctx| ledger::set_price(tx, ctx, Service::Scan, price).await).await
    };
    let get = async |ctx: &OpCtx| {
        ctx.app
            .query(ctx, async |tx: &Tx, ctx: &OpCtx| ledger::price(tx, ctx, Service::Scan).await)
            .await
            .unwrap()
    };
    assert_eq!(refusal(set(Some(-1)).await), ErrorCode::ValidationFailed);
    set(Some(250)).await.unwrap();
    assert_eq!(get(&ctx).await, Some(250));
    assert_eq!(get(&world.other_ctx().await).await, None);
    set(None).await.unwrap();
    assert_eq!(get(&ctx).await, None);
}
