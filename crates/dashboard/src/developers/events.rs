//! The event catalogue: one table of types, one section a type with its data and an example.
//!
//! Made from `domain::event` and `wire::events`, which also make the payloads; the text around it is
//! `docs/guides/events.md`, `docs/guides/operator-events.md` for what operators hear, and
//! `docs/guides/email-webhooks.md` for mailboxes.

use std::fmt::Write as _;

use domain::event::{Audience, EventType};
use serde_json::{Map, Value};

use super::schema::{cell, describe, kind};

/// Where the objects of the Partner API are described.
const OBJECTS: &str = "/developers/reference/objects";

/// The catalogue of what somebody hears as Markdown.
pub(crate) fn catalogue(audience: Audience) -> String {
    let mut text = String::from("| Event | When |\n|---|---|\n");
    for event in audience.types() {
        let _ = writeln!(text, "| [`{event}`](#{event}) | {} |", event.description());
    }
    let schemas = match audience {
        Audience::Partner => wire::events::schemas(),
        Audience::Operator => wire::events::operator_schemas(),
        Audience::Mailbox => return of_mailboxes(),
    };
    for event in audience.types() {
        let (name, sample) = wire::events::documented(*event);
        let data = &schemas[&format!("{name}Data")]["properties"];
        let _ = writeln!(text, "\n## `{event}`\n\n{}\n", event.description());
        if audience == Audience::Partner {
            let _ = writeln!(text, "`data.object` is a {}.", kind(&data["object"], OBJECTS));
        }
        text.push_str(&particular(data, &schemas["EventData"]["properties"]));
        let _ = writeln!(text, "\n```json\n{sample:#}\n```");
    }
    text
}

/// The events of e-mail mailboxes, which all have one shape.
fn of_mailboxes() -> String {
    let mut text = String::from("## The six events\n\n| Event | When |\n|---|---|\n");
    for event in Audience::Mailbox.types() {
        let _ = writeln!(text, "| `{event}` | {} |", event.description());
    }
    let sample = wire::events::sample(EventType::MessageReceived);
    let _ = writeln!(text, "\n```json\n{sample:#}\n```");
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
        let _ = writeln!(
            text,
            "| `{name}` | {} | {} |",
            kind(schema, OBJECTS),
            cell(&describe(schema))
        );
    }
    text
}
