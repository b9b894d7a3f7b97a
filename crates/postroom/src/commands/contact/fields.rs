//! What is written on a contact, as it is typed.

use clap::Args;
use serde_json::{Map, Value, json};

/// What is written on a contact. The API knows more fields; they are kept, and not typed here.
#[derive(Args)]
pub(super) struct Fields {
    /// As it is called; default is made of the other names.
    #[arg(long = "name", value_name = "NAME")]
    preferred_name: Option<String>,
    #[arg(long)]
    given_name: Option<String>,
    #[arg(long)]
    family_name: Option<String>,
    #[arg(long = "company", value_name = "NAME")]
    company_name: Option<String>,
    #[arg(long = "title", value_name = "TITLE")]
    job_title: Option<String>,
    /// A day such as 1990-02-28.
    #[arg(long)]
    birthday: Option<String>,
    #[arg(long)]
    notes: Option<String>,
    /// An address, the first of which is the main one; may be given again. With set, all are replaced.
    #[arg(long = "email", value_name = "ADDRESS")]
    emails: Vec<String>,
    /// A number such as +15125550100; may be given again. With set, all are replaced.
    #[arg(long = "phone", value_name = "NUMBER")]
    phones: Vec<String>,
}

impl Fields {
    /// The same as a body of the API; an empty text is null there.
    pub(super) fn body(&self) -> Value {
        let texts = [
            ("preferred_name", &self.preferred_name),
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("company_name", &self.company_name),
            ("job_title", &self.job_title),
            ("birthday", &self.birthday),
            ("notes", &self.notes),
        ];
        let mut body = Map::new();
        for (name, text) in texts {
            if let Some(text) = text {
                body.insert(name.to_owned(), Some(text.as_str()).filter(|t| !t.is_empty()).into());
            }
        }
        for (name, key, values) in
            [("emails", "value", &self.emails), ("phones", "value_e164", &self.phones)]
        {
            if !values.is_empty() {
                body.insert(name.to_owned(), list(key, values));
            }
        }
        Value::Object(body)
    }
}

/// The first of several is the primary one; a single empty text is none.
fn list(key: &str, values: &[String]) -> Value {
    let given = values.iter().filter(|value| !value.is_empty()).enumerate();
    given.map(|(place, value)| json!({(key): value, "is_primary": place == 0})).collect()
}
