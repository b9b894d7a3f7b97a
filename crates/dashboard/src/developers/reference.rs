//! The reference: a page for each tag of the OpenAPI document, and one for the objects.
//!
//! Everything on these pages is in the document; an operation that is missing here is missing there.
//! The objects are in [`super::objects`];
//! schemas are put in words by [`super::schema`].

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::guides::{Group, Source};
use super::markdown::slug;
use super::objects;
use super::schema::{self, OBJECTS, cell, describe, example, kind, linked, members, referred};

/// How an example's host is written; requests see their own.
pub(crate) const HOST: &str = "http://127.0.0.1:8080";

/// The methods in the order in which operations on one path are shown.
const METHODS: [&str; 4] = ["post", "get", "patch", "delete"];
/// Refusals that every operation has; the overview explains them once.
const COMMON: [&str; 6] = ["400", "401", "403", "429", "500", "503"];

/// The pages: an overview, one for each tag that has operations, and the objects.
pub(crate) fn pages(spec: &Value) -> Vec<Source> {
    let tags = spec["tags"].as_array().into_iter().flatten();
    let described =
        tags.filter_map(|tag| Some((tag["name"].as_str()?, tag["description"].as_str()?)));
    let parts: Vec<(&str, &str, Vec<Operation<'_>>)> = described
        .map(|(name, text)| (name, text, operations(spec, name)))
        .filter(|(_, _, operations)| !operations.is_empty())
        .collect();
    let page = |slug: String, label: &str, markdown: String| Source {
        group: Group::Reference,
        slug,
        label: label.to_owned(),
        markdown,
    };
    let mut pages = vec![page("reference".to_owned(), "Overview", overview(spec, &parts))];
    for (name, text, operations) in &parts {
        let mut markdown = format!("# {name}\n\n{text}\n\n{}", table(name, operations));
        for operation in operations {
            operation.describe(&mut markdown);
        }
        pages.push(page(format!("reference/{}", slug(name)), name, markdown));
    }
    pages.push(page("reference/objects".to_owned(), "Objects", objects::page(spec)));
    pages
}

struct Operation<'a> {
    spec: &'a Value,
    method: &'a str,
    /// With the base path.
    path: String,
    value: &'a Value,
}

fn operations<'a>(spec: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let server = spec["servers"][0]["url"].as_str().unwrap_or_default();
    let base = server.split_once("://").map_or(server, |(_, rest)| rest);
    let base = base.find('/').map_or("", |at| &base[at..]);
    let mut found = Vec::new();
    for (path, item) in spec["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let value = &item[method];
            if schema::strings(&value["tags"]).next() == Some(tag) {
                found.push(Operation { spec, method, path: format!("{base}{path}"), value });
            }
        }
    }
    found
}

