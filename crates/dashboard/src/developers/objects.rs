//! The page of objects: every schema that a call takes or answers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::schema::{members, referred};

/// How deep schemas are followed; deeper ones would be a loop.
const DEPTH_MAX: usize = 32;

/// Every object that an operation takes or answers, by name; event payloads are in the catalogue.
pub(crate) fn page(spec: &Value) -> String {
    let mut names = BTreeSet::new();
    collect(&spec["paths"], spec, &mut names, 0);
    collect(&spec["components"]["responses"], spec, &mut names, 0);
    for kind in domain::event::Audience::Partner.types() {
        let (name, _) = wire::events::documented(*kind);
        collect(&spec["components"]["schemas"][format!("{name}Data")], spec, &mut names, 0);
    }
    let mut text = String::from(
        "# Objects\n\nThe shapes that calls take and answer, by name. A member without **required** may be \
         missing from a body that you send.\n",
    );
    for name in names {
        let schema = &spec["components"]["schemas"][name];
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "\n## {name}\n\n{about}\n{}", members(schema));
    }
    text
}

/// Notes the names of the schemas that a value mentions, and of those that they mention.
fn collect<'a>(value: &'a Value, spec: &'a Value, names: &mut BTreeSet<&'a str>, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(map) => {
            if let Some(name) = referred(value)
                && names.insert(name)
            {
                collect(&spec["components"]["schemas"][name], spec, names, depth + 1);
            }
            map.values().for_each(|member| collect(member, spec, names, depth + 1));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, spec, names, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
