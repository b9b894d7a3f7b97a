//! Contacts made one (email-api.md 7.2).

use serde_json::{Value, json};
use testkit::{Agent, Organization, TestServer};

const CONTACTS: &str = "/api/v1/contacts";
const NOBODY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";

fn id(contact: &Value) -> &str {
    contact["id"].as_str().expect("an id")
}

async fn make(who: &Agent<'_>, body: Value) -> Value {
    who.post(CONTACTS, body).await.expect(201)
}

#[tokio::test]
async fn contacts_are_merged_with_what_is_known_of_them() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let ann = house.agent("ann").await;
    let one = json!({"given_name": "Bo", "job_title": "Cook", "emails": [{"value": "bo@x.io", "is_primary": true}]});
    let other = json!({"preferred_name": "Bobby", "job_title": "Chef", "company_name": "Acme",
        "emails": [{"value": "BO@x.io"}, {"value": "bobby@y.io", "is_primary": true}], "access_identity_ids": []});
    let (one, other) = (make(&house.admin, one).await, make(&house.admin, other).await);
    let facts = |contact: &Value| format!("{CONTACTS}/{}/facts", id(contact));
    house.admin.post(&facts(&one), json!({"content": "tall"})).await.expect(201);
    server.clock.advance(domain::seconds(1));
    house.admin.post(&facts(&other), json!({"content": "loud"})).await.expect(201);
    let merge = format!("{CONTACTS}/{}/merge", id(&one));
    let body =
        json!({"losing_contact_ids": [other["id"]], "field_sources": {"job_title": other["id"]}});
    ann.post(&merge, body.clone()).await.expect(403);
    let merged = house.admin.post(&merge, body).await.expect(200);
    assert_eq!((&merged["id"], &merged["created_at"]), (&one["id"], &one["created_at"]));
    assert_eq!(
        (&merged["preferred_name"], &merged["job_title"], &merged["company_name"]),
        (&json!("Bo"), &json!("Chef"), &json!("Acme"))
    );
    let emails: Vec<_> = merged["emails"].as_array().unwrap().iter().collect();
    assert_eq!((emails.len(), &emails[1]["value"]), (2, &json!("bobby@y.io")));
    assert_eq!(emails.iter().filter(|email| email["is_primary"] == true).count(), 1);
    assert_eq!(
        (&merged["memory_count"], &merged["latest_memory"]["content"]),
        (&json!(2), &json!("loud"))
    );
    assert_eq!(merged["access"], one["access"]);
    house.admin.get(&format!("{CONTACTS}/{}", id(&other))).await.expect(404);
    let found = ann.get(&format!("{CONTACTS}/lookup?email=bobby@y.io")).await.expect(200);
    assert_eq!(found, json!([merged]));
}

#[tokio::test]
async fn a_merge_that_can_t_be_changes_nothing() {
    let server = TestServer::start().await;
    let house = Organization::open(&server).await;
    let (one, other) = (
        make(&house.admin, json!({"given_name": "Bo"})).await,
        make(&house.admin, json!({"given_name": "Di"})).await,
    );
    let merge = async |body: Value| {
        server.clock.advance(domain::seconds(1));
        house.admin.post(&format!("{CONTACTS}/{}/merge", id(&one)), body).await
    };
    for wrong in [
        json!({}),
        json!({"losing_contact_ids": []}),
        json!({"losing_contact_ids": [one["id"]]}),
        json!({"losing_contact_ids": [other["id"], other["id"]]}),
        json!({"losing_contact_ids": [other["id"]], "field_sources": {"colour": other["id"]}}),
        json!({"losing_contact_ids": [other["id"]], "field_sources": {"notes": NOBODY}}),
    ] {
        merge(wrong).await.expect(422);
    }
    merge(json!({"losing_contact_ids": [other["id"], NOBODY]})).await.expect(404);
    for (contact, n) in [(&one, 13), (&other, 13)] {
        for fact in 0..n {
            server.clock.advance(domain::seconds(1));
            let path = format!("{CONTACTS}/{}/facts", id(contact));
            house.admin.post(&path, json!({"content": format!("fact {fact}")})).await.expect(201);
        }
    }
    let full = merge(json!({"losing_contact_ids": [other["id"]]})).await.expect(409);
    assert!(full["detail"].as_str().unwrap().contains("total"), "{full}");
    let kept = house.admin.get(&format!("{CONTACTS}/{}", id(&other))).await.expect(200);
    assert_eq!(kept["memory_count"], 13);
}
