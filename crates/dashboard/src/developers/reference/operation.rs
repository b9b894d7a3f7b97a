//! One operation in words: its call, its fields, its answers and its refusals.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Api, HOST};
use crate::developers::schema::{self, cell, describe, example, kind, linked, members, referred};

/// The methods in the order in which operations on one path are shown.
pub(super) const METHODS: [&str; 5] = ["post", "get", "put", "patch", "delete"];

/// One operation of a document.
pub(super) struct Operation<'a> {
    api: &'a Api<'a>,
    method: &'a str,
    /// With the base path.
    path: String,
    value: &'a Value,
}

/// The operations of a tag, in the order of their paths.
pub(super) fn operations<'a>(api: &'a Api<'a>, tag: &str) -> Vec<Operation<'a>> {
    let spec = api.spec;
    let server = spec["servers"][0]["url"].as_str().unwrap_or_default();
    let base = server.split_once("://").map_or(server, |(_, rest)| rest);
    let base = base.find('/').map_or("", |at| &base[at..]);
    let mut found = Vec::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let value = &item[method];
            if schema::strings(&value["tags"]).next() == Some(tag) {
                found.push(Operation { api, method, path: format!("{base}{path}"), value });
            }
        }
    }
    found
}

impl Operation<'_> {
    pub(super) fn id(&self) -> &str {
        self.value["operationId"].as_str().unwrap_or(self.method)
    }

    pub(super) fn summary(&self) -> &str {
        self.value["summary"].as_str().unwrap_or_else(|| self.id())
    }

    pub(super) fn route(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    pub(super) fn describe(&self, text: &mut String) {
        let _ =
            write!(text, "\n## {} {{#{}}}\n\n`{}`\n\n", self.summary(), self.id(), self.route());
        let about = self.value["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "{}\n", about.trim());
        self.request(text);
        let _ = writeln!(text, "```sh\n{}\n```\n", self.curl());
        self.answers(text);
        self.refusals(text);
    }

    fn request(&self, text: &mut String) {
        let objects = self.api.objects();
        if self.parameters().next().is_some() {
            text.push_str("| Parameter | Type | Description |\n|---|---|---|\n");
        }
        for parameter in self.parameters() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let about = described_parameter(parameter);
            let kind = kind(&parameter["schema"], &objects);
            let _ = writeln!(text, "| `{name}` | {kind} in {place} | {} |", cell(&about));
        }
        let body = &self.value["requestBody"]["content"]["application/json"]["schema"];
        let whole = referred(body).map_or(body, |name| &self.schemas()[name]);
        let table = members(whole, &objects);
        if !table.is_empty() {
            let about = whole["description"].as_str().unwrap_or_default();
            let _ = writeln!(text, "\n### Body {{#{}-body}}\n\n{about}\n{table}", self.id());
        }
        text.push('\n');
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        let parameters = self.value["parameters"].as_array().into_iter().flatten();
        parameters.map(|parameter| resolve(self.api.spec, parameter))
    }

    /// The call as a line for the shell, in the way of the seed's.
    fn curl(&self) -> String {
        let mut text = String::from("curl");
        if self.method != "get" {
            let _ = write!(text, " -X {}", self.method.to_uppercase());
        }
        let _ = writeln!(text, " {HOST}{} \\", self.example_path());
        let mode = if self.path.contains("/test_helpers/") { "_test_" } else { "_live_" };
        let _ = write!(text, "  -H \"{}\"", self.api.key.replace("_live_", mode));
        let content = &self.value["requestBody"]["content"]["application/json"];
        let raw = self.raw_body();
        if let Some(media) = raw.or_else(|| content.as_object().map(|_| "application/json")) {
            let _ = write!(text, " \\\n  -H \"Content-Type: {media}\"");
        }
        if self.parameters().any(|parameter| parameter["name"] == "Idempotency-Key") {
            let _ = write!(text, " \\\n  -H \"Idempotency-Key: {}\"", idempotency_key(self.id()));
        }
        if let Some(body) = self.example_body(content) {
            let body = format!("{body:#}").replace('\n', "\n  ").replace('\'', "'\\''");
            let _ = write!(text, " \\\n  -d '{body}'");
        } else if raw.is_some() {
            text.push_str(" \\\n  --data-binary @FILE");
        }
        text
    }

    /// The media type of a body that is not JSON.
    fn raw_body(&self) -> Option<&str> {
        let (media, _) = self.value["requestBody"]["content"].as_object()?.iter().next()?;
        (media != "application/json").then_some(media.as_str())
    }

    /// The document's example of a body, or one made from those of its members.
    fn example_body(&self, content: &Value) -> Option<Value> {
        let schema = &content["schema"];
        let whole = referred(schema).map_or(schema, |name| &self.schemas()[name]);
        let members = whole["properties"].as_object().into_iter().flatten();
        let told = members
            .filter_map(|(name, member)| Some((name.clone(), member["examples"].get(0)?.clone())));
        let made = || Some(Value::Object(told.collect())).filter(|made| *made != json!({}));
        example(content, self.schemas()).cloned().or_else(made)
    }

    /// The path with an example in place of each parameter.
    fn example_path(&self) -> String {
        let mut path = self.path.clone();
        for (name, id) in [
            ("{customer_id}", "cus_123"),
            ("{mail_id}", "mail_123"),
            ("{event_id}", "evt_123"),
            ("{endpoint_id}", "whe_123"),
            ("{email_address}", "support-bot@agents.localhost"),
            ("{agent_handle}", "support-bot"),
        ] {
            path = path.replace(name, id);
        }
        path
    }

    /// What comes back: the answer first, then that of a dry run.
    fn answers(&self, text: &mut String) {
        let responses = self.value["responses"].as_object().into_iter().flatten();
        for (status, response) in responses.filter(|(s, _)| s.starts_with('2')).rev() {
            let about = response["description"].as_str().unwrap_or_default();
            let content = &response["content"]["application/json"];
            let shape = referred(&content["schema"])
                .map(|_| format!(" {}.", kind(&content["schema"], &self.api.objects())));
            let shape = shape.unwrap_or_default();
            let _ = writeln!(text, "**Answers {status}.** {about}{shape}\n");
            if let Some(sample) = example(content, self.schemas()) {
                let _ = writeln!(text, "```json\n{sample:#}\n```\n");
            }
        }
    }

    /// Refusals that say something of this operation.
    fn refusals(&self, text: &mut String) {
        let mut table = String::new();
        for (status, response) in self.value["responses"].as_object().into_iter().flatten() {
            let is_common =
                response.get("$ref").is_some() && self.api.common.contains(&status.as_str());
            if !status.starts_with('2') && !is_common {
                let about =
                    resolve(self.api.spec, response)["description"].as_str().unwrap_or_default();
                let _ = writeln!(table, "| {status} | {} |", cell(&linked(about)));
            }
        }
        if !table.is_empty() {
            let _ = writeln!(
                text,
                "Refused, besides what [every call]({}#every-call) can be:\n\n\
                 | Status | When |\n|---|---|\n{table}",
                self.api.root
            );
        }
    }

    fn schemas(&self) -> &Value {
        &self.api.spec["components"]["schemas"]
    }
}

fn described_parameter(parameter: &Value) -> String {
    let must = if parameter["required"] == true { "**required** " } else { "" };
    let mut whole = parameter["schema"].clone();
    if let (Some(schema), Some(about)) = (whole.as_object_mut(), parameter.get("description")) {
        schema.insert("description".to_owned(), about.clone());
    }
    format!("{must}{}", describe(&whole))
}

/// A key that says what it is for, as the seed's do: `crm_create_customer_123`.
fn idempotency_key(operation_id: &str) -> String {
    let mut key = String::from("crm_");
    for c in operation_id.chars() {
        if c.is_ascii_uppercase() {
            key.push('_');
        }
        key.push(c.to_ascii_lowercase());
    }
    key + "_123"
}

/// What a reference to a component stands for, or the value itself.
pub(super) fn resolve<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
    pointer.and_then(|pointer| spec.pointer(pointer)).unwrap_or(value)
}
