//! The delivery log, and replays from it (email-api.md 8.5, 12.8).

use serde_json::{Value, json};
use testkit::{Agent, Organization, Receiver, TestServer};

const ALL: &str = "/api/v1/webhooks/deliveries";

pub(super) async fn log(agent: &Agent<'_>, query: &str) -> Vec<Value> {
    let found = agent.get(&format!("{ALL}{query}")).await.expect(200);
    found["deliveries"].as_array().expect("deliveries").clone()
}

/// Replays a row while the tasks run.
pub(super) async fn replay(server: &TestServer, agent: &Agent<'_>, row: &Value) -> Value {
    let path = replay_path(row);
    let tasks = async {
        loop {
            server.settle().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = agent.post(&path, json!({})) => answer.expect(201),
        () = tasks => unreachable!(),
    }
}

fn replay_path(row: &Value) -> String {
    format!("{ALL}/{}/replay", row["id"].as_str().unwrap())
}

#[tokio::test]
async fn check_30_dl1_to_dl4_each_attempt_is_a_row_with_the_bytes_that_were_posted() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receiver = Receiver::start().await;
    receiver.answer_with(&[500]);
    let subscription = bob.subscribe(&receiver.url(), &["message.received"]).await;
    let id = subscription["id"].as_str().unwrap();
    ann.send(&[bob.address()], "One", "ж").await;
    server.settle().await;
    server.advance(domain::hours(1)).await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    // DL-4: where it went stays, whatever becomes of the subscription.
    let change = json!({"url": "https://elsewhere.example.com/"});
    bob.patch(&format!("/api/v1/webhooks/subscriptions/{id}"), change).await.expect(200);

    let rows = log(&bob, "").await;
    let statuses: Vec<_> = rows.iter().map(|row| row["response_status"].as_i64()).collect();
    assert_eq!(statuses, [Some(200), Some(500)]);
    assert_ne!(rows[0]["id"], rows[1]["id"]);
    for (row, request) in rows.iter().zip(received.iter().rev()) {
        assert_eq!(row["request_payload"].as_str().unwrap().as_bytes(), request.body);
        assert_eq!(row["event_id"], request.json()["id"]);
        assert_eq!(row["url"], receiver.url());
        assert_eq!(row["webhook_subscription_id"], subscription["id"]);
        assert_eq!((&row["is_replay"], &row["replayable"]), (&json!(false), &json!(true)));
        assert_eq!(
            (&row["error_detail"], &row["event_type"]),
            (&Value::Null, &json!("message.received"))
        );
        assert!(row["duration_ms"].is_i64());
    }
    for (query, count) in [
        ("?success=true".to_owned(), 1),
        ("?success=False".to_owned(), 1),
        (format!("?subscription_id={id}&limit=200"), 2),
        ("?subscription_id=nobody".to_owned(), 0),
        ("?phone_number_id=1".to_owned(), 0),
        ("?event_type=message.received".to_owned(), 2),
        ("?event_type=message.sent".to_owned(), 0),
        ("?event_type=text.received".to_owned(), 0),
        // Q34: out of range is brought into it.
        ("?limit=0".to_owned(), 1),
        ("?limit=100000".to_owned(), 2),
        ("?offset=1".to_owned(), 1),
        ("?offset=2".to_owned(), 0),
    ] {
        assert_eq!(log(&bob, &query).await.len(), count, "{query}");
    }
    bob.get(&format!("{ALL}?success=perhaps")).await.expect(422);
    assert_eq!(log(&organization.admin, "").await, rows);
    assert_eq!(log(&ann, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn check_34_dl1_no_answer_and_a_redirect_are_logged_as_failures() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let redirecting = Receiver::start().await;
    redirecting.answer_with(&[302]);
    // Nobody listens on the port that a listener had a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = format!("http://{closed}/");
    bob.subscribe(&redirecting.url(), &["message.received"]).await;
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    let rows = log(&bob, "?success=false").await;
    assert_eq!((rows.len(), &rows[0]["response_status"]), (1, &json!(302)));
    assert_eq!(redirecting.received().len(), 1);

    let of_ann = ann.subscribe(&silent, &["message.sent"]).await;
    ann.send(&[bob.address()], "Two", "x").await;
    server.settle().await;
    let rows = log(&ann, "?success=false").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["response_status"], &rows[0]["error_detail"]),
        (&Value::Null, &json!("connect"))
    );
    assert_eq!(rows[0]["webhook_subscription_id"], of_ann["id"]);
}

