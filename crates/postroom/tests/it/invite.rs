//! The invitation's page: what a browser shows and what its button does.

use axum::http::Method;
use bytes::Bytes;
use domain::days;
use serde_json::json;
use testkit::server::Call;
use testkit::{Answer, Mailroom, TestServer};

use crate::walks::generous;

async fn browse(server: &TestServer, method: Method, path: &str) -> (Answer, String) {
    let answer =
        server.call(Call { method, path, key: None, headers: &[], body: Bytes::new() }).await;
    let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
    (answer, text)
}

#[tokio::test]
async fn an_invitation_is_looked_at_often_and_taken_up_once() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.live(&server).await;
    let body = json!({"email": "jane@example.com", "name": "Jane <b>Smith</b>", "prepay": true});
    let customer = crm.post("/api/v1/customers", body).await.expect(201);
    let url = customer["onboarding_url"].as_str().unwrap();
    let path = url.strip_prefix("https://app.example.com").unwrap();
    for _ in 0..2 {
        let (page, text) = browse(&server, Method::GET, path).await;
        page.expect(200);
        assert!(text.contains("acme") && text.contains("Do not use this address yet"), "{text}");
        assert!(!text.contains("<b>"), "{text}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    }
    let id = customer["id"].as_str().unwrap();
    let path_of = format!("/api/v1/customers/{id}");
    assert_eq!(crm.get(&path_of).await.expect(200)["status"], "invited");
    let (welcome, text) = browse(&server, Method::POST, path).await;
    welcome.expect(200);
    assert!(text.contains("Welcome"), "{text}");
    assert_eq!(crm.get(&path_of).await.expect(200)["status"], "active");
    let events = server.events(&acme.ctx(true).await).await;
    assert_eq!(events.last().unwrap()["type"], "customer.activated");
    for method in [Method::GET, Method::POST] {
        browse(&server, method, path).await.0.expect(404);
    }
}

#[tokio::test]
async fn an_invitation_that_is_too_old_or_made_up_is_void() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.live(&server).await;
    let body = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    let customer = crm.post("/api/v1/customers", body).await.expect(201);
    server.advance(days(15)).await;
    let url = customer["onboarding_url"].as_str().unwrap();
    let path = url.strip_prefix("https://app.example.com").unwrap();
    for path in [path, "/invite/0123456789abcdef0123456789abcdef", "/invite/%27", "/invite/%C3%BC"]
    {
        for method in [Method::GET, Method::POST] {
            let (answer, text) = browse(&server, method, path).await;
            answer.expect(404);
            assert!(text.contains("not valid"), "{text}");
        }
    }
}

#[tokio::test]
async fn s32_two_brands_serve_the_same_person_without_knowing() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let body = json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true});
    let mut customers = Vec::new();
    for slug in ["acme", "globex"] {
        let brand = mailroom.partner(slug, generous()).await;
        let crm = brand.live(&server).await;
        let customer = crm.post("/api/v1/customers", body.clone()).await.expect(201);
        let url = customer["onboarding_url"].as_str().unwrap();
        let path = url.strip_prefix("https://app.example.com").unwrap();
        let (page, text) = browse(&server, Method::POST, path).await;
        page.expect(200);
        assert!(text.contains(slug), "{text}");
        let list = crm.get("/api/v1/customers?email=jane@example.com").await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 1);
        assert_eq!(list["data"][0]["id"], customer["id"]);
        customers.push(customer["id"].clone());
    }
    assert_ne!(customers[0], customers[1]);
}
