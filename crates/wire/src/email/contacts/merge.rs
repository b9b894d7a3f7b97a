//! Bodies that make several contacts one (email-api.md 7.2).

use std::collections::BTreeMap;

use domain::Result;
use domain::email::ProfileField;
use domain::id::ContactId;
use serde_json::Value;
use utoipa::ToSchema;

use crate::reader::Fields;

/// Contacts that are merged at once. Ours.
const LOSERS_MAX: usize = 50;

/// Contacts to be merged into another.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what MergeContacts reads")]
pub struct ContactMerge {
    #[schema(min_items = 1, max_items = 50)]
    losing_contact_ids: Vec<String>,
    /// Whose value each of these fields gets; others keep that of the survivor, or get the first there is.
    field_sources: Option<BTreeMap<String, String>>,
}

/// What a [`ContactMerge`] says; an id that is nobody's is `None`.
#[derive(Clone, Debug)]
pub struct MergeContacts {
    pub losing: Vec<Option<ContactId>>,
    pub sources: Vec<(ProfileField, Option<ContactId>)>,
}

impl MergeContacts {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let losing = f.opt_list("losing_contact_ids", LOSERS_MAX, |f, at, item| {
            f.item_text(at, item, 1..=100).map(|id| ContactId::parse(&id))
        });
        if losing.as_ref().is_none_or(Vec::is_empty) {
            let rule = format!("give 1 to {LOSERS_MAX} contacts");
            f.problem("losing_contact_ids", "missing", rule);
        }
        let named = f.opt_texts("field_sources", ProfileField::ALL.len()).unwrap_or_default();
        let mut sources = Vec::with_capacity(named.len());
        for (name, id) in named {
            match ProfileField::parse(&name) {
                Some(field) => sources.push((field, ContactId::parse(&id))),
                None => {
                    let at = format!("field_sources/{name}");
                    f.problem(&at, "invalid", "no field of a contact that a merge can take");
                }
            }
        }
        f.finish()?;
        Ok(Self { losing: losing.unwrap_or_default(), sources })
    }
}
