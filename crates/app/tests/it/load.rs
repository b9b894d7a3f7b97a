//! What gives way when the database can't keep up, in which order (webhooks.md 5.18).

use app::admin::partners::{self, PartnerChange};
use app::deliveries::recover::{RecoveryRequest, recover};
use app::deliveries::replay::{ReplayRequest, replay};
use app::endpoints::create::{NewEndpoint, create};
use app::endpoints::pause::pause;
use app::{OpCtx, Tx};
use domain::event::EventType;
use domain::{ErrorCode, Timestamp};
use storage::quotas::{self, Addition};

use crate::support::{World, act, events, refusal, try_invite, world};

/// Units waiting at which a rung is reached.
const NO_REPLAYS: usize = 256;
const SHED: usize = 2048;
const REFUSE: usize = 3840;

async fn receiver(ctx: &OpCtx) -> String {
    let url = "https://crm.example.com/hooks".to_owned();
    let new = NewEndpoint { url, ..NewEndpoint::default() };
    let made = act(ctx, async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &new).await).await;
    made.unwrap().endpoint.id.to_string()
}

async fn owed(world: &World) -> i64 {
    let count = async |tx: &Tx| storage::queue::owed_count(tx).await;
    world.app.db.read(count).await.unwrap()
}

#[tokio::test]
async fn the_past_is_not_sent_again_while_units_pile_up() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = receiver(&ctx).await;
    try_invite(&ctx, "one").await.unwrap();
    world.app.db.pretend_waiting(NO_REPLAYS);
    let event_id = events(&ctx).await[0].1["id"].as_str().unwrap().to_owned();
    let request = ReplayRequest { event_id, endpoint_id: None, reissue: false };
    let again = async move |tx: &Tx, ctx: &OpCtx| replay(tx, ctx, &request).await;
    assert_eq!(refusal(act(&ctx, again).await), ErrorCode::TemporarilyUnavailable);
    let since =
        RecoveryRequest { since: Timestamp::default(), until: None, event_types: Vec::new() };
    let from = endpoint.clone();
    let again = async move |tx: &Tx, ctx: &OpCtx| recover(tx, ctx, &from, &since).await;
    assert_eq!(refusal(act(&ctx, again).await), ErrorCode::TemporarilyUnavailable);
    try_invite(&ctx, "two").await.unwrap();
    assert_eq!(owed(&world).await, 2);
}

#[tokio::test]
async fn optional_events_are_stored_and_given_up_with_the_reason_and_a_recovery_finds_them() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = receiver(&ctx).await;
    let mut settings = ctx.partner.settings.clone();
    settings.optional_events = vec![EventType::CustomerCreated];
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    let set = async move |tx: &Tx, ctx: &OpCtx| partners::update(tx, ctx, &change).await;
    act(&ctx, set).await.unwrap();
    world.app.db.pretend_waiting(SHED);
    let ctx = world.ctx().await;
    try_invite(&ctx, "one").await.unwrap();
    assert_eq!((events(&ctx).await.len(), owed(&world).await), (1, 0));
    world.app.db.pretend_waiting(0);
    try_invite(&ctx, "two").await.unwrap();
    assert_eq!(owed(&world).await, 1);
    let since =
        RecoveryRequest { since: Timestamp::default(), until: None, event_types: Vec::new() };
    let again = async move |tx: &Tx, ctx: &OpCtx| recover(tx, ctx, &endpoint, &since).await;
    assert_eq!(act(&ctx, again).await.unwrap().recovery.extent.matched, 1);
}

#[tokio::test]
async fn at_last_changes_with_events_are_refused_and_others_go_through() {
    let world = world().await;
    let ctx = world.ctx().await;
    let endpoint = receiver(&ctx).await;
    world.app.db.pretend_waiting(REFUSE);
    assert_eq!(refusal(try_invite(&ctx, "one").await), ErrorCode::TemporarilyUnavailable);
    assert_eq!(events(&ctx).await.len(), 0);
    let hold = async move |tx: &Tx, ctx: &OpCtx| pause(tx, ctx, &endpoint, None).await;
    act(&ctx, hold).await.unwrap();
    world.app.db.pretend_waiting(0);
    try_invite(&ctx, "one").await.unwrap();
    assert_eq!(events(&ctx).await.len(), 1);
}

#[tokio::test]
async fn with_the_quota_used_up_optional_events_are_stored_and_not_sent_and_all_others_are() {
    let world = world().await;
    let ctx = world.ctx().await;
    receiver(&ctx).await;
    let mut settings = ctx.partner.settings.clone();
    settings.optional_events = vec![EventType::CustomerCreated];
    settings.payload_quota_bytes = Some(100);
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    let set = async move |tx: &Tx, ctx: &OpCtx| partners::update(tx, ctx, &change).await;
    act(&ctx, set).await.unwrap();
    try_invite(&world.ctx().await, "one").await.unwrap();
    assert_eq!(owed(&world).await, 1, "nothing is counted yet");
    let id = ctx.partner.id;
    let full = async move |tx: &Tx| {
        let addition = Addition { partner_id: id, bytes: 100, events: 1, last: 1 };
        quotas::add(tx, 0, &[addition]).await
    };
    assert!(world.app.db.write(full).await.unwrap());
    let ctx = world.ctx().await;
    assert!(ctx.partner.is_quota_used_up());
    try_invite(&ctx, "two").await.unwrap();
    assert_eq!((events(&ctx).await.len(), owed(&world).await), (2, 1));

    let mut settings = ctx.partner.settings.clone();
    settings.optional_events = Vec::new();
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    let set = async move |tx: &Tx, ctx: &OpCtx| partners::update(tx, ctx, &change).await;
    act(&ctx, set).await.unwrap();
    try_invite(&world.ctx().await, "three").await.unwrap();
    assert_eq!(owed(&world).await, 2, "what is not optional is sent");
}
