//! `postroom webhooks`, as the developer of a receiver calls it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::Clock as _;
use postroom::system::SystemClock;
use serde_json::Value;
use webhook::signature::{Keyring, Secret, partner};
use webhook::verify::verify;

use crate::cli::{Said, Shell, text};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Serves a receiver and lets the real binary probe it.
async fn probed(is_careful: bool) -> Said {
    let router = Router::new().fallback(receive).with_state(is_careful);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let probe = move || {
        let shell = Shell::new();
        let config = "[webhooks]\nallow_http = true\nallow_networks = [\"127.0.0.0/8\"]\n";
        std::fs::write(shell.path().join("postroom.toml"), config).unwrap();
        shell.run(&["webhooks", "probe", &url, "--secret", SECRET, "--json"])
    };
    tokio::task::spawn_blocking(probe).await.unwrap()
}

/// Verifies as it should, or takes everything.
async fn receive(State(is_careful): State<bool>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = Secret::parse(SECRET).unwrap();
    let header = headers.get("x-innbocks-signature").and_then(|v| v.to_str().ok());
    let verdict = verify(&secret, header, &body, SystemClock.now());
    if is_careful && verdict.is_err() { StatusCode::UNAUTHORIZED } else { StatusCode::NO_CONTENT }
}

fn verdicts(said: &Said) -> Vec<(String, String)> {
    let rows: Value = said.json();
    let row = |row: &Value| (text(row, "check").to_owned(), text(row, "verdict").to_owned());
    rows.as_array().unwrap().iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careful_receiver_passes_every_check() {
    let said = probed(true).await.expect(0);
    let found = verdicts(&said);
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|(_, verdict)| verdict == "pass"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_verifies_nothing_fails_and_is_told_why() {
    let said = probed(false).await.expect(1);
    let found = verdicts(&said);
    let of = |check: &str| found.iter().find(|(name, _)| name == check).map(|(_, v)| v.as_str());
    assert_eq!(of("accepts"), Some("pass"));
    assert_eq!(of("refuses_forged"), Some("fail"));
    assert_eq!(of("refuses_stale"), Some("warn"));
    assert!(said.out.contains("verify the signature"), "{}", said.out);
}

#[test]
fn a_signature_is_explained() {
    let shell = Shell::new();
    let body = br#"{"test": 2432232314}"#;
    std::fs::write(shell.path().join("body.json"), body).unwrap();
    std::fs::write(shell.path().join("line.json"), [body.as_slice(), b"\n"].concat()).unwrap();
    let at = domain::Timestamp::parse("2026-11-21T00:00:00Z").unwrap();
    let header = partner(&Keyring::new(Secret::parse(SECRET).unwrap()), at, body);
    let verify = |secret: &str, when: &str, file: &str| {
        let said = ["webhooks", "verify", "--secret", secret, "--signature", &header];
        shell.run(&[&said[..], &["--at", when, file]].concat())
    };
    let held = verify(SECRET, "2026-11-21T00:01:00Z", "body.json").expect(0);
    assert_eq!(held.out.trim(), "the signature holds");
    for (secret, when, file, why) in [
        ("whsec_another", "2026-11-21T00:01:00Z", "body.json", "does not match"),
        (SECRET, "2026-11-21T01:00:00Z", "body.json", "3600 seconds old"),
        (SECRET, "2026-11-21T00:01:00Z", "line.json", "newline"),
    ] {
        let refused = verify(secret, when, file).expect(1);
        assert!(refused.err.contains(why), "{}", refused.err);
    }
}

#[test]
fn a_triggered_event_is_owed_to_whoever_listens_in_the_test_world() {
    let shell = Shell::on_an_install();
    let create = ["endpoint", "create", "https://crm.example.com/hooks", "--test"];
    shell.run(&[&create[..], &["--event", "package.arrived"]].concat()).expect(0);
    let sent = shell.json(&["webhooks", "trigger", "package.arrived"]);
    assert_eq!(sent["delivery_ids"].as_array().unwrap().len(), 1);
    let nobody = shell.run(&["webhooks", "trigger", "mail.arrived"]).expect(0);
    assert!(nobody.err.contains("no endpoint"), "{}", nobody.err);
    let owed = shell.json(&["endpoint", "deliveries", "--test"]);
    assert_eq!(text(&owed[0], "event_id"), text(&sent, "event_id"));
}
