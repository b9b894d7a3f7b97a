//! An example of each body, for the OpenAPI document and the pages made from it.

use serde_json::{Value, json};

/// The name of a schema, and a body that it allows.
type Example = (&'static str, Value);

const IDENTITY: &str = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";
const CONTACT: &str = "6c0b2a19-4d5e-4f60-8a7b-9c8d7e6f5a4b";
const THREAD: &str = "b2a1c0d9-e8f7-4654-9321-0fedcba98765";

pub(crate) fn bodies() -> Vec<Example> {
    [of_the_organization(), of_its_book(), of_mail()].concat()
}

fn of_the_organization() -> Vec<Example> {
    vec![
        ("ApiKeyCreate", json!({"label": "support", "scoped_identity_id": IDENTITY})),
        ("IdentityChange", json!({"display_name": "Support", "description": null})),
        ("IdentityCreate", json!({"agent_handle": "support-bot", "display_name": "Support"})),
        ("IdentityGrantCreate", json!({"viewer_identity_id": IDENTITY})),
        (
            "MailboxChange",
            json!({"signature_text": "Support, every day", "signature_enabled": true}),
        ),
        (
            "SubscriptionChange",
            json!({"url": "https://agent.example.com/hooks",
                "context_config": {"email": {"mode": "count", "count": 10}}}),
        ),
        (
            "SubscriptionCreate",
            json!({"agent_identity_id": IDENTITY, "url": "https://agent.example.com/hooks",
                "event_types": ["message.received", "message.bounced"]}),
        ),
    ]
}

fn of_its_book() -> Vec<Example> {
    vec![
        ("ContactBulkDelete", json!({"contact_ids": [CONTACT]})),
        ("ContactChange", json!({"company_name": "Lee & Co", "job_title": null})),
        (
            "ContactCreate",
            json!({"given_name": "Ann", "family_name": "Lee",
                "emails": [{"label": "work", "value": "ann@example.com", "is_primary": true}]}),
        ),
        ("ContactExport", json!({"contact_ids": [CONTACT]})),
        ("ContactFactChange", json!({"kind": "preference"})),
        (
            "ContactFactCreate",
            json!({"content": "Prefers mail before noon.", "kind": "preference"}),
        ),
        ("ContactGrantCreate", json!({"identity_id": IDENTITY})),
        (
            "ContactMerge",
            json!({"losing_contact_ids": [CONTACT], "field_sources": {"job_title": CONTACT}}),
        ),
        ("NoteChange", json!({"title": null, "body": "Net 45 for all."})),
        ("NoteCreate", json!({"title": "Terms", "body": "Net 30 for new customers."})),
        ("NoteGrantCreate", json!({"identity_id": IDENTITY})),
    ]
}

fn of_mail() -> Vec<Example> {
    let recipients = json!({"to": ["ann@example.com"]});
    let note = json!({
        "filename": "note.txt", "content_type": "text/plain", "content_base64": "SGVsbG8sIEFubi4=",
    });
    vec![
        ("ContactRuleChange", json!({"action": "allow"})),
        (
            "ContactRuleCreate",
            json!({"action": "block", "match_type": "domain", "match_target": "spam.example"}),
        ),
        ("DraftAttachments", json!({"generation": 1, "attachments": [note]})),
        (
            "DraftCreate",
            json!({"recipients": recipients, "subject": "Invoice 881", "body_text": "Hello, Ann.",
                "thread_id": THREAD}),
        ),
        ("DraftGeneration", json!({"generation": 2})),
        ("DraftUpdate", json!({"generation": 1, "body_text": "Hello, Ann. It is paid."})),
        (
            "ImportCreate",
            json!({"source_format": "mbox", "original_addresses": ["support@example.com"]}),
        ),
        ("MessageFlags", json!({"is_read": true})),
        (
            "MessageForward",
            json!({"recipients": recipients, "mode": "inline", "body_text": "See below."}),
        ),
        ("MessageReplyAll", json!({"body_text": "Thank you, it is paid."})),
        (
            "MessageSend",
            json!({"recipients": recipients, "subject": "Invoice 881", "body_text": "Hello, Ann.",
                "attachments": [note]}),
        ),
        ("ThreadMove", json!({"folder": "archive"})),
    ]
}