#[tokio::test]
async fn dl3_the_first_4096_bytes_of_an_answer_are_kept_as_text() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let bob = organization.agent("bob").await;
    let said = [&b"\xff"[..], "é".repeat(4096).as_bytes()].concat();
    let router = axum::Router::new().fallback(move || std::future::ready(said.clone()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    bob.subscribe(&url, &["message.sent"]).await;
    bob.send(&["delivered@simulator.agents.localhost"], "One", "x").await;
    server.settle().await;
    // Neither the first byte nor the half of a character at the end is UTF-8.
    let kept = format!("\u{fffd}{}\u{fffd}", "é".repeat(2047));
    assert_eq!(log(&bob, "").await[0]["response_body"], kept);
}

#[tokio::test]
async fn check_31_rp1_rp2_rp4_a_replay_sends_the_same_event_anew_to_where_the_subscription_is_now()
{
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let (old, new) = (Receiver::start().await, Receiver::start().await);
    old.answer_with(&[503, 503]);
    let subscription = bob.subscribe(&old.url(), &["message.received"]).await;
    let key = subscription["signing_key"].as_str().unwrap();
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    server.advance(domain::hours(1)).await;
    server.advance(domain::hours(5)).await;
    let rows = log(&bob, "").await;
    assert_eq!(rows.len(), 3);
    let path = format!("/api/v1/webhooks/subscriptions/{}", subscription["id"].as_str().unwrap());
    bob.patch(&path, json!({"url": new.url()})).await.expect(200);

    // RP-4: what the receiver says is in the row, also of a row that is not the first.
    new.answer_with(&[418]);
    for (row, status) in [(&rows[0], 418), (&rows[2], 200)] {
        let made = replay(&server, &bob, row).await;
        assert_eq!((&made["response_status"], &made["is_replay"]), (&json!(status), &json!(true)));
        assert_eq!((&made["event_id"], &made["url"]), (&rows[0]["event_id"], &json!(new.url())));
        assert_ne!(made["id"], row["id"]);
        let logged = log(&bob, "").await;
        assert!(logged.contains(&made));
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    bob.patch(&path, json!({"url": format!("http://{closed}/")})).await.expect(200);
    let made = replay(&server, &bob, &rows[0]).await;
    assert_eq!(
        (&made["response_status"], &made["error_detail"]),
        (&Value::Null, &json!("connect"))
    );

    let (first, again) = (&old.received()[0], &new.received()[0]);
    assert_eq!(first.body, again.body);
    assert_ne!(first.header("x-inkbox-request-id"), again.header("x-inkbox-request-id"));
    assert!(again.verifies_as_email(key));
    assert_ne!(
        again.header("x-inkbox-request-id"),
        new.received()[1].header("x-inkbox-request-id")
    );
}

#[tokio::test]
async fn check_32_rp3_dl5_dl6_a_row_whose_subscription_is_gone_or_hears_other_types_is_not_replayed()
 {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receiver = Receiver::start().await;
    let subscription = bob.subscribe(&receiver.url(), &["message.received"]).await;
    ann.send(&[bob.address()], "One", "x").await;
    server.settle().await;
    let rows = log(&bob, "").await;
    // DL-6: to another agent it is not there.
    ann.post(&replay_path(&rows[0]), json!({})).await.expect(404);
    bob.post(&format!("{ALL}/nobody/replay"), json!({})).await.expect(404);

    let path = format!("/api/v1/webhooks/subscriptions/{}", subscription["id"].as_str().unwrap());
    bob.patch(&path, json!({"event_types": ["message.sent"]})).await.expect(200);
    let row = &log(&bob, "").await[0];
    assert_eq!(
        (&row["replayable"], &row["replay_unavailable_reason"]),
        (&json!(false), &json!("event_type_not_selected"))
    );
    bob.post(&replay_path(row), json!({})).await.expect(409);

    bob.delete(&path).await.expect(204);
    let row = &log(&bob, "").await[0];
    assert_eq!(row["replay_unavailable_reason"], "subscription_deleted");
    let refused = bob.post(&replay_path(row), json!({})).await.expect(409);
    assert!(refused["detail"].is_string());
    server.settle().await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn rp5_a_row_is_there_for_as_long_as_its_event_is_kept() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let bob = organization.agent("bob").await;
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.sent"]).await;
    bob.send(&["delivered@simulator.agents.localhost"], "One", "x").await;
    server.settle().await;
    server.advance(domain::days(29)).await;
    let rows = log(&bob, "").await;
    assert_eq!(rows.len(), 1);
    server.advance(domain::days(2)).await;
    assert_eq!(log(&bob, "").await, Vec::<Value>::new());
    bob.post(&replay_path(&rows[0]), json!({})).await.expect(404);
}
