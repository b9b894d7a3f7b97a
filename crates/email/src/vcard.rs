//! Contacts as vCard: the plain struct that is read from 3.0 and 4.0 and written as 4.0 (RFC 6350).
//!
//! Lines are taken apart in `vcard::line`; `vcard::read` and `vcard::write` map them. Which values a contact
//! may have (lengths, numbers, what is a valid address) is judged in `app`, the same as for the API.

mod line;
mod read;
mod write;

pub use read::read;
pub use write::{write, write_all};

/// Bytes of an import (email-api 7.6).
pub const IMPORT_BYTES_MAX: usize = 5 * 1_024 * 1_024;
/// Cards of an import (email-api 7.6).
pub const CARDS_MAX: usize = 1_000;

/// A contact, with the names of email-api 7.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub preferred_name: Option<String>,
    pub name_prefix: Option<String>,
    pub given_name: Option<String>,
    pub middle_name: Option<String>,
    pub family_name: Option<String>,
    pub name_suffix: Option<String>,
    pub company_name: Option<String>,
    pub job_title: Option<String>,
    /// `YYYY-MM-DD`.
    pub birthday: Option<String>,
    pub notes: Option<String>,
    pub emails: Vec<Labelled>,
    /// Values as E.164; a number that can't be written so becomes a custom field.
    pub phones: Vec<Labelled>,
    pub websites: Vec<Labelled>,
    /// Values as `YYYY-MM-DD`.
    pub dates: Vec<Labelled>,
    pub addresses: Vec<PostalAddress>,
    pub custom_fields: Vec<Labelled>,
}

/// A value of which a contact may have several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    pub label: Option<String>,
    pub value: String,
    /// Meant for e-mail addresses and phones; the first of several that claim it.
    pub is_primary: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostalAddress {
    pub label: Option<String>,
    pub street: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal: Option<String>,
    pub country: Option<String>,
}

/// Why nothing of an import is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VcardProblem {
    #[error("the import is larger than 5 MiB")]
    TooLarge,
    #[error("the import is not UTF-8")]
    NotUtf8,
    #[error("the import holds no card")]
    NoCard,
    #[error("the import holds more than 1,000 cards")]
    TooManyCards,
}

/// Why one card is not read; the others of the import are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardProblem {
    #[error("the card has no END:VCARD")]
    Unended,
    #[error("the card is of a version other than 3.0 and 4.0")]
    Version,
    #[error("the card has no name, company, e-mail address or phone")]
    Nameless,
}

impl Card {
    /// The name to show: the preferred one, else the parts of the name, the company, the first e-mail
    /// address or the first phone. `None` is a contact that can't be kept (K-2).
    pub fn formatted_name(&self) -> Option<String> {
        let parts = [
            &self.name_prefix,
            &self.given_name,
            &self.middle_name,
            &self.family_name,
            &self.name_suffix,
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let named = Some(parts.join(" ")).filter(|name| !name.is_empty());
        let first = |values: &[Labelled]| values.first().map(|first| first.value.clone());
        let found = self.preferred_name.clone().or(named).or_else(|| self.company_name.clone());
        found.or_else(|| first(&self.emails)).or_else(|| first(&self.phones))
    }
}

#[cfg(test)]
mod tests;
