//! Messages between mailboxes of this install, and the webhooks that tell of them.

use axum::http::Method;
use serde_json::{Value, json};
use testkit::contract::email_contract;
use testkit::{Organization, Received, Receiver, TestServer};

fn told(receiver: &Receiver, kind: &str) -> Vec<Received> {
    let all = receiver.received().into_iter();
    all.filter(|r| r.json()["event_type"] == kind).collect()
}

#[tokio::test]
async fn m11_e5_a_message_between_two_agents_is_stored_on_both_sides_and_told_of_signed() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob-bot").await);
    let (sender, receiver) = (Receiver::start().await, Receiver::start().await);
    let types = ["message.sent", "message.delivered"];
    let of_ann = ann.subscribe(&sender.url(), &types).await;
    let of_bob = bob.subscribe(&receiver.url(), &["message.received"]).await;

    let sent = ann
        .send(&[&bob.address().to_uppercase()], "Invoice 881", "Hello Bob,\n\nhere it is.")
        .await;
    assert_eq!((&sent["direction"], &sent["status"]), (&json!("outbound"), &json!("delivered")));
    assert_eq!(sent["subject"], "Invoice 881");

    let inbox = bob.messages().await;
    assert_eq!(inbox.len(), 1);
    assert_eq!((&inbox[0]["direction"], &inbox[0]["is_read"]), (&json!("inbound"), &json!(false)));
    assert_ne!(inbox[0]["id"], sent["id"]);
    assert_eq!(inbox[0]["message_id"], sent["message_id"]);
    let path = bob.path(&format!("/messages/{}", inbox[0]["id"].as_str().unwrap()));
    let read = bob.get(&path).await.expect(200);
    assert_eq!(
        (&read["is_read"], &read["body_text"]),
        (&json!(true), &json!("Hello Bob,\n\nhere it is."))
    );
    ann.get(&path).await.expect(404);

    server.settle().await;
    let received = told(&receiver, "message.received");
    assert_eq!(received.len(), 1);
    assert!(received[0].verifies_as_email(of_bob["signing_key"].as_str().unwrap()));
    let event = received[0].json();
    email_contract().check_message_event(&event);
    let message = &event["data"]["message"];
    assert_eq!((&message["status"], &message["bcc_addresses"]), (&json!("received"), &Value::Null));
    assert_eq!((&message["id"], &message["body_state"]), (&inbox[0]["id"], &json!("complete")));
    assert_eq!(event["data"]["contacts"], json!([]));

    for kind in types {
        let told = told(&sender, kind);
        assert_eq!(told.len(), 1, "{kind}");
        assert!(told[0].verifies_as_email(of_ann["signing_key"].as_str().unwrap()));
        assert_eq!(told[0].json()["data"]["message"]["id"], sent["id"]);
        assert_eq!(told[0].json()["data"]["message"]["body"], Value::Null);
    }
}

#[tokio::test]
async fn check_21_i1_to_i4_i8_a_send_that_is_repeated_sends_one_message_and_is_told_the_first_answer()
 {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let body = json!({"recipients": {"to": [bob.address()]}, "subject": "Once", "body_text": "x"});
    let first = ann.post_as("k1", &ann.path("/messages"), body.clone()).await;
    let again = ann.post_as("k1", &ann.path("/messages"), body.clone()).await;
    assert_eq!((first.status, &first.bytes), (again.status, &again.bytes));
    first.expect(201);
    assert_eq!(bob.messages().await.len(), 1);

    let mut other = body;
    other["subject"] = json!("Twice");
    let reused = ann.post_as("k1", &ann.path("/messages"), other).await.expect(409);
    assert_eq!(reused["detail"]["error"], "idempotency_key_reused");

    // I-8
    let sender = ann.mailbox_id();
    let path = |operation: &str| {
        format!(
            "/api/v1/message-sends/lookup?sender_kind=mailbox&sender_id={sender}&operation={operation}"
        )
    };
    let key = [("idempotency-key", "k1")];
    let found = ann.call(Method::GET, &path("mail.send"), &key, None).await.expect(200);
    assert_eq!(found["message_id"], first.json()["id"]);
    ann.call(Method::GET, &path("mail.forward"), &key, None).await.expect(404);
    bob.call(Method::GET, &path("mail.send"), &key, None).await.expect(404);
    ann.get(&path("mail.send")).await.expect(422);

    // I-1, I-2
    let long = "x".repeat(256);
    ann.post_as(&long, &ann.path("/messages"), json!({})).await.expect(422);
    let forward = json!({"recipients": {"to": [bob.address()]}});
    let id = first.json()["id"].as_str().unwrap().to_owned();
    ann.post_as("k1", &ann.path(&format!("/messages/{id}/forward")), forward).await.expect(201);
}

