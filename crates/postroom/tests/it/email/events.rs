//! The six events as a receiver takes them: the seed's recipe and closed types, both written out here, and nothing
//! of the server's own code (seed 002; email-api.md 12).

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use domain::hours;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::receiver::Received;
use testkit::{Agent, Organization, Receiver, TestServer};
use tokio::sync::mpsc;

use super::payload::MailWebhookPayload;

/// What the operator's default lets an event carry of a text.
const BODY_CHARS_MAX: usize = 100_000;

/// HMAC-SHA256 as RFC 2104 defines it, for keys of at most a block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|b| b ^ byte);
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}

/// The steps of the seed, in its order. `now` is in Unix seconds.
fn is_authentic(signing_key: &str, now: i64, request: &Received, body: &[u8]) -> bool {
    let timestamp = request.header("X-Inkbox-Timestamp");
    if timestamp.parse::<i64>().is_ok_and(|at| (now - at).abs() > 300) {
        return false;
    }
    let request_id = request.header("X-Inkbox-Request-ID");
    let message = [request_id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let key = signing_key.strip_prefix("whsec_").unwrap_or(signing_key);
    let digest = hmac_sha256(key.as_bytes(), &message);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    request.header("X-Inkbox-Signature") == format!("sha256={hex}")
}

#[test]
fn h4_the_recipe_written_here_gives_the_vectors_of_the_specification() {
    let hex = |key: &[u8], message: &str| -> String {
        hmac_sha256(key, message.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
    };
    assert_eq!(
        hex(b"k", r#"req-1.1700000000.{"a":1}"#),
        "a7bc761ae287be7ffc9c7bc74ff6cde78721322dfcd530923c8035ab38d307bc"
    );
    assert_eq!(
        hex(b"dGVzdA==", r#"5a1c0f3e-0000-4000-8000-000000000001.1751371200.{"s":"ж"}"#),
        "a75480c06d2195c9ba7232b49ead205046c2e1a643647e7a73e931849cdb4ea6"
    );
    assert_eq!(
        hex(b"plainkey", "r.1."),
        "943704f03944471a3150690ebe75b236574ff226b1490aa0c459c8ae2915922e"
    );
}

const ALL: &[&str] = &[
    "message.received",
    "message.sent",
    "message.forwarded",
    "message.delivered",
    "message.bounced",
    "message.failed",
];

/// Everything that an agent is told while each of the six happens to it.
async fn six(server: &TestServer, agent: &Agent<'_>, receiver: &Receiver) -> Vec<(i64, Received)> {
    let simulated = |who: &str| format!("{who}@simulator.agents.localhost");
    for who in ["reply", "bounce", "full"] {
        agent.send(&[&simulated(who)], "Hello", "Hi ж").await;
    }
    let mut told = Vec::new();
    let mut note = |server: &TestServer| {
        let now = server.app.clock.now().seconds();
        let n_noted = told.len();
        told.extend(receiver.received().into_iter().skip(n_noted).map(|request| (now, request)));
    };
    server.settle().await;
    note(server);
    let all = agent.messages().await;
    let inbound = all.iter().find(|m| m["direction"] == "inbound").expect("the answer");
    let path = agent.path(&format!("/messages/{}/forward", inbound["id"].as_str().unwrap()));
    let body = json!({"recipients": {"to": [simulated("delivered")]}, "body_text": "See below."});
    agent.post(&path, body).await.expect(201);
    server.settle().await;
    note(server);
    // Nobody takes the last one, for as long as it is tried.
    for _ in 0..14 {
        server.advance(hours(12)).await;
        note(server);
    }
    told
}

#[tokio::test]
async fn c26_c35_all_six_are_signed_by_the_seeds_recipe_and_parse_with_closed_types() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let receiver = Receiver::start().await;
    let made = ann.subscribe(&receiver.url(), ALL).await;
    let key = made["signing_key"].as_str().unwrap();
    let told = six(&server, &ann, &receiver).await;
    let mut states: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (now, request) in &told {
        assert!(is_authentic(key, *now, request, &request.body));
        assert!(!is_authentic(key, *now + 301, request, &request.body), "too old");
        let mut other = request.body.to_vec();
        other.push(b' ');
        assert!(!is_authentic(key, *now, request, &other), "other bytes");
        assert!(!is_authentic(&format!("{key}x"), *now, request, &request.body), "another key");
        assert_eq!(request.header("Content-Type"), "application/json");

        let parsed: Result<MailWebhookPayload, _> = serde_json::from_slice(&request.body);
        let payload = parsed.unwrap_or_else(|error| panic!("{error}: {}", request.json()));
        assert!(payload.id.starts_with("evt_"));
        let event = request.json();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let message = &event["data"]["message"];
        let state = (word(&message["direction"]), word(&message["status"]));
        states.entry(word(&event["event_type"])).or_default().insert(state);
    }
    let state =
        |direction: &str, status: &str| BTreeSet::from([(direction.to_owned(), status.to_owned())]);
    // Table 12.3.
    let expected = [
        ("message.received", state("inbound", "received")),
        ("message.sent", state("outbound", "sent")),
        ("message.forwarded", state("outbound", "sent")),
        ("message.delivered", state("outbound", "delivered")),
        ("message.bounced", state("outbound", "bounced")),
        ("message.failed", state("outbound", "failed")),
    ];
    assert_eq!(states, expected.map(|(kind, states)| (kind.to_owned(), states)).into());
}

/// A raw message of this text, which no line break ends.
fn raw(n: usize, text: &str) -> String {
    let mut body = String::new();
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % 20 == 0 {
            body.push_str("=\r\n");
        }
        match character {
            plain if plain.is_ascii_alphanumeric() => body.push(plain),
            other => {
                let mut bytes = [0; 4];
                let encoded = other.encode_utf8(&mut bytes).bytes();
                body.extend(encoded.map(|byte| format!("={byte:02X}")));
            }
        }
    }
    format!(
        "From: x@x.example\r\nTo: y@y.example\r\nMessage-ID: <{n}@x.example>\r\nSubject: S\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn c36_b1_to_b4_a_text_is_whole_up_to_the_cap_and_then_cut_between_characters() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let receiver = Receiver::start().await;
    ann.subscribe(&receiver.url(), &["message.received"]).await;
    let at_cap = format!("{}😀", "a".repeat(BODY_CHARS_MAX - 1));
    let inside = format!("{}😀😀", "a".repeat(BODY_CHARS_MAX - 1));
    let cases = [
        ("", json!(""), "complete", 0),
        (&at_cap, json!(at_cap), "complete", BODY_CHARS_MAX),
        (&inside, json!(at_cap), "truncated", BODY_CHARS_MAX + 1),
        (&format!("{at_cap}b"), json!(at_cap), "truncated", BODY_CHARS_MAX + 1),
    ];
    for (n, (text, body, state, total)) in cases.into_iter().enumerate() {
        let headers = [("content-type", "message/rfc822")];
        let path = ann.path("/ingest");
        ann.call_with(Method::POST, &path, &headers, raw(n, text).into()).await.expect(201);
        server.settle().await;
        let request = receiver.received().pop().unwrap();
        let event = request.json();
        let message = &event["data"]["message"];
        assert!(message["body"] == body, "case {n} has another text");
        assert_eq!(
            (&message["body_state"], &message["body_truncated"]),
            (&json!(state), &json!(state == "truncated"))
        );
        assert_eq!(
            (&message["body_total_chars"], &message["body_included_chars"]),
            (&json!(total), &json!(total.min(BODY_CHARS_MAX)))
        );
        assert!(serde_json::from_slice::<MailWebhookPayload>(&request.body).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c33_a_receiver_that_does_not_answer_delays_no_other_subscription() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (ann, bob) = (house.agent("ann").await, house.agent("bob").await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", listener.local_addr().unwrap());
    let (held, mut taken) = mpsc::channel(64);
    // Takes connections, and says nothing on them.
    let holding = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            if held.send(connection).await.is_err() {
                return;
            }
        }
    });
    let receiver = Receiver::start().await;
    bob.subscribe(&silent, &["message.received"]).await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    let running = server.tasks.start();
    ann.send(&[bob.address()], "First", "x").await;
    let first = taken.recv().await.expect("an attempt");
    // It is under way, and stays so, while all these are delivered.
    for n in 0..5 {
        ann.send(&[bob.address()], &format!("No {n}"), "x").await;
    }
    assert_eq!(receiver.wait_for(6).await.len(), 6);
    let log = bob.get("/api/v1/webhooks/deliveries?success=false").await.expect(200);
    assert_eq!(log["deliveries"], json!([]), "the slow one has not ended");
    holding.abort();
    drop((first, taken));
    running.stop().await;
}
