//! How much of the past goes with an inbound message: what a subscription asks for (email-api.md 8.3).

use serde_json::{Map, Value, json};

use crate::reader::Fields;

/// Items of one class, and hours that they may lie back.
pub const CONTEXT_COUNT_MAX: i64 = 50;
pub const CONTEXT_HOURS_MAX: i64 = 168;
/// The classes that a subscription may name. Only `email` finds anything on this server.
const CLASSES: [&str; 3] = ["email", "texts", "calls"];

/// How far back one class goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The last so many items.
    Count(i64),
    /// What is not older than so many hours.
    Hours(i64),
}

impl Reach {
    fn of(value: &Value) -> Option<Self> {
        let entry = value.as_object().filter(|entry| entry.len() == 2)?;
        let within = |name: &str, max: i64| {
            entry.get(name).and_then(Value::as_i64).filter(|n| (1..=max).contains(n))
        };
        match entry.get("mode")?.as_str()? {
            "count" => within("count", CONTEXT_COUNT_MAX).map(Self::Count),
            "window" => within("hours", CONTEXT_HOURS_MAX).map(Self::Hours),
            _ => None,
        }
    }

    fn show(self) -> Value {
        match self {
            Self::Count(n) => json!({"mode": "count", "count": n}),
            Self::Hours(n) => json!({"mode": "window", "hours": n}),
        }
    }
}

/// What a subscription asks for, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextConfig {
    pub email: Option<Reach>,
    pub texts: Option<Reach>,
    pub calls: Option<Reach>,
}

impl ContextConfig {
    /// Reads the member of a body; what is wrong is noted under its name.
    pub(crate) fn read(f: &mut Fields, value: &Value) -> Option<Self> {
        let Some(members) = value.as_object() else {
            f.problem("context_config", "invalid", "context_config must be an object or null");
            return None;
        };
        if let Some(stray) = members.keys().find(|name| !CLASSES.contains(&name.as_str())) {
            let rule = format!("there is no class {stray}; there are {}", CLASSES.join(", "));
            f.problem(&format!("context_config/{stray}"), "invalid", rule);
            return None;
        }
        let read = Self::of(members);
        if read.is_none() {
            let rule = format!(
                "a class is null, {{\"mode\": \"count\", \"count\": 1 to {CONTEXT_COUNT_MAX}}}, or \
                 {{\"mode\": \"window\", \"hours\": 1 to {CONTEXT_HOURS_MAX}}}"
            );
            f.problem("context_config", "invalid", rule);
        }
        read
    }

    fn of(members: &Map<String, Value>) -> Option<Self> {
        let class = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => Reach::of(value).map(Some),
        };
        Some(Self { email: class("email")?, texts: class("texts")?, calls: class("calls")? })
    }

    /// Every class, those that were not asked for as null: as it is stored and shown.
    pub fn show(self) -> Value {
        let class = |reach: Option<Reach>| reach.map_or(Value::Null, Reach::show);
        json!({"email": class(self.email), "texts": class(self.texts), "calls": class(self.calls)})
    }

    /// Reads what [`Self::show`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(serde_json::from_str::<Value>(text).ok()?.as_object()?)
    }
}