fn overview(spec: &Value, parts: &[(&str, &str, Vec<Operation<'_>>)]) -> String {
    let mut text = format!(
        "# API reference\n\nEvery operation, made from the same document that this server publishes at \
         [`/api/openapi.json`](/api/openapi.json) (OpenAPI {}).\n\n{}\n",
        spec["openapi"].as_str().unwrap_or("3.1"),
        spec["info"]["description"].as_str().unwrap_or_default()
    );
    for (name, about, operations) in parts {
        let _ = write!(text, "\n## [{name}](/developers/reference/{})\n\n{about}\n\n", slug(name));
        text.push_str(&table(name, operations));
    }
    text.push_str(
        "\n## Every call\n\nBeside what an operation says of itself, each can be refused so:\n\n",
    );
    text.push_str("| Status | When |\n|---|---|\n");
    for (status, refusal) in common_refusals(spec) {
        let _ = writeln!(text, "| {status} | {} |", cell(&refusal));
    }
    let _ = writeln!(
        text,
        "\nThe body is always an [ErrorBody]({OBJECTS}#errorbody); [Errors](/developers/errors) explains \
         each code."
    );
    text
}

/// Status and sentence of the refusals that are shared.
fn common_refusals(spec: &Value) -> Vec<(&'static str, String)> {
    let operation = spec["paths"].as_object().into_iter().flatten().find_map(|(_, item)| {
        METHODS.iter().map(|method| &item[*method]).find(|operation| operation.is_object())
    });
    let Some(operation) = operation else { return Vec::new() };
    let sentence = |status| {
        let answer = resolve(spec, &operation["responses"][status]);
        answer["description"].as_str().map(|text| (status, text.to_owned()))
    };
    COMMON.into_iter().filter_map(sentence).collect()
}

fn table(tag: &str, operations: &[Operation<'_>]) -> String {
    let mut text = String::from("| Operation | Call |\n|---|---|\n");
    for operation in operations {
        let link = format!("/developers/reference/{}#{}", slug(tag), operation.id());
        let _ = writeln!(text, "| [{}]({link}) | `{}` |", operation.summary(), operation.route());
    }
    text
}

impl Operation<'_> {
    fn id(&self) -> &str {
        self.value["operationId"].as_str().unwrap_or(self.method)
    }

    fn summary(&self) -> &str {
        self.value["summary"].as_str().unwrap_or_else(|| self.id())
    }

    fn route(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    fn describe(&self, text: &mut String) {
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
        let parameters = self.value["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = parameters.map(|p| resolve(self.spec, p)).collect();
        if !parameters.is_empty() {
            text.push_str("| Parameter | Type | Description |\n|---|---|---|\n");
        }
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let about = described_parameter(parameter);
            let kind = kind(&parameter["schema"]);
            let _ = writeln!(text, "| `{name}` | {kind} in {place} | {} |", cell(&about));
        }
        let body = &self.value["requestBody"]["content"]["application/json"]["schema"];
        let whole = referred(body).map_or(body, |name| &self.schemas()[name]);
        let table = members(whole);
        if !table.is_empty() {
            let about = whole["description"].as_str().unwrap_or_default();
            let _ = writeln!(text, "\n### Body {{#{}-body}}\n\n{about}\n{table}", self.id());
        }
        text.push('\n');
    }

    /// The call as a line for the shell, in the way of the seed's.
    fn curl(&self) -> String {
        let mut text = String::from("curl");
        if self.method != "get" {
            let _ = write!(text, " -X {}", self.method.to_uppercase());
        }
        let _ = writeln!(text, " {HOST}{} \\", self.example_path());
        let mode = if self.path.contains("/test_helpers/") { "test" } else { "live" };
        let _ = write!(text, "  -H \"Authorization: Bearer ib_{mode}_YOUR_KEY\"");
        let content = &self.value["requestBody"]["content"]["application/json"];
        if self.method != "get" {
            if content.is_object() {
                text.push_str(" \\\n  -H \"Content-Type: application/json\"");
            }
            let _ = write!(text, " \\\n  -H \"Idempotency-Key: {}\"", idempotency_key(self.id()));
        }
        if let Some(body) = self.example_body(content) {
            let body = format!("{body:#}").replace('\n', "\n  ").replace('\'', "'\\''");
            let _ = write!(text, " \\\n  -d '{body}'");
        }
        text
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
            let shape =
                referred(&content["schema"]).map(|_| format!(" {}.", kind(&content["schema"])));
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
            let is_common = response.get("$ref").is_some() && COMMON.contains(&status.as_str());
            if !status.starts_with('2') && !is_common {
                let about =
                    resolve(self.spec, response)["description"].as_str().unwrap_or_default();
                let _ = writeln!(table, "| {status} | {} |", cell(&linked(about)));
            }
        }
        if !table.is_empty() {
            let _ = writeln!(
                text,
                "Refused, besides what [every call](/developers/reference#every-call) can be:\n\n\
                 | Status | When |\n|---|---|\n{table}"
            );
        }
    }

    fn schemas(&self) -> &Value {
        &self.spec["components"]["schemas"]
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
fn resolve<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
    pointer.and_then(|pointer| spec.pointer(pointer)).unwrap_or(value)
}
