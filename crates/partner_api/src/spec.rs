//! The OpenAPI 3.1 document: what the handlers say of themselves, and what is true of all of them.
//!
//! The handlers' annotations name their inputs, answers and particular refusals. Everything that
//! holds for every operation is added here once: the refusals of the entrance, the headers, the
//! idempotency key, the dry run, the events.

use std::collections::HashSet;
use std::sync::LazyLock;

use domain::event::Audience;
use domain::{Error, ErrorCode};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::{examples, refusal, routes};

/// The parts that no handler owns.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Postroom Partner API",
        version = "2026-11-21",
        description = "Provision customers and mailboxes, log mail and packages, request work on them, and \
            receive signed events. JSON over HTTPS, bearer keys with scopes, idempotent writes. Changes inside \
            v1 only ever add: new endpoints, optional inputs, output fields, event types, values of open \
            enumerations. Clients must ignore what they do not know.",
        license(name = "Apache-2.0 OR MIT"),
        contact(name = "The operator of this install")
    ),
    components(schemas(
        wire::partner::errors::ErrorBody,
        wire::partner::errors::Problem,
        wire::partner::events::Event,
    ))
)]
struct Frame;

/// Tags in the order of the documentation.
const TAGS: &[(&str, &str)] = &[
    ("Customers", "Who rents a mailbox: invited, looked up, changed, deactivated."),
    ("Mail", "Letters and packages: logged, read, deleted."),
    ("Mail actions", "Work that the operator does with a mail item: scan, forward, shred, pickup."),
    ("Webhooks", "Event types, endpoints, and the log of deliveries."),
    ("Events", "Everything that happened, whether or not it was delivered."),
    ("Billing", "Active mailboxes, counted."),
    ("Account", "The key that calls."),
    ("Test helpers", "Only for test keys: move the clock, walk a form, finish an action."),
];

/// The document, as it is committed to `openapi/partner.json`. It is built when it is first asked for, because it takes
/// megabytes of memory, and most servers are never asked.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

fn build() -> Value {
    let (_, mut api) = routes::operations().split_for_parts();
    let (_, open) = routes::open_operations().split_for_parts();
    api.merge(open);
    api.merge(Frame::openapi());
    let mut document = serde_json::to_value(&api).unwrap_or_default();
    document["info"] = serde_json::to_value(Frame::openapi().info).unwrap_or_default();
    document["servers"] =
        json!([{"url": "http://127.0.0.1:8080/api/v1", "description": "This install"}]);
    document["externalDocs"] = json!({"url": "/developers", "description": "Guides"});
    document["tags"] =
        TAGS.iter().map(|(name, text)| json!({"name": name, "description": text})).collect();
    add_components(&mut document);
    add_webhooks(&mut document);
    let may_be_empty: HashSet<String> = schemas(&document)
        .filter(|(_, schema)| schema.get("required").is_none())
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect();
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    for (path, item) in paths {
        let Some(item) = item.as_object_mut() else { continue };
        for (method, operation) in item {
            complete(operation, method, path, &may_be_empty);
        }
    }
    document
}

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

/// The refusals that every operation shares, by status: the name of the component, its sentence and
/// the code of its example.
const REFUSALS: &[(u16, &str, &str, ErrorCode)] = &[
    (400, "BadRequest", "The request could not be read.", ErrorCode::UnknownParameter),
    (
        401,
        "Unauthorized",
        "The key is missing, malformed, unknown, revoked or expired.",
        ErrorCode::ApiKeyUnknown,
    ),
    (402, "PaymentRequired", "Billing does not allow this.", ErrorCode::BillingInactive),
    (403, "Forbidden", "The key may not do this, or not from here.", ErrorCode::InsufficientScope),
    (404, "NotFound", "Nothing of this tenant has that id.", ErrorCode::CustomerNotFound),
    (409, "Conflict", "A right request, the wrong state.", ErrorCode::IdempotencyInProgress),
    (
        412,
        "PreconditionFailed",
        "The thing has changed since the ETag in If-Match.",
        ErrorCode::PreconditionFailed,
    ),
    (413, "PayloadTooLarge", "The body is larger than 1 MiB.", ErrorCode::PayloadTooLarge),
    (
        415,
        "UnsupportedMediaType",
        "The body is not application/json.",
        ErrorCode::UnsupportedMediaType,
    ),
    (
        422,
        "UnprocessableEntity",
        "The body was read and is not valid.",
        ErrorCode::ValidationFailed,
    ),
    (429, "TooManyRequests", "Too many calls; wait for Retry-After.", ErrorCode::RateLimited),
    (500, "InternalError", "Our fault; nothing was changed.", ErrorCode::InternalError),
    (
        503,
        "TemporarilyUnavailable",
        "Busy; nothing was changed, try again.",
        ErrorCode::TemporarilyUnavailable,
    ),
];

