//! Who may import whom among our own crates.
//!
//! The table is the one in ARCHITECTURE.md, written for a machine. Dev-dependencies are free: a test may
//! stand anywhere.

use serde_json::Value;

/// A crate and the crates of ours that it may import.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("wire", &["domain"]),
    ("email", &["domain"]),
    ("webhook", &["domain"]),
    ("blob", &["domain"]),
    ("storage", &["domain"]),
    ("app", &["domain", "wire", "storage", "blob", "email", "webhook"]),
    ("smtp", &["domain", "email", "app"]),
    ("tasks", &["domain", "app", "storage", "blob", "email", "webhook", "smtp"]),
    ("web", &["domain"]),
    ("partner_api", ENTRANCE),
    ("email_api", ENTRANCE),
    ("dashboard", ENTRANCE),
    ("postroom", EVERYTHING),
    ("testkit", EVERYTHING),
    ("bench", EVERYTHING),
    ("xtask", &[]),
];

const ENTRANCE: &[&str] = &["domain", "wire", "app", "web"];

const EVERYTHING: &[&str] = &[
    "domain",
    "wire",
    "email",
    "webhook",
    "blob",
    "storage",
    "app",
    "smtp",
    "tasks",
    "web",
    "partner_api",
    "email_api",
    "dashboard",
    "postroom",
    "testkit",
];

/// Problems in what `cargo metadata --no-deps` says about the workspace.
pub(super) fn check(metadata: &Value) -> Vec<String> {
    let packages = array(metadata, "packages");
    let ours: Vec<&str> = packages.iter().map(|package| text(package, "name")).collect();
    let mut problems = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == name) else {
            problems.push(format!(
                "{name}: not in the import table; add it to ARCHITECTURE.md and to xtask/src/tidy/imports.rs"
            ));
            continue;
        };
        for dependency in array(package, "dependencies") {
            let import = text(dependency, "name");
            let is_for_tests = text(dependency, "kind") == "dev";
            if ours.contains(&import) && !is_for_tests && !allowed.contains(&import) {
                problems.push(format!(
                    "{name}: may not import {import}; the table in ARCHITECTURE.md says who may"
                ));
            }
        }
    }
    problems
}

fn array<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// A text member; the empty text where it is null, as the kind of a normal dependency is.
fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn workspace(name: &str, imports: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<Value> =
            imports.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
        json!({"packages": [
            {"name": name, "dependencies": dependencies},
            {"name": "storage", "dependencies": [{"name": "rusqlite", "kind": null}]},
        ]})
    }

    #[test]
    fn an_entrance_that_imports_storage_is_named() {
        let problems = super::check(&workspace("partner_api", &[("storage", None)]));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("partner_api: may not import storage"));
    }

    #[test]
    fn tests_may_import_what_the_crate_may_not() {
        assert!(super::check(&workspace("partner_api", &[("storage", Some("dev"))])).is_empty());
        assert_eq!(super::check(&workspace("domain", &[("storage", Some("build"))])).len(), 1);
    }

    #[test]
    fn an_edge_of_the_table_and_a_foreign_crate_are_free() {
        assert!(super::check(&workspace("app", &[("storage", None), ("jiff", None)])).is_empty());
    }

    #[test]
    fn a_crate_that_the_table_does_not_know_is_named() {
        assert!(super::check(&workspace("helpers", &[]))[0].contains("not in the import table"));
    }
}
