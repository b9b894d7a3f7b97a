//! Subscriptions: what is refused, how many there may be, who sees which, what a change or deletion does.

use serde_json::{Value, json};
use testkit::{Agent, Organization, Receiver, TestServer};

const ALL: &str = "/api/v1/webhooks/subscriptions";
const URL: &str = "https://hooks.example.com/mail";

fn path(subscription: &Value) -> String {
    format!("{ALL}/{}", subscription["id"].as_str().unwrap())
}

/// The places of the wrong fields of a 422.
fn wrong(refusal: &Value) -> Vec<String> {
    let fields = refusal["detail"].as_array().expect("a list of fields").iter();
    fields.map(|f| f["loc"][1].as_str().unwrap().to_owned()).collect()
}

async fn urls(agent: &Agent<'_>, query: &str) -> Vec<String> {
    let found = agent.get(&format!("{ALL}{query}")).await.expect(200);
    let rows = found["subscriptions"].as_array().expect("subscriptions").iter();
    rows.map(|s| s["url"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn check_23_a_subscription_that_cannot_be_is_refused_with_422() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let ann = organization.agent("ann").await;
    let (mailbox, identity) = (ann.mailbox_id(), &ann.identity["id"]);
    let good = json!({"mailbox_id": mailbox, "url": URL, "event_types": ["message.sent"]});
    let cases = [
        ("mailbox_id", json!({"mailbox_id": null})),
        ("mailbox_id", json!({"agent_identity_id": identity})),
        ("phone_number_id", json!({"mailbox_id": null, "phone_number_id": identity})),
        ("url", json!({"url": "http://hooks.example.com/mail"})),
        ("url", json!({"url": "/mail"})),
        ("url", json!({"url": null})),
        ("event_types", json!({"event_types": null})),
        ("event_types", json!({"event_types": []})),
        ("event_types", json!({"event_types": ["message.sent", "message.sent"]})),
        ("event_types", json!({"event_types": ["text.received"]})),
        ("event_types", json!({"event_types": ["mail.arrived"]})),
        ("event_types", json!({"event_types": ["phone.incoming_call"]})),
        ("event_types", json!({"event_types": ["message.opened"]})),
        ("context_config", json!({"context_config": "all"})),
        ("context_config", json!({"context_config": {"faxes": null}})),
        ("context_config", json!({"context_config": {"email": {"mode": "all"}}})),
        ("context_config", json!({"context_config": {"email": {"mode": "count", "count": 51}}})),
        ("context_config", json!({"context_config": {"email": {"mode": "window", "hours": 0}}})),
        (
            "context_config",
            json!({"context_config": {"email": {"mode": "count", "count": 5, "hours": 5}}}),
        ),
        ("auth_token", json!({"auth_token": "a\nb"})),
        ("auth_token", json!({"auth_token": "ж"})),
    ];
    for (place, change) in cases {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = ann.post(ALL, body).await.expect(422);
        assert_eq!(wrong(&refused), [place], "{change}");
    }
    assert_eq!(urls(&ann, "").await, Vec::<String>::new());
    ann.post(ALL, good).await.expect(201);
}

#[tokio::test]
async fn check_24_ws1_ws3_the_21st_of_a_mailbox_is_refused_until_one_is_deleted() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let first = ann.subscribe(URL, &["message.sent"]).await;
    for _ in 1..20 {
        // WS-2: the same URL and events once more are allowed.
        ann.subscribe(URL, &["message.sent"]).await;
    }
    let by_identity = json!({
        "agent_identity_id": ann.identity["id"], "url": URL, "event_types": ["message.sent"],
    });
    let refused = ann.post(ALL, by_identity.clone()).await.expect(409);
    assert!(refused["detail"].as_str().unwrap().contains("at most 20"));
    bob.subscribe(URL, &["message.sent"]).await;

    ann.delete(&path(&first)).await.expect(204);
    let made = ann.post(ALL, by_identity).await.expect(201);
    assert_eq!(
        (&made["mailbox_id"], &made["agent_identity_id"]),
        (&Value::Null, &ann.identity["id"])
    );
    assert_eq!(made["owner_identity_id"], ann.identity["id"]);
    assert_eq!(urls(&ann, "").await.len(), 20);
}

#[tokio::test]
async fn ws2_one_url_serves_many_mailboxes_and_many_urls_one_mailbox() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let (one, other) = (Receiver::start().await, Receiver::start().await);
    ann.subscribe(&one.url(), &["message.sent"]).await;
    ann.subscribe(&other.url(), &["message.delivered"]).await;
    for _ in 0..2 {
        bob.subscribe(&one.url(), &["message.received"]).await;
    }
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    let told = |receiver: &Receiver| {
        let of = |r: &testkit::Received| r.json()["event_type"].as_str().unwrap().to_owned();
        let mut all: Vec<_> = receiver.received().iter().map(of).collect();
        all.sort();
        all
    };
    assert_eq!(told(&one), ["message.received", "message.received", "message.sent"]);
    assert_eq!(told(&other), ["message.delivered"]);
}

