//! A send that is repeated (email-api.md 6.9; 16, line 21).

use axum::http::Method;
use domain::{days, seconds};
use serde_json::{Value, json};
use testkit::{Agent, Answer, Organization, TestServer};

fn letter(to: &Agent<'_>) -> Value {
    json!({"recipients": {"to": [to.address()]}, "subject": "Once", "body_text": "x"})
}

async fn lookup(agent: &Agent<'_>, operation: &str, key: &str) -> Answer {
    let path = format!(
        "/api/v1/message-sends/lookup?sender_kind=mailbox&sender_id={}&operation={operation}",
        agent.mailbox_id()
    );
    agent.call(Method::GET, &path, &[("idempotency-key", key)], None).await
}

#[tokio::test]
async fn i1_a_key_has_1_to_255_printable_characters() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let path = ann.path("/messages");
    for wrong in ["", &"x".repeat(256), "ключ", "a\tb"] {
        ann.post_as(wrong, &path, letter(&bob)).await.expect(422);
    }
    assert_eq!(bob.messages().await.len(), 0);
    for right in ["x", &"x".repeat(255), "~ !\"#$%&'()*+,-./:;<=>?@[]^_`{|}"] {
        ann.post_as(right, &path, letter(&bob)).await.expect(201);
    }
    ann.post(&path, letter(&bob)).await.expect(201);
    ann.post(&path, letter(&bob)).await.expect(201);
    assert_eq!(bob.messages().await.len(), 5, "without a key every send is another");
}

#[tokio::test]
async fn i2_i8_a_key_belongs_to_its_mailbox_and_operation_however_the_path_is_spelled() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let sent = ann.post_as("k", &ann.path("/messages"), letter(&bob)).await.expect(201);
    let all = "/api/v1/mail/mailboxes";
    for spelled in
        ["ann", "ANN@agents.localhost", "ann%40agents.localhost", "%61nn@agents.localhost"]
    {
        let again = ann.post_as("k", &format!("{all}/{spelled}/messages/"), letter(&bob)).await;
        assert_eq!(again.expect(201), sent, "{spelled}");
    }
    assert_eq!(bob.messages().await.len(), 1);
    assert_eq!(lookup(&ann, "mail.send", "k").await.expect(200)["message_id"], sent["id"]);

    let of = |end: &str| ann.path(&format!("/messages/{}/{end}", sent["id"].as_str().unwrap()));
    let reply = ann.post_as("k", &of("reply-all"), json!({"body_text": "x"})).await.expect(201);
    let to = json!({"recipients": {"to": [bob.address()]}});
    let forward = ann.post_as("k", &of("forward"), to).await.expect(201);
    bob.post_as("k", &bob.path("/messages"), letter(&ann)).await.expect(201);
    assert_eq!(lookup(&ann, "mail.reply_all", "k").await.expect(200)["message_id"], reply["id"]);
    assert_eq!(lookup(&ann, "mail.forward", "k").await.expect(200)["message_id"], forward["id"]);
    lookup(&ann, "mail.send", "other").await.expect(404);
    // Where one mailbox sends first, its short name finds the same.
    let short = format!("{all}/bob/messages");
    let first = bob.post_as("k2", &short, letter(&ann)).await.expect(201);
    assert_eq!(bob.post_as("k2", &bob.path("/messages"), letter(&ann)).await.expect(201), first);
    assert_eq!(lookup(&bob, "mail.send", "k2").await.expect(200)["message_id"], first["id"]);
}

#[tokio::test]
async fn i3_an_answer_is_repeated_although_what_was_answered_is_gone() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    ann.send(&[bob.address()], "Question", "?").await;
    let question = bob.messages().await[0].clone();
    let path = bob.path(&format!("/messages/{}", question["id"].as_str().unwrap()));
    let mut answer = letter(&ann);
    answer["in_reply_to_message_id"] = question["message_id"].clone();
    let to = json!({"recipients": {"to": [ann.address()]}});
    let sends = [
        (bob.path("/messages"), answer),
        (format!("{path}/reply-all"), json!({"body_text": "Yes."})),
        (format!("{path}/forward"), to),
    ];
    let mut first = Vec::new();
    for (path, body) in &sends {
        first.push(bob.post_as("k", path, body.clone()).await.expect(201));
    }
    bob.delete(&path).await.expect(204);
    for ((path, body), first) in sends.iter().zip(&first) {
        let again = bob.post_as("k", path, body.clone()).await.expect(201);
        assert_eq!(&again, first, "{path}");
        let mut other = body.clone();
        other["subject"] = json!("Other");
        let reused = bob.post_as("k", path, other).await.expect(409);
        assert_eq!(reused["detail"]["error"], "idempotency_key_reused", "I-4: {path}");
    }
    assert_eq!(ann.messages().await.len(), 4);
}

#[tokio::test]
async fn i3_i7_an_answer_is_kept_for_seven_days_asked_for_or_not() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let send = async || {
        let headers = [("idempotency-key", "k"), ("prefer", "idempotency-replay")];
        ann.call(Method::POST, &ann.path("/messages"), &headers, Some(letter(&bob))).await
    };
    let first = send().await.expect(201);
    server.advance(days(7) - seconds(1)).await;
    assert_eq!(send().await.expect(201), first);
    server.advance(seconds(2)).await;
    assert_ne!(send().await.expect(201)["id"], first["id"]);
    assert_eq!(bob.messages().await.len(), 2);
}

#[tokio::test]
async fn i5_twins_at_the_same_time_make_one_message() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let path = ann.path("/messages");
    let twins = testkit::all((0..8).map(|_| ann.post_as("k", &path, letter(&bob)))).await;
    let (sent, busy): (Vec<_>, Vec<_>) = twins.iter().partition(|a| a.status.as_u16() == 201);
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|answer| answer.bytes == sent[0].bytes));
    for answer in busy {
        assert_eq!(answer.expect(409)["detail"]["error"], "idempotency_in_progress");
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!(wait <= 5, "the SDK gives up after that");
    }
    assert_eq!((ann.messages().await.len(), bob.messages().await.len()), (1, 1));
}

#[tokio::test]
async fn i6_a_refusal_leaves_the_key_free() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let path = ann.path("/messages");
    ann.post_as("k", &path, json!({"recipients": {"to": []}})).await.expect(422);
    let mut unknown = letter(&bob);
    unknown["in_reply_to_message_id"] = json!("<nobody@nowhere.example>");
    ann.post_as("k", &path, unknown).await.expect(404);
    lookup(&ann, "mail.send", "k").await.expect(404);
    ann.post_as("k", &path, letter(&bob)).await.expect(201);
}
