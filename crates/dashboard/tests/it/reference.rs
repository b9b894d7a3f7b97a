//! That the reference says what the document says.

use serde_json::{Value, json};

use crate::reader::{Reader, committed};

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
            "parameters": {"DryRun": {"name": "dry_run", "in": "query", "schema": {"type": "boolean"}}},
            "responses": {"Unauthorized": {"description": "No good key."}},
            "schemas": {
                "ScanRequest": {"type": "object", "description": "What to scan.", "properties": {
                    "pages": {"type": ["string", "null"], "description": "Which pages | all.", "maxLength": 9}}},
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
    for name in ["mailaction", "charge", "scanrequest"] {
        assert!(objects.contains(&format!("<h2 id=\"{name}\">")), "{name}");
    }
    assert_eq!(reader.get("/developers/reference/empty").await.status, 404);
}

#[tokio::test]
async fn every_operation_of_the_committed_document_is_in_the_reference() {
    let reader = Reader::of(committed()).await;
    let full = reader.get("/llms-full.txt").await.body;
    for item in committed()["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(full.contains(&format!("{{#{id}}}")), "{id}");
        }
    }
}
