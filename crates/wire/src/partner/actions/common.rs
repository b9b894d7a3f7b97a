//! What every request for an action may say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::reader::Fields;

/// Characters of the notes, and of the partner's own user id.
const NOTES_CHARS_MAX: usize = 1000;
const USER_CHARS_MAX: usize = 128;

/// What every request may say.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub notes: Option<String>,
    /// standard or expedited.
    pub expedited: bool,
    pub requested_by_user: Option<String>,
    pub metadata: Vec<(String, String)>,
}

impl Common {
    pub(super) fn read(f: &mut Fields) -> Self {
        let priority = |text: &str| match text {
            "standard" => Some(false),
            "expedited" => Some(true),
            _ => None,
        };
        let pairs = |f: &mut Fields| f.opt_metadata("metadata").into_iter().flatten();
        Self {
            notes: f.opt_prose("notes", NOTES_CHARS_MAX),
            expedited: f.opt_parsed("priority", priority, "standard or expedited").unwrap_or(false),
            requested_by_user: f.opt_text("requested_by_user", 0..=USER_CHARS_MAX),
            metadata: pairs(f).filter_map(|(k, v)| v.map(|v| (k, v))).collect(),
        }
    }

    fn to_json(&self) -> Value {
        let metadata: BTreeMap<_, _> = self.metadata.iter().cloned().collect();
        json!({
            "notes": self.notes, "priority": if self.expedited { "expedited" } else { "standard" },
            "requested_by_user": self.requested_by_user, "metadata": metadata,
        })
    }
}

/// The options as the action keeps them: the common ones and those of the kind; nulls are left out.
pub(super) fn with(common: &Common, own: Value) -> String {
    let mut options = common.to_json();
    if let (Some(options), Value::Object(own)) = (options.as_object_mut(), own) {
        options.extend(own);
        options.retain(|_, value| !value.is_null());
    }
    options.to_string()
}
