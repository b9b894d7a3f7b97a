//! What names a peer in an event, and what no longer does (email-api.md 12.6).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testkit::{Organization, Receiver, TestServer};

use super::events::{ALL, six};
use super::peers::{Desk, entries};
use super::webhook_log::{log, replay};

const CONTACTS: &str = "/api/v1/contacts";

async fn contact(house: &Organization<'_>, name: &str, email: &str) -> Value {
    let body = json!({"preferred_name": name, "emails": [{"value": email}]});
    house.admin.post(CONTACTS, body).await.expect(201)
}

fn path(contact: &Value) -> String {
    format!("{CONTACTS}/{}", contact["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn pr1_pr7_all_six_have_both_lists_and_outbound_ones_name_recipients() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, receiver) = (house.agent("ann").await, Receiver::start().await);
    ann.subscribe(&receiver.url(), ALL).await;
    contact(&house, "Itself", ann.address()).await;
    for who in ["reply", "bounce", "full", "delivered"] {
        contact(&house, who, &format!("{who}@simulator.agents.localhost")).await;
    }
    let mut named: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (_, request) in six(&server, &ann, &receiver).await {
        let event = request.json();
        let found = entries(&event, "contacts")
            .into_iter()
            .map(|(bucket, address, _)| (bucket, address.split('@').next().unwrap().to_owned()));
        assert_eq!(entries(&event, "agent_identities"), [], "it is no recipient of its own");
        named.entry(event["event_type"].as_str().unwrap().to_owned()).or_default().extend(found);
    }
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(b, a)| ((*b).to_owned(), (*a).to_owned())).collect()
    };
    assert_eq!(named.len(), ALL.len());
    for (kind, mut found) in named {
        found.sort();
        found.dedup();
        let expected: &[(&str, &str)] = match kind.as_str() {
            "message.received" => &[("from", "reply")],
            "message.forwarded" => &[("to", "delivered")],
            "message.bounced" => &[("to", "bounce")],
            "message.failed" => &[("to", "full")],
            "message.sent" => &[("to", "reply")],
            _ => &[("to", "delivered"), ("to", "reply")],
        };
        assert_eq!(found, pairs(expected), "{kind}");
    }
}

#[tokio::test]
async fn pr3_each_entry_says_in_which_list_its_address_stands() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    for name in ["a", "b", "c"] {
        contact(&house, name, &format!("{name}@x.io")).await;
    }
    let event = desk.sent(json!({"to": ["a@x.io"], "cc": ["b@x.io"], "bcc": ["c@x.io"]})).await;
    let buckets: Vec<_> = entries(&event, "contacts").into_iter().map(|e| (e.0, e.1)).collect();
    let expected = [("to", "a@x.io"), ("cc", "b@x.io"), ("bcc", "c@x.io")];
    assert_eq!(buckets, expected.map(|(b, a)| (b.to_owned(), a.to_owned())));
    let to = ["desk@agents.localhost".to_owned()];
    desk.ingest("a@x.io", &to, &["b@x.io".to_owned()]).await;
    let event = desk.last().await;
    let buckets: Vec<_> = entries(&event, "contacts").into_iter().map(|e| e.0).collect();
    assert_eq!(buckets, ["from", "cc"]);
}

#[tokio::test]
async fn pr17_an_identity_is_found_by_the_whole_of_its_one_address() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let bob = house.agent("bob").await;
    house.agent("bob-2").await;
    for handle in ["bob", "bob-2"] {
        let path = format!("/api/v1/identities/{handle}/access");
        house.admin.post(&path, json!({})).await.expect(201);
    }
    // Its address stays when it is called otherwise (Q25).
    let renamed = json!({"agent_handle": "robert"});
    house.admin.patch("/api/v1/identities/bob", renamed).await.expect(200);
    let to =
        ["BOB@agents.localhost", "bob@x.io", "robert@agents.localhost", "bob+a@agents.localhost"];
    let event = desk.sent(json!({"to": to})).await;
    let bob_id = bob.identity["id"].as_str().unwrap().to_owned();
    let expected = [("to".to_owned(), "BOB@agents.localhost".to_owned(), bob_id)];
    assert_eq!(entries(&event, "agent_identities"), expected);
    assert_eq!(event["data"]["agent_identities"][0]["agent_handle"], "robert");
}

#[tokio::test]
async fn pr30_who_was_deleted_or_merged_away_is_named_no_more() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let (kept, merged) =
        (contact(&house, "K", "k@x.io").await, contact(&house, "M", "m@x.io").await);
    let deleted = contact(&house, "D", "bob@agents.localhost").await;
    house.agent("bob").await;
    house.admin.post("/api/v1/identities/bob/access", json!({})).await.expect(201);
    let to = json!({"to": ["m@x.io"], "cc": ["bob@agents.localhost"]});
    let named = async |list: &str| -> Vec<String> {
        entries(&desk.sent(to.clone()).await, list).into_iter().map(|entry| entry.2).collect()
    };
    let id = |of: &Value| of["id"].as_str().unwrap().to_owned();
    assert_eq!(named("contacts").await, [id(&merged), id(&deleted)]);
    assert_eq!(named("agent_identities").await.len(), 1);
    let body = json!({"losing_contact_ids": [merged["id"]]});
    house.admin.post(&format!("{}/merge", path(&kept)), body).await.expect(200);
    house.admin.delete(&path(&deleted)).await.expect(204);
    house.admin.delete("/api/v1/identities/bob").await.expect(204);
    // Its address is now that of the contact that stayed.
    assert_eq!(named("contacts").await, [id(&kept)]);
    assert_eq!(named("agent_identities").await, [""; 0]);
}

#[tokio::test]
async fn pr31_a_replay_sends_what_was_told_then() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, receiver) = (house.agent("ann").await, Receiver::start().await);
    ann.subscribe(&receiver.url(), &["message.sent"]).await;
    let known = contact(&house, "K", "k@x.io").await;
    ann.send(&["k@x.io"], "Hello", "x").await;
    server.settle().await;
    house.admin.delete(&path(&known)).await.expect(204);
    let rows = log(&ann, "").await;
    replay(&server, &ann, &rows[0]).await;
    let told = receiver.received();
    assert_eq!((told.len(), &told[0].body), (2, &told[1].body));
    assert_eq!(told[1].json()["data"]["contacts"][0]["id"], known["id"]);
}
