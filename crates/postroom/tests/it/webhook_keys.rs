//! Whose key signs what an endpoint receives, over HTTP (webhooks.md 5.11).

use domain::endpoint::KeyMode;
use domain::minutes;
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use testkit::{Mailroom, Persona, Received, Receiver, TestServer};
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

/// What an owner sees of the keys: number and standing.
fn standings(endpoint: &Value) -> Vec<(i64, &str)> {
    let keys = endpoint["keys"].as_array().unwrap().iter();
    keys.map(|key| (key["number"].as_i64().unwrap(), key["standing"].as_str().unwrap())).collect()
}

/// The newest delivery.
async fn delivered(server: &TestServer, crm: &Persona<'_>, receiver: &Receiver) -> Received {
    server.advance(domain::seconds(2)).await;
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    receiver.received().last().unwrap().clone()
}

#[tokio::test]
async fn case_21_a_receiver_verifies_with_public_keys_that_it_reads_before_during_and_after_a_rotation()
 {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({"url": receiver.url()});
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/webhook-endpoints/{id}");
    let nobody = Persona::anonymous(&server);
    let published = async || {
        let answer = nobody.get(&format!("{path}/public-keys")).await.expect(200);
        let texts = answer["keys"].as_array().unwrap().iter();
        texts.map(|key| key["whpk"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    nobody.get(&format!("{path}/public-keys")).await.refused(404, "not_found");
    let of_hmac = delivered(&server, &crm, &receiver).await;
    assert!(!of_hmac.header("webhook-signature").contains("v1a,"));

    let on = crm.patch(&path, json!({"ed25519": true})).await.expect(200);
    let first = published().await;
    assert_eq!(on["keys"][0]["public_key"], json!(first[0]));
    let good = |received: &Received, key: &str| {
        holds(&server, received, "webhook-signature", key, KeyMode::Decoded)
    };
    let received = delivered(&server, &crm, &receiver).await;
    assert_eq!(good(&received, &first[0]), Ok(()));
    assert_eq!(good(&received, made["secret"].as_str().unwrap()), Ok(()));

    let rotated = crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    assert_eq!(standings(&rotated), [(1, "current"), (2, "next")]);
    let both = published().await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    let received = delivered(&server, &crm, &receiver).await;
    assert_eq!((good(&received, &both[0]), good(&received, &both[1])), (Ok(()), Ok(())));

    let grace = json!({"grace_seconds": 0});
    let switched = crm.post(&format!("{path}/switch-secret"), grace).await.expect(200);
    assert_eq!(standings(&switched), [(2, "current")]);
    assert_eq!(published().await, both[1..]);
    let received = delivered(&server, &crm, &receiver).await;
    assert_eq!(good(&received, &both[1]), Ok(()));
    assert_eq!(good(&received, &both[0]), Err(SignatureProblem::PairMismatch));
    let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
    let signers = log["data"].as_array().unwrap().iter().map(|d| d["attempts"][0]["key"].clone());
    assert_eq!(signers.collect::<Vec<_>>(), [json!(2), json!(1), json!(1), json!(1)]);

    crm.patch(&path, json!({"ed25519": false})).await.expect(200);
    nobody.get(&format!("{path}/public-keys")).await.refused(404, "not_found");
    let received = delivered(&server, &crm, &receiver).await;
    assert_eq!(good(&received, &both[1]), Err(SignatureProblem::NoPairSignature));
}

#[tokio::test]
async fn case_21_a_secret_that_leaked_signs_nothing_more() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made = json!({"url": receiver.url(), "ed25519": true});
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let revoke = format!("{path}/revoke-secret");
    let refused = crm.post(&revoke, json!({"key": 1})).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "key");
    crm.post(&revoke, json!({"key": 7})).await.refused(422, "validation_failed");
    let both = json!({"key": 1, "secret": "an-old-secret-of-the-receiver"});
    crm.post(&revoke, both).await.refused(422, "validation_failed");

    let new = crm.post(&revoke, json!({})).await.expect(200);
    assert_eq!(standings(&new), [(2, "current")]);
    let (old, new) = (made["secret"].as_str().unwrap(), new["secret"].as_str().unwrap());
    let received = delivered(&server, &crm, &receiver).await;
    assert!(received.verifies(new) && !received.verifies(old));
    assert_eq!(received.header("webhook-signature").matches("v1a,").count(), 1);

    // The one that waits is taken back, then the current one while another waits.
    crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    let left = crm.post(&revoke, json!({"key": 3})).await.expect(200);
    assert_eq!(standings(&left), [(2, "current")]);
    assert_eq!(left["keys"][0]["expires_at"], json!(null));
    let next = crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    let left = crm.post(&revoke, json!({"key": 2})).await.expect(200);
    assert_eq!(standings(&left), [(4, "current")]);
    let received = delivered(&server, &crm, &receiver).await;
    assert!(received.verifies(next["secret"].as_str().unwrap()) && !received.verifies(new));
    server.advance(domain::days(30)).await;
    let shown = crm.get(&path).await.expect(200);
    assert_eq!(standings(&shown), [(4, "current")]);
}

#[tokio::test]
async fn case_48_case_49_private_halves_and_keys_of_no_endpoint_are_never_shown() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let made = json!({"url": "https://crm.example.com/hooks", "ed25519": true});
    let made = crm.post("/api/v1/webhook-endpoints", made).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let set = crm.get(&format!("{path}/public-keys")).await.expect(200);
    let list = crm.get("/api/v1/webhook-endpoints").await.expect(200);
    for answer in [&made, &set, &list] {
        assert!(!answer.to_string().contains("whsk_"), "{answer}");
        assert!(answer.to_string().contains("whpk_"), "{answer}");
    }
    crm.delete(&path).await.expect(200);
    for id in ["whe_01kb3v7m2zq8e4x5n6p7r8s9ta", "nonsense", made["id"].as_str().unwrap()] {
        let path = format!("/api/v1/webhook-endpoints/{id}/public-keys");
        crm.get(&path).await.refused(404, "not_found");
    }
    let own = json!({
        "url": "https://crm.example.com/hooks",
        "secret": "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
    });
    let refused = crm.post("/api/v1/webhook-endpoints", own).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "secret");
}

