//! Customers over HTTP (postal.md appendix B, scenarios 1 to 5, 8).

use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Mailroom, TestServer};

fn seed_body() -> serde_json::Value {
    json!({
        "external_customer_id": "crm_customer_123", "email": "jane@example.com", "name": "Jane Smith",
        "phone": "+15555555555", "prepay": true,
    })
}

#[tokio::test]
async fn s1_the_seeds_request_invites_a_customer_and_reserves_a_mailbox() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let answer = crm.post_as("crm_customer_123_create", "/api/v1/customers", seed_body()).await;
    let customer = answer.expect(201);
    assert!(customer["id"].as_str().unwrap().starts_with("cus_"));
    assert_eq!(customer["status"], "invited");
    assert_eq!(customer["compliance_status"], "pending_form");
    assert_eq!(customer["billing"]["status"], "active");
    assert_eq!(customer["mailbox"]["status"], "reserved");
    assert_eq!(customer["mailbox"]["usable"], false);
    let lines = json!(["Jane Smith", "4521 Commerce Blvd PMB 301", "Austin, TX 78745-1234"]);
    assert_eq!(customer["mailbox"]["formatted_address"], lines);
    let events = server.events(&acme.ctx(true).await).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "customer.created");
    assert_eq!(events[0]["sequence"], 1);
    assert_eq!(events[0]["request"]["id"].as_str(), answer.header("x-request-id"));
    assert_eq!(events[0]["request"]["idempotency_key"], "crm_customer_123_create");
    assert_eq!(events[0]["data"]["object"]["id"], customer["id"]);
}

#[tokio::test]
async fn s2_case_3_the_same_request_under_the_same_key_is_told_the_same_and_changes_nothing() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let first = crm.post_as("k1", "/api/v1/customers", seed_body()).await;
    let again = crm.post_as("k1", "/api/v1/customers", seed_body()).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("original-request-id"), first.header("x-request-id"));
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(server.events(&acme.ctx(true).await).await.len(), 1);
}

#[tokio::test]
async fn s3_case_4_another_request_under_the_same_key_is_refused_and_the_first_stays() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let first = crm.post_as("k1", "/api/v1/customers", seed_body()).await;
    let told = server.events(&acme.ctx(true).await).await;
    let mut other = seed_body();
    other["email"] = json!("john@example.com");
    let refused = crm.post_as("k1", "/api/v1/customers", other).await;
    refused.refused(422, "idempotency_key_reused");
    assert_eq!(server.events(&acme.ctx(true).await).await, told);
    assert_eq!(crm.post_as("k1", "/api/v1/customers", seed_body()).await.bytes, first.bytes);
}

#[tokio::test]
async fn s4_twenty_twins_make_one_customer() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let twins = (0..20).map(|_| crm.post_as("k1", "/api/v1/customers", seed_body()));
    let answers = testkit::all(twins).await;
    let made = answers.iter().filter(|a| a.status == 201).count();
    assert!(made >= 1);
    for answer in answers.iter().filter(|a| a.status != 201) {
        answer.refused(409, "idempotency_in_progress");
    }
    assert_eq!(server.events(&acme.ctx(true).await).await.len(), 1);
}

#[tokio::test]
async fn s5_an_external_id_is_taken_once_and_a_refused_key_stays_free() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let first = crm.post("/api/v1/customers", seed_body()).await.expect(201);
    let refused = crm.post_as("k2", "/api/v1/customers", seed_body()).await;
    let error = refused.refused(409, "external_customer_id_exists");
    assert!(error["message"].as_str().unwrap().contains(first["id"].as_str().unwrap()));
    let mut other = seed_body();
    other["external_customer_id"] = json!("crm_customer_124");
    crm.post_as("k2", "/api/v1/customers", other).await.expect(201);
}

#[tokio::test]
async fn s8_another_partners_customer_is_not_found() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let globex = mailroom.partner("globex", PartnerSettings::default()).await;
    let customer =
        acme.live(&server).await.post("/api/v1/customers", seed_body()).await.expect(201);
    let path = format!("/api/v1/customers/{}", customer["id"].as_str().unwrap());
    let foreign = globex.live(&server).await.get(&path).await.refused(404, "customer_not_found");
    let unknown = globex.live(&server).await.get("/api/v1/customers/cus_123").await;
    assert_eq!(unknown.refused(404, "customer_not_found")["message"], foreign["message"]);
    acme.test(&server).await.get(&path).await.refused(404, "customer_not_found");
}

#[tokio::test]
async fn a_dry_run_checks_everything_and_changes_nothing() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let would = crm.post("/api/v1/customers?dry_run=true", seed_body()).await.expect(200);
    assert_eq!(would["dry_run"], true);
    assert!(would.get("id").is_none());
    assert!(server.events(&acme.ctx(true).await).await.is_empty());
    crm.post("/api/v1/customers", seed_body()).await.expect(201);
}
