//! Trace context on its way from a request to the deliveries that it causes (webhooks.md 5.19).

use axum::http::Method;
use domain::minutes;
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use storage::{Row, Tx, args};
use testkit::{Mailroom, Organization, Persona, Receiver, TestServer};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn sent(span: &str) -> String {
    format!("00-{TRACE}-{span}-01")
}

/// Creates a customer, with these headers.
async fn create(crm: &Persona<'_>, traceparents: &[&str]) -> Value {
    let headers: Vec<_> = traceparents.iter().map(|value| ("traceparent", *value)).collect();
    let body = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    crm.send(Method::POST, "/api/v1/customers", &headers, Some(body)).await.expect(201)
}

/// What the log of attempts says was sent, oldest first.
async fn sent_headers(server: &TestServer) -> Vec<String> {
    const SENT: &str = "select request_headers from attempts order by at, delivery_no, n";
    let read = async |tx: &Tx| tx.all(SENT, args![], Row::next).await;
    server.app.db.read(read).await.unwrap()
}

#[tokio::test]
async fn each_attempt_is_a_span_of_its_own_in_the_trace_of_the_request_behind_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    receiver.answer_with(&[500]);
    crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    create(&crm, &[&sent("00f067aa0ba902b7")]).await;
    server.settle().await;
    server.advance(minutes(1)).await;
    let event_id = receiver.received()[0].header("webhook-id").to_owned();
    let replay = format!("/api/v1/events/{event_id}/replay");
    crm.post(&replay, json!({})).await.expect(201);
    server.settle().await;

    let received = receiver.received();
    let traces: Vec<&str> = received.iter().map(|one| one.header("traceparent")).collect();
    assert_eq!(traces.len(), 3);
    let mut spans = vec!["00f067aa0ba902b7"];
    for trace in &traces {
        let parts: Vec<&str> = trace.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"));
        assert!(!spans.contains(&parts[2]), "{traces:?}");
        spans.push(parts[2]);
    }
    let stored = sent_headers(&server).await;
    assert_eq!(stored.len(), 3);
    assert!(stored.iter().zip(&traces).all(|(headers, trace)| headers.contains(trace)));
}

#[tokio::test]
async fn case_49_what_is_no_trace_context_is_ignored_and_goes_nowhere() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let (one, other) = (sent("00f067aa0ba902b7"), sent("00f067aa0ba902b8"));
    let canary = format!("{one}-canary");
    let strange: [&[&str]; 4] = [&[], &[&canary], &["Bearer canary"], &[&one, &other]];
    for traceparents in strange {
        create(&crm, traceparents).await;
    }
    server.settle().await;
    assert_eq!(receiver.received().len(), 4);
    assert!(receiver.received().iter().all(|one| !one.headers.contains_key("traceparent")));
    let log = sent_headers(&server).await.concat();
    assert!(!log.contains("canary") && !log.contains(TRACE));
}

#[tokio::test]
async fn what_a_mailbox_is_told_of_belongs_to_the_trace_of_the_call_that_sent_it() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    let body = json!({
        "recipients": {"to": [bob.address()]}, "subject": "Hi", "body_text": "Hi",
    });
    let (path, trace) = (ann.path("/messages"), sent("00f067aa0ba902b7"));
    let headers = [("traceparent", trace.as_str())];
    ann.call(Method::POST, &path, &headers, Some(body)).await.expect(201);
    server.settle().await;
    let received = receiver.received();
    assert_eq!(received.len(), 1);
    assert!(received[0].header("traceparent").starts_with(&format!("00-{TRACE}-")));
}
