//! Whose key signs what an endpoint receives, over HTTP (webhooks.md 5.11).

use domain::endpoint::KeyMode;
use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Mailroom, Received, Receiver, TestServer};
use webhook::signature::Secret;
use webhook::verify::{Arrived, SignatureProblem, verify_any};

fn body() -> serde_json::Value {
    json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true})
}

/// What a receiver with a secret says of a signature header.
fn holds(
    server: &TestServer,
    received: &Received,
    header: &str,
    secret: &str,
    mode: KeyMode,
) -> Result<(), SignatureProblem> {
    let arrived = Arrived {
        signature: Some(received.header(header)),
        id: Some(received.header("webhook-id")),
        timestamp: Some(received.header("webhook-timestamp")),
        body: &received.body,
    };
    verify_any(&Secret::parse(secret).unwrap(), Some(mode), &arrived, server.app.clock.now())
}

#[tokio::test]
async fn case_21_a_receiver_that_reads_its_secret_in_another_way_is_signed_for_as_it_reads_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let plain = "an-old-secret-of-the-receiver";
    let known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let made = json!({"url": receiver.url(), "secret": plain});
    let refused = crm.post("/api/v1/webhook-endpoints", made).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "key_mode");
    let made = json!({
        "url": receiver.url(), "secret": plain, "key_mode": "raw", "standard_key_mode": "ascii",
    });
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    assert_eq!((&made["secret"], &made["key_mode"]), (&json!(plain), &json!("raw")));
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert!(receiver.received()[0].verifies(plain));

    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    crm.post(&format!("{path}/rotate-secret"), json!({"secret": known})).await.expect(200);
    let changed = crm.patch(&path, json!({"key_mode": "ascii"})).await.expect(200);
    assert_eq!((&changed["secret"], &changed["key_mode"]), (&json!(null), &json!("ascii")));
    let refused = crm.patch(&path, json!({"key_mode": null})).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "key_mode");
    let refused = crm.patch(&path, json!({"standard_key_mode": "base64"})).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "standard_key_mode");
    server.advance(domain::seconds(2)).await;
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    for header in ["x-innbocks-signature", "webhook-signature"] {
        for secret in [plain, known] {
            let said = holds(&server, &receiver.received()[1], header, secret, KeyMode::Ascii);
            assert_eq!(said, Ok(()), "{header}");
        }
    }
}
