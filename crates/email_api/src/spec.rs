//! The OpenAPI 3.1 document of the e-mail API: what the handlers say of themselves, and the refusals that
//! are true of all of them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::call::KEY_CHARS_MAX;
use crate::{examples, routes};

/// The parts that no handler owns.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postroom E-mail API",
        version = "2026-11-21",
        description = "Mailboxes for agents: identities, messages, contacts, and signed webhooks of what \
            happens to them. The clients of Inkbox work against it unchanged.",
        license(name = "Apache-2.0 OR MIT"),
        contact(name = "The operator of this install")
    ),
    paths(crate::contacts::vcard::one_handler),
    components(schemas(wire::email::errors::Refused, wire::email::events::MessageEvent))
)]
struct Frame;

/// Tags in the order of the documentation.
const TAGS: &[(&str, &str)] = &[
    ("Identities", "Agents, each with a handle and a mailbox, and who may see them."),
    ("Mailboxes", "The settings of a mailbox, what it holds, and searching it."),
    ("Messages", "Mail: sent, answered, forwarded, listed, read, marked, deleted."),
    ("Threads", "Messages that belong together, and the folders that they are in."),
    ("Drafts", "What is being written, until it is sent."),
    ("Imports", "Mail of another mailbox, brought here as files."),
    ("Contact rules", "Whose mail comes in, and to whom an agent may write."),
    ("Contacts", "The people that agents write with, and who sees them."),
    ("Notes", "What agents write down."),
    ("Domains", "Domains that mail is sent from."),
    (
        "Webhooks",
        "Subscriptions to what happens in a mailbox, their log, and the keys that sign them.",
    ),
    ("Account", "The key that calls, and keys for agents."),
];

/// Operations whose answer is kept under the caller's key.
const REMEMBERED: &[&str] =
    &["createDraft", "forwardMessage", "replyAll", "sendDraft", "sendMessage"];

/// The refusals that every operation shares.
const REFUSALS: &[(u16, &str)] = &[
    (400, "The request could not be read."),
    (401, "The key is missing, unknown, revoked or expired."),
    (402, "The mailbox is full, or the plan ends here."),
    (403, "The key may not do this."),
    (404, "Not there, or not visible to this key."),
    (409, "A right request, the wrong state."),
    (413, "The body is too large."),
    (415, "The media type is another one."),
    (422, "The body or a parameter is not valid."),
    (429, "Too often."),
    (500, "Our fault; nothing was changed."),
    (503, "Try again after Retry-After."),
];

/// Contact rules by the address of their mailbox, as older clients ask for them.
fn add_older_paths(paths: &mut Map<String, Value>) {
    const NEW: &str = "/api/v1/identities/{agent_handle}/mail-contact-rules";
    const OLD: &str = "/api/v1/mail/mailboxes/{email_address}/contact-rules";
    let rules: Vec<_> = paths.iter().filter(|(path, _)| path.starts_with(NEW)).collect();
    let older = rules.into_iter().map(|(path, item)| {
        let text = item.to_string().replace("\"agent_handle\"", "\"email_address\"");
        let mut item: Value = serde_json::from_str(&text).unwrap_or_default();
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            operation["deprecated"] = json!(true);
            let id = operation["operationId"].as_str().unwrap_or_default();
            operation["operationId"] = json!(format!("{id}OfMailbox"));
        }
        (path.replace(NEW, OLD), item)
    });
    let older: Vec<_> = older.collect();
    paths.extend(older);
}

/// The header of the operations whose answer can be asked for again (I-1 to I-8).
fn add_idempotency_key(operation: &mut Value) {
    let Some(parameters) = operation["parameters"].as_array_mut() else { return };
    parameters.push(json!({
        "name": "Idempotency-Key", "in": "header",
        "description": "The same key with the same body does it once, and is told the first answer for seven days.",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX},
    }));
}

/// The document, as it is committed to `openapi/email.json`. It is built when it is first asked for, because it takes
/// megabytes of memory, and most servers are never asked.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

fn build() -> Value {
    let (_, mut api) = routes::operations().split_for_parts();
    api.merge(Frame::openapi());
    let mut document = serde_json::to_value(&api).unwrap_or_default();
    document["info"] = serde_json::to_value(Frame::openapi().info).unwrap_or_default();
    document["servers"] = json!([{"url": "http://127.0.0.1:8080", "description": "This install"}]);
    document["components"]["securitySchemes"] =
        json!({"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}});
    document["security"] = json!([{"key": []}]);
    document["tags"] =
        TAGS.iter().map(|(name, text)| json!({"name": name, "description": text})).collect();
    for (name, example) in examples::bodies() {
        document["components"]["schemas"][name]["example"] = example;
    }
    for (status, text) in REFUSALS {
        document["components"]["responses"][format!("R{status}")] = json!({
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refused"}}},
        });
    }
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    add_older_paths(paths);
    for item in paths.values_mut().filter_map(Value::as_object_mut) {
        for operation in item.values_mut() {
            if operation["operationId"].as_str().is_some_and(|id| REMEMBERED.contains(&id)) {
                add_idempotency_key(operation);
            }
            for (status, _) in REFUSALS {
                operation["responses"][status.to_string()] =
                    json!({"$ref": format!("#/components/responses/R{status}")});
            }
        }
    }
    document
}
