//! A postal address as it is typed, member by member, and as a body that is read like any other.

use clap::Args;
use serde_json::{Map, Value};

/// An address; without any of it there is none.
#[derive(Args, Clone)]
pub(crate) struct Place {
    /// An address begins with its street.
    #[arg(long)]
    street: Option<String>,
    /// Such as "Apt 9".
    #[arg(long, requires = "street")]
    line2: Option<String>,
    #[arg(long, requires = "street")]
    city: Option<String>,
    /// Two letters.
    #[arg(long, requires = "street")]
    state: Option<String>,
    /// 12345 or 12345-6789.
    #[arg(long, requires = "street")]
    zip: Option<String>,
    /// Two letters; default is US.
    #[arg(long, requires = "street")]
    country: Option<String>,
}

impl Place {
    /// The address as a body; null when the street is empty, `None` when nothing was typed.
    pub(crate) fn body(&self) -> Option<Value> {
        if self.street.as_ref()?.is_empty() {
            return Some(Value::Null);
        }
        let members = [
            ("line1", &self.street),
            ("line2", &self.line2),
            ("city", &self.city),
            ("state", &self.state),
            ("postal_code", &self.zip),
            ("country", &self.country),
        ];
        let typed = |(name, text): (&str, &Option<String>)| {
            text.clone().map(|text| (name.to_owned(), Value::String(text)))
        };
        Some(Value::Object(members.into_iter().filter_map(typed).collect::<Map<_, _>>()))
    }
}
