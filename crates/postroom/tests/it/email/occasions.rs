//! On which occasions a mailbox tells of a message, and on which it does not (email-api.md 12.3).

use domain::seconds;
use serde_json::{Value, json};
use testkit::{Agent, Organization, Receiver, TestServer};

use super::events::ALL;

fn told(receiver: &Receiver) -> Vec<(String, Value)> {
    let of = |r: &testkit::Received| {
        let event = r.json();
        let kind = event["event_type"].as_str().unwrap().to_owned();
        (kind, event["data"]["message"].clone())
    };
    receiver.received().iter().map(of).collect()
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    told(receiver).into_iter().map(|(kind, _)| kind).collect()
}

fn at(agent: &Agent<'_>, message: &Value, end: &str) -> String {
    agent.path(&format!("/messages/{}{end}", message["id"].as_str().unwrap()))
}

#[tokio::test]
async fn e1_what_comes_into_a_thread_of_the_spam_folder_is_told() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    let first = ann.send(&[bob.address()], "One", "x").await;
    let thread = bob.messages().await[0]["thread_id"].as_str().unwrap().to_owned();
    let thread = bob.path(&format!("/threads/{thread}"));
    bob.patch(&thread, json!({"folder": "spam"})).await.expect(200);
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Two", "body_text": "x",
        "in_reply_to_message_id": first["id"]});
    ann.post(&ann.path("/messages"), body).await.expect(201);
    server.settle().await;
    assert_eq!(bob.get(&thread).await.expect(200)["folder"], "spam");
    assert_eq!(kinds(&receiver), ["message.received", "message.received"]);
}

#[tokio::test]
async fn e2_drafts_flags_and_deletions_are_told_to_nobody() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "One", "x").await;
    ann.send(&[bob.address()], "Two", "x").await;
    server.settle().await;
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), ALL).await;

    let draft = bob.post(&bob.path("/drafts"), json!({"subject": "x"})).await.expect(201);
    let path = bob.path(&format!("/drafts/{}", draft["id"].as_str().unwrap()));
    bob.patch(&path, json!({"generation": 1, "subject": "y"})).await.expect(200);
    bob.delete(&format!("{path}?generation=2")).await.expect(204);
    let [two, one] = bob.messages().await.try_into().expect("two messages");
    let flags = json!({"is_read": true, "is_starred": true});
    bob.patch(&at(&bob, &one, ""), flags).await.expect(200);
    bob.delete(&at(&bob, &one, "")).await.expect(204);
    let thread = bob.path(&format!("/threads/{}", two["thread_id"].as_str().unwrap()));
    bob.patch(&thread, json!({"folder": "archive"})).await.expect(200);
    bob.delete(&thread).await.expect(204);
    server.settle().await;
    assert_eq!(kinds(&receiver), [""; 0]);
}

#[tokio::test]
async fn e6_a_reply_and_a_reply_to_all_are_told_as_sent() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "One", "x").await;
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.sent", "message.forwarded"]).await;
    let one = bob.messages().await[0].clone();
    let reply = json!({"recipients": {"to": [ann.address()]}, "subject": "Re: One",
        "body_text": "x", "in_reply_to_message_id": one["id"]});
    let reply = bob.post(&bob.path("/messages"), reply).await.expect(201);
    let to_all = json!({"body_text": "x"});
    let to_all = bob.post(&at(&bob, &one, "/reply-all"), to_all).await.expect(201);
    server.settle().await;
    let told = told(&receiver);
    assert_eq!(told.len(), 2);
    for made in [reply, to_all] {
        let (kind, _) = told.iter().find(|(_, m)| m["id"] == made["id"]).expect("an event");
        assert_eq!(kind, "message.sent");
    }
}

#[tokio::test]
async fn e7_the_status_in_an_event_is_that_of_the_message_at_the_time() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let (of_ann, of_bob) = (Receiver::start().await, Receiver::start().await);
    ann.subscribe(&of_ann.url(), &["message.delivered", "message.bounced"]).await;
    bob.subscribe(&of_bob.url(), &["message.received"]).await;
    let to = [bob.address(), "complaint@simulator.agents.localhost"];
    let sent = ann.send(&to, "One", "x").await;
    for (passes, status) in [(0, "delivered"), (seconds(3), "bounced")] {
        server.advance(passes).await;
        let shown = ann.get(&at(&ann, &sent, "")).await.expect(200);
        let (_, message) = told(&of_ann).pop().expect("an event");
        assert_eq!((&shown["status"], &message["status"]), (&json!(status), &json!(status)));
    }
    let (_, message) = told(&of_bob).pop().expect("an event");
    assert_eq!(message["status"], bob.messages().await[0]["status"]);
}
