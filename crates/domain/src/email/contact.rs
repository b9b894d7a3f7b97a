//! A contact: one entry of an organization's address book (email-api.md 7).
//!
//! What its e-mail addresses must look like is known to the crate `email`; every other rule is here, for the
//! API and for vCards alike.

use std::collections::HashSet;

use crate::id::{ContactId, IdentityId};
use crate::{Date, Field, Timestamp};

/// Values in each list (email-api.md 7.1).
pub const EMAILS_MAX: usize = 50;
pub const PHONES_MAX: usize = 50;
pub const WEBSITES_MAX: usize = 25;
pub const DATES_MAX: usize = 25;
pub const ADDRESSES_MAX: usize = 10;
pub const CUSTOM_FIELDS_MAX: usize = 50;
/// Characters of a preferred name, a company, a title.
pub const NAME_CHARS_MAX: usize = 255;
/// Characters of a given, middle or family name.
pub const PART_CHARS_MAX: usize = 128;
/// Characters of what stands before and after a name.
pub const AFFIX_CHARS_MAX: usize = 32;
/// Characters of a label, and of each part of an address. Ours.
pub const LABEL_CHARS_MAX: usize = 255;
/// Characters of a link or of a custom field. Ours.
pub const VALUE_CHARS_MAX: usize = 2048;
/// Characters of the notes on a contact. Ours.
pub const NOTES_CHARS_MAX: usize = 50_000;
/// Digits of a number in E.164.
const PHONE_DIGITS_MAX: usize = 15;
/// What is known of one contact (email-api.md 7.5).
pub const FACTS_MAX: usize = 25;
/// Characters of one fact. Ours.
pub const FACT_CHARS_MAX: usize = 2000;
/// Identities that a new contact is granted to, one by one (K-1).
pub const GRANTS_MAX: usize = 500;

crate::words! {
    /// Where a contact comes from.
    pub enum CreationSource { Manual = "manual", Vcard = "vcard" }
}

crate::words! { pub enum ReviewStatus { Unreviewed = "unreviewed", Confirmed = "confirmed" } }

crate::words! { pub enum FactKind { Profile = "profile", Preference = "preference", Context = "context" } }

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub profile: Profile,
    pub source: CreationSource,
    pub review: ReviewStatus,
    pub reviewed_at: Option<Timestamp>,
    /// Who reviewed it, as the audit log names them.
    pub reviewed_by: Option<String>,
    /// The agent that made it; `None` for the organization itself.
    pub created_by: Option<IdentityId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// All that people wrote about a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// As it was given; [`Profile::name`] is what is shown.
    pub preferred_name: Option<String>,
    pub name_prefix: Option<String>,
    pub given_name: Option<String>,
    pub middle_name: Option<String>,
    pub family_name: Option<String>,
    pub name_suffix: Option<String>,
    pub company_name: Option<String>,
    pub job_title: Option<String>,
    pub birthday: Option<Date>,
    pub notes: Option<String>,
    pub emails: Vec<Labelled>,
    /// Numbers in E.164.
    pub phones: Vec<Labelled>,
    pub websites: Vec<Labelled>,
    pub dates: Vec<Anniversary>,
    pub addresses: Vec<Place>,
    pub custom_fields: Vec<Labelled>,
}

/// A value of which a contact may have several. Only e-mail addresses and phones have a primary one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    pub label: Option<String>,
    pub value: String,
    pub is_primary: bool,
}

/// A day to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anniversary {
    pub label: Option<String>,
    pub date: Date,
}

/// A postal address as people write it; nothing is sent there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub label: Option<String>,
    pub street: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal: Option<String>,
    pub country: Option<String>,
}

impl Profile {
    /// The name to show: the given one, else the parts of the name, the company, the first e-mail address or
    /// the first phone. `None` is a contact that can't be kept (K-2).
    pub fn name(&self) -> Option<String> {
        let first = |list: &[Labelled]| list.first().map(|one| one.value.clone());
        self.own_name().or_else(|| first(&self.emails)).or_else(|| first(&self.phones))
    }

    /// Whether the shown name is only an address or a number.
    pub fn is_nameless(&self) -> bool {
        self.own_name().is_none()
    }

