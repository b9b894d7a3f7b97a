//! Every response of every test is checked against the OpenAPI document of its API: status, media type,
//! schema.
//!
//! Schemas are compiled once for the whole test executable.
#![expect(clippy::panic, reason = "a broken contract ends the test that broke it")]

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use axum::http::{HeaderMap, Method};
use jsonschema::Validator;
use serde_json::{Value, json};

static PARTNER: OnceLock<Contract> = OnceLock::new();
static EMAIL: OnceLock<Contract> = OnceLock::new();

/// The document and the validators that were needed so far.
pub struct Contract {
    document: &'static Value,
    /// What comes before the document's paths.
    base: &'static str,
    validators: Mutex<HashMap<String, std::sync::Arc<Validator>>>,
}

/// The contract of the Partner API.
pub fn contract() -> &'static Contract {
    PARTNER.get_or_init(|| Contract {
        document: partner_api::document(),
        base: "/api/v1",
        validators: Mutex::default(),
    })
}

/// The contract of the e-mail API.
pub fn email_contract() -> &'static Contract {
    EMAIL.get_or_init(|| Contract {
        document: email_api::document(),
        base: "",
        validators: Mutex::default(),
    })
}

impl Contract {
    pub fn document(&self) -> &Value {
        self.document
    }

    /// Fails the test when a response is not what the document promises.
    #[track_caller]
    pub fn check(
        &self,
        method: &Method,
        path: &str,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
    ) {
        let Some((template, operation)) = self.operation(method, path) else {
            // Not a route of the document: only the error body is promised.
            assert!(
                matches!(status, 401 | 404 | 405 | 413 | 429),
                "{method} {path} answered {status}"
            );
            return;
        };
        let pointer = format!("/responses/{status}");
        let response = operation.pointer(&pointer).unwrap_or_else(|| {
            let body = String::from_utf8_lossy(body);
            panic!(
                "{method} {template} answered {status}, which the document does not list: {body}"
            )
        });
        let response = self.resolve(response);
        if status == 204 {
            assert!(body.is_empty(), "{method} {template} answered 204 with a body");
            return;
        }
        let media = headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default();
        // Bytes of any kind, of which no shape is promised.
        if response["content"].get("*/*").is_some() {
            return;
        }
        let Some(schema) = response["content"].get(media).map(|c| &c["schema"]) else {
            panic!(
                "{method} {template} {status} answered {media}, which the document does not list"
            )
        };
        let value = match media {
            "text/event-stream" | "text/vcard" => {
                Value::String(String::from_utf8_lossy(body).into_owned())
            }
            _ => serde_json::from_slice(body).unwrap_or(Value::Null),
        };
        let key = format!("{method} {template} {status} {media}");
        let validator = self.validator(key.clone(), schema);
        let problems: Vec<String> =
            validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{key} breaks the document: {problems:#?}\n{value:#}");
    }

    /// Checks an event's payload against the `webhooks` section.
    #[track_caller]
    pub fn check_event(&self, payload: &Value) {
        let kind = payload["type"].as_str().unwrap_or_default();
        let schema = &self.document["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        assert!(schema.is_object(), "{kind} is not in the document's webhooks");
        let validator = self.validator(format!("webhook {kind}"), schema);
        let problems: Vec<String> =
            validator.iter_errors(payload).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{kind} breaks the document: {problems:#?}\n{payload:#}");
    }

    /// Checks what a subscription of a mailbox was sent.
    #[track_caller]
    pub fn check_message_event(&self, payload: &Value) {
        self.check_schema("MessageEvent", payload);
    }

    /// Checks a value against a schema of the document.
    #[track_caller]
    pub fn check_schema(&self, name: &str, value: &Value) {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let validator = self.validator(format!("schema {name}"), &schema);
        let problems: Vec<String> =
            validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{name} breaks the document: {problems:#?}\n{value:#}");
    }

    /// The documented operation behind a path, and its template.
    pub fn operation(&self, method: &Method, path: &str) -> Option<(&str, &Value)> {
        let path = path.split('?').next().unwrap_or_default().strip_prefix(self.base)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let method = method.as_str().to_lowercase();
        let method = if method == "head" { "get" } else { &method };
        let paths = self.document["paths"].as_object()?;
        // A literal segment wins over a parameter, and one with an ending over one without.
        let mut found: Vec<_> =
            paths.iter().filter(|(template, _)| matches(template, path)).collect();
        found.sort_by_key(|(t, _)| (t.matches('{').count(), t.ends_with('}')));
        let (template, item) = found.first()?;
        item.get(method).map(|operation| (template.as_str(), operation))
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap_or(value),
            None => value,
        }
    }

    fn validator(&self, key: String, schema: &Value) -> std::sync::Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let compile = || {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "allOf": [schema], "components": self.document["components"],
            });
            let options = jsonschema::options().should_validate_formats(true);
            std::sync::Arc::new(options.build(&schema).expect("the document's schemas compile"))
        };
        std::sync::Arc::clone(validators.entry(key).or_insert_with(compile))
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (mut a, mut b) = (template.split('/'), path.split('/'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(t), Some(p)) if t == p || fits(t, p) => {}
            _ => return false,
        }
    }
}

/// Whether a parameter, with what stands behind it, can be this segment.
fn fits(template: &str, segment: &str) -> bool {
    let ending = template.strip_prefix('{').and_then(|t| t.split_once('}')).map(|(_, end)| end);
    ending.is_some_and(|end| segment.len() > end.len() && segment.ends_with(end))
}
