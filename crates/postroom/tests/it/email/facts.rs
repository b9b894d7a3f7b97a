//! What is known of a contact (email-api.md 7.5), and how events tell it (Q4).

use serde_json::{Value, json};
use testkit::{Agent, Organization, TestServer};

use super::peers::Desk;

const CONTACTS: &str = "/api/v1/contacts";
const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

async fn contact(house: &Organization<'_>, body: Value) -> String {
    let made = house.admin.post(CONTACTS, body).await.expect(201);
    format!("{CONTACTS}/{}", made["id"].as_str().expect("an id"))
}

async fn learn(who: &Agent<'_>, contact: &str, content: &str) -> Value {
    who.server.clock.advance(domain::seconds(1));
    who.post(&format!("{contact}/facts"), json!({"content": content})).await.expect(201)
}

fn contents(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|f| f["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_fact_is_kept_changed_shown_beside_its_contact_and_deleted() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let cy = contact(&house, json!({"given_name": "Cy"})).await;
    let facts = format!("{cy}/facts");
    let body = json!({"content": "Has two cats", "kind": "profile"});
    let first = house.admin.post(&facts, body).await.expect(201);
    assert_eq!((&first["origin"], &first["citations"]), (&json!("user"), &json!([])));
    assert_eq!((&first["kind"], &first["expires_at"]), (&json!("profile"), &Value::Null));
    let second = learn(&house.admin, &cy, "Writes in German").await;
    assert_eq!(second["kind"], Value::Null);
    let listed = ann.get(&format!("{facts}?include_expired=true")).await.expect(200);
    assert_eq!(contents(&listed), ["Writes in German", "Has two cats"]);
    let path = format!("{facts}/{}", first["id"].as_str().unwrap());
    assert_eq!(ann.get(&path).await.expect(200), first);
    // An edit is the newest word on the contact.
    server.clock.advance(domain::seconds(1));
    let changed = house.admin.patch(&path, json!({"content": "Has a cat"})).await.expect(200);
    assert_eq!((&changed["kind"], &changed["id"]), (&json!("profile"), &first["id"]));
    let shown = ann.get(&cy).await.expect(200);
    assert_eq!(shown["memory_count"], 2);
    assert_eq!(shown["latest_memory"]["content"], "Has a cat");
    let changed = house.admin.patch(&path, json!({"kind": null})).await.expect(200);
    assert_eq!((&changed["kind"], &changed["content"]), (&Value::Null, &json!("Has a cat")));
    let gone = house.admin.delete(&path).await.expect(200);
    assert_eq!(
        (&gone["deleted_fact_id"], &gone["memory_count"], &gone["latest_memory"]["id"]),
        (&first["id"], &json!(1), &second["id"])
    );
    ann.get(&path).await.expect(404);
    house.admin.delete(&path).await.expect(404);
}

#[tokio::test]
async fn facts_are_the_organizations_to_write_and_are_seen_with_their_contact() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let seen = contact(&house, json!({"given_name": "Cy"})).await;
    let hidden = contact(&house, json!({"given_name": "Di", "access_identity_ids": []})).await;
    let known = learn(&house.admin, &seen, "Tall").await;
    let secret = learn(&house.admin, &hidden, "Short").await;
    let one =
        |contact: &str, fact: &Value| format!("{contact}/facts/{}", fact["id"].as_str().unwrap());
    ann.post(&format!("{seen}/facts"), json!({"content": "x"})).await.expect(403);
    ann.patch(&one(&seen, &known), json!({"content": "x"})).await.expect(403);
    ann.delete(&one(&seen, &known)).await.expect(403);
    ann.get(&format!("{hidden}/facts")).await.expect(404);
    ann.get(&one(&hidden, &secret)).await.expect(404);
    // A fact is found under its own contact only.
    house.admin.get(&one(&seen, &secret)).await.expect(404);
    house.admin.patch(&one(&seen, &secret), json!({"content": "x"})).await.expect(404);
    house
        .admin
        .post(&format!("{CONTACTS}/{NOBODY}/facts"), json!({"content": "x"}))
        .await
        .expect(404);
    for wrong in [
        json!({}),
        json!({"content": ""}),
        json!({"content": "x".repeat(2001)}),
        json!({"content": "x", "kind": "rumour"}),
    ] {
        house.admin.post(&format!("{seen}/facts"), wrong).await.expect(422);
    }
    for wrong in [json!({}), json!({"content": " "}), json!({"content": null})] {
        house.admin.patch(&one(&seen, &known), wrong).await.expect(422);
    }
}

#[tokio::test]
async fn a_contact_has_twenty_five_facts_at_most_and_they_go_with_it() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let cy = contact(&house, json!({"given_name": "Cy"})).await;
    let mut last = Value::Null;
    for n in 0..25 {
        last = learn(&house.admin, &cy, &format!("fact {n}")).await;
    }
    let facts = format!("{cy}/facts");
    assert!(
        house.admin.post(&facts, json!({"content": "x"})).await.expect(409)["detail"].is_string()
    );
    let path = format!("{facts}/{}", last["id"].as_str().unwrap());
    house.admin.delete(&path).await.expect(200);
    learn(&house.admin, &cy, "again").await;
    house.admin.delete(&cy).await.expect(204);
    house.admin.get(&facts).await.expect(404);
}

#[tokio::test]
async fn q4_events_tell_what_is_known_newest_first() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let cy = contact(&house, json!({"given_name": "Cy", "emails": [{"value": "cy@x.io"}]})).await;
    for fact in ["Has two cats", "Writes in German"] {
        learn(&house.admin, &cy, fact).await;
    }
    let event = desk.sent(json!({"to": ["cy@x.io"]})).await;
    let entry = &event["data"]["contacts"][0];
    assert_eq!(entry["memories"], json!(["Writes in German", "Has two cats"]));
}
