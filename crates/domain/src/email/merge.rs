//! Several profiles as one (email-api.md 7.2, merge).

use std::collections::HashSet;

use super::contact::{Labelled, Profile};

crate::words! {
    /// What of a profile can be taken from one contact of a merge.
    pub enum ProfileField {
        PreferredName = "preferred_name",
        NamePrefix = "name_prefix",
        GivenName = "given_name",
        MiddleName = "middle_name",
        FamilyName = "family_name",
        NameSuffix = "name_suffix",
        CompanyName = "company_name",
        JobTitle = "job_title",
        Birthday = "birthday",
        Notes = "notes",
        Emails = "emails",
        Phones = "phones",
        Websites = "websites",
        Dates = "dates",
        Addresses = "addresses",
        CustomFields = "custom_fields",
    }
}

impl Profile {
    /// Takes in what another profile of the same person has beside this one. What is here stays: a name as a whole,
    /// every other text by itself, lists with what the other has more.
    pub fn absorb(&mut self, other: &Self) {
        if self.has_no_name_parts() {
            self.preferred_name.clone_from(&other.preferred_name);
            self.name_prefix.clone_from(&other.name_prefix);
            self.given_name.clone_from(&other.given_name);
            self.middle_name.clone_from(&other.middle_name);
            self.family_name.clone_from(&other.family_name);
            self.name_suffix.clone_from(&other.name_suffix);
        }
        let texts = [
            (&mut self.company_name, &other.company_name),
            (&mut self.job_title, &other.job_title),
            (&mut self.notes, &other.notes),
        ];
        for (text, others) in texts {
            if text.is_none() {
                text.clone_from(others);
            }
        }
        self.birthday = self.birthday.or(other.birthday);
        add(&mut self.emails, &other.emails);
        add(&mut self.phones, &other.phones);
        add(&mut self.websites, &other.websites);
        extend(&mut self.custom_fields, &other.custom_fields);
        extend(&mut self.dates, &other.dates);
        extend(&mut self.addresses, &other.addresses);
    }

    /// Makes one field what it is in another profile.
    pub fn copy(&mut self, field: ProfileField, from: &Self) {
        use ProfileField as F;
        match field {
            F::PreferredName => self.preferred_name.clone_from(&from.preferred_name),
            F::NamePrefix => self.name_prefix.clone_from(&from.name_prefix),
            F::GivenName => self.given_name.clone_from(&from.given_name),
            F::MiddleName => self.middle_name.clone_from(&from.middle_name),
            F::FamilyName => self.family_name.clone_from(&from.family_name),
            F::NameSuffix => self.name_suffix.clone_from(&from.name_suffix),
            F::CompanyName => self.company_name.clone_from(&from.company_name),
            F::JobTitle => self.job_title.clone_from(&from.job_title),
            F::Birthday => self.birthday = from.birthday,
            F::Notes => self.notes.clone_from(&from.notes),
            F::Emails => self.emails.clone_from(&from.emails),
            F::Phones => self.phones.clone_from(&from.phones),
            F::Websites => self.websites.clone_from(&from.websites),
            F::Dates => self.dates.clone_from(&from.dates),
            F::Addresses => self.addresses.clone_from(&from.addresses),
            F::CustomFields => self.custom_fields.clone_from(&from.custom_fields),
        }
    }

    fn has_no_name_parts(&self) -> bool {
        let parts = [
            &self.preferred_name,
            &self.name_prefix,
            &self.given_name,
            &self.middle_name,
            &self.family_name,
            &self.name_suffix,
        ];
        parts.into_iter().all(Option::is_none)
    }
}

/// Adds values that are not there yet, in whatever case. A primary one stays the only one.
fn add(list: &mut Vec<Labelled>, others: &[Labelled]) {
    let mut known: HashSet<String> = list.iter().map(|one| one.value.to_lowercase()).collect();
    let has_primary = list.iter().any(|one| one.is_primary);
    for one in others {
        if known.insert(one.value.to_lowercase()) {
            list.push(Labelled { is_primary: one.is_primary && !has_primary, ..one.clone() });
        }
    }
}

/// The same where only what is wholly equal is the same: custom fields, whose label is half of what they say.
fn extend<T: PartialEq + Clone>(list: &mut Vec<T>, others: &[T]) {
    for one in others {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::contact::{Anniversary, Place};
    use super::*;

    fn one(value: &str, is_primary: bool) -> Labelled {
        Labelled { label: None, value: value.to_owned(), is_primary }
    }

    #[test]
    fn what_is_there_stays_and_what_is_missing_is_taken_in() {
        let mut ann = Profile { given_name: Some("Ann".into()), ..Profile::default() };
        ann.emails = vec![one("a@x.io", true)];
        let mut other = Profile { preferred_name: Some("Annie".into()), ..Profile::default() };
        (other.job_title, other.notes) = (Some("Cook".into()), Some("met in May".into()));
        other.emails = vec![one("A@X.io", false), one("b@x.io", true)];
        ann.absorb(&other);
        assert_eq!(ann.name(), Some("Ann".into()), "a name is not mended with half of another");
        assert_eq!(
            (&ann.job_title, &ann.notes),
            (&Some("Cook".into()), &Some("met in May".into()))
        );
        assert_eq!(ann.emails, [one("a@x.io", true), one("b@x.io", false)]);
        let mut nameless = Profile { company_name: Some("Acme".into()), ..Profile::default() };
        nameless.absorb(&ann);
        assert_eq!(nameless.name(), Some("Ann".into()));
        assert_eq!(nameless.emails, ann.emails);
    }

    #[test]
    fn every_field_can_be_copied() {
        let from = Profile {
            preferred_name: Some("a".into()),
            name_prefix: Some("b".into()),
            given_name: Some("c".into()),
            middle_name: Some("d".into()),
            family_name: Some("e".into()),
            name_suffix: Some("f".into()),
            company_name: Some("g".into()),
            job_title: Some("h".into()),
            birthday: crate::Date::parse("1990-02-28"),
            notes: Some("i".into()),
            emails: vec![one("j", true)],
            phones: vec![one("k", true)],
            websites: vec![one("l", false)],
            dates: crate::Date::parse("2020-01-01")
                .map(|date| vec![Anniversary { label: None, date }])
                .unwrap_or_default(),
            addresses: vec![Place { city: Some("m".into()), ..Place::default() }],
            custom_fields: vec![one("n", false)],
        };
        let mut to = Profile::default();
        for field in ProfileField::ALL {
            assert_ne!(to, from, "{field} was copied before its turn");
            to.copy(*field, &from);
        }
        assert_eq!(to, from);
    }
}
