//! Who an event names of those on its message (email-api.md 12.6).

use std::collections::HashSet;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::contract::email_contract;
use testkit::{Agent, Mailroom, Organization, Receiver, TestServer};

const CONTACTS: &str = "/api/v1/contacts";
/// Every event of a message that goes out or comes in, but for those of its outcome.
const TYPES: &[&str] = &["message.received", "message.sent"];

/// A mailbox whose events are listened to.
pub(super) struct Desk<'a> {
    server: &'a TestServer,
    pub(super) agent: Agent<'a>,
    receiver: Receiver,
    n: std::cell::Cell<usize>,
}

impl<'a> Desk<'a> {
    pub(super) async fn open(server: &'a TestServer, house: &Organization<'a>) -> Self {
        let (agent, receiver) = (house.agent("desk").await, Receiver::start().await);
        agent.subscribe(&receiver.url(), TYPES).await;
        Self { server, agent, receiver, n: std::cell::Cell::new(0) }
    }

    /// Lets a message come in; answers with the status.
    pub(super) async fn ingest(&self, from: &str, to: &[String], cc: &[String]) -> u16 {
        self.n.set(self.n.get() + 1);
        let raw = format!(
            "From: {from}\r\nTo: {}\r\nCc: {}\r\nSubject: x\r\nMessage-ID: <{}@x.io>\r\n\r\nHi\r\n",
            to.join(",\r\n "),
            cc.join(",\r\n "),
            self.n.get()
        );
        let headers = [("content-type", "message/rfc822")];
        let path = self.agent.path("/ingest");
        self.agent.call_with(Method::POST, &path, &headers, raw.into()).await.status.as_u16()
    }

    /// The event of a message that came in.
    async fn received(&self, from: &str, cc: &[&str]) -> Value {
        let owned = |list: &[&str]| list.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>();
        let status = self.ingest(from, &owned(&["desk@agents.localhost"]), &owned(cc)).await;
        assert_eq!(status, 201);
        self.last().await
    }

    /// The event of a message that went out.
    pub(super) async fn sent(&self, recipients: Value) -> Value {
        let body = json!({"recipients": recipients, "subject": "x", "body_text": "x"});
        self.agent.post(&self.agent.path("/messages"), body).await.expect(201);
        self.last().await
    }

    pub(super) async fn last(&self) -> Value {
        let before = self.receiver.received().len();
        self.server.settle().await;
        let all = self.receiver.received();
        assert_eq!(all.len(), before + 1, "one event a message");
        let event = all.last().expect("an event").json();
        email_contract().check_message_event(&event);
        event
    }
}

/// Bucket, address and id of the entries of a list.
pub(super) fn entries(event: &Value, list: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let list = event["data"][list].as_array().expect("a list");
    list.iter().map(|e| (text(&e["bucket"]), text(&e["address"]), text(&e["id"]))).collect()
}

fn expected(list: &[(&str, &str, &Value)]) -> Vec<(String, String, String)> {
    let entry = |(b, a, id): &(&str, &str, &Value)| {
        ((*b).to_owned(), (*a).to_owned(), id.as_str().expect("an id").to_owned())
    };
    list.iter().map(entry).collect()
}

async fn contact(who: &Agent<'_>, name: &str, emails: &[&str]) -> Value {
    let emails: Value = emails.iter().map(|e| json!({"value": e})).collect();
    who.post(CONTACTS, json!({"preferred_name": name, "emails": emails})).await.expect(201)
}

