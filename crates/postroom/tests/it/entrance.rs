//! What comes before every route: keys, rates, sizes, ids (postal.md appendix B, scenarios 22, 23).

use axum::body::Bytes;
use axum::http::Method;
use domain::key::ScopeName;
use domain::partner::PartnerSettings;
use serde_json::json;
use testkit::server::Call;
use testkit::{Mailroom, Persona, TestServer};

#[tokio::test]
async fn s23_every_answer_has_a_request_id_and_errors_repeat_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let key = acme.live(&server).await;
    key.get("/api/v1/nothing").await.refused(404, "route_not_found");
    let refused = key.send(Method::PUT, "/api/v1/customers", &[], None).await;
    refused.refused(405, "method_not_allowed");
    assert!(refused.header("allow").unwrap().contains("POST"));
    let headers = [("x-request-id", "mine-1")];
    let echoed = key.send(Method::GET, "/api/v1/me", &headers, None).await;
    assert_eq!(echoed.header("x-client-request-id"), Some("mine-1"));
    assert_ne!(echoed.header("x-request-id"), Some("mine-1"));
}

#[tokio::test]
async fn a_key_says_who_it_is() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let me =
        acme.key(&server, false, &[ScopeName::MailRead]).await.get("/api/v1/me").await.expect(200);
    assert_eq!(me["livemode"], false);
    assert_eq!(me["scopes"], json!(["mail:read"]));
    assert_eq!(me["partner_name"], "acme");
}

#[tokio::test]
async fn keys_that_are_not_keys_are_told_apart_from_unknown_ones() {
    let server = TestServer::start().await;
    Mailroom::open(&server).await;
    let with = |key: &str| Persona { server: &server, key: Some(key.to_owned()) };
    with("ib_live_YOUR_KEY").get("/api/v1/me").await.refused(401, "api_key_malformed");
    let ids = testkit::CountedIds::default();
    let unknown = domain::key::generate(&ids, true);
    with(&unknown).get("/api/v1/me").await.refused(401, "api_key_unknown");
}

#[tokio::test]
async fn an_address_that_sends_too_many_bad_keys_is_not_heard_for_a_while() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let bad = Persona { server: &server, key: Some("ib_live_nonsense".to_owned()) };
    for _ in 0..20 {
        bad.get("/api/v1/me").await.refused(401, "api_key_malformed");
    }
    let answer = bad.get("/api/v1/me").await;
    answer.refused(429, "rate_limited");
    assert!(answer.header("retry-after").is_some());
    server.clock.advance(domain::minutes(2));
    acme.live(&server).await.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_partner_that_calls_too_often_is_told_when_to_go_on() {
    let server = TestServer::start().await;
    let settings =
        PartnerSettings { rate_burst: 2, rate_per_10s: 10, ..PartnerSettings::default() };
    let acme = Mailroom::open(&server).await.partner("acme", settings).await;
    let key = acme.live(&server).await;
    let first = key.get("/api/v1/me").await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"partner\";q=10;w=10"));
    assert_eq!(first.header("ratelimit-remaining"), Some("1"));
    key.get("/api/v1/me").await.expect(200);
    let over = key.get("/api/v1/me").await;
    over.refused(429, "rate_limited");
    assert_eq!(over.header("retry-after"), Some("2"));
    server.clock.advance(domain::seconds(2));
    key.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn errors_come_as_problem_json_to_those_who_ask() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let key = acme.live(&server).await;
    let headers = [("accept", "application/problem+json")];
    let answer = key.send(Method::GET, "/api/v1/customers/cus_123", &headers, None).await;
    let problem = answer.expect(404);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(problem["code"], "customer_not_found");
    assert_eq!(problem["status"], 404);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let body = json!({"name": "x".repeat(1 << 20)});
    let answer = acme.live(&server).await.post("/api/v1/customers", body).await;
    answer.refused(413, "payload_too_large");
}

#[tokio::test]
async fn a_query_parameter_that_is_empty_or_out_of_bounds_is_refused() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let key = acme.live(&server).await;
    for query in ["limit=101", "limit=0", "limit=many", "external_customer_id=", "limit=1&limit=1"]
    {
        let answer = key.get(&format!("/api/v1/customers?{query}")).await;
        let error = answer.refused(400, "invalid_parameter");
        assert_eq!(error["param"].as_str(), query.split('=').next(), "{query}");
    }
}

#[tokio::test]
async fn case_44_what_is_too_large_too_deep_or_no_text_is_refused_and_nothing_is_told() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", PartnerSettings::default()).await;
    let key = acme.live(&server).await;
    let deep = format!(r#"{{"metadata": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let large = format!(r#"{{"name": "{}"}}"#, "x".repeat(2 * 1024 * 1024));
    let no_text = b"{\"name\": \"\xff\xfe\"}";
    let refusals = [
        (Bytes::from(deep), 400, "invalid_json"),
        (Bytes::from_static(no_text), 400, "invalid_json"),
        (Bytes::from(large), 413, "payload_too_large"),
    ];
    for (body, status, code) in refusals {
        let call = Call {
            method: Method::POST,
            path: "/api/v1/customers",
            key: key.key.as_deref(),
            headers: &[],
            body,
        };
        server.call(call).await.refused(status, code);
    }
    let events = key.get("/api/v1/events").await.expect(200);
    assert_eq!(events["data"], json!([]));
}
