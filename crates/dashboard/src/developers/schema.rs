//! JSON schemas in words: the type of a value, its bounds, and tables of members.
//!
//! Reads what `utoipa` writes for OpenAPI 3.1 (JSON Schema 2020-12) and ignores what it does not know.

use std::fmt::Write as _;

use domain::ErrorCode;
use serde_json::Value;

use super::markdown::slug;

/// The name of the component that a schema refers to.
pub(crate) fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// A table of an object's members; nothing when it has none. `objects` is the page of other objects.
pub(crate) fn members(schema: &Value, objects: &str) -> String {
    let Some(properties) = schema["properties"].as_object() else { return String::new() };
    let required: Vec<&str> = strings(&schema["required"]).collect();
    let mut names: Vec<&String> = properties.keys().collect();
    // What must be sent comes first; the rest keeps the order of the document.
    names.sort_by_key(|name| !required.contains(&name.as_str()));
    let mut table = String::from("\n| Member | Type | Description |\n|---|---|---|\n");
    for name in names {
        let member = &properties[name];
        let must = if required.contains(&name.as_str()) { " **required**" } else { "" };
        let _ = writeln!(
            table,
            "| `{name}`{must} | {} | {} |",
            kind(member, objects),
            cell(&describe(member))
        );
    }
    table
}

/// The type of a value in words, with a link where it is an object of its own.
pub(crate) fn kind(schema: &Value, objects: &str) -> String {
    if let Some(name) = referred(schema) {
        return format!("[{name}]({objects}#{})", slug(name));
    }
    for union in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[union].as_array() {
            return join(choices.iter().map(|c| kind(c, objects)), " or ");
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return join(parts.iter().map(|p| kind(p, objects)), " and ");
    }
    if let Some(constant) = constant(schema) {
        return format!("`{constant}`");
    }
    if let Some(choices) = schema["enum"].as_array() {
        return join(choices.iter().map(|c| format!("`{c}`")), ", ");
    }
    match &schema["type"] {
        Value::String(name) => simple(name, schema, objects),
        Value::Array(names) => {
            join(names.iter().filter_map(Value::as_str).map(|n| simple(n, schema, objects)), " or ")
        }
        _ => "any".to_owned(),
    }
}

fn simple(name: &str, schema: &Value, objects: &str) -> String {
    match name {
        "array" => format!("array of {}", kind(&schema["items"], objects)),
        "object" if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"], objects))
        }
        "string" => match schema["format"].as_str() {
            Some("date-time") => "time".to_owned(),
            Some("date") => "date".to_owned(),
            Some(format @ ("email" | "uri")) => format.to_owned(),
            Some(_) | None => "string".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// A value that is always the same, spelt as JSON: a `const`, or a pattern of one word.
fn constant(schema: &Value) -> Option<String> {
    if let Some(value) = schema.get("const") {
        return Some(value.to_string());
    }
    let word = schema["pattern"].as_str()?.strip_prefix('^')?.strip_suffix('$')?;
    let is_word = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_word.then(|| format!("\"{word}\""))
}

/// The description of a value, with its bounds and default.
pub(crate) fn describe(schema: &Value) -> String {
    let of_choice = || schema["oneOf"].as_array()?.iter().find_map(|c| c["description"].as_str());
    let text = schema["description"].as_str().or_else(of_choice).unwrap_or_default();
    let mut text = text.trim().to_owned();
    for note in bounds(schema) {
        if text.to_ascii_lowercase().contains(&note.to_ascii_lowercase()) {
            continue;
        }
        if !text.is_empty() && !text.ends_with(['.', '`']) {
            text.push('.');
        }
        let _ = write!(text, " {note}.");
    }
    text.trim().to_owned()
}

fn bounds(schema: &Value) -> Vec<String> {
    let number = |name: &str| schema[name].as_i64();
    let mut notes = Vec::new();
    let mut range = |low: &str, high: &str, unit: &str| match (number(low), number(high)) {
        (Some(low), Some(high)) => notes.push(format!("{low} to {high}{unit}")),
        (None, Some(high)) => notes.push(format!("At most {high}{unit}")),
        (Some(low), None) if low > 0 => notes.push(format!("At least {low}{unit}")),
        (Some(_) | None, None) => {}
    };
    range("minLength", "maxLength", " characters");
    range("minItems", "maxItems", " items");
    range("minimum", "maximum", "");
    if let Some(default) = schema.get("default").filter(|d| !d.is_null()) {
        notes.push(format!("Default `{default}`"));
    }
    notes
}

/// A text as one cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// The text with a link at each error code.
pub(crate) fn linked(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut linked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word_len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let len = if is_word(first) { word_len } else { first.len_utf8() };
        let (word, after) = rest.split_at(len);
        match ErrorCode::parse(word) {
            Some(code) => {
                let _ = write!(linked, "[{code}](/developers/errors#{code})");
            }
            None => linked.push_str(word),
        }
        rest = after;
    }
    linked
}

/// An example of a media type: the richest of several, or the schema's own.
pub(crate) fn example<'a>(content: &'a Value, schemas: &'a Value) -> Option<&'a Value> {
    let several = content["examples"].as_object().and_then(|examples| {
        examples.get("seed").or_else(|| examples.values().next_back())?.get("value")
    });
    let own = |schema: &'a Value| schema.get("example").or_else(|| schema["examples"].get(0));
    several.or_else(|| content.get("example")).or_else(|| {
        let schema = &content["schema"];
        own(schema).or_else(|| referred(schema).and_then(|name| own(&schemas[name])))
    })
}

pub(crate) fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn join(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_are_told_in_words() {
        let told = [
            (json!({"type": "string", "format": "date-time"}), "time"),
            (json!({"type": ["string", "null"]}), "string or null"),
            (json!({"type": "string", "pattern": "^mail$"}), "`\"mail\"`"),
            (json!({"type": "array", "items": {"type": "integer"}}), "array of integer"),
            (json!({"const": true, "type": "boolean"}), "`true`"),
            (
                json!({"oneOf": [{"$ref": "#/components/schemas/MailAction"}, {"type": "null"}]}),
                "[MailAction](/objects#mailaction) or null",
            ),
        ];
        for (schema, words) in told {
            assert_eq!(kind(&schema, "/objects"), words, "{schema}");
        }
    }

    #[test]
    fn bounds_follow_the_description() {
        let schema = json!({"type": "string", "description": "A name", "maxLength": 9});
        assert_eq!(describe(&schema), "A name. At most 9 characters.");
        assert_eq!(
            describe(&json!({"minimum": 1, "maximum": 3, "default": 2})),
            "1 to 3. Default `2`."
        );
    }
}
