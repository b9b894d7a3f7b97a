//! Client certificates of webhook endpoints: given once, never shown again, and shown to the receiver.

use domain::minutes;
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use tasks::{Options, Tasks};
use testkit::{Mailroom, MutualReceiver, TestServer};

use crate::cli::Shell;

fn given((certificate, private_key): &(String, String)) -> Value {
    json!({"certificate": certificate, "private_key": private_key})
}

#[tokio::test]
async fn a_receiver_that_demands_a_certificate_is_delivered_to_with_the_endpoints_own() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, MutualReceiver::start().await);
    let options = Options { extra_roots: receiver.root.clone(), ..Options::default() };
    let tasks = Tasks::new(&server.app, options).unwrap();
    let bare = json!({"url": receiver.url()});
    let made = crm.post("/api/v1/webhook-endpoints", bare).await.expect(201);
    assert_eq!(made["client_certificate"], json!(null));
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let customer = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    crm.post("/api/v1/customers", customer).await.expect(201);
    tasks.settle().await.unwrap();
    assert_eq!(receiver.n_received(), 0);

    let pair = receiver.issue();
    let change = json!({"client_certificate": given(&pair)});
    let changed = crm.patch(&path, change).await.expect(200);
    let shown = &changed["client_certificate"];
    assert_eq!(shown["fingerprint"].as_str().map(str::len), Some(64));
    assert!(shown["expires_at"].is_string() && shown["subject"].is_string());
    assert!(!changed.to_string().contains("BEGIN"));
    assert_eq!(crm.get(&path).await.expect(200)["client_certificate"], *shown);
    server.clock.advance(minutes(10));
    tasks.settle().await.unwrap();
    assert_eq!(receiver.n_received(), 1);

    let none = crm.patch(&path, json!({"client_certificate": null})).await.expect(200);
    assert_eq!(none["client_certificate"], json!(null));
}

#[tokio::test]
async fn case_49_a_certificate_that_can_not_work_is_refused_without_telling_the_key() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, MutualReceiver::start().await);
    let (pair, other) = (receiver.issue(), receiver.issue());
    let mixed = json!({"certificate": pair.0, "private_key": other.1});
    for (url, certificate, member) in [
        (receiver.url(), mixed, "/client_certificate/private_key"),
        (
            receiver.url(),
            json!({"certificate": "x", "private_key": pair.1}),
            "/client_certificate/certificate",
        ),
        (receiver.url(), json!({"certificate": pair.0}), "/client_certificate/private_key"),
        (receiver.url(), json!("x"), "/client_certificate"),
        (receiver.url().replace("https", "http"), given(&pair), "/client_certificate"),
    ] {
        let body = json!({"url": url, "client_certificate": certificate});
        let refused = crm.post("/api/v1/webhook-endpoints", body).await;
        let error = refused.refused(422, "validation_failed");
        assert_eq!(error["details"][0]["field"], member, "{error}");
        assert!(!error.to_string().contains(pair.1.lines().nth(1).unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_is_given_and_taken_away_on_the_command_line() {
    let shell = Shell::on_an_install();
    let (certificate, key) = MutualReceiver::start().await.issue();
    std::fs::write(shell.path().join("acme.pem"), certificate).unwrap();
    std::fs::write(shell.path().join("acme.key"), key).unwrap();
    let files = ["--client-certificate", "acme.pem", "--client-key", "acme.key"];
    let create = ["endpoint", "create", "https://crm.example.com/hooks"];
    let made = shell.json(&[&create[..], &files].concat());
    assert!(made["client_certificate"]["fingerprint"].is_string(), "{made}");
    assert!(!made.to_string().contains("BEGIN"));

    let set = ["endpoint", "set", made["id"].as_str().unwrap()];
    let kept = shell.json(&[&set[..], &["--rate", "5"]].concat());
    assert_eq!(kept["client_certificate"], made["client_certificate"]);
    let bare = shell.json(&[&set[..], &["--no-client-certificate"]].concat());
    assert_eq!(bare["client_certificate"], json!(null));

    let half = shell.run(&[&set[..], &files[..2]].concat()).expect(2);
    assert!(half.err.contains("--client-key"), "{}", half.err);
    let absent = ["--client-certificate", "acme.pem", "--client-key", "absent.key"];
    let absent = shell.run(&[&set[..], &absent].concat());
    assert!(absent.status != 0 && absent.err.contains("absent.key"), "{}", absent.err);
}