fn add_components(document: &mut Value) {
    let components = &mut document["components"];
    components["securitySchemes"] = json!({"bearer": {
        "type": "http", "scheme": "bearer", "bearerFormat": "ib_live_…",
        "description": "A key made by `postroom key create`. ib_live_ keys see the live world, ib_test_ keys the test world.",
    }});
    components["headers"] = json!({
        "X-Request-Id": {"description": "Names this request in logs, errors and events.", "schema": {"type": "string", "examples": ["req_01kb3v7m2zq8e4x5n6p7r8s9ta"]}},
        "Idempotent-Replayed": {"description": "true when this answer was given before.", "schema": {"type": "string", "const": "true"}},
        "Original-Request-Id": {"description": "The request that was answered first.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
        "RateLimit": {"description": "What is left of the rate: r calls, t seconds until all of it is back.", "schema": {"type": "string", "examples": ["\"partner\";r=57;t=4"]}},
        "RateLimit-Policy": {"description": "The rate: q calls in w seconds.", "schema": {"type": "string", "examples": ["\"partner\";q=100;w=10"]}},
        "Link": {"description": "rel=next is the next page.", "schema": {"type": "string"}},
        "ETag": {"description": "The version; send it as If-Match to change only this one.", "schema": {"type": "string", "examples": ["\"1\""]}},
        "Location": {"description": "Where the new thing is read.", "schema": {"type": "string"}},
    });
    components["parameters"] = json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes a retry safe for seven days: the same request under the same key is told the same answer and changes nothing.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255}, "example": "crm_customer_123_create",
        },
        "DryRun": {
            "name": "dry_run", "in": "query", "required": false,
            "description": "true checks everything and changes nothing; the answer is 200 with what would have been, without its id.",
            "schema": {"type": "boolean", "default": false},
        },
    });
    components["responses"] =
        REFUSALS.iter().map(|r| (r.1.to_owned(), refusal_of(r))).collect::<Map<_, _>>().into();
}

fn refusal_of((status, _, description, code): &(u16, &str, &str, ErrorCode)) -> Value {
    let error = Error::refused(*code, *description);
    let (body, problem) = refusal::samples(&error);
    let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}});
    if matches!(status, 409 | 429 | 503) {
        headers["Retry-After"] = json!({"$ref": "#/components/headers/Retry-After"});
    }
    json!({
        "description": description,
        "headers": headers,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}, "examples": {"refused": {"value": body}}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {"refused": {"value": problem}}},
        },
    })
}

/// Adds what holds for every operation.
///
/// `may_be_empty` names the bodies without a required field: no body is then the same as `{}`.
fn complete(operation: &mut Value, method: &str, path: &str, may_be_empty: &HashSet<String>) {
    let writes = matches!(method, "post" | "patch" | "delete");
    let scope = operation.pointer("/security/0/bearer/0").cloned();
    let is_open = operation["security"] == json!([{}]);
    if is_open {
        operation["security"] = json!([]);
    } else if operation.get("security").is_none() {
        operation["security"] = json!([{"bearer": []}]);
    }
    if let Some(scope) = &scope {
        operation["x-required-scope"] = scope.clone();
        let text = operation["description"].as_str().unwrap_or_default().to_owned();
        operation["description"] =
            format!("{text}\n\nScope: `{}`.", scope.as_str().unwrap_or_default()).trim().into();
    }
    if let Some(body) = operation.get_mut("requestBody") {
        examples::attach(body);
        let schema = body.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
        body["required"] = schema.is_none_or(|name| !may_be_empty.contains(name)).into();
    }
    let mut refusals =
        if is_open { vec![400, 500, 503] } else { vec![400, 401, 403, 429, 500, 503] };
    // To a live key the helpers of the test world do not exist.
    if path.contains('{') || path.starts_with("/test_helpers") {
        refusals.push(404);
    }
    if writes {
        refusals.extend([409, 413, 415, 422]);
        let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for name in ["IdempotencyKey", "DryRun"] {
            parameters.push(json!({"$ref": format!("#/components/parameters/{name}")}));
        }
        operation["parameters"] = parameters.into();
    }
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for status in refusals {
        responses.entry(status.to_string()).or_insert(Value::Null);
    }
    if writes && let Some(answer) = ["201", "200"].iter().find_map(|s| responses.get(*s)).cloned() {
        // A dry run of a creation answers 200 in the same shape.
        responses.entry("200").or_insert_with(|| dry_run_of(answer));
    }
    for (status, response) in responses {
        finish(status, response, method, is_open);
    }
}

