//! The test world over HTTP: its clock, and steps that people take in the live one.

use axum::http::Method;
use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Mailroom, Persona, TestServer, story};

#[tokio::test]
async fn the_test_clock_moves_forward_only_and_the_live_world_has_none() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.test(&server).await;
    let clock = "/api/v1/test_helpers/clock";
    assert_eq!(crm.get(clock).await.expect(200)["ahead_seconds"], 0);
    let moved = crm.post(clock, json!({"seconds": 604_800})).await.expect(200);
    assert_eq!(moved["now"], "2026-11-27T15:04:05.123Z");
    let id = story::invited(&crm, "crm_1").await;
    let customer = crm.get(&format!("/api/v1/customers/{id}")).await.expect(200);
    assert_eq!(customer["created_at"], "2026-11-27T15:04:05.123Z");
    crm.post(clock, json!({"to": "2026-11-20T00:00:00Z"})).await.refused(422, "validation_failed");
    acme.live(&server).await.get(clock).await.refused(404, "route_not_found");
}

#[tokio::test]
async fn a_form_is_walked_with_the_events_of_every_step() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.test(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    let path = format!("/api/v1/test_helpers/customers/{id}/compliance");
    let walked = crm.post(&path, json!({"status": "mailbox_active"})).await.expect(200);
    assert_eq!(walked["status"], "mailbox_active");
    let events = server.events(&acme.ctx(false).await).await;
    let kinds: Vec<_> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    let step = "customer.form_1583_status_updated";
    let verified = ["customer.verified", "customer.activated"];
    assert_eq!(
        kinds,
        [["customer.created", step, step, step].as_slice(), &verified, &[step]].concat()
    );
    assert!(events.iter().all(|e| e["livemode"] == false));
}

#[tokio::test]
async fn the_test_world_plays_the_clerk() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.test(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    let walk = format!("/api/v1/test_helpers/customers/{id}/compliance");
    crm.post(&walk, json!({"status": "mailbox_active"})).await.expect(200);
    let arrival = json!({"customer_id": id, "tracking_number": "TEST-SCAN-OK"});
    let mail = crm.post("/api/v1/test_helpers/mail/simulate", arrival).await.expect(201);
    let mail = mail["id"].as_str().unwrap();
    let complete = format!("/api/v1/test_helpers/mail/{mail}/complete_action");
    crm.post(&complete, json!({})).await.refused(409, "action_conflict");
    crm.post(&format!("/api/v1/mail/{mail}/scan"), json!({})).await.expect(201);
    server.advance(domain::seconds(4)).await;
    let scanned = crm.get(&format!("/api/v1/mail/{mail}")).await.expect(200);
    assert_eq!(scanned["status"], "scanned");
    let address =
        json!({"line1": "1 Main St", "city": "Denver", "state": "CO", "postal_code": "80202"});
    crm.post(&format!("/api/v1/mail/{mail}/forward"), json!({"address": address}))
        .await
        .expect(201);
    let sent = crm.post(&complete, json!({"tracking_number": "9400"})).await.expect(200);
    assert_eq!(sent["shipment"]["tracking_number"], "9400");
    let events = server.events(&acme.ctx(false).await).await;
    assert_eq!(events.last().unwrap()["type"], "mail.forwarded");
}

#[tokio::test]
async fn receivers_that_misbehave_are_made_up() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.test(&server).await;
    for (name, answer, left) in [
        ("500", json!(500), "enabled"),
        ("timeout", json!(null), "enabled"),
        ("410", json!(410), "disabled_failing"),
    ] {
        let url = json!({"url": format!("https://example.com/hooks/{name}")});
        let made = crm.post("/api/v1/webhook-endpoints", url).await.expect(201);
        let id = made["id"].as_str().unwrap();
        let path = format!("/api/v1/webhook-endpoints/{id}");
        let event = json!({"type": "mail.scanned"});
        crm.post("/api/v1/test_helpers/webhooks/trigger", event).await.expect(201);
        server.settle().await;
        let log =
            crm.get(&format!("/api/v1/webhook-deliveries?endpoint_id={id}")).await.expect(200);
        let delivery = &log["data"][0];
        assert_eq!(delivery["attempts"][0]["status_code"], answer, "{delivery}");
        assert_eq!(crm.get(&path).await.expect(200)["status"], left, "{name}");
    }
}

#[tokio::test]
async fn a_test_key_rehearses_failures_and_a_live_key_does_not() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let (crm, live) = (acme.test(&server).await, acme.live(&server).await);
    let body = json!({"email": "jane@example.com", "name": "Jane Smith"});
    let asked = async |key: &Persona<'_>, header: (&str, &str)| {
        key.send(Method::POST, "/api/v1/customers", &[header], Some(body.clone())).await
    };
    asked(&crm, ("test-fail", "500")).await.refused(500, "internal_error");
    let limited = asked(&crm, ("test-fail", "429")).await;
    limited.refused(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), Some("1"));
    asked(&crm, ("test-fail", "418")).await.refused(400, "invalid_parameter");
    asked(&crm, ("test-latency-ms", "10001")).await.refused(400, "invalid_parameter");
    let list = crm.get("/api/v1/customers").await.expect(200);
    assert_eq!(list["data"], json!([]));
    asked(&crm, ("test-latency-ms", "1")).await.expect(201);
    asked(&live, ("test-fail", "500")).await.expect(201);
}
