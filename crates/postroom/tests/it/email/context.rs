//! What goes with an event beside its message: what came before, for those who ask for it (email-api.md 12.7).

use axum::http::Method;
use serde_json::{Value, json};
use testkit::contract::email_contract;
use testkit::{Agent, Organization, Receiver, TestServer};

async fn subscribe(agent: &Agent<'_>, url: &str, types: &[&str], context: Value) -> Value {
    let body = json!({
        "mailbox_id": agent.mailbox_id(), "url": url, "event_types": types, "context_config": context,
    });
    agent.post("/api/v1/webhooks/subscriptions", body).await.expect(201)
}

fn snippets(block: &Value) -> Vec<&str> {
    let items = block["items"].as_array().expect("items").iter();
    items.map(|item| item["snippet"].as_str().expect("a snippet")).collect()
}

#[tokio::test]
async fn a_subscription_is_told_as_much_of_the_past_as_it_asks_for_under_one_event_id() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receivers = [Receiver::start().await, Receiver::start().await, Receiver::start().await];
    let last = json!({"mode": "count", "count": 2});
    let wishes = [
        Value::Null,
        json!({"email": last, "calls": last}),
        json!({"email": {"mode": "window", "hours": 2}}),
    ];
    let mut key = Value::Null;
    for (receiver, wish) in receivers.iter().zip(wishes) {
        let made = subscribe(&bob, &receiver.url(), &["message.received"], wish).await;
        key = if key.is_null() { made["signing_key"].clone() } else { key };
    }
    let mut parent = ann.send(&[bob.address()], "Plan", "One").await;
    for text in ["Two", "Three", "Four"] {
        server.advance(domain::hours(1)).await;
        let body = json!({
            "recipients": {"to": [bob.address()]}, "subject": "Re: Plan", "body_text": text,
            "in_reply_to_message_id": parent["id"],
        });
        parent = ann.post(&ann.path("/messages"), body).await.expect(201);
    }
    server.settle().await;
    let told: Vec<_> = receivers.iter().map(|r| r.received().last().cloned().unwrap()).collect();
    let events: Vec<Value> = told.iter().map(testkit::receiver::Received::json).collect();
    for (event, request) in events.iter().zip(&told) {
        email_contract().check_message_event(event);
        assert!(request.verifies_as_email(key.as_str().unwrap()));
        assert_eq!(event["id"], events[0]["id"]);
        assert_eq!(request.header("webhook-id"), told[0].header("webhook-id"));
        assert_eq!(event["data"]["message"], events[0]["data"]["message"]);
    }
    assert!(events[0]["data"].get("context").is_none());
    let context = &events[1]["data"]["context"];
    assert_eq!(snippets(&context["email"]), ["Two", "Three"]);
    assert_eq!(context["email"]["items"][0]["email_address"], bob.address());
    assert_eq!(
        (&context["email"]["requested"], &context["email"]["truncated"]),
        (&json!(2), &json!(false))
    );
    let calls = json!({
        "scope": "thread", "items": [], "truncated": false, "mode": "count", "requested": 2,
        "skipped": "no_resource",
    });
    assert_eq!(context["calls"], calls);
    assert!(context.get("texts").is_none());
    let window = &events[2]["data"]["context"]["email"];
    assert_eq!((snippets(window), &window["hours"]), (vec!["Two", "Three"], &json!(2)));
    let log = bob.get("/api/v1/webhooks/deliveries?limit=3").await.expect(200);
    let rows = log["deliveries"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["event_id"] == events[0]["id"]));
}

#[tokio::test]
async fn an_outbound_event_has_no_context_and_is_one_for_all() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receivers = [Receiver::start().await, Receiver::start().await];
    let wish = json!({"email": {"mode": "count", "count": 5}});
    for (receiver, wish) in receivers.iter().zip([Value::Null, wish]) {
        subscribe(&ann, &receiver.url(), &["message.sent"], wish).await;
    }
    ann.send(&[bob.address()], "Plan", "One").await;
    ann.send(&[bob.address()], "Plan", "Two").await;
    server.settle().await;
    let bodies = receivers.each_ref().map(|r| r.received()[1].body.clone());
    assert_eq!(bodies[0], bodies[1]);
    assert!(receivers[1].received()[1].json()["data"].get("context").is_none());
}

/// The addresses of a message may be many, and each item carries those it was sent to.
#[tokio::test]
async fn beyond_256_kib_the_oldest_are_left_out() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let bob = organization.agent("bob").await;
    let receiver = Receiver::start().await;
    let wish = json!({"email": {"mode": "count", "count": 50}});
    subscribe(&bob, &receiver.url(), &["message.received"], wish).await;
    let crowd: Vec<String> =
        (0..400).map(|n| format!("{n}-{}@x.example", "n".repeat(50))).collect();
    let n_messages = 20;
    for n in 0..n_messages {
        let thread = match n {
            0 => String::new(),
            _ => "In-Reply-To: <m0@x.example>\r\nReferences: <m0@x.example>\r\n".to_owned(),
        };
        let raw = format!(
            "From: ann@x.example\r\nTo: {}\r\nMessage-ID: <m{n}@x.example>\r\n{thread}Subject: S\r\n\r\nNo {n}\r\n",
            crowd.join(",\r\n ")
        );
        let answer = bob.call_with(Method::POST, &bob.path("/ingest"), &[], raw.into()).await;
        answer.expect(201);
        server.advance(domain::seconds(1)).await;
    }
    let event = receiver.received().last().unwrap().json();
    let block = &event["data"]["context"]["email"];
    let told = snippets(block);
    assert_eq!((&block["truncated"], told.last()), (&json!(true), Some(&"No 18")));
    assert!((2..n_messages - 1).contains(&told.len()), "{}", told.len());
    let bytes = block["items"].to_string().len();
    assert!(bytes <= 256 * 1024 && bytes > 200 * 1024, "{bytes}");
}
