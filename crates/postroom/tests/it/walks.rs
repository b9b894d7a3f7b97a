//! What holds for every operation of the document, so that a new one is covered on arrival.

use axum::http::Method;
use domain::key::ScopeName;
use domain::partner::PartnerSettings;
use serde_json::{Value, json};
use testkit::{Mailroom, Persona, TestServer, contract};

/// Every operation: method, path with ids that are nobody's, and its scope.
fn operations() -> Vec<(Method, String, Option<ScopeName>)> {
    let document = contract::contract().document();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut filled = format!("/api/v1{path}");
            while let (Some(from), Some(to)) = (filled.find('{'), filled.find('}')) {
                filled.replace_range(from..=to, "cus_123");
            }
            let scope = operation["x-required-scope"].as_str();
            let scope = scope.map(|s| ScopeName::parse(s).unwrap());
            found.push((
                Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                filled,
                scope,
            ));
        }
    }
    found
}

fn body_for(method: &Method) -> Option<Value> {
    (method == Method::POST || method == Method::PATCH).then(|| json!({}))
}

#[tokio::test]
async fn without_a_key_every_operation_but_that_of_public_keys_answers_401() {
    let server = TestServer::start().await;
    let nobody = Persona::anonymous(&server);
    for (method, path, scope) in operations() {
        let answer = nobody.send(method.clone(), &path, &[], body_for(&method)).await;
        if path.ends_with("/public-keys") {
            assert_eq!(scope, None, "what everybody may read has no scope");
            answer.refused(404, "not_found");
            continue;
        }
        answer.refused(401, "api_key_missing");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
}

#[tokio::test]
async fn s22_without_its_scope_every_operation_answers_403_and_names_it() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    for (method, path, scope) in operations() {
        let Some(scope) = scope else { continue };
        let others: Vec<ScopeName> =
            ScopeName::ALL.iter().copied().filter(|s| *s != scope).collect();
        let key = acme.key(&server, true, &others).await;
        let answer = key.send(method.clone(), &path, &[], body_for(&method)).await;
        let error = answer.refused(403, "insufficient_scope");
        assert!(error["message"].as_str().unwrap().contains(scope.as_str()), "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_query_parameter_is_refused_everywhere() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let key = acme.test(&server).await;
    for (method, path, _) in operations() {
        let path = format!("{path}?limitt=3");
        let answer = key.send(method.clone(), &path, &[], body_for(&method)).await;
        answer.refused(400, "unknown_parameter");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_everywhere() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let key = acme.test(&server).await;
    for (method, path, _) in operations() {
        if body_for(&method).is_none() {
            continue;
        }
        let list = key.send(method.clone(), &path, &[], Some(json!([1]))).await;
        list.refused(400, "invalid_json");
        let unknown = key.send(method.clone(), &path, &[], Some(json!({"no_such_field": 1}))).await;
        assert_eq!(unknown.status, 422, "{method} {path}");
    }
}

#[tokio::test]
async fn a_key_that_is_too_long_or_empty_is_refused_on_every_write() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let key = acme.test(&server).await;
    for (method, path, _) in operations().into_iter().filter(|(m, ..)| *m != Method::GET) {
        let headers = [("idempotency-key", "")];
        let answer = key.send(method.clone(), &path, &headers, body_for(&method)).await;
        answer.refused(400, "idempotency_key_invalid");
    }
}

/// A partner whose rate does not get in the way of a walk.
pub(crate) fn generous() -> PartnerSettings {
    PartnerSettings { rate_per_10s: 100_000, rate_burst: 100_000, ..PartnerSettings::default() }
}
