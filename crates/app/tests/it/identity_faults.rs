//! The life of an identity, failed at every statement: nothing is written, nothing is told, and the next
//! try succeeds (email-api.md 16, lines 9 and 14).

use app::email::identities::access::{grant, revoke};
use app::email::identities::create::create;
use app::email::identities::delete::delete;
use app::email::identities::get::get;
use app::email::identities::update::update;
use serde_json::{Value, json};
use wire::email::grants::Viewer;
use wire::email::identities::{ChangeIdentity, CreateIdentity};

use crate::faults::all_or_nothing;
use crate::support::{act, world};

fn named(handle: &str) -> CreateIdentity {
    let body: Value = json!({"agent_handle": handle, "mailbox": {}});
    CreateIdentity::read(body).unwrap()
}

#[tokio::test]
async fn check_09_an_identity_and_its_mailbox_are_made_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let input = named("desk");
    let made = all_or_nothing(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await;
    let found = act(&ctx, async |tx, ctx| get(tx, ctx, "desk").await).await.unwrap();
    assert_eq!((found.id, found.mailbox_id), (made.id, made.mailbox_id));
}

#[tokio::test]
async fn check_14_an_identity_changes_and_goes_whole_or_not_at_all() {
    let world = world().await;
    let ctx = world.ctx().await;
    let (desk, clerk) = (named("desk"), named("clerk"));
    act(&ctx, async move |tx, ctx| create(tx, ctx, &desk).await).await.unwrap();
    act(&ctx, async move |tx, ctx| create(tx, ctx, &clerk).await).await.unwrap();
    let change = ChangeIdentity::read(json!({"agent_handle": "front-desk"})).unwrap();
    all_or_nothing(&ctx, async move |tx, ctx| update(tx, ctx, "desk", &change).await).await;
    all_or_nothing(&ctx, async |tx, ctx| grant(tx, ctx, "front-desk", Viewer::Everybody).await)
        .await;
    let viewer = act(&ctx, async |tx, ctx| get(tx, ctx, "clerk").await).await.unwrap().id;
    let viewer = viewer.to_string();
    all_or_nothing(&ctx, async move |tx, ctx| revoke(tx, ctx, "front-desk", &viewer).await).await;
    all_or_nothing(&ctx, async |tx, ctx| delete(tx, ctx, "front-desk").await).await;
    assert!(act(&ctx, async |tx, ctx| get(tx, ctx, "front-desk").await).await.is_err());
}