#[tokio::test]
async fn pr2_pr4_pr5_pr6_pr8_pr12_pr20_pr28_pr29_an_inbound_event_names_sender_and_cc_only() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let ann = contact(&house.admin, "Ann", &["ann@x.io"]).await;
    contact(&house.admin, "Desk itself", &["desk@agents.localhost"]).await;
    let event = desk.received("Ann <Ann@X.io>", &["cc@x.io", "Desk@agents.localhost"]).await;
    let itself = desk.agent.identity["id"].clone();
    let list = entries(&event, "contacts");
    assert_eq!(list[0], expected(&[("from", "Ann@X.io", &ann["id"])])[0]);
    assert_eq!(list.len(), 2, "its own address is a contact in cc, and in to is not resolved");
    assert_eq!(list[1].0, "cc");
    assert_eq!(
        entries(&event, "agent_identities"),
        expected(&[("cc", "Desk@agents.localhost", &itself)])
    );
    assert_eq!(event["data"]["message"]["bcc_addresses"], Value::Null);
    // PR-4, PR-5: exactly these members.
    let keys = |entry: &Value| entry.as_object().unwrap().keys().cloned().collect::<HashSet<_>>();
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<HashSet<_>>();
    let first = &event["data"]["contacts"][0];
    assert_eq!(keys(first), set(&["bucket", "address", "id", "name", "memories"]));
    assert_eq!((&first["name"], &first["memories"]), (&json!("Ann"), &json!([])));
    let first = &event["data"]["agent_identities"][0];
    assert_eq!(keys(first), set(&["bucket", "address", "id", "agent_handle", "display_name"]));
    // PR-2, PR-20, PR-28
    let event = desk.received("nobody@y.io", &[]).await;
    assert_eq!(
        (&event["data"]["contacts"], &event["data"]["agent_identities"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn pr14_pr15_pr18_pr21_pr22_the_worked_case() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let bob = house.agent("bob").await;
    let access = json!({"viewer_identity_id": desk.agent.identity["id"]});
    house.admin.post("/api/v1/identities/bob/access", access).await.expect(201);
    let c1 = contact(&house.admin, "Bob", &["other@x.io", "BOB@agents.localhost"]).await;
    let to = ["Bob@Agents.localhost", "bob@agents.localhost", "al@x.io"];
    let event = desk
        .sent(json!({"to": to, "cc": ["BOB@agents.localhost"], "bcc": ["al@x.io", "bOb@agents.localhost"]}))
        .await;
    let pairs = |id: &Value| {
        expected(&[
            ("to", "Bob@Agents.localhost", id),
            ("cc", "BOB@agents.localhost", id),
            ("bcc", "bOb@agents.localhost", id),
        ])
    };
    assert_eq!(entries(&event, "contacts"), pairs(&c1["id"]));
    assert_eq!(entries(&event, "agent_identities"), pairs(&bob.identity["id"]));
    assert_eq!(event["data"]["agent_identities"][0]["agent_handle"], "bob");
}

#[tokio::test]
async fn pr9_pr10_pr11_pr13_pr16_pr27_pr32_visibility_comes_first_then_age() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let house = Organization::of(&server, &mailroom, "acme").await;
    let other = Organization::of(&server, &mailroom, "other").await;
    let desk = Desk::open(&server, &house).await;
    contact(&other.admin, "Of others", &["ann@x.io"]).await;
    let emails = json!([{"value": "ann@x.io"}]);
    let hidden = json!({"preferred_name": "Hidden", "emails": emails, "access_identity_ids": []});
    let hidden = house.admin.post(CONTACTS, hidden).await.expect(201);
    server.clock.advance(domain::seconds(1));
    let old = contact(&house.admin, "Old", &["main@x.io", "Ann@x.io"]).await;
    server.clock.advance(domain::seconds(1));
    let young = contact(&house.admin, "Young", &["ann@x.io"]).await;
    let named = async || entries(&desk.received("ann@x.io", &[]).await, "contacts");
    assert_eq!(named().await, expected(&[("from", "ann@x.io", &old["id"])]));
    let lookup = format!("{CONTACTS}/lookup?email=ann@x.io");
    let found = desk.agent.get(&lookup).await.expect(200);
    let ids: Vec<_> = found.as_array().unwrap().iter().map(|c| &c["id"]).collect();
    assert_eq!(ids, [&old["id"], &young["id"]]);
    // The oldest of all comes into sight.
    let access = format!("{CONTACTS}/{}/access", hidden["id"].as_str().unwrap());
    let grant = json!({"identity_id": desk.agent.identity["id"]});
    house.admin.post(&access, grant).await.expect(201);
    assert_eq!(named().await, expected(&[("from", "ann@x.io", &hidden["id"])]));
    // PR-30
    for gone in [&hidden, &old] {
        let path = format!("{CONTACTS}/{}", gone["id"].as_str().unwrap());
        house.admin.delete(&path).await.expect(204);
    }
    assert_eq!(named().await, expected(&[("from", "ann@x.io", &young["id"])]));
    // PR-11: an agent is named once it may be seen; PR-30: and no more when it is gone.
    house.agent("bob").await;
    let agents = async || {
        let event = desk.received("bob@agents.localhost", &[]).await;
        entries(&event, "agent_identities").len()
    };
    assert_eq!(agents().await, 0);
    house.admin.post("/api/v1/identities/bob/access", json!({})).await.expect(201);
    assert_eq!(agents().await, 1);
    house.admin.delete("/api/v1/identities/bob").await.expect(204);
    assert_eq!(agents().await, 0);
}

#[tokio::test]
async fn pr19_pr34_only_case_is_folded_and_what_is_no_address_is_left_out() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    contact(&house.admin, "Plain", &["annlee@x.io"]).await;
    for near in ["ann.lee@x.io", "annlee+tag@x.io"] {
        assert_eq!(entries(&desk.received(near, &[]).await, "contacts"), []);
    }
    let event = desk.received("undisclosed", &["annlee@x.io"]).await;
    assert_eq!(entries(&event, "contacts").len(), 1);
}

