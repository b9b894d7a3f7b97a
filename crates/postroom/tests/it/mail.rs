//! Mail over HTTP (postal.md appendix B, scenarios 6 to 16).

use domain::mail::{MailFlag, MailType};
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use testkit::{Mailroom, TestServer, story};

/// The seed's body for this customer.
pub(crate) fn package(customer: &str) -> Value {
    json!({
        "customer_id": customer, "type": "package", "photos": ["https://example.com/package-front.jpg"],
        "performed_by": "warehouse_user_42", "tracking_number": "1Z9999999999999999",
    })
}

#[tokio::test]
async fn s6_s7_mail_needs_approval_and_a_paid_mailbox() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    let early = crm.post_as("inbound_mail_789", "/api/v1/mail", package(&id)).await;
    early.refused(409, "compliance_not_approved");
    let unpaid = json!({"email": "a@example.com", "name": "Jane Smith"});
    let unpaid = crm.post("/api/v1/customers", unpaid).await.expect(201);
    let refused = crm.post("/api/v1/mail", package(unpaid["id"].as_str().unwrap())).await;
    refused.refused(402, "billing_inactive");
    story::approve(&acme, &id).await;
    crm.post_as("inbound_mail_789", "/api/v1/mail", package(&id)).await.expect(201);
}

#[tokio::test]
async fn s8_s9_s10_a_package_tells_twice_a_letter_once_and_a_foreign_customer_is_unknown() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", PartnerSettings::default()).await;
    let globex = mailroom.partner("globex", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let before = server.events(&acme.ctx(true).await).await.len();
    let made = crm.post("/api/v1/mail", package(&id)).await.expect(201);
    assert_eq!((made["carrier"].as_str(), made["status"].as_str()), (Some("ups"), Some("arrived")));
    let mut letter = package(&id);
    letter["type"] = json!("envelope");
    let again = crm.post("/api/v1/mail", letter).await.expect(201);
    assert_eq!(again["warnings"], json!(["possible_duplicate"]));
    assert_eq!(
        (again["type"].as_str(), again["subtype"].as_str()),
        (Some("letter"), Some("envelope"))
    );
    let events = server.events(&acme.ctx(true).await).await;
    let told: Vec<_> = events[before..].iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["mail.arrived", "package.arrived", "mail.arrived"]);
    assert_ne!(events[before]["id"], events[before + 1]["id"]);
    let foreign = globex.live(&server).await.post("/api/v1/mail", package(&id)).await;
    foreign.refused(404, "customer_not_found");
}

#[tokio::test]
async fn s11_bad_photos_and_missing_fields_are_named() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let with = |name: &str, value: Value| {
        let mut body = package(&id);
        body[name] = value;
        body
    };
    let none = crm.post("/api/v1/mail", with("photos", json!([]))).await;
    assert_eq!(none.refused(422, "validation_failed")["param"], "photos");
    let nobody = crm.post("/api/v1/mail", with("performed_by", Value::Null)).await;
    assert_eq!(nobody.refused(422, "validation_failed")["param"], "performed_by");
    for url in ["http://example.com/a.jpg", "https://10.0.0.1/x", "https://user:pw@example.com/x"] {
        let refused = crm.post("/api/v1/mail", with("photos", json!([url]))).await;
        assert_eq!(refused.refused(422, "photo_url_not_allowed")["param"], "photos", "{url}");
    }
}

#[tokio::test]
async fn s12_s14_what_was_not_worked_on_can_be_deleted_and_made_again() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let other = story::resident(&acme, &crm, "crm_2").await;
    let mail = crm.post("/api/v1/mail", package(&id)).await.expect(201);
    let path = format!("/api/v1/mail/{}", mail["id"].as_str().unwrap());
    crm.post(&format!("{path}/scan"), json!({"contents_photo": true})).await.expect(201);
    assert_eq!(crm.delete(&path).await.expect(200)["deleted"], true);
    assert_eq!(crm.delete(&path).await.expect(200)["deleted"], true);
    crm.get(&path).await.refused(404, "mail_not_found");
    crm.post("/api/v1/mail", package(&other)).await.expect(201);
    let list = crm.get(&format!("/api/v1/customers/{id}/mail")).await.expect(200);
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn s13_what_the_operator_logged_is_not_the_partners_to_delete() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let logged = story::logged(&acme, &id, MailType::Letter, &[MailFlag::Check]).await;
    crm.delete(&format!("/api/v1/mail/{logged}")).await.refused(409, "mail_not_partner_created");
}

