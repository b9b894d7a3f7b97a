//! What holds for every operation on a thing that exists: other tenants do not see it, and a write that
//! is repeated under its key happens once. A new operation fails here until it is given a body.

use std::collections::HashMap;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Mailroom, Persona, TestServer, contract};

use crate::mail::package;
use crate::walks::generous;

/// An operation of the document.
struct Operation {
    id: String,
    method: Method,
    path: String,
}

fn operations() -> Vec<Operation> {
    let document = contract::contract().document();
    let paths = document["paths"].as_object().unwrap().iter();
    let of = |(path, item): (&String, &Value)| {
        let each = |(method, operation): (&String, &Value)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
            path: format!("/api/v1{path}"),
        };
        item.as_object().unwrap().iter().map(each).collect::<Vec<_>>()
    };
    paths.flat_map(of).collect()
}

/// One thing of each kind that a path or a body can name, by the name of its parameter.
struct Things(HashMap<&'static str, String>);

impl Things {
    /// Things of the test world, where every operation can be called.
    async fn make(crm: &Persona<'_>) -> Self {
        let mut things = Self(HashMap::new());
        things.add("applicant_id", &crm.post("/api/v1/customers", applicant()).await.expect(201));
        let customer = crm.post("/api/v1/customers", applicant()).await.expect(201);
        things.add("customer_id", &customer);
        let walk = things.fill("/api/v1/test_helpers/customers/{customer_id}/compliance");
        crm.post(&walk, json!({"status": "mailbox_active"})).await.expect(200);
        for name in ["mail_id", "asked_id"] {
            let arrived = crm.post("/api/v1/mail", letter(things.id("customer_id"))).await;
            things.add(name, &arrived.expect(201));
        }
        crm.post(&things.fill("/api/v1/mail/{asked_id}/scan"), json!({})).await.expect(201);
        let receiver = json!({"url": "https://crm.example.com/hooks"});
        let endpoint = crm.post("/api/v1/webhook-endpoints", receiver).await.expect(201);
        things.add("endpoint_id", &endpoint);
        let rotate = things.fill("/api/v1/webhook-endpoints/{endpoint_id}/rotate-secret");
        crm.post(&rotate, json!({})).await.expect(200);
        let recover = things.fill("/api/v1/webhook-endpoints/{endpoint_id}/recover");
        let since = json!({"since": "2026-01-01T00:00:00Z"});
        things.add("recovery_id", &crm.post(&recover, since).await.expect(201));
        let test = things.fill("/api/v1/webhook-endpoints/{endpoint_id}/test");
        let sent = crm.post(&test, json!({})).await.expect(201);
        things.0.insert("delivery_id", sent["delivery_id"].as_str().unwrap().to_owned());
        things.add("event_id", &crm.get("/api/v1/events").await.expect(200)["data"][0]);
        things
    }

    fn unknown() -> Self {
        let id = |prefix: &str| format!("{prefix}_01kb3v7m2zq8e4x5n6p7r8s9ta");
        Self(HashMap::from([
            ("applicant_id", id("cus")),
            ("customer_id", id("cus")),
            ("mail_id", id("mail")),
            ("asked_id", id("mail")),
            ("endpoint_id", id("whe")),
            ("event_id", id("evt")),
            ("delivery_id", id("whd")),
            ("recovery_id", id("rcv")),
        ]))
    }

    fn add(&mut self, name: &'static str, thing: &Value) {
        self.0.insert(name, thing["id"].as_str().unwrap().to_owned());
    }

    fn id(&self, name: &str) -> &str {
        &self.0[name]
    }

    fn fill(&self, path: &str) -> String {
        self.0
            .iter()
            .fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
    }

    /// The path and a good body of a call; none where the operation has no body.
    fn call(&self, operation: &Operation) -> (String, Option<Value>) {
        let address =
            json!({"line1": "1 Main St", "city": "Denver", "state": "CO", "postal_code": "80202"});
        let mut path = operation.path.clone();
        let body = match operation.id.as_str() {
            "createCustomer" => applicant(),
            "updateCustomer" => json!({"tags": ["gold"]}),
            "deactivateCustomer" => json!({"reason": "moved"}),
            "createMail" => letter(self.id("customer_id")),
            "requestForward" => json!({"address": address}),
            "requestScan"
            | "requestShred"
            | "requestPickup"
            | "revokeWebhookSecret"
            | "rotateWebhookSecret"
            | "switchWebhookSecret"
            | "testWebhookEndpoint"
            | "retryWebhookDelivery"
            | "cancelWebhookRecovery"
            | "pauseWebhookRecovery"
            | "resumeWebhookRecovery"
            | "pauseWebhookEndpoint"
            | "replayEvent"
            | "resumeWebhookEndpoint" => json!({}),
            "recoverWebhookEndpoint" => json!({"since": "2026-01-01T00:00:00Z"}),
            "advanceTestClock" => json!({"seconds": 60}),
            "walkTestCompliance" => {
                path = path.replace("customer_id", "applicant_id");
                json!({"status": "mailbox_active"})
            }
            "simulateTestMail" => json!({"customer_id": self.id("customer_id")}),
            "triggerTestWebhook" => json!({"type": "package.arrived"}),
            "completeTestAction" => {
                path = path.replace("mail_id", "asked_id");
                json!({"pages": 1})
            }
            "streamEvents" => return (format!("{path}?follow=false"), None),
            "createWebhookEndpoint" => json!({"url": "https://crm.example.com/other"}),
            "updateWebhookEndpoint" => json!({"description": "the other one"}),
            other => {
                assert!(operation.method != Method::POST, "{other} needs a body in this table");
                return (self.fill(&path), None);
            }
        };
        (self.fill(&path), Some(body))
    }
}

fn applicant() -> Value {
    json!({"email": "jane@example.com", "name": "Jane Smith", "prepay": true})
}

fn letter(customer: &str) -> Value {
    let mut letter = package(customer);
    letter["type"] = json!("letter");
    letter
}

/// A refusal without what differs from call to call.
fn told(answer: &testkit::Answer) -> Value {
    let mut body = answer.json();
    body["error"]["request_id"] = Value::Null;
    body
}

#[tokio::test]
async fn what_is_anothers_answers_every_operation_like_what_does_not_exist() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    let acme = mailroom.partner("acme", generous()).await;
    let globex = mailroom.partner("globex", generous()).await;
    let things = Things::make(&acme.test(&server).await).await;
    let stranger = globex.test(&server).await;
    for operation in operations() {
        let (path, body) = things.call(&operation);
        let (path_unknown, body_unknown) = Things::unknown().call(&operation);
        if path == path_unknown && body == body_unknown {
            continue;
        }
        let foreign = stranger.send(operation.method.clone(), &path, &[], body).await;
        let unknown =
            stranger.send(operation.method.clone(), &path_unknown, &[], body_unknown).await;
        assert_eq!(foreign.status, 404, "{}", operation.id);
        assert_eq!(told(&foreign), told(&unknown), "{}", operation.id);
    }
}

