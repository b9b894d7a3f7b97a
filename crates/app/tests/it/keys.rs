//! API keys: shown once, checked by digest, ended by time, by rotation and at once.

use app::admin::keys::{self, CreatedKey, NewKey};
use app::authenticate::authenticate;
use app::{OpCtx, Tx};
use domain::key::{ApiKey, Overlap, Preset, ScopeName};
use domain::{Clock, ErrorCode, Result, hours, minutes, seconds};

use crate::support::{World, act, refusal, world};

fn a_key() -> NewKey {
    NewKey {
        name: "crm".to_owned(),
        scopes: Preset::CrmSync.scopes().to_vec(),
        ..NewKey::default()
    }
}

async fn create(ctx: &OpCtx, input: NewKey) -> Result<CreatedKey> {
    act(ctx, async move |tx, ctx| keys::create(tx, ctx, &input).await).await
}

async fn rotate(ctx: &OpCtx, key: &ApiKey, overlap: Overlap) -> Result<CreatedKey> {
    let id = key.id.to_string();
    act(ctx, async move |tx, ctx| keys::rotate(tx, ctx, &id, overlap).await).await
}

async fn revoke(ctx: &OpCtx, key: &ApiKey) -> Result<ApiKey> {
    let id = key.id.to_string();
    act(ctx, async move |tx, ctx| keys::revoke(tx, ctx, &id).await).await
}

/// The code with which a key is refused, if it is.
async fn refused(world: &World, text: &str) -> Option<ErrorCode> {
    authenticate(&world.app, text, None).await.err().map(|e| e.code())
}

#[tokio::test]
async fn a_key_opens_its_partner_and_mode_with_its_scopes() {
    let world = world().await;
    for (ctx, prefix) in [(world.ctx().await, "ib_live_"), (world.test_ctx().await, "ib_test_")] {
        let made = create(&ctx, a_key()).await.unwrap();
        assert!(made.text.starts_with(prefix));
        assert!(made.text.ends_with(&made.key.last4));
        assert!(!format!("{made:?}").contains(&made.text));
        let caller = authenticate(&world.app, &made.text, None).await.unwrap();
        assert_eq!(caller.ctx.scope, ctx.scope);
        assert!(caller.must_have(ScopeName::CustomersWrite).is_ok());
        assert_eq!(refusal(caller.must_have(ScopeName::MailWrite)), ErrorCode::InsufficientScope);
    }
    let ctx = world.ctx().await;
    let listed = ctx.app.query(&ctx, async |tx: &Tx, ctx: &OpCtx| keys::list(tx, ctx).await);
    assert_eq!(listed.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_that_cannot_be_made_says_why() {
    let world = world().await;
    let ctx = world.ctx().await;
    let wrong = [
        NewKey { name: String::new(), ..a_key() },
        NewKey { scopes: Vec::new(), ..a_key() },
        NewKey { networks: vec!["10.0.0.0/33".into()], ..a_key() },
        NewKey { networks: vec!["10.0.0.0/8".into(); 51], ..a_key() },
        NewKey { expires_at: Some(ctx.now), ..a_key() },
    ];
    for input in wrong {
        assert_eq!(refusal(create(&ctx, input).await), ErrorCode::ValidationFailed);
    }
}

#[tokio::test]
async fn a_key_is_good_only_inside_its_networks_and_until_its_end() {
    let world = world().await;
    let ctx = world.ctx().await;
    let input = NewKey {
        networks: vec!["203.0.113.0/24".into(), "2001:db8::/32".into()],
        expires_at: Some(ctx.now.plus(hours(1))),
        ..a_key()
    };
    let text = create(&ctx, input).await.unwrap().text;
    let from = async |ip: &str| authenticate(&world.app, &text, Some(ip.parse().unwrap())).await;
    assert!(from("203.0.113.9").await.is_ok());
    assert!(from("2001:db8::9").await.is_ok());
    assert_eq!(refusal(from("203.0.114.9").await.map(drop)), ErrorCode::IpNotAllowed);
    assert_eq!(refused(&world, &text).await, Some(ErrorCode::IpNotAllowed));
    world.clock.advance(hours(1));
    assert_eq!(refused(&world, &text).await, Some(ErrorCode::ApiKeyExpired));
}

#[tokio::test]
async fn a_rotated_key_lives_as_long_as_the_overlap() {
    let world = world().await;
    let ctx = world.ctx().await;
    let old = create(&ctx, a_key()).await.unwrap();
    let new = rotate(&ctx, &old.key, Overlap::Hour).await.unwrap();
    assert_eq!(new.key.rotated_from, Some(old.key.id));
    assert_eq!(new.key.scopes, old.key.scopes);
    assert_eq!(refused(&world, &old.text).await, None);
    world.clock.advance(hours(1));
    assert_eq!(refused(&world, &old.text).await, Some(ErrorCode::ApiKeyExpired));
    assert_eq!(refused(&world, &new.text).await, None);
    let ended = rotate(&ctx, &old.key, Overlap::Day).await;
    assert_eq!(refusal(ended), ErrorCode::ApiKeyExpired);
}

#[tokio::test]
async fn rotation_without_overlap_ends_the_old_key_at_once_and_never_lengthens_a_life() {
    let world = world().await;
    let ctx = world.ctx().await;
    let old = create(&ctx, a_key()).await.unwrap();
    rotate(&ctx, &old.key, Overlap::None).await.unwrap();
    assert_eq!(refused(&world, &old.text).await, Some(ErrorCode::ApiKeyExpired));
    let short = NewKey { expires_at: Some(ctx.now.plus(hours(2))), ..a_key() };
    let short = create(&ctx, short).await.unwrap();
    rotate(&ctx, &short.key, Overlap::Week).await.unwrap();
    world.clock.advance(hours(2));
    assert_eq!(refused(&world, &short.text).await, Some(ErrorCode::ApiKeyExpired));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_stays_so() {
    let world = world().await;
    let ctx = world.ctx().await;
    let made = create(&ctx, a_key()).await.unwrap();
    let first = revoke(&ctx, &made.key).await.unwrap();
    world.clock.advance(hours(1));
    assert_eq!(revoke(&ctx, &made.key).await.unwrap().revoked_at, first.revoked_at);
    assert_eq!(refused(&world, &made.text).await, Some(ErrorCode::ApiKeyRevoked));
    assert_eq!(refusal(rotate(&ctx, &made.key, Overlap::Day).await), ErrorCode::ApiKeyRevoked);
}

#[tokio::test]
async fn a_key_of_another_partner_is_not_found() {
    let world = world().await;
    let made = create(&world.ctx().await, a_key()).await.unwrap();
    let other = world.other_ctx().await;
    assert_eq!(refusal(revoke(&other, &made.key).await), ErrorCode::NotFound);
    assert_eq!(refused(&world, &made.text).await, None);
}

#[tokio::test]
async fn uses_are_noted_at_most_once_a_minute() {
    let world = world().await;
    let ctx = world.ctx().await;
    let id = create(&ctx, a_key()).await.unwrap().key.id;
    let start = world.clock.now();
    let mut noted = Vec::new();
    for after in [0, seconds(59), minutes(1)] {
        keys::note_uses(&world.app, vec![(id, start.plus(after))]).await.unwrap();
        let read = async |tx: &Tx, ctx: &OpCtx| keys::list(tx, ctx).await;
        let listed = ctx.app.query(&ctx, read).await.unwrap();
        noted.push(listed[0].last_used_at.unwrap().micros() - start.micros());
    }
    assert_eq!(noted, [0, 0, minutes(1)]);
}
