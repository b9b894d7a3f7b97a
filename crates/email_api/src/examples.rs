//! An example of each body, for the OpenAPI document and the pages made from it.

use serde_json::{Value, json};

/// The name of a schema, and a body that it allows.
pub(crate) fn bodies() -> Vec<(&'static str, Value)> {
    let recipients = json!({"to": ["ann@example.com"]});
    let note = json!({
        "filename": "note.txt", "content_type": "text/plain", "content_base64": "SGVsbG8sIEFubi4=",
    });
    let thread = "b2a1c0d9-e8f7-4654-9321-0fedcba98765";
    let identity = "0197f2c1-a5b7-7c3e-9d10-a4c2e6b8f001";
    let contact = "6c0b2a19-4d5e-4f60-8a7b-9c8d7e6f5a4b";
    vec![
        ("ApiKeyCreate", json!({"label": "support", "scoped_identity_id": identity})),
        ("ContactRuleChange", json!({"action": "allow"})),
        ("ContactBulkDelete", json!({"contact_ids": [contact]})),
        ("ContactChange", json!({"company_name": "Lee & Co", "job_title": null})),
        (
            "ContactCreate",
            json!({"given_name": "Ann", "family_name": "Lee",
                "emails": [{"label": "work", "value": "ann@example.com", "is_primary": true}]}),
        ),
        ("ContactFactChange", json!({"kind": "preference"})),
        (
            "ContactFactCreate",
            json!({"content": "Prefers mail before noon.", "kind": "preference"}),
        ),
        ("ContactExport", json!({"contact_ids": [contact]})),
        ("ContactGrantCreate", json!({"identity_id": identity})),
        (
            "ContactMerge",
            json!({"losing_contact_ids": [contact], "field_sources": {"job_title": contact}}),
        ),
        (
            "ContactRuleCreate",
            json!({"action": "block", "match_type": "domain", "match_target": "spam.example"}),
        ),
        ("DraftAttachments", json!({"generation": 1, "attachments": [note]})),
        (
            "DraftCreate",
            json!({"recipients": recipients, "subject": "Invoice 881", "body_text": "Hello, Ann.",
                "thread_id": thread}),
        ),
        ("DraftGeneration", json!({"generation": 2})),
        ("DraftUpdate", json!({"generation": 1, "body_text": "Hello, Ann. It is paid."})),
        ("IdentityChange", json!({"display_name": "Support", "description": null})),
        ("IdentityCreate", json!({"agent_handle": "support-bot", "display_name": "Support"})),
        ("IdentityGrantCreate", json!({"viewer_identity_id": identity})),
        (
            "ImportCreate",
            json!({"source_format": "mbox", "original_addresses": ["support@example.com"]}),
        ),
        (
            "MailboxChange",
            json!({"signature_text": "Support, every day", "signature_enabled": true}),
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
        (
            "SubscriptionCreate",
            json!({"agent_identity_id": identity, "url": "https://agent.example.com/hooks",
                "event_types": ["message.received", "message.bounced"]}),
        ),
        (
            "SubscriptionChange",
            json!({"url": "https://agent.example.com/hooks",
                "context_config": {"email": {"mode": "count", "count": 10}}}),
        ),
        ("ThreadMove", json!({"folder": "archive"})),
    ]
}
