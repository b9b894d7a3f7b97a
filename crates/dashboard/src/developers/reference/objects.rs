//! The page of objects: every schema that calls answer, or that a body holds.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::Api;
use super::operation::METHODS;
use crate::developers::schema::{members, referred};

/// How deep schemas are followed; deeper ones would be a loop.
const DEPTH_MAX: usize = 32;

/// Every object by name, and what events hold. A body stands at its operation and nowhere else.
pub(super) fn page(api: &Api<'_>) -> String {
    let spec = api.spec;
    let mut names = BTreeSet::new();
    for operation in spec["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| METHODS.map(|method| &item[method]))
    {
        collect(&operation["parameters"], spec, &mut names, 0);
        collect(&operation["responses"], spec, &mut names, 0);
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = referred(body).map_or(body, |name| &spec["components"]["schemas"][name]);
        collect(body, spec, &mut names, 0);
    }
    collect(&spec["components"]["responses"], spec, &mut names, 0);
    for event in &api.events {
        collect(&spec["components"]["schemas"][event], spec, &mut names, 0);
    }
    let mut text = String::from(
        "# Objects\n\nThe shapes that calls answer and that their bodies hold, by name. A member without \
         **required** may be missing from a body that you send.\n",
    );
    for name in names {
        let schema = &spec["components"]["schemas"][name];
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = writeln!(text, "\n## {name}\n\n{about}\n{}", members(schema, &api.objects()));
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
