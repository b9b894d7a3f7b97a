//! `postroom webhooks`, as the developer of a receiver calls it.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::Clock as _;
use domain::endpoint::KeyModes;
use metrics_exporter_prometheus::PrometheusBuilder;
use postroom::node::{self, Node};
use postroom::system::SystemClock;
use serde_json::{Value, json};
use webhook::signature::{Key, Keyring, Secret, partner};
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
    let checks: Vec<&str> = found.iter().map(|(check, _)| check.as_str()).collect();
    let expected = [
        "accepts",
        "accepts_again",
        "accepts_large",
        "refuses_forged",
        "refuses_stale",
        "answers_in_time",
    ];
    assert_eq!(checks, expected);
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
    let key = Key::new(&Secret::parse(SECRET).unwrap(), KeyModes::default()).unwrap();
    let keys = Keyring::new(key);
    let header = partner(&keys, at, body);
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
fn a_wrong_key_mode_is_explained_and_every_form_of_a_signature_is_read() {
    let shell = Shell::new();
    std::fs::write(shell.path().join("body.json"), br#"{"test": 2432232314}"#).unwrap();
    let verify = |signature: &str, more: &[&str]| {
        let said = ["webhooks", "verify", "--secret", SECRET, "--at", "2021-02-25T15:02:10Z"];
        shell.run(&[&said[..], &["--signature", signature], more, &["body.json"]].concat())
    };
    let ascii = "t=1614265330,v1=fa563f291d632f1bb64880fd7c283362344fb0672729918bb67642d71edeae63";
    let refused = verify(ascii, &[]).expect(1);
    assert!(refused.err.contains("key mode ascii, not with ascii_with_prefix"), "{}", refused.err);
    verify(ascii, &["--key-mode", "ascii"]).expect(0);

    let standard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let known = ["--id", "msg_p5jXN8AQM9LWM0D4loKWxJek", "--timestamp", "1614265330"];
    verify(standard, &known).expect(0);
    let refused = verify(standard, &[&known[..], &["--key-mode", "raw"]].concat()).expect(1);
    assert!(refused.err.contains("key mode decoded, not with raw"), "{}", refused.err);
    let refused = verify(standard, &[]).expect(1);
    assert!(refused.err.contains("id header"), "{}", refused.err);

    let pair = "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ==";
    let public = ["--secret", "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="];
    let asked = ["webhooks", "verify", "--at", "2021-02-25T15:02:10Z", "--signature", pair];
    shell.run(&[&asked[..], &public, &known, &["body.json"]].concat()).expect(0);
    let refused = verify(pair, &known).expect(1);
    assert!(refused.err.contains("whpk_"), "{}", refused.err);

    let email = "sha256=bc605d59e26699a32369e40a3c86ab3bb7c4cdd2d39ee43c95e77c6a453f621a";
    let known = ["--id", "req_01J0000000000000000000TEST", "--timestamp", "1614265330"];
    verify(email, &known).expect(0);
}

#[test]
fn key_modes_and_secrets_are_settings_of_an_endpoint() {
    let shell = Shell::on_an_install();
    let plain = "an-old-secret-of-the-receiver";
    let create = ["endpoint", "create", "https://crm.example.com/hooks", "--secret", plain];
    let refused = shell.run(&create).expect(2);
    assert!(refused.err.contains("not base64"), "{}", refused.err);
    let modes = ["--key-mode", "raw", "--standard-key-mode", "ascii"];
    let made = shell.json(&[&create[..], &modes].concat());
    assert_eq!(text(&made, "secret"), plain);
    assert_eq!((text(&made, "key_mode"), text(&made, "standard_key_mode")), ("raw", "ascii"));
    let id = text(&made, "id");
    let changed = shell.json(&["endpoint", "set", id, "--standard-key-mode", "raw"]);
    assert_eq!(text(&changed, "standard_key_mode"), "raw");
    shell.run(&["endpoint", "set", id, "--key-mode", "decoded"]).expect(2);

    shell.run(&["endpoint", "set", id, "--ed25519", "true"]).expect(0);
    let shown = shell.json(&["endpoint", "show", id]);
    assert!(text(&shown["keys"][0], "public_key").starts_with("whpk_"), "{shown}");
    let unsure = shell.run(&["endpoint", "revoke", id]).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    let revoked = shell.json(&["endpoint", "revoke", id, "--yes"]);
    assert_ne!(text(&revoked, "secret"), plain);
    assert_eq!(revoked["keys"][0]["number"], 2);
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

#[test]
fn an_operators_own_endpoint_hears_of_its_partners_and_no_partner_sees_it() {
    let shell = Shell::on_an_install();
    let own = ["endpoint", "create", "https://ops.example.com/hooks", "--own"];
    shell.run(&[&own[..], &["--event", "mail.arrived"]].concat()).expect(2);
    shell.run(&[&own[..], &["--event", "endpoint.created"]].concat()).expect(0);
    shell.run(&["endpoint", "create", "https://crm.example.com/hooks"]).expect(0);
    let told = shell.json(&["endpoint", "deliveries", "--own"]);
    let types: Vec<&str> = told.as_array().unwrap().iter().map(|d| text(d, "event_type")).collect();
    assert_eq!(types, ["endpoint.created"]);
    for (more, url) in [
        (&[][..], "https://crm.example.com/hooks"),
        (&["--own"][..], "https://ops.example.com/hooks"),
    ] {
        let listed = shell.json(&[&["endpoint", "list"], more].concat());
        let urls: Vec<&str> = listed.as_array().unwrap().iter().map(|e| text(e, "url")).collect();
        assert_eq!(urls, [url]);
    }
    let partners = shell.json(&["partner", "list"]);
    assert_eq!(partners.as_array().unwrap().len(), 1);
    shell.run(&["partner", "create", "house", "--kind", "operator"]).expect(2);
}

/// A server on the install of a shell, for commands that talk to one or watch one.
async fn serving(shell: &Shell) -> Node {
    let config = shell.config();
    let app = node::open(&config).await.unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    Node::start(&config, app, metrics).await.unwrap()
}

/// Runs a command beside the server.
async fn beside(shell: &Arc<Shell>, arguments: &[&str]) -> Said {
    let (shell, words) = (Arc::clone(shell), arguments.iter().map(|w| (*w).to_owned()));
    let words: Vec<String> = words.collect();
    let run = move || shell.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn lines(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_on_to_a_receiver_on_this_machine_signed_and_from_the_past() {
    let shell = Shell::new();
    let keys = shell.json(&["init"]);
    for _ in 0..3 {
        shell.run(&["webhooks", "trigger", "package.arrived"]).expect(0);
    }
    let shell = Arc::new(shell);
    let node = serving(&shell).await;
    let router = Router::new().fallback(receive).with_state(true);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}/hooks", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let server = format!("http://{}", node.addr);
    let listen = ["webhooks", "listen", &to, "--server", &server, "--json", "--key"];
    let with = |key: &str, more: &[&str]| {
        [&listen[..], &[key], more].concat().iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()
    };
    let run = async |words: Vec<String>| {
        beside(&shell, &words.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let key = text(&keys, "test_key");
    let newest = ["--secret", SECRET, "--replay", "2", "--max", "2"];
    let said = run(with(key, &newest)).await.expect(0);
    let sent = lines(&said);
    assert_eq!(sent.len(), 2);
    for line in &sent {
        assert_eq!((&line["status"], text(line, "verdict")), (&json!(204), "the signature holds"));
        assert!(text(line, "signature").starts_with("t="), "{line}");
    }
    let after = ["--secret", SECRET, "--after", text(&sent[0], "id"), "--max", "1"];
    let again = lines(&run(with(key, &after)).await.expect(0));
    assert_eq!(again[0]["id"], sent[1]["id"]);
    let stranger = run(with(key, &["--replay", "1", "--max", "1"])).await.expect(0);
    assert!(stranger.err.contains("whsec_"), "a new secret is shown: {}", stranger.err);
    assert_eq!(lines(&stranger)[0]["status"], 401, "the receiver has another secret");
    let refused = run(with("ib_test_nonsense", &["--max", "1"])).await.expect(1);
    assert!(refused.err.contains("api_key_malformed"), "{}", refused.err);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_deliveries_is_followed_and_what_they_cost_is_told() {
    let shell = Shell::new();
    std::fs::write(
        shell.path().join("postroom.toml"),
        "[webhooks]\nallow_http = true\nallow_networks = [\"127.0.0.0/8\"]\n",
    )
    .unwrap();
    shell.run(&["init"]).expect(0);
    let shell = Arc::new(shell);
    let receiver = testkit::Receiver::start().await;
    let create = ["endpoint", "create", &receiver.url(), "--test", "--json"];
    let endpoint = beside(&shell, &create).await.expect(0).json();
    let trigger = ["webhooks", "trigger", "package.arrived"];
    beside(&shell, &trigger).await.expect(0);
    let tail = ["deliveries", "tail", "--test", "--json", "--max"];
    let before = lines(&beside(&shell, &[&tail[..], &["1"]].concat()).await.expect(0));
    assert_eq!((text(&before[0], "status"), &before[0]["attempts"]), ("pending", &json!(0)));
    let node = serving(&shell).await;
    let arrived = async {
        loop {
            let said = beside(&shell, &[&tail[..], &["1"]].concat()).await.expect(0);
            let line = lines(&said).remove(0);
            if line["status"] != "pending" {
                return line;
            }
        }
    };
    let line = tokio::time::timeout(std::time::Duration::from_secs(20), arrived).await.unwrap();
    assert_eq!((text(&line, "status"), text(&line, "answer")), ("succeeded", "200"));
    assert_eq!(line["endpoint_id"], endpoint["id"]);
    node.stop().await;
    let busiest = beside(&shell, &["webhooks", "lanes", "--json"]).await.expect(0).json();
    assert_eq!(busiest[0]["endpoint_id"], endpoint["id"]);
    assert_eq!((&busiest[0]["attempts"], text(&busiest[0], "mode")), (&json!(1), "test"));
}

#[test]
fn events_are_expunged_and_a_receipt_stays() {
    let shell = Shell::on_an_install();
    for _ in 0..2 {
        shell.run(&["webhooks", "trigger", "package.arrived"]).expect(0);
    }
    let expunge = ["event", "expunge", "--test", "--all", "--reason", "erasure request 17"];
    let unsure = shell.run(&expunge).expect(1);
    assert!(unsure.err.contains("--yes"), "{}", unsure.err);
    let made = shell.json(&[&expunge[..], &["--yes"]].concat());
    assert_eq!((&made[0]["events"], text(&made[0], "reason")), (&json!(2), "erasure request 17"));
    let listed = shell.json(&["event", "receipts", "--test"]);
    assert_eq!(listed, made);
    let receipt = shell.json(&["event", "receipt", text(&made[0], "id"), "--test"]);
    assert_eq!(text(&receipt, "object"), "expunge_receipt");
    assert_eq!(text(&receipt["events"][0], "payload_sha256").len(), 64);
    shell.run(&["event", "receipt", text(&made[0], "id")]).expect(5);
    let unknown = ["--event", "evt_01kb3v7m2zq8e4x5n6p7r8s9ta", "--reason", "x", "--yes"];
    shell.run(&[&["event", "expunge"], &unknown[..]].concat()).expect(5);
}