#[tokio::test]
async fn check_25_deleting_a_subscription_stops_the_retries_that_wait() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let (stopped, kept) = (Receiver::start().await, Receiver::start().await);
    stopped.answer_with(&[500]);
    kept.answer_with(&[500]);
    let subscription = bob.subscribe(&stopped.url(), &["message.received"]).await;
    bob.subscribe(&kept.url(), &["message.received"]).await;
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    assert_eq!((stopped.received().len(), kept.received().len()), (1, 1));

    bob.delete(&path(&subscription)).await.expect(204);
    ann.send(&[bob.address()], "Two", "x").await;
    server.advance(domain::days(4)).await;
    assert_eq!((stopped.received().len(), kept.received().len()), (1, 3));
    bob.get(&path(&subscription)).await.expect(404);
    bob.delete(&path(&subscription)).await.expect(404);
}

#[tokio::test]
async fn ws4_the_first_subscription_of_an_identity_makes_its_key_and_shows_it_once() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let key = "/api/v1/identities/ann/signing-key";
    assert_eq!(ann.get(key).await.expect(200), json!({"configured": false, "created_at": null}));
    let first = ann.subscribe(URL, &["message.sent"]).await;
    assert!(first["signing_key"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(ann.subscribe(URL, &["message.sent"]).await["signing_key"], Value::Null);
    assert_eq!(ann.get(&path(&first)).await.expect(200)["signing_key"], Value::Null);
    assert_eq!(ann.get(key).await.expect(200)["configured"], true);
    // The key stays when its last subscription goes, and every identity has its own.
    bob.post("/api/v1/identities/bob/signing-key", json!({})).await.expect(201);
    assert_eq!(bob.subscribe(URL, &["message.sent"]).await["signing_key"], Value::Null);
}

#[tokio::test]
async fn ws5_an_agent_has_its_own_subscriptions_and_its_organization_all() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let of_ann = ann.subscribe("https://a.example.com/1", &["message.sent"]).await;
    let body = json!({"agent_identity_id": bob.identity["id"], "url": "https://b.example.com/2",
        "event_types": ["message.received"]});
    let of_bob = organization.admin.post(ALL, body.clone()).await.expect(201);

    assert_eq!(
        urls(&organization.admin, "").await,
        ["https://b.example.com/2", "https://a.example.com/1"]
    );
    assert_eq!(urls(&ann, "").await, ["https://a.example.com/1"]);
    assert_eq!(ann.get(&path(&of_ann)).await.expect(200)["url"], "https://a.example.com/1");
    ann.get(&path(&of_bob)).await.expect(404);
    ann.patch(&path(&of_bob), json!({"url": URL})).await.expect(404);
    ann.delete(&path(&of_bob)).await.expect(404);
    ann.post(ALL, body).await.expect(404);
    ann.get(&format!("{ALL}/nobody")).await.expect(404);
    organization.admin.delete(&path(&of_bob)).await.expect(204);
}

