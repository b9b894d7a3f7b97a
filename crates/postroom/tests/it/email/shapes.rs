//! What each object has at the least, and what of it is never null (email-api.md 4.1; 16, line 4).
//!
//! Every response of every test is checked against the document; here the document itself is held to the
//! specification, so that together they scan every response.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::contract::email_contract;

/// A schema of the document, the keys that it always has and may have as null, and those that are never
/// null.
type Shape = (&'static str, &'static str, &'static str);

const MAILBOX: &str = "id email_address sending_domain filter_mode inbound_filter_mode outbound_filter_mode \
    signature_enabled created_at updated_at";
const MAILBOX_NULL: &str =
    "agent_identity_id filter_mode_change_notice signature_html signature_text";
const MESSAGE: &str = "id mailbox_id message_id from_address to_addresses direction status is_read is_starred \
    has_attachments created_at open_count";
const MESSAGE_NULL: &str =
    "thread_id from_display_name cc_addresses subject snippet first_opened_at import_job_id";
const THREAD: &str = "id mailbox_id folder message_count last_message_at created_at";
const DRAFT: &str = "id mailbox_id from_address to_addresses cc_addresses bcc_addresses has_attachments \
    attachment_count generation send_state track_opens created_at updated_at";

/// Sections 4.1, 5.1, 5.2, 5.5, 6.1 to 6.14, 8.1, 9 and 12: name, nullable keys, other keys.
const SHAPES: [Shape; 24] = [
    (
        "Identity",
        "display_name description email_address signing_key_created_at mailbox phone_number \
        imessage_number tunnel",
        "id organization_id agent_handle created_at updated_at imessage_enabled contact_sharing_enabled \
        mail_filter_mode phone_filter_mode imessage_filter_mode slack_filter_mode mail_inbound_filter_mode \
        mail_outbound_filter_mode signing_key_configured",
    ),
    ("EmbeddedMailbox", MAILBOX_NULL, MAILBOX),
    ("Mailbox", "storage_limit_bytes", "storage_used_bytes"),
    ("Mailbox", MAILBOX_NULL, MAILBOX),
    ("FilterModeChangeNotice", "", "new_filter_mode redundant_rule_action redundant_rule_count"),
    ("IdentityGrant", "viewer_identity_id", "id target_identity_id created_at"),
    ("Message", MESSAGE_NULL, MESSAGE),
    ("MessageDetail", MESSAGE_NULL, MESSAGE),
    (
        "MessageDetail",
        "body_text body_html bcc_addresses in_reply_to references attachment_metadata ses_message_id \
        reply_all_recipients",
        "updated_at",
    ),
    ("Thread", "subject", THREAD),
    ("ThreadDetail", "subject", THREAD),
    ("ThreadDetail", "", "messages"),
    ("Draft", "subject snippet", DRAFT),
    ("DraftDetail", "subject snippet", DRAFT),
    (
        "DraftDetail",
        "body_text body_html reply_to thread_id message_id in_reply_to forward_source_message_id \
        forward_note_text forward_note_html",
        "references attachment_metadata",
    ),
    ("SendingDomain", "verified_at", "id domain status is_default"),
    (
        "ContactRule",
        "contact",
        "id agent_identity_id mailbox_id action match_type match_target status direction created_at updated_at",
    ),
    (
        "Subscription",
        "mailbox_id phone_number_id agent_identity_id owner_identity_id context_config auth_token signing_key",
        "id organization_id url event_types status has_auth_token created_at updated_at",
    ),
    ("SigningKey", "", "signing_key created_at"),
    ("SigningKeyStatus", "created_at", "configured"),
    (
        "ApiKeyRecord",
        "scoped_identity_id description last_used_at expires_at revoked_at",
        "id organization_id created_by creator_type label status last4 display_prefix created_at updated_at",
    ),
    (
        "Whoami",
        "auth_subtype scope organization_id created_by creator_type key_id label description created_at \
        last_used_at expires_at",
        "auth_type",
    ),
    (
        "EventMessage",
        "thread_id message_id cc_addresses bcc_addresses subject snippet body body_state body_truncated \
        body_total_chars body_included_chars created_at",
        "id mailbox_id from_address to_addresses email_address direction status has_attachments",
    ),
    ("EventContact", "name", "bucket address id memories"),
];

/// The properties of a schema and whether each is required, through whatever it is made of.
fn properties(schema: &Value) -> BTreeMap<String, (Value, bool)> {
    let mut all = BTreeMap::new();
    if let Some(pointer) = schema["$ref"].as_str() {
        let target = email_contract().document().pointer(pointer.trim_start_matches('#'));
        return properties(target.expect("a schema of the document"));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        all.extend(properties(part));
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.iter().any(|r| r == name);
        all.insert(name.clone(), (property.clone(), is_required));
    }
    all
}

/// Whether a value of this schema may be null; what says nothing of its type may be anything.
fn may_be_null(schema: &Value) -> bool {
    if schema["$ref"].is_string() {
        return false;
    }
    if let Some(any) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return any.iter().any(may_be_null);
    }
    match &schema["type"] {
        Value::String(one) => one == "null",
        Value::Array(several) => several.iter().any(|one| one == "null"),
        _ => true,
    }
}

fn schema(name: &str) -> Value {
    email_contract().document()["components"]["schemas"][name].clone()
}

#[test]
fn check_04_the_document_requires_every_key_of_the_specification_and_forbids_null_where_it_does() {
    for (name, nullable, never_null) in SHAPES {
        let found = properties(&schema(name));
        for key in nullable.split_whitespace().chain(never_null.split_whitespace()) {
            assert!(
                found.get(key).is_some_and(|(_, required)| *required),
                "{name}.{key} may be missing"
            );
        }
        for key in never_null.split_whitespace() {
            assert!(!may_be_null(&found[key].0), "{name}.{key} may be null");
        }
    }
}

#[test]
fn check_04_no_key_of_any_answer_may_be_missing() {
    let document = email_contract().document();
    let operations = document["paths"].as_object().unwrap().values();
    let operations = operations.flat_map(|item| item.as_object().unwrap().values());
    let mut waiting: Vec<Value> = Vec::new();
    for operation in operations {
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                waiting.push(response.clone());
            }
        }
    }
    let mut seen = Vec::new();
    while let Some(value) = waiting.pop() {
        if let Some(name) = value["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            if seen.iter().all(|s| s != name) {
                seen.push(name.to_owned());
                let schema = schema(name);
                for (key, (_, required)) in properties(&schema) {
                    assert!(required, "{name}.{key} may be missing");
                }
                waiting.push(schema);
            }
            continue;
        }
        match value {
            Value::Object(members) => waiting.extend(members.into_iter().map(|(_, v)| v)),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    for name in
        ["Identity", "Mailbox", "MessageDetail", "ThreadDetail", "DraftDetail", "Subscription"]
    {
        assert!(seen.iter().any(|s| s == name), "{name} is shown by no operation");
    }
}
