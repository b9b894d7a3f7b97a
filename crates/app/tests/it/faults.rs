//! Each use-case of the operator's side, failed at every statement: nothing is written, nothing is
//! told, and the next try succeeds.

use app::admin::keys::{self, NewKey};
use app::admin::partners::{self, PartnerChange, PoolChoice};
use app::endpoints::create::NewEndpoint;
use app::endpoints::update::EndpointChange;
use app::{OpCtx, Tx, endpoints, ledger};
use domain::Result;
use domain::endpoint::SettingsChange;
use domain::event::EventType;
use domain::id::ActionId;
use domain::key::{Overlap, ScopeName};
use domain::partner::Service;

use crate::support::{act, events, world};

/// Statements of a use-case above which something is wrong with the test.
const STATEMENTS_MAX: i64 = 100;

/// What a use-case leaves behind at the least: audit records and events.
async fn traces(ctx: &OpCtx) -> (usize, usize) {
    let audited = ctx.app.db.read(async |tx: &Tx| storage::audit::unlinked(tx, 1000).await);
    (audited.await.unwrap().len(), events(ctx).await.len())
}

/// Fails the first statement, then the second, and so on, until the use-case gets through.
pub(crate) async fn all_or_nothing<T, W>(ctx: &OpCtx, work: W) -> T
where
    W: AsyncFn(&Tx, &OpCtx) -> Result<T> + Clone + Send + 'static,
    T: Send + 'static,
{
    let before = traces(ctx).await;
    for n in 1..STATEMENTS_MAX {
        ctx.app.db.fail_statement(n);
        let outcome = act(ctx, work.clone()).await;
        ctx.app.db.fail_statement(0);
        match outcome {
            Err(_) => assert_eq!(traces(ctx).await, before, "after failing statement {n}"),
            Ok(value) => {
                assert!(n > 1, "no statement was failed");
                return value;
            }
        }
    }
    panic!("still failing after {STATEMENTS_MAX} statements")
}

#[tokio::test]
async fn endpoints_change_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let made = all_or_nothing(&ctx, async |tx, ctx| {
        let url = "https://crm.example.com/".to_owned();
        let input = NewEndpoint { url, ..NewEndpoint::default() };
        endpoints::create::create(tx, ctx, &input).await
    });
    let id = made.await.endpoint.id.to_string();
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        endpoints::test_send::test_send(tx, ctx, &of, EventType::MailArrived, None).await
    })
    .await;
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| endpoints::rotate::rotate(tx, ctx, &of, None).await)
        .await;
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| endpoints::rotate::switch(tx, ctx, &of, 0).await)
        .await;
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        let settings = SettingsChange { ed25519: Some(true), ..SettingsChange::default() };
        let on = EndpointChange { settings, ..EndpointChange::default() };
        endpoints::update::update(tx, ctx, &of, &on).await
    })
    .await;
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        endpoints::revoke::revoke_all(tx, ctx, &of, None).await
    })
    .await;
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| {
        let off = EndpointChange { enabled: Some(false), ..EndpointChange::default() };
        endpoints::update::update(tx, ctx, &of, &off).await
    })
    .await;
    all_or_nothing(&ctx, async move |tx, ctx| endpoints::delete::delete(tx, ctx, &id).await).await;
}

#[tokio::test]
async fn keys_change_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let made = all_or_nothing(&ctx, async |tx, ctx| {
        let scopes = vec![ScopeName::MailRead];
        let input = NewKey { name: "crm".to_owned(), scopes, ..NewKey::default() };
        keys::create(tx, ctx, &input).await
    });
    let id = made.await.key.id.to_string();
    let of = id.clone();
    all_or_nothing(&ctx, async move |tx, ctx| keys::rotate(tx, ctx, &of, Overlap::Day).await).await;
    all_or_nothing(&ctx, async move |tx, ctx| keys::revoke(tx, ctx, &id).await).await;
}

#[tokio::test]
async fn partners_change_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let location = world.location.id.to_string();
    all_or_nothing(&ctx, async move |tx, ctx| {
        partners::grant(tx, ctx, &location, &PoolChoice::Own).await
    })
    .await;
    all_or_nothing(&ctx, async |tx, ctx| {
        let change = PartnerChange { name: Some("Acme".to_owned()), ..PartnerChange::default() };
        partners::update(tx, ctx, &change).await
    })
    .await;
    all_or_nothing(&ctx, async |tx, ctx| {
        ledger::set_price(tx, ctx, Service::Scan, Some(250)).await
    })
    .await;
}

#[tokio::test]
async fn money_moves_whole_or_not_at_all() {
    const ACTION: ActionId = ActionId([1; 16]);
    let world = world().await;
    let ctx = world.ctx().await;
    all_or_nothing(&ctx, async |tx, ctx| ledger::top_up(tx, ctx, 1000, "wire 17").await).await;
    all_or_nothing(&ctx, async |tx, ctx| ledger::hold(tx, ctx, ACTION, 400).await).await;
    all_or_nothing(&ctx, async |tx, ctx| ledger::capture(tx, ctx, ACTION, 300).await).await;
    let left =
        all_or_nothing(&ctx, async |tx, ctx| ledger::refund(tx, ctx, ACTION, 100, "torn").await);
    assert_eq!((left.await.available_minor, ledger_entries(&ctx).await), (800, 5));
}

async fn ledger_entries(ctx: &OpCtx) -> usize {
    let read = async |tx: &Tx, ctx: &OpCtx| ledger::entries(tx, ctx, None, 100).await;
    ctx.app.query(ctx, read).await.unwrap().len()
}