#[tokio::test]
async fn a_list_is_narrowed_by_owner_url_and_type_all_at_once() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    ann.subscribe("https://a.example.com/1", &["message.sent"]).await;
    ann.subscribe("https://a.example.com/2", &["message.received", "message.sent"]).await;
    bob.subscribe("https://a.example.com/1", &["message.sent"]).await;
    let admin = &organization.admin;
    let (mailbox, identity) = (ann.mailbox_id(), ann.identity["id"].as_str().unwrap());
    for (query, count) in [
        (format!("?mailbox_id={mailbox}"), 2),
        (format!("?agent_identity_id={identity}&scope=identity"), 2),
        ("?url=https%3A%2F%2Fa.example.com%2F1".to_owned(), 2),
        (format!("?mailbox_id={mailbox}&url=https%3A%2F%2Fa.example.com%2F1"), 1),
        ("?event_type=message.received".to_owned(), 1),
        ("?event_type=text.received".to_owned(), 0),
        (format!("?phone_number_id={mailbox}"), 0),
        ("?mailbox_id=nobody".to_owned(), 0),
    ] {
        assert_eq!(urls(admin, &query).await.len(), count, "{query}");
    }
    let both = format!("{ALL}?mailbox_id={mailbox}&agent_identity_id={identity}");
    admin.get(&both).await.expect(422);
    let catalog = ann.get("/api/v1/webhooks/catalog").await.expect(200);
    assert_eq!(catalog["supports_identity_subscriptions"], true);
    assert_eq!(catalog["event_types"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_change_replaces_what_it_names_and_leaves_the_rest() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    let body = json!({
        "mailbox_id": bob.mailbox_id(), "url": old.url(), "auth_token": "t-1",
        "event_types": ["message.sent", "message.received"],
        "context_config": {"email": {"mode": "count", "count": 5}},
    });
    let made = bob.post(ALL, body).await.expect(201);
    let context = json!({"email": {"mode": "count", "count": 5}, "texts": null, "calls": null});
    assert_eq!((&made["context_config"], &made["auth_token"]), (&context, &json!("t-1")));
    assert_eq!(made["event_types"], json!(["message.sent", "message.received"]));
    let path = path(&made);
    server.clock.advance(domain::hours(1));
    let same = bob.patch(&path, json!({})).await.expect(200);
    assert_eq!(same["updated_at"], made["updated_at"]);
    assert_eq!((&same["signing_key"], &same["has_auth_token"]), (&Value::Null, &json!(true)));

    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    assert_eq!(old.received()[0].header("authorization"), "Bearer t-1");
    let change = json!({"url": new.url(), "auth_token": "t-2", "context_config": null});
    let changed = bob.patch(&path, change).await.expect(200);
    assert_eq!((&changed["auth_token"], &changed["context_config"]), (&json!("t-2"), &Value::Null));
    assert_eq!(changed["event_types"], made["event_types"]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    server.advance(domain::seconds(2)).await;
    ann.send(&[bob.address()], "Two", "x").await;
    server.settle().await;
    assert_eq!((old.received().len(), new.received().len()), (1, 1));
    assert_eq!(new.received()[0].header("authorization"), "Bearer t-2");

    let cleared = bob.patch(&path, json!({"auth_token": null})).await.expect(200);
    assert_eq!((&cleared["auth_token"], &cleared["has_auth_token"]), (&Value::Null, &json!(false)));
    let narrowed = bob.patch(&path, json!({"event_types": ["message.sent"]})).await.expect(200);
    assert_eq!(narrowed["event_types"], json!(["message.sent"]));
    ann.send(&[bob.address()], "Three", "x").await;
    server.settle().await;
    assert_eq!(new.received().len(), 1);
    for (place, change) in [
        ("url", json!({"url": null})),
        ("url", json!({"url": "ftp://hooks.example.com"})),
        ("event_types", json!({"event_types": null})),
        ("event_types", json!({"event_types": []})),
        ("mailbox_id", json!({"mailbox_id": bob.mailbox_id()})),
        ("agent_identity_id", json!({"agent_identity_id": null})),
        ("context_config", json!({"context_config": {"email": {"mode": "count"}}})),
    ] {
        let refused = bob.patch(&path, change).await.expect(422);
        assert_eq!(wrong(&refused), [place]);
    }
}
