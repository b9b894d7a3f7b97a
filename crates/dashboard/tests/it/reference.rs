//! That the reference says what the document says.

use serde_json::{Value, json};

use crate::reader::{Reader, committed, committed_email};

fn small() -> Value {
    json!({
        "openapi": "3.1.0", "info": {"description": "A small API."},
        "servers": [{"url": "https://x.example/api/v1"}],
        "tags": [
            {"name": "Mail actions", "description": "Work on mail."},
            {"name": "Empty", "description": "Nothing."},
        ],
        "paths": {"/test_helpers/clock": {"post": {
            "operationId": "advanceTestClock", "tags": ["Mail actions"], "responses": {},
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
                "seconds": {"type": "integer", "examples": [60]}, "to": {"type": "string"}}}}}},
        }}, "/mail/{mail_id}/scan": {"post": {
            "operationId": "requestScan", "summary": "Request a scan", "tags": ["Mail actions"],
            "description": "Opens it <b>and</b> looks.",
            "parameters": [
                {"name": "mail_id", "in": "path", "required": true, "description": "Which one.",
                    "schema": {"type": "string", "maxLength": 64}},
                {"$ref": "#/components/parameters/DryRun"},
                {"$ref": "#/components/parameters/IdempotencyKey"},
            ],
            "requestBody": {"content": {"application/json": {
                "schema": {"$ref": "#/components/schemas/ScanRequest"},
                "examples": {"seed": {"value": {"pages": "all"}}},
            }}},
            "responses": {
                "201": {"description": "The action.", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/MailAction"},
                    "example": {"id": "act_123"}}}},
                "401": {"$ref": "#/components/responses/Unauthorized"},
                "409": {"description": "already_scanned or action_conflict."},
            },
        }}},
        "components": {
            "parameters": {
                "DryRun": {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}},
                "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}},
            },
            "responses": {"Unauthorized": {"description": "No good key."}},
            "schemas": {
                "ScanRequest": {"type": "object", "description": "What to scan.", "properties": {
                    "pages": {"type": ["string", "null"], "description": "Which pages | all.", "maxLength": 9},
                    "first": {"$ref": "#/components/schemas/Page"}}},
                "Page": {"type": "object", "properties": {"number": {"type": "integer"}}},
                "MailAction": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "string"}, "charge": {"$ref": "#/components/schemas/Charge"}}},
                "Charge": {"type": "object", "properties": {"amount_minor": {"type": "integer"}}},
            },
        },
    })
}

#[tokio::test]
async fn an_operation_shows_its_call_its_fields_its_answer_and_its_refusals() {
    let reader = Reader::of(small()).await;
    let page = reader.get("/developers/reference/mail-actions.md").await.body;
    for expected in [
        "# Mail actions\n\nWork on mail.",
        "## Request a scan {#requestScan}\n\n`POST /api/v1/mail/{mail_id}/scan`",
        "| `mail_id` | string in path | **required** Which one. At most 64 characters. |",
        "| `pages` | string or null | Which pages \\| all. At most 9 characters. |",
        "curl -X POST https://docs.example/api/v1/mail/mail_123/scan \\\n  -H \"Authorization: Bearer",
        "  -H \"Idempotency-Key: crm_request_scan_123\" \\\n  -d '{\n    \"pages\": \"all\"\n  }'",
        "**Answers 201.** The action. [MailAction](https://docs.example/developers/reference/objects.md#mailaction).",
        "```json\n{\n  \"id\": \"act_123\"\n}\n```",
        "| 409 | [already_scanned](https://docs.example/developers/errors.md#already_scanned) or [action_conflict]",
    ] {
        assert!(page.contains(expected), "{expected}\n\nis not in\n\n{page}");
    }
    let html = reader.get("/developers/reference/mail-actions").await.body;
    assert!(html.contains("&lt;b&gt;and&lt;/b&gt;") && !html.contains("<b>"), "{html}");
}

#[tokio::test]
async fn a_body_without_an_example_is_made_from_its_members_and_helpers_show_a_test_key() {
    let reader = Reader::of(small()).await;
    let page = reader.get("/developers/reference/mail-actions.md").await.body;
    let (_, call) =
        page.split_once("curl -X POST https://docs.example/api/v1/test_helpers/clock").unwrap();
    let call = call.split("```").next().unwrap();
    assert!(call.contains("Bearer ib_test_YOUR_KEY"), "{call}");
    assert!(call.contains("-d '{\n    \"seconds\": 60\n  }'"), "{call}");
}

#[tokio::test]
async fn objects_are_followed_to_what_they_hold_and_empty_tags_have_no_page() {
    let reader = Reader::of(small()).await;
    let objects = reader.get("/developers/reference/objects").await.body;
    for name in ["mailaction", "charge", "page"] {
        assert!(objects.contains(&format!("<h2 id=\"{name}\">")), "{name}");
    }
    let stands_at_its_operation = "<h2 id=\"scanrequest\">";
    assert!(!objects.contains(stands_at_its_operation), "{objects}");
    assert_eq!(reader.get("/developers/reference/empty").await.status, 404);
}

#[tokio::test]
async fn every_operation_of_the_committed_documents_is_in_a_reference() {
    let reader = Reader::of(committed()).await;
    let full = reader.get("/llms-full.txt").await.body;
    let (partner, email) = (committed(), committed_email());
    let paths = [&partner, &email].map(|document| document["paths"].as_object().unwrap().values());
    for item in paths.into_iter().flatten() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(full.contains(&format!("{{#{id}}}")), "{id}");
        }
    }
}

#[tokio::test]
async fn the_e_mail_reference_shows_its_own_header_objects_and_idempotency_keys() {
    let reader = Reader::of(small()).await;
    let page = reader.get("/developers/email-reference/messages.md").await.body;
    let (_, send) = page.split_once("{#sendMessage}").unwrap();
    let send = send.split("\n## ").next().unwrap();
    for expected in [
        "/api/v1/mail/mailboxes/support-bot@agents.localhost/messages \\\n  -H \"X-API-Key: YOUR_KEY\"",
        "-H \"Idempotency-Key: crm_send_message_123\"",
        "\"to\": [\n",
        "[Message](https://docs.example/developers/email-reference/objects.md#message)",
    ] {
        assert!(send.contains(expected), "{expected}\n\nis not in\n\n{send}");
    }
    assert!(
        !page
            .split_once("{#listMessages}")
            .unwrap()
            .1
            .split("\n## ")
            .next()
            .unwrap()
            .contains("Idempotency")
    );
}
