//! What becomes of messages to the outside, played by the simulator (email-engine.md 1.5, 3.5).

use domain::{hours, minutes, seconds};
use serde_json::{Value, json};
use testkit::{Organization, Receiver, TestServer};

const ALL: &[&str] = &[
    "message.sent",
    "message.forwarded",
    "message.delivered",
    "message.bounced",
    "message.failed",
    "message.received",
];

fn told(receiver: &Receiver) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |r: &testkit::Received| {
        let event = r.json();
        (text(&event["event_type"]), text(&event["data"]["message"]["status"]))
    };
    let mut all: Vec<_> = receiver.received().iter().map(of).collect();
    all.sort();
    all
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    all.sort();
    all
}

/// Sends to a part of the simulator, lets so much time pass, and answers with what was told and the status.
async fn play(who: &str, passes: &[i64]) -> (Vec<(String, String)>, String) {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let receiver = Receiver::start().await;
    ann.subscribe(&receiver.url(), ALL).await;
    let to = format!("{who}@simulator.agents.localhost");
    let sent = ann.send(&[&to], "Hello", "Hi").await;
    assert_eq!(sent["status"], "queued");
    server.settle().await;
    for pass in passes {
        server.advance(*pass).await;
    }
    let path = ann.path(&format!("/messages/{}", sent["id"].as_str().unwrap()));
    let status = ann.get(&path).await.expect(200)["status"].as_str().unwrap().to_owned();
    (told(&receiver), status)
}

const SENT: (&str, &str) = ("message.sent", "sent");
const DELIVERED: (&str, &str) = ("message.delivered", "delivered");
const BOUNCED: (&str, &str) = ("message.bounced", "bounced");

#[tokio::test]
async fn e4_a_delivered_message_is_sent_and_delivered() {
    assert_eq!(play("delivered", &[]).await, (pairs(&[SENT, DELIVERED]), "delivered".into()));
}

#[tokio::test]
async fn a_message_that_is_refused_at_once_bounces_and_was_never_sent() {
    assert_eq!(play("bounce", &[]).await, (pairs(&[BOUNCED]), "bounced".into()));
}

#[tokio::test]
async fn q18_a_complaint_after_the_delivery_bounces() {
    let outcome = play("complaint", &[seconds(3)]).await;
    assert_eq!(outcome, (pairs(&[SENT, DELIVERED, BOUNCED]), "bounced".into()));
}

#[tokio::test]
async fn a_message_that_is_put_off_twice_is_delivered_at_the_third_try() {
    let outcome = play("defer2", &[minutes(1), minutes(5)]).await;
    assert_eq!(outcome, (pairs(&[SENT, DELIVERED]), "delivered".into()));
}

#[tokio::test]
async fn a_message_that_nobody_takes_for_three_days_failed() {
    let outcome = play("full", &[hours(12); 14]).await;
    assert_eq!(outcome, (pairs(&[("message.failed", "failed")]), "failed".into()));
}

#[tokio::test]
async fn an_answer_of_the_simulator_comes_into_the_thread_that_it_answers() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let sent = ann.send(&["reply@simulator.agents.localhost"], "Hello", "Hi").await;
    server.settle().await;
    let all = ann.messages().await;
    assert_eq!(all.len(), 2);
    assert_eq!(
        (&all[0]["direction"], &all[0]["thread_id"]),
        (&json!("inbound"), &sent["thread_id"])
    );
}

#[tokio::test]
async fn m14_to_m16_e3_a_forward_is_told_as_forwarded_and_begins_a_thread_of_its_own() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), ALL).await;
    ann.send(&[bob.address()], "fw: Report", "numbers").await;
    let inbound = &bob.messages().await[0];
    let path = bob.path(&format!("/messages/{}/forward", inbound["id"].as_str().unwrap()));
    for mode in ["inline", "wrapped"] {
        let body =
            json!({"recipients": {"to": [ann.address()]}, "mode": mode, "body_text": "See below."});
        let forward = bob.post(&path, body).await.expect(201);
        assert_eq!(forward["subject"], "fw: Report", "no second prefix");
        assert_ne!(forward["thread_id"], inbound["thread_id"]);
        assert_eq!(forward["has_attachments"], mode == "wrapped");
    }
    server.settle().await;
    let forwarded = ("message.forwarded", "sent");
    let expected =
        pairs(&[("message.received", "received"), forwarded, forwarded, DELIVERED, DELIVERED]);
    assert_eq!(told(&receiver), expected);
    bob.post(&path, json!({"recipients": {}})).await.expect(422);
}