/// A refusal becomes its component, with the operation's own sentence when it has one; an answer
/// gets its headers.
fn finish(status: &str, response: &mut Value, method: &str, is_open: bool) {
    let shared = REFUSALS.iter().find(|r| r.0.to_string() == status);
    let Some(shared) = shared else {
        examples::attach(response);
        let mut headers = json!({});
        let mut names = vec!["X-Request-Id"];
        if !is_open {
            names.extend(["RateLimit", "RateLimit-Policy"]);
        }
        if method != "get" {
            names.extend(["Idempotent-Replayed", "Original-Request-Id"]);
        }
        if status == "201" {
            names.push("Location");
        }
        for name in names {
            headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
        response["headers"] = headers;
        return;
    };
    let own = response.get("description").and_then(Value::as_str).map(ToOwned::to_owned);
    *response = match own {
        None => json!({"$ref": format!("#/components/responses/{}", shared.1)}),
        Some(text) => {
            let mut filled = refusal_of(shared);
            filled["description"] = text.into();
            filled
        }
    };
}

fn dry_run_of(answer: Value) -> Value {
    let mut answer = answer;
    answer["description"] = "With dry_run=true: what would have been made.".into();
    if let Some(content) = answer.pointer_mut("/content/application~1json") {
        *content = json!({"schema": {
            "type": "object", "required": ["dry_run"],
            "properties": {"dry_run": {"type": "boolean", "const": true}},
            "description": "The answer of the call without its id.",
        }});
    }
    answer
}

/// One entry for each event type, with the headers of a delivery.
fn add_webhooks(document: &mut Value) {
    let header = |name: &str, text: &str| json!({"name": name, "in": "header", "required": true, "description": text, "schema": {"type": "string"}});
    let parameters = json!([
        header("X-Innbocks-Event-Id", "The event; the same in every attempt and replay."),
        header("X-Innbocks-Event-Type", "The event's type."),
        header(
            "X-Innbocks-Delivery-Id",
            "This event on its way to this endpoint; the same in every attempt."
        ),
        header("X-Innbocks-Timestamp", "Unix seconds; part of what is signed."),
        header(
            "X-Innbocks-Signature",
            "t=<timestamp>,v1=<hex>: HMAC-SHA256 over timestamp, a full stop and the body."
        ),
        header("webhook-id", "Standard Webhooks: the event."),
        header("webhook-timestamp", "Standard Webhooks: Unix seconds."),
        header(
            "webhook-signature",
            "Standard Webhooks: v1,<base64>, and with ed25519 v1a,<base64>; a space between several."
        ),
        header("webhook-event-type", "The event's type, whatever the install's prefix."),
        header("webhook-attempt", "1, 2, 3 …: the attempt at this delivery."),
    ]);
    let mut webhooks = Map::new();
    for kind in Audience::Partner.types() {
        let (schema, sample) = wire::events::documented(*kind);
        webhooks.insert(kind.as_str().to_owned(), json!({"post": {
            "operationId": wire::events::operation_id(*kind),
            "summary": kind.description(), "security": [], "tags": ["Webhooks"],
            "parameters": parameters,
            "requestBody": {"required": true, "content": {"application/json": {
                "schema": {"$ref": format!("#/components/schemas/{schema}")},
                "examples": {"sample": {"value": sample}},
            }}},
            "responses": {"200": {"description": "Any 2xx within 15 seconds: received. Anything else is tried again."}},
        }}));
    }
    document["webhooks"] = webhooks.into();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in wire::events::schemas() {
            schemas.entry(name).or_insert(schema);
        }
    }
}
