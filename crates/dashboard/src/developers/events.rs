//! The event catalogue: one table of all types, one section a type with its data and an example.
//!
//! Made from `domain::event` and `wire::events`, which also make the payloads; the text around it is
//! `docs/guides/events.md`.

use std::fmt::Write as _;

use domain::event::EventType;
use serde_json::{Map, Value};

use super::schema::{cell, describe, kind};

/// The catalogue as Markdown.
pub(crate) fn catalogue() -> String {
    let mut text = String::from("| Event | When |\n|---|---|\n");
    for event in EventType::ALL {
        let _ = writeln!(text, "| [`{event}`](#{event}) | {} |", event.description());
    }
    let schemas = wire::events::schemas();
    for event in EventType::ALL {
        let (name, sample) = wire::events::documented(*event);
        let data = &schemas[&format!("{name}Data")]["properties"];
        let _ = writeln!(text, "\n## `{event}`\n\n{}\n", event.description());
        let _ = writeln!(text, "`data.object` is a {}.", kind(&data["object"]));
        text.push_str(&particular(data, &schemas["EventData"]["properties"]));
        let _ = writeln!(text, "\n```json\n{sample:#}\n```");
    }
    text
}

/// The members of `data` that only this type has.
fn particular(data: &Value, common: &Value) -> String {
    let empty = Map::new();
    let members = data.as_object().unwrap_or(&empty);
    let own: Vec<_> = members.iter().filter(|(name, _)| common.get(name).is_none()).collect();
    if own.is_empty() {
        return String::new();
    }
    let mut text =
        String::from("`data` also has:\n\n| Member | Type | Description |\n|---|---|---|\n");
    for (name, schema) in own {
        let _ = writeln!(text, "| `{name}` | {} | {} |", kind(schema), cell(&describe(schema)));
    }
    text
}