    fn own_name(&self) -> Option<String> {
        let parts = [
            &self.name_prefix,
            &self.given_name,
            &self.middle_name,
            &self.family_name,
            &self.name_suffix,
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let joined = Some(parts.join(" ")).filter(|name| !name.is_empty());
        self.preferred_name.clone().or(joined).or_else(|| self.company_name.clone())
    }

    /// What a search by words looks through, in lower case.
    pub fn search_text(&self) -> String {
        let name = self.name();
        let all = [
            &name,
            &self.given_name,
            &self.family_name,
            &self.company_name,
            &self.job_title,
            &self.notes,
        ];
        let all: Vec<&str> = all.into_iter().flatten().map(String::as_str).collect();
        all.join("\n").to_lowercase()
    }

    /// Everything that is wrong with it, but for the grammar of e-mail addresses (K-3).
    pub fn problems(&self) -> Vec<Field> {
        let mut found = Vec::new();
        self.check_texts(&mut found);
        check_list(&mut found, "emails", &self.emails, EMAILS_MAX, "value");
        check_list(&mut found, "phones", &self.phones, PHONES_MAX, "value_e164");
        check_list(&mut found, "websites", &self.websites, WEBSITES_MAX, "url");
        check_list(&mut found, "custom_fields", &self.custom_fields, CUSTOM_FIELDS_MAX, "value");
        for (place, phone) in self.phones.iter().enumerate() {
            if !is_e164(&phone.value) {
                let at = format!("phones/{place}/value_e164");
                found.push(Field::new(at, "invalid", "a number in E.164, such as +15555555555"));
            }
        }
        once(&mut found, "emails", self.emails.iter().map(|e| e.value.to_lowercase()));
        once(&mut found, "phones", self.phones.iter().map(|p| p.value.clone()));
        once(&mut found, "websites", self.websites.iter().map(|w| w.value.clone()));
        count(&mut found, "dates", self.dates.len(), DATES_MAX);
        count(&mut found, "addresses", self.addresses.len(), ADDRESSES_MAX);
        found
    }

    fn check_texts(&self, found: &mut Vec<Field>) {
        let texts = [
            ("preferred_name", &self.preferred_name, NAME_CHARS_MAX),
            ("name_prefix", &self.name_prefix, AFFIX_CHARS_MAX),
            ("given_name", &self.given_name, PART_CHARS_MAX),
            ("middle_name", &self.middle_name, PART_CHARS_MAX),
            ("family_name", &self.family_name, PART_CHARS_MAX),
            ("name_suffix", &self.name_suffix, AFFIX_CHARS_MAX),
            ("company_name", &self.company_name, NAME_CHARS_MAX),
            ("job_title", &self.job_title, NAME_CHARS_MAX),
            ("notes", &self.notes, NOTES_CHARS_MAX),
        ];
        for (name, text, max) in texts {
            short(found, name, text.as_deref(), max);
        }
        for (place, date) in self.dates.iter().enumerate() {
            let at = format!("dates/{place}/label");
            short(found, &at, date.label.as_deref(), LABEL_CHARS_MAX);
        }
        for (place, a) in self.addresses.iter().enumerate() {
            for text in [&a.label, &a.street, &a.city, &a.region, &a.postal, &a.country] {
                let at = format!("addresses/{place}");
                short(found, &at, text.as_deref(), LABEL_CHARS_MAX);
            }
        }
    }
}

fn check_list(found: &mut Vec<Field>, name: &str, list: &[Labelled], max: usize, key: &str) {
    count(found, name, list.len(), max);
    if list.iter().filter(|one| one.is_primary).count() > 1 {
        found.push(Field::new(name, "invalid", format!("one of the {name} is primary at most")));
    }
    for (place, one) in list.iter().enumerate() {
        let at = format!("{name}/{place}/label");
        short(found, &at, one.label.as_deref(), LABEL_CHARS_MAX);
        short(found, &format!("{name}/{place}/{key}"), Some(&one.value), VALUE_CHARS_MAX);
    }
}

fn short(found: &mut Vec<Field>, at: &str, text: Option<&str>, max: usize) {
    if text.is_some_and(|text| text.chars().count() > max) {
        found.push(Field::new(at, "too_long", format!("at most {max} characters")));
    }
}

fn count(found: &mut Vec<Field>, at: &str, len: usize, max: usize) {
    if len > max {
        found.push(Field::new(at, "too_many", format!("{at} has at most {max} items")));
    }
}

fn once(found: &mut Vec<Field>, name: &str, values: impl Iterator<Item = String>) {
    let mut seen = HashSet::new();
    for (place, value) in values.enumerate() {
        if !seen.insert(value) {
            let at = format!("{name}/{place}");
            found.push(Field::new(at, "duplicate", format!("the same value twice in {name}")));
        }
    }
}

/// A plus and up to 15 digits, of which the first is not zero (ITU-T E.164).
pub fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=PHONE_DIGITS_MAX).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> Labelled {
        Labelled { value: value.to_owned(), ..Labelled::default() }
    }

    #[test]
    fn k2_a_name_is_found_where_there_is_any() {
        let text = |t: &str| Some(t.to_owned());
        let mut p = Profile::default();
        assert_eq!(p.name(), None);
        p.phones = vec![one("+15555555555")];
        assert_eq!(p.name(), text("+15555555555"));
        p.emails = vec![one("a@x.io")];
        assert_eq!(p.name(), text("a@x.io"));
        assert!(p.is_nameless());
        p.company_name = text("Acme");
        assert_eq!(p.name(), text("Acme"));
        (p.given_name, p.family_name) = (text("Ann"), text("Lee"));
        assert_eq!(p.name(), text("Ann Lee"));
        p.preferred_name = text("Annie");
        assert_eq!(p.name(), text("Annie"));
        assert!(!p.is_nameless());
    }

    #[test]
    fn k3_duplicates_two_primaries_and_malformed_numbers_are_named() {
        let mut p = Profile { emails: vec![one("a@x.io"), one("A@X.io")], ..Profile::default() };
        p.phones = vec![one("+15555555555"), one("555")];
        p.phones.iter_mut().for_each(|phone| phone.is_primary = true);
        let params: Vec<_> = p.problems().into_iter().map(|f| f.param).collect();
        assert_eq!(params, ["phones", "phones/1/value_e164", "emails/1"]);
    }

    #[test]
    fn each_list_and_text_has_its_limit() {
        let many = |n: usize| (0..n).map(|i| one(&format!("+4930{i}"))).collect::<Vec<_>>();
        let full = Profile { phones: many(PHONES_MAX), ..Profile::default() };
        assert_eq!(full.problems(), []);
        let over = Profile { phones: many(PHONES_MAX + 1), ..Profile::default() };
        assert_eq!(over.problems()[0].code, "too_many");
        let long = |n| Profile { name_prefix: Some("ж".repeat(n)), ..Profile::default() };
        assert_eq!(long(AFFIX_CHARS_MAX).problems(), []);
        assert_eq!(long(AFFIX_CHARS_MAX + 1).problems()[0].code, "too_long");
    }
}