#[tokio::test]
async fn s15_there_is_no_reassignment() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let refused = crm.patch("/api/v1/mail/mail_123", json!({"customer_id": "cus_1"})).await;
    refused.refused(405, "method_not_allowed");
    let allowed = refused.header("allow").unwrap();
    assert!(allowed.contains("GET") && allowed.contains("DELETE"), "{allowed}");
}

#[tokio::test]
async fn a_list_is_narrowed_by_what_is_stored_and_by_what_follows_from_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let first = crm.post("/api/v1/mail", package(&id)).await.expect(201);
    story::logged(&acme, &id, MailType::Letter, &[]).await;
    let path = format!("/api/v1/mail/{}/pickup", first["id"].as_str().unwrap());
    crm.post(&path, json!({})).await.expect(201);
    let list = async |query: &str| {
        let found = crm.get(&format!("/api/v1/customers/{id}/mail?{query}")).await.expect(200);
        found["data"].as_array().unwrap().len()
    };
    assert_eq!(list("").await, 2);
    assert_eq!(list("type=letter").await, 1);
    assert_eq!(list("status=pickup_requested").await, 1);
    assert_eq!(list("has_open_action=false").await, 1);
    assert_eq!(list("tracking_number=1Z9999999999999999").await, 1);
    let page = crm.get(&format!("/api/v1/customers/{id}/mail?limit=1")).await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(list(&format!("limit=1&cursor={cursor}")).await, 1);
}

#[tokio::test]
async fn links_to_photos_die_with_their_mail() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let pictures = testkit::Pictures::start().await;
    let mut body = package(&id);
    body["photos"] = json!([pictures.url("front.png")]);
    let mail = crm.post("/api/v1/mail", body).await.expect(201);
    server.settle().await;
    let path = format!("/api/v1/mail/{}", mail["id"].as_str().unwrap());
    let read = crm.get(&path).await.expect(200);
    let link = read["photos"][0]["url"].as_str().unwrap().replace("https://app.example.com", "");
    let anyone = testkit::Persona::anonymous(&server);
    assert_eq!(anyone.get(&link).await.header("content-type"), Some("image/png"));
    crm.delete(&path).await.expect(200);
    anyone.get(&link).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_photo_is_fetched_cleaned_and_shown_by_a_link_that_ends() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::resident(&acme, &crm, "crm_1").await;
    let pictures = testkit::Pictures::start().await;
    let mut body = package(&id);
    body["photos"] = json!([pictures.url("front.png"), pictures.url("gone.png")]);
    let mail = crm.post("/api/v1/mail", body).await.expect(201);
    assert_eq!(mail["photos"][0]["status"], "pending");
    server.settle().await;
    for _ in 0..4 {
        server.advance(domain::minutes(20)).await;
    }
    let read = crm.get(&format!("/api/v1/mail/{}", mail["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read["photos"][0]["status"], "stored");
    assert_eq!(read["photos"][1]["status"], "failed");
    let link = read["photos"][0]["url"].as_str().unwrap().replace("https://app.example.com", "");
    let shown = testkit::Persona::anonymous(&server).get(&link).await;
    assert_eq!(shown.header("content-type"), Some("image/png"));
    assert!(shown.bytes.starts_with(b"\x89PNG"));
    let forged = link.replace("expires=", "expires=9");
    testkit::Persona::anonymous(&server).get(&forged).await.refused(404, "not_found");
    server.clock.advance(domain::minutes(15));
    testkit::Persona::anonymous(&server).get(&link).await.refused(404, "not_found");
}
