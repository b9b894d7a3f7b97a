//! The references: for each OpenAPI document an overview, a page for each tag, and one for the objects.
//!
//! Everything on these pages is in the document; an operation that is missing here is missing there.
//! One operation is shown by [`operation`], the objects by [`objects`]; schemas are put in words by
//! [`super::schema`].

mod objects;
mod operation;

use std::fmt::Write as _;

use domain::event::Audience;
use serde_json::Value;

use self::operation::{METHODS, Operation, operations, resolve};
use super::guides::{Group, Source};
use super::markdown::slug;
use super::schema::cell;

/// How an example's host is written; requests see their own.
pub(crate) const HOST: &str = "http://127.0.0.1:8080";

/// One OpenAPI document, and how its pages show it.
pub(crate) struct Api<'a> {
    spec: &'a Value,
    group: Group,
    title: &'static str,
    /// The address of the overview; the other pages are below it.
    root: &'static str,
    /// Where the server publishes the document.
    published: &'static str,
    /// The header with a key, in examples.
    key: &'static str,
    /// Refusals that every operation has; the overview explains them once.
    common: &'static [&'static str],
    /// What the body of a refusal is.
    refusal: &'static str,
    /// Schemas of events, which no operation mentions.
    events: Vec<String>,
}

impl<'a> Api<'a> {
    pub(crate) fn partner(spec: &'a Value) -> Self {
        let data = |kind: &_| format!("{}Data", wire::events::documented(*kind).0);
        Self {
            spec,
            group: Group::Reference,
            title: "API reference",
            root: "/developers/reference",
            published: "/api/openapi.json",
            key: "Authorization: Bearer ib_live_YOUR_KEY",
            common: &["400", "401", "403", "429", "500", "503"],
            refusal: "always an [ErrorBody](/developers/reference/objects#errorbody); \
                [Errors](/developers/errors) explains each code",
            events: Audience::Partner.types().iter().map(data).collect(),
        }
    }

    pub(crate) fn email(spec: &'a Value) -> Self {
        Self {
            spec,
            group: Group::EmailReference,
            title: "E-mail API reference",
            root: "/developers/email-reference",
            published: "/api/openapi-email.json",
            key: "X-API-Key: YOUR_KEY",
            common: &[
                "400", "401", "402", "403", "404", "409", "413", "415", "422", "429", "500", "503",
            ],
            refusal: "always a [Refused](/developers/email-reference/objects#refused): `detail` is a sentence, \
                or an object where a program decides by it",
            events: vec!["MessageEvent".to_owned()],
        }
    }

    /// Where the objects are described.
    fn objects(&self) -> String {
        format!("{}/objects", self.root)
    }

    fn page(&self, name: &str, label: &str, markdown: String) -> Source {
        let root = self.root.trim_start_matches("/developers/");
        let slug = if name.is_empty() { root.to_owned() } else { format!("{root}/{name}") };
        Source { group: self.group, slug, label: label.to_owned(), markdown }
    }
}

/// The pages: an overview, one for each tag that has operations, and the objects.
pub(crate) fn pages(api: &Api<'_>) -> Vec<Source> {
    let tags = api.spec["tags"].as_array().into_iter().flatten();
    let described =
        tags.filter_map(|tag| Some((tag["name"].as_str()?, tag["description"].as_str()?)));
    let parts: Vec<(&str, &str, Vec<Operation<'_>>)> = described
        .map(|(name, text)| (name, text, operations(api, name)))
        .filter(|(_, _, operations)| !operations.is_empty())
        .collect();
    let mut pages = vec![api.page("", "Overview", overview(api, &parts))];
    for (name, text, operations) in &parts {
        let mut markdown = format!("# {name}\n\n{text}\n\n{}", table(api, name, operations));
        for operation in operations {
            operation.describe(&mut markdown);
        }
        pages.push(api.page(&slug(name), name, markdown));
    }
    pages.push(api.page("objects", "Objects", objects::page(api)));
    pages
}

fn overview(api: &Api<'_>, parts: &[(&str, &str, Vec<Operation<'_>>)]) -> String {
    let mut text = format!(
        "# {}\n\nEvery operation, made from the same document that this server publishes at \
         [`{}`]({}) (OpenAPI {}).\n\n{}\n",
        api.title,
        api.published,
        api.published,
        api.spec["openapi"].as_str().unwrap_or("3.1"),
        api.spec["info"]["description"].as_str().unwrap_or_default()
    );
    for (name, about, operations) in parts {
        let _ = write!(text, "\n## [{name}]({}/{})\n\n{about}\n\n", api.root, slug(name));
        text.push_str(&table(api, name, operations));
    }
    text.push_str(
        "\n## Every call\n\nBeside what an operation says of itself, each can be refused so:\n\n",
    );
    text.push_str("| Status | When |\n|---|---|\n");
    for (status, refusal) in common_refusals(api) {
        let _ = writeln!(text, "| {status} | {} |", cell(&refusal));
    }
    let _ = writeln!(text, "\nThe body is {}.", api.refusal);
    text
}

/// Status and sentence of the refusals that are shared.
fn common_refusals(api: &Api<'_>) -> Vec<(&'static str, String)> {
    let operation = api.spec["paths"].as_object().into_iter().flatten().find_map(|(_, item)| {
        METHODS.iter().map(|method| &item[*method]).find(|operation| operation.is_object())
    });
    let Some(operation) = operation else { return Vec::new() };
    let sentence = |status: &&'static str| {
        let answer = resolve(api.spec, &operation["responses"][*status]);
        answer["description"].as_str().map(|text| (*status, text.to_owned()))
    };
    api.common.iter().filter_map(sentence).collect()
}

fn table(api: &Api<'_>, tag: &str, operations: &[Operation<'_>]) -> String {
    let mut text = String::from("| Operation | Call |\n|---|---|\n");
    for operation in operations {
        let link = format!("{}/{}#{}", api.root, slug(tag), operation.id());
        let _ = writeln!(text, "| [{}]({link}) | `{}` |", operation.summary(), operation.route());
    }
    text
}
