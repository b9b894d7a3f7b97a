//! Who signs, and what a rotation does at once (email-api.md 9).

use app::email::signing_keys::{SigningKeyMode, switch};
use serde_json::{Value, json};
use storage::QUEUE_UNITS_MAX;
use testkit::{Agent, Organization, Receiver, TestServer};

const ALL: &str = "/api/v1/signing-keys";

fn path(agent: &Agent<'_>) -> String {
    format!("/api/v1/identities/{}/signing-key", agent.identity["agent_handle"].as_str().unwrap())
}

fn text(made: &Value) -> String {
    let key = made["signing_key"].as_str().expect("a key").to_owned();
    // SK-2.
    let characters = key.strip_prefix("whsec_").expect("the prefix");
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(characters.len() == 43 && characters.chars().all(is_base64url), "{key}");
    key
}

async fn choose(
    server: &TestServer,
    organization: &Organization<'_>,
    mode: SigningKeyMode,
) -> Option<String> {
    let slug = &organization.slug;
    let ctx = app::operator_ctx(&server.app, slug, true, "olga").await.expect("a context");
    let work = async move |tx: &app::Tx, ctx: &app::OpCtx| switch(tx, ctx, mode).await;
    let made = server.app.act(&ctx, work).await.expect("a switch");
    made.map(|secret| secret.reveal().to_owned())
}

#[tokio::test]
async fn sk1_sk3_an_identity_has_its_own_key_and_a_rotation_leaves_no_old_signature() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let admin = &organization.admin;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let none = json!({"configured": false, "created_at": null});
    assert_eq!(admin.get(ALL).await.expect(200), none);
    assert_eq!(bob.get(ALL).await.expect(200), none);
    let refused = admin.post(ALL, json!({})).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("/identities/"));

    let receiver = Receiver::start().await;
    receiver.answer_with(&[500]);
    let first = text(&bob.subscribe(&receiver.url(), &["message.received"]).await);
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    let second = text(&bob.post(ALL, json!({})).await.expect(201));
    server.advance(domain::hours(1)).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    // Q33: the retry is signed with the key of its time, and with no other.
    assert!(received[0].verifies_as_email(&first) && !received[0].verifies_as_email(&second));
    assert!(received[1].verifies_as_email(&second) && !received[1].verifies_as_email(&first));

    assert_eq!(admin.get(ALL).await.expect(200)["configured"], true);
    assert_eq!(ann.get(ALL).await.expect(200), none);
    assert_eq!(bob.get(&path(&bob)).await.expect(200)["configured"], true);
    ann.post(&path(&bob), json!({})).await.expect(404);
    // WS-4: whoever has a key is not given another by a subscription.
    let next = bob.subscribe(&receiver.url(), &["message.received"]).await;
    assert_eq!(next["signing_key"], Value::Null);
}

#[tokio::test]
async fn sk1_one_key_signs_for_all_identities_where_the_organization_wants_it_so() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let admin = &organization.admin;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let (of_ann, of_bob) = (Receiver::start().await, Receiver::start().await);
    let old = text(&bob.subscribe(&of_bob.url(), &["message.received"]).await);
    let shared = choose(&server, &organization, SigningKeyMode::Organization).await.expect("a key");
    assert_eq!(choose(&server, &organization, SigningKeyMode::Organization).await, None);
    let made = ann.subscribe(&of_ann.url(), &["message.sent"]).await;
    assert_eq!(made["signing_key"], Value::Null);
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    for receiver in [&of_ann, &of_bob] {
        assert!(receiver.received()[0].verifies_as_email(&shared));
        assert!(!receiver.received()[0].verifies_as_email(&old));
    }

    bob.post(ALL, json!({})).await.expect(403);
    bob.post(&path(&bob), json!({})).await.expect(403);
    assert_eq!(bob.get(ALL).await.expect(200)["configured"], true);
    let rotated = text(&admin.post(ALL, json!({})).await.expect(201));
    ann.send(&[bob.address()], "Two", "x").await;
    server.settle().await;
    for receiver in [&of_ann, &of_bob] {
        assert!(receiver.received()[1].verifies_as_email(&rotated));
    }
    // After a switch back, those who had a key sign with it again.
    assert_eq!(choose(&server, &organization, SigningKeyMode::Identity).await, None);
    ann.send(&[bob.address()], "Three", "x").await;
    server.settle().await;
    assert!(of_bob.received()[2].verifies_as_email(&old));
    assert!(!of_ann.received()[2].verifies_as_email(&rotated));
}

#[tokio::test]
async fn sk4_a_foreign_key_is_403_an_unknown_one_404_and_a_database_that_cannot_answer_503() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let to_all = json!({"viewer_identity_id": null});
    organization.admin.post("/api/v1/identities/bob/access", to_all).await.expect(201);
    ann.post(&path(&bob), json!({})).await.expect(403);
    ann.get(&path(&bob)).await.expect(403);
    for agent in [&ann, &organization.admin] {
        agent.post("/api/v1/identities/nobody/signing-key", json!({})).await.expect(404);
        agent.get("/api/v1/identities/nobody/signing-key").await.expect(404);
    }

    server.app.db.pretend_waiting(QUEUE_UNITS_MAX);
    let refused = ann.post(&path(&ann), json!({})).await;
    assert!(refused.header("retry-after").is_some());
    assert!(refused.expect(503)["detail"].is_string());
    server.app.db.pretend_waiting(0);
    ann.post(&path(&ann), json!({})).await.expect(201);
}
