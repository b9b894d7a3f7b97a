//! The OpenAPI document (postal.md appendix B, scenario 31).

use domain::ErrorCode;
use testkit::{Persona, TestServer};

#[tokio::test]
async fn s31_the_document_needs_no_key_and_names_the_asking_host() {
    let server = TestServer::start().await;
    let document = Persona::anonymous(&server).get("/api/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "https://app.example.com/api/v1");
    assert_eq!(document["webhooks"].as_object().unwrap().len(), 14);
    assert_eq!(document["paths"]["/customers"]["post"]["operationId"], "createCustomer");
}

#[tokio::test]
async fn every_operation_has_an_example_of_its_answers_and_of_its_body() {
    let document = testkit::contract::contract().document();
    let shown = |holder: &serde_json::Value| {
        holder["content"]
            .as_object()
            .is_none_or(|c| c.values().all(|media| media["examples"].is_object()))
    };
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(shown(&operation["requestBody"]), "{method} {path} has no example of its body");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let dry_run = answer["description"].as_str().is_some_and(|d| d.contains("dry_run"));
                assert!(dry_run || shown(answer), "{method} {path} {status} has no example");
            }
        }
    }
}

#[tokio::test]
async fn every_body_of_the_e_mail_api_has_an_example_that_its_schema_allows() {
    let contract = testkit::contract::email_contract();
    for (path, item) in contract.document()["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = body.as_str().and_then(|name| name.rsplit('/').next()) else {
                continue;
            };
            let example = &contract.document()["components"]["schemas"][name]["example"];
            assert!(example.is_object(), "{name} of {path} has no example");
            contract.check_schema(name, example);
        }
    }
}

#[tokio::test]
async fn s31_the_eighteen_operations_have_their_settled_names() {
    let document = testkit::contract::contract().document();
    let settled = [
        "createCustomer",
        "listCustomers",
        "getCustomer",
        "updateCustomer",
        "deactivateCustomer",
        "getCustomerCompliance",
        "listCustomerMail",
        "getCustomerMailbox",
        "createMail",
        "getMail",
        "deleteMail",
        "requestScan",
        "requestForward",
        "requestShred",
        "requestPickup",
        "listWebhookEventTypes",
        "listWebhookDeliveries",
        "getBillingUsage",
    ];
    let text = document["paths"].to_string();
    for name in settled {
        assert!(text.contains(&format!("\"operationId\":\"{name}\"")), "{name}");
    }
}

#[tokio::test]
async fn every_error_has_a_section_with_its_status_and_whether_to_try_again() {
    let text = include_str!("../../../../docs/errors.md");
    for code in ErrorCode::of_partner_api() {
        let again = if code.is_retryable() { ", retryable" } else { "" };
        let head = format!("\n## `{code}`\n\n**{}{again}.**", partner_api::status_of(*code));
        assert!(text.contains(&head), "{code} is not described as {head:?}");
    }
}