#[tokio::test]
async fn the_live_world_does_not_see_the_test_world() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let things = Things::make(&acme.test(&server).await).await;
    let live = acme.live(&server).await;
    for operation in operations().into_iter().filter(|o| o.path.contains('{')) {
        let (path, body) = things.call(&operation);
        let answer = live.send(operation.method.clone(), &path, &[], body).await;
        assert_eq!(answer.status, 404, "{}", operation.id);
    }
}

#[tokio::test]
async fn every_write_that_is_repeated_under_its_key_happens_once() {
    let server = TestServer::start().await;
    let mailroom = Mailroom::open(&server).await;
    for (n, operation) in operations().into_iter().filter(|o| o.method != Method::GET).enumerate() {
        let brand = mailroom.partner(&format!("brand-{n}"), generous()).await;
        let crm = brand.test(&server).await;
        let things = Things::make(&crm).await;
        let (path, body) = things.call(&operation);
        let send = async || {
            let headers = [("idempotency-key", operation.id.as_str())];
            crm.send(operation.method.clone(), &path, &headers, body.clone()).await
        };
        let (first, again) = (send().await, send().await);
        assert!(first.status.is_success(), "{}: {:?}", operation.id, first.json());
        assert_eq!(again.status, first.status, "{}", operation.id);
        assert_eq!(again.bytes, first.bytes, "{}", operation.id);
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", operation.id);
        assert_eq!(again.header("original-request-id"), first.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_dry_run_of_every_write_answers_200_and_leaves_no_event() {
    let server = TestServer::start().await;
    let acme = Mailroom::open(&server).await.partner("acme", generous()).await;
    let crm = acme.test(&server).await;
    let things = Things::make(&crm).await;
    let n_events = server.events(&acme.ctx(false).await).await.len();
    for operation in operations().into_iter().filter(|o| o.method != Method::GET) {
        let (path, body) = things.call(&operation);
        let path = format!("{path}?dry_run=true");
        let would = crm.send(operation.method.clone(), &path, &[], body).await.expect(200);
        assert_eq!(would["dry_run"], true, "{}", operation.id);
        assert!(would["secret"].is_null(), "{}", operation.id);
    }
    assert_eq!(server.events(&acme.ctx(false).await).await.len(), n_events);
}