#[tokio::test]
async fn case_21_a_receiver_of_one_signature_is_shown_the_next_ones_and_tried_with_it_alone() {
    const NEXT: &str = "x-innbocks-signature-next";
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, receiver) = (acme.live(&server).await, Receiver::start().await);
    let made =
        crm.post("/api/v1/webhook-endpoints", json!({"url": receiver.url()})).await.expect(201);
    let path = format!("/api/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let test = format!("{path}/test");
    let new = crm.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
    let (old, new) = (made["secret"].as_str().unwrap(), new["secret"].as_str().unwrap());
    crm.post("/api/v1/customers", body()).await.expect(201);
    crm.post(&test, json!({"key": 2})).await.expect(201);
    crm.post(&test, json!({"key": 1})).await.expect(201);
    let refused = crm.post(&test, json!({"key": 3})).await;
    assert_eq!(refused.refused(422, "validation_failed")["param"], "key");
    server.settle().await;

    let [event, by_new, by_old] = &receiver.received()[..] else { panic!("expected three") };
    let next = |secret| holds(&server, event, NEXT, secret, KeyMode::AsciiWithPrefix).is_ok();
    assert!(event.verifies(old) && next(new) && !next(old));
    assert!(by_new.verifies(new) && !by_new.verifies(old));
    assert!(by_old.verifies(old) && !by_old.verifies(new));
    for test in [by_new, by_old] {
        assert!(!test.headers.contains_key(NEXT));
        assert_eq!(test.header("x-innbocks-signature").matches("v1=").count(), 1);
        assert_eq!(test.header("webhook-signature").matches("v1,").count(), 1);
    }
    let log = crm.get("/api/v1/webhook-deliveries").await.expect(200);
    let keys: Vec<_> = (0..3).map(|n| log["data"][n]["attempts"][0]["key"].as_i64()).collect();
    assert_eq!(keys, [Some(1), Some(2), Some(1)]);

    receiver.answer_with(&[500]);
    crm.post(&test, json!({"key": 1})).await.expect(201);
    server.settle().await;
    crm.post(&format!("{path}/revoke-secret"), json!({"key": 1})).await.expect(200);
    server.advance(minutes(1)).await;
    let [first, again] = &receiver.received()[3..] else { panic!("expected two") };
    assert!(first.verifies(old) && again.verifies(new));
    crm.post("/api/v1/customers", body()).await.expect(201);
    server.settle().await;
    assert!(!receiver.received()[5].headers.contains_key(NEXT), "nothing waits any more");
}