#[tokio::test]
async fn a_caller_without_a_good_key_and_an_unknown_route_get_the_body_that_the_clients_read() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let mut ann = organization.agent("ann").await;
    let nothing = ann.get("/api/v1/tunnels/").await.expect(404);
    assert_eq!(nothing, json!({"detail": "Not Found"}));
    let whoami = ann.get("/api/whoami").await.expect(200);
    assert_eq!(whoami["auth_subtype"], "api_key.agent_scoped.claimed");
    assert!(whoami["organization_id"].as_str().unwrap().starts_with("org_"));

    let own = ann.get("/api/v1/api-keys/self").await.expect(200);
    assert_eq!((&own["id"], &own["label"]), (&whoami["key_id"], &json!("ann")));
    assert_eq!(own["scoped_identity_id"], ann.identity["id"]);
    assert!(ann.key.ends_with(own["last4"].as_str().unwrap()));

    ann.key.push('x');
    let refused = ann.get("/api/v1/identities/").await.expect(401);
    assert!(refused["detail"].is_string());
}

#[tokio::test]
async fn sk3_a_key_that_was_rotated_signs_nothing_more_from_the_commit_on() {
    let server = TestServer::start().await;
    let organization = Organization::open(&server).await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receiver = Receiver::start().await;
    let first = bob.subscribe(&receiver.url(), &["message.received"]).await["signing_key"].clone();
    let running = server.tasks.start();
    ann.send(&[bob.address()], "Before", "x").await;
    assert!(receiver.wait_for(1).await[0].verifies_as_email(first.as_str().unwrap()));
    let made = bob.post("/api/v1/identities/bob/signing-key", json!({})).await.expect(201);
    ann.send(&[bob.address()], "After", "x").await;
    assert!(receiver.wait_for(2).await[1].verifies_as_email(made["signing_key"].as_str().unwrap()));
    running.stop().await;
}

#[tokio::test]
async fn the_partner_api_shows_nothing_of_mailboxes() {
    let server = TestServer::start().await;
    let mailroom = testkit::Mailroom::open(&server).await;
    let partner = mailroom.partner("other", domain::partner::PartnerSettings::default()).await;
    let organization = Organization::of(&server, &mailroom, "acme").await;
    let (ann, bob) = (organization.agent("ann").await, organization.agent("bob").await);
    let receiver = Receiver::start().await;
    bob.subscribe(&receiver.url(), &["message.received"]).await;
    ann.send(&[bob.address()], "Hello", "x").await;
    server.settle().await;
    assert_eq!(receiver.received().len(), 1);
    let of_same = testkit::persona::Partner::of(&server, "acme");
    for system in [of_same.live(&server).await, partner.live(&server).await] {
        for path in ["/api/v1/webhook-endpoints", "/api/v1/events", "/api/v1/webhook-deliveries"] {
            assert_eq!(system.get(path).await.expect(200)["data"], json!([]), "{path}");
        }
        // A key of one API is none of the other.
        let call = ann.call(Method::GET, "/api/whoami", &[], None).await;
        call.expect(200);
        let refused = testkit::Persona { server: &server, key: Some(ann.key.clone()) };
        refused.get("/api/v1/events").await.refused(401, "api_key_malformed");
        let mut stranger = ann.clone();
        stranger.key = system.key.clone().unwrap();
        stranger.get("/api/whoami").await.expect(401);
    }
}