/// Fifty addresses are looked up, one more is too many; spellings and repetitions do not count.
#[tokio::test]
async fn check_28_pr23_pr24_fifty_distinct_addresses_and_no_more() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let ann = contact(&house.admin, "Ann", &["a0@x.io"]).await;
    let addresses = |n: usize| (0..n).map(|i| format!("a{i}@x.io")).collect::<Vec<_>>();
    let to: Vec<String> = (0..200).map(|i| format!("t{i}@x.io")).collect();
    for (n, from, found) in
        [(50, "A0@X.io", 2), (49, "new@x.io", 1), (50, "new@x.io", 0), (51, "a0@x.io", 0)]
    {
        let mut cc = addresses(n);
        cc.extend(addresses(n).iter().map(|a| a.to_uppercase()));
        // Q19: who is in To is not looked up and does not count.
        assert_eq!(desk.ingest(from, &to, &cc).await, 201);
        let event = desk.last().await;
        assert_eq!(entries(&event, "contacts").len(), found, "{n} in cc, from {from}");
        assert_eq!(event["data"]["message"]["cc_addresses"].as_array().unwrap().len(), n * 2);
    }
    // Outbound, over three buckets: a message has no more recipients than an event looks up.
    let all = addresses(47);
    let bcc: Vec<_> = all[30..].iter().cloned().chain(["A0@X.IO".to_owned()]).collect();
    let cc = ["A0@x.io", "a1@X.io"];
    let event = desk.sent(json!({"to": all[..30], "cc": cc, "bcc": bcc})).await;
    let list = entries(&event, "contacts");
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|entry| ann["id"] == entry.2.as_str()));
}

#[tokio::test]
async fn pr26_pr31_pr33_what_was_told_opens_with_the_key_of_the_owner_and_stays_as_it_was() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    let second = Receiver::start().await;
    desk.agent.subscribe(&second.url(), TYPES).await;
    house.agent("bob").await;
    house.admin.post("/api/v1/identities/bob/access", json!({})).await.expect(201);
    let known = contact(&house.admin, "Bob", &["bob@agents.localhost"]).await;
    let path = format!("{CONTACTS}/{}", known["id"].as_str().unwrap());
    // The first attempt fails, and the contact is gone before the next.
    desk.receiver.answer_with(&[500]);
    let first = desk.received("bob@agents.localhost", &[]).await;
    let entry = &first["data"]["contacts"][0];
    desk.agent.get(&format!("{CONTACTS}/{}", entry["id"].as_str().unwrap())).await.expect(200);
    let handle = first["data"]["agent_identities"][0]["agent_handle"].as_str().unwrap();
    desk.agent.get(&format!("/api/v1/identities/{handle}")).await.expect(200);
    house.admin.delete(&path).await.expect(204);
    server.advance(domain::hours(1)).await;
    let again = desk.receiver.received();
    assert_eq!(again.len(), 2);
    assert_eq!(again[0].body, again[1].body);
    assert_eq!(second.received()[0].json()["data"], first["data"]);
}

/// Breaks every statement of an ingest in turn: the message is refused, or told of with both lists, or with
/// neither.
#[tokio::test]
async fn check_29_pr25_when_the_lookup_fails_both_lists_are_empty_and_the_event_is_sent() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let desk = Desk::open(&server, &house).await;
    contact(&house.admin, "Self", &["desk@agents.localhost"]).await;
    let to = ["x@x.io".to_owned()];
    let (mut empty, mut whole) = (0, 0);
    for n in 1.. {
        server.app.db.fail_statement(n);
        let status = desk.ingest("desk@agents.localhost", &to, &[]).await;
        let is_over = server.app.db.fail_statement(0) > 0;
        if status == 201 {
            let event = desk.last().await;
            let lists = ["contacts", "agent_identities"].map(|list| entries(&event, list).len());
            match lists {
                [0, 0] => empty += 1,
                [1, 1] => whole += 1,
                other => panic!("one list without the other: {other:?}"),
            }
        }
        if is_over {
            break;
        }
    }
    assert!(empty >= 2 && whole >= 1, "{empty} without peers, {whole} with");
}
