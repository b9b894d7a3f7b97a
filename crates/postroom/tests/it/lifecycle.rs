//! The life of a customer over HTTP and by the operator's hand (scenarios 26, 27).

use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::{Mailroom, TestServer, story};

#[tokio::test]
async fn s26_the_six_statuses_are_reached_in_order_and_verified_is_told_once() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    let path = format!("/api/v1/customers/{id}/compliance");
    assert_eq!(crm.get(&path).await.expect(200)["status"], "pending_form");
    story::approve(&acme, &id).await;
    let compliance = crm.get(&path).await.expect(200);
    assert_eq!(compliance["status"], "mailbox_active");
    let history: Vec<_> =
        compliance["history"].as_array().unwrap().iter().map(|h| h["status"].clone()).collect();
    let expected =
        ["pending_form", "pending_notary", "pending_review", "approved", "mailbox_active"];
    assert_eq!(history, expected);
    let events = server.events(&acme.ctx(true).await).await;
    let verified = events.iter().filter(|e| e["type"] == "customer.verified").count();
    assert_eq!(verified, 1);
    let mailbox = crm.get(&format!("/api/v1/customers/{id}/mailbox")).await.expect(200);
    assert_eq!(mailbox["usable"], true);
}

#[tokio::test]
async fn s27_after_deactivation_the_number_is_kept_for_six_months_and_a_second_call_is_no_error() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    story::approve(&acme, &id).await;
    let path = format!("/api/v1/customers/{id}/deactivate");
    let left = crm.post(&path, json!({"reason": "moved"})).await.expect(200);
    assert_eq!(left["status"], "deactivated");
    assert_eq!(left["mailbox"]["status"], "remail");
    assert_eq!(left["remail_until"], "2027-05-20");
    let again = crm.post(&path, json!({})).await.expect(200);
    assert_eq!(again, left);
}

#[tokio::test]
async fn a_change_names_its_version_and_loses_against_a_newer_one() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let id = story::invited(&crm, "crm_1").await;
    let path = format!("/api/v1/customers/{id}");
    let etag = crm.get(&path).await.header("etag").unwrap().to_owned();
    let headers = [("if-match", etag.as_str())];
    let body = Some(json!({"phone": "(555) 123-4567", "metadata": {"tier": "gold"}}));
    let changed = crm.send(axum::http::Method::PATCH, &path, &headers, body).await;
    assert_eq!(changed.expect(200)["phone"], "+15551234567");
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
    let stale =
        crm.send(axum::http::Method::PATCH, &path, &headers, Some(json!({"tags": ["vip"]}))).await;
    stale.refused(412, "precondition_failed");
    let merged =
        crm.patch(&path, json!({"metadata": {"tier": null, "since": "2026"}})).await.expect(200);
    assert_eq!(merged["metadata"], json!({"since": "2026"}));
}

#[tokio::test]
async fn customers_are_found_by_the_partners_own_id_and_by_status() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let crm = acme.live(&server).await;
    let first = story::invited(&crm, "crm_1").await;
    story::invited(&crm, "crm_2").await;
    let found = crm.get("/api/v1/customers?external_customer_id=crm_1").await.expect(200);
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["id"], first.as_str());
    let none = crm.get("/api/v1/customers?status=active,suspended").await.expect(200);
    assert_eq!(none["data"], json!([]));
    let page = crm.get("/api/v1/customers?limit=1").await.expect(200);
    assert_eq!(page["has_more"], true);
}
