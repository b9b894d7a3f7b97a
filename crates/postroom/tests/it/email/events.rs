//! The six events as a receiver takes them: the seed's recipe and closed types, both written out here, and nothing
//! of the server's own code (seed 002; email-api.md 12).

use std::collections::{BTreeMap, BTreeSet};

use domain::hours;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::contract::email_contract;
use testkit::{Agent, Organization, Received, Receiver, TestServer};

use super::payload::MailWebhookPayload;

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

pub(super) const ALL: &[&str] = &[
    "message.received",
    "message.sent",
    "message.forwarded",
    "message.delivered",
    "message.bounced",
    "message.failed",
];

/// The keys of the fixtures, in the order of the alphabet.
const ENVELOPE_KEYS: &str = "data event_type id timestamp";
const DATA_KEYS: &str = "agent_identities contacts message";
const MESSAGE_KEYS: &str = "bcc_addresses body body_included_chars body_state body_total_chars body_truncated \
    cc_addresses created_at direction email_address from_address has_attachments id mailbox_id message_id snippet status \
    subject thread_id to_addresses";

fn keys(value: &Value) -> String {
    let keys: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.into_iter().collect::<Vec<_>>().join(" ")
}

/// Everything that an agent is told while each of the six happens to it.
pub(super) async fn six(
    server: &TestServer,
    agent: &Agent<'_>,
    receiver: &Receiver,
) -> Vec<(i64, Received)> {
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
async fn check_26_check_35_check_40_h1_sk5_all_six_are_signed_by_the_recipe_and_have_the_closed_shape()
 {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let receiver = Receiver::start().await;
    let made = ann.subscribe(&receiver.url(), ALL).await;
    let key = made["signing_key"].as_str().unwrap();
    let told = six(&server, &ann, &receiver).await;
    let mut once = BTreeSet::new();
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
        email_contract().check_message_event(&event);
        assert_eq!(keys(&event), ENVELOPE_KEYS);
        assert_eq!(keys(&event["data"]), DATA_KEYS);
        assert_eq!(keys(&event["data"]["message"]), MESSAGE_KEYS);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let message = &event["data"]["message"];
        // Of an outbound message the text is not told, of an inbound one who was copied blindly.
        let is_inbound = message["direction"] == "inbound";
        assert_eq!(message["body_state"].is_string(), is_inbound);
        assert!(!is_inbound || message["bcc_addresses"].is_null());
        // E-3: at most one of a type for one message.
        assert!(once.insert((word(&message["id"]), word(&event["event_type"]))), "told twice");
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
