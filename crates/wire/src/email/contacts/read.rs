//! Bodies about contacts (email-api.md 7.2, 7.3). Only shapes are judged here; the limits of a contact are
//! `domain::email::contact`'s, for these bodies and for vCards alike.

use domain::email::contact::{Anniversary, GRANTS_MAX, Labelled, Place, Profile, ReviewStatus};
use domain::id::{ContactId, IdentityId};
use domain::{Date, Result};
use serde_json::Value;
use utoipa::ToSchema;

use super::show::{
    ContactAddress, ContactCustomField, ContactDate, ContactEmail, ContactPhone, ContactWebsite,
};
use crate::reader::{Fields, Patch};

/// Characters of any text before it is judged; a body has at most a million bytes.
const TEXT_CHARS_MAX: usize = 100_000;
/// Items of any list before it is judged.
const ITEMS_MAX: usize = 1000;
/// Contacts of one bulk delete.
const BULK_MAX: usize = 500;

/// A contact to be made: a name, a company, an address or a phone must be there.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateContact reads")]
pub struct ContactCreate {
    #[schema(max_length = 255)]
    preferred_name: Option<String>,
    #[schema(max_length = 32)]
    name_prefix: Option<String>,
    #[schema(max_length = 128)]
    given_name: Option<String>,
    #[schema(max_length = 128)]
    middle_name: Option<String>,
    #[schema(max_length = 128)]
    family_name: Option<String>,
    #[schema(max_length = 32)]
    name_suffix: Option<String>,
    #[schema(max_length = 255)]
    company_name: Option<String>,
    #[schema(max_length = 255)]
    job_title: Option<String>,
    #[schema(format = "date")]
    birthday: Option<String>,
    #[schema(max_length = 50_000)]
    notes: Option<String>,
    #[schema(max_items = 50)]
    emails: Option<Vec<ContactEmail>>,
    #[schema(max_items = 50)]
    phones: Option<Vec<ContactPhone>>,
    #[schema(max_items = 25)]
    websites: Option<Vec<ContactWebsite>>,
    #[schema(max_items = 25)]
    dates: Option<Vec<ContactDate>>,
    #[schema(max_items = 10)]
    addresses: Option<Vec<ContactAddress>>,
    #[schema(max_items = 50)]
    custom_fields: Option<Vec<ContactCustomField>>,
    /// Who may see it: absent or null is every identity, an empty list is nobody but administrators. The
    /// agent that makes it always does.
    #[schema(max_items = 500)]
    access_identity_ids: Option<Vec<String>>,
}

/// What to change of a contact: what is absent stays, null clears, a list takes the place of the old one.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what ChangeContact reads")]
pub struct ContactChange {
    preferred_name: Option<String>,
    name_prefix: Option<String>,
    given_name: Option<String>,
    middle_name: Option<String>,
    family_name: Option<String>,
    name_suffix: Option<String>,
    company_name: Option<String>,
    job_title: Option<String>,
    #[schema(format = "date")]
    birthday: Option<String>,
    notes: Option<String>,
    emails: Option<Vec<ContactEmail>>,
    phones: Option<Vec<ContactPhone>>,
    websites: Option<Vec<ContactWebsite>>,
    dates: Option<Vec<ContactDate>>,
    addresses: Option<Vec<ContactAddress>>,
    custom_fields: Option<Vec<ContactCustomField>>,
    /// unreviewed or confirmed.
    review_status: Option<String>,
}

/// What a [`ContactCreate`] says.
#[derive(Clone, Debug)]
pub struct CreateContact {
    pub profile: Profile,
    /// `None` is every identity; an id that is nobody's is `None` in the list.
    pub access: Option<Vec<Option<IdentityId>>>,
}

/// What a [`ContactChange`] says.
#[derive(Clone, Debug)]
pub struct ChangeContact {
    texts: [Patch<String>; 9],
    birthday: Patch<Date>,
    emails: Patch<Vec<Labelled>>,
    phones: Patch<Vec<Labelled>>,
    websites: Patch<Vec<Labelled>>,
    dates: Patch<Vec<Anniversary>>,
    addresses: Patch<Vec<Place>>,
    custom_fields: Patch<Vec<Labelled>>,
    pub review: Option<ReviewStatus>,
}

/// The texts of a profile, in the order of [`texts_of`].
const TEXTS: [&str; 9] = [
    "preferred_name",
    "name_prefix",
    "given_name",
    "middle_name",
    "family_name",
    "name_suffix",
    "company_name",
    "job_title",
    "notes",
];

fn texts_of(p: &mut Profile) -> [&mut Option<String>; 9] {
    [
        &mut p.preferred_name,
        &mut p.name_prefix,
        &mut p.given_name,
        &mut p.middle_name,
        &mut p.family_name,
        &mut p.name_suffix,
        &mut p.company_name,
        &mut p.job_title,
        &mut p.notes,
    ]
}

impl CreateContact {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let change = ChangeContact::take(&mut f);
        let access = f.opt_list("access_identity_ids", GRANTS_MAX, |f, at, item| {
            f.item_text(at, item, 1..=100).map(|id| IdentityId::parse(&id))
        });
        f.finish()?;
        Ok(Self { profile: change.over(Profile::default()), access })
    }
}

impl ChangeContact {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let mut change = Self::take(&mut f);
        let rule = "unreviewed or confirmed";
        change.review = f.opt_parsed("review_status", ReviewStatus::parse, rule);
        f.finish()?;
        Ok(change)
    }

    fn take(f: &mut Fields) -> Self {
        Self {
            texts: TEXTS.map(|name| f.patch(name, |f, value| prose(f, name, &value))),
            birthday: f.patch_date("birthday"),
            emails: list(f, "emails", |f| Some(valued(f, "value"))),
            phones: list(f, "phones", |f| Some(valued(f, "value_e164"))),
            websites: list(f, "websites", |f| Some(valued(f, "url"))),
            dates: list(f, "dates", |f| {
                let label = label(f);
                let date = f.parsed("date", Date::parse, "a date such as 2026-11-21")?;
                Some(Anniversary { label, date })
            }),
            addresses: list(f, "addresses", |f| Some(place(f))),
            custom_fields: list(f, "custom_fields", |f| Some(valued(f, "value"))),
            review: None,
        }
    }

    /// The profile as it is after the change. An empty text is none.
    pub fn over(&self, mut old: Profile) -> Profile {
        for (text, patch) in texts_of(&mut old).into_iter().zip(&self.texts) {
            *text = patch.clone().over(text.take()).filter(|text| !text.is_empty());
        }
        let Profile { birthday, emails, phones, websites, dates, addresses, custom_fields, .. } =
            &mut old;
        *birthday = self.birthday.clone().over(birthday.take());
        replace(emails, &self.emails);
        replace(phones, &self.phones);
        replace(websites, &self.websites);
        replace(dates, &self.dates);
        replace(addresses, &self.addresses);
        replace(custom_fields, &self.custom_fields);
        old
    }
}

fn replace<T: Clone>(list: &mut Vec<T>, patch: &Patch<Vec<T>>) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => list.clear(),
        Patch::Set(new) => list.clone_from(new),
    }
}

/// Text that may have several lines.
fn prose(f: &mut Fields, name: &str, value: &Value) -> Option<String> {
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let is_line = name == "notes";
    let text = value.as_str().map(str::trim);
    let good =
        text.filter(|t| t.chars().all(|c| if is_line { is_plain(c) } else { !c.is_control() }));
    if good.is_none() {
        f.problem(name, "invalid", format!("{name} must be text without control characters"));
    }
    good.map(ToOwned::to_owned)
}

fn list<T>(
    f: &mut Fields,
    name: &'static str,
    read: impl Fn(&mut Fields) -> Option<T>,
) -> Patch<Vec<T>> {
    f.patch(name, |f, value| {
        let Value::Array(items) = value else {
            f.problem(name, "invalid", format!("{name} must be a list"));
            return None;
        };
        if items.len() > ITEMS_MAX {
            f.problem(name, "too_many", format!("{name} has too many items"));
            return None;
        }
        let items = items.into_iter().enumerate();
        let each = items.filter_map(|(i, item)| {
            f.check_object(&format!("{name}/{i}"), item, |f| read(f)).flatten()
        });
        Some(each.collect())
    })
}

fn label(f: &mut Fields) -> Option<String> {
    f.opt_text("label", 0..=TEXT_CHARS_MAX).filter(|label| !label.is_empty())
}

fn valued(f: &mut Fields, key: &'static str) -> Labelled {
    let value = f.text(key, 1..=TEXT_CHARS_MAX);
    Labelled { label: label(f), value, is_primary: f.bool("is_primary", false) }
}

fn place(f: &mut Fields) -> Place {
    let mut text = |name| f.opt_text(name, 0..=TEXT_CHARS_MAX).filter(|t| !t.is_empty());
    Place {
        label: text("label"),
        street: text("street"),
        city: text("city"),
        region: text("region"),
        postal: text("postal"),
        country: text("country"),
    }
}

/// A grant to be made.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_grantee takes")]
pub struct ContactGrantCreate {
    /// Null is every identity of the organization; it must be there.
    #[schema(required = true, format = "uuid")]
    identity_id: Option<String>,
}

/// Reads a [`ContactGrantCreate`]: `None` is everybody, `Some(None)` an id that is nobody's.
pub fn read_grantee(body: Value) -> Result<Option<Option<IdentityId>>> {
    let mut f = Fields::lenient(body)?;
    let identity = f.patch_text("identity_id", 1..=100);
    if identity.is_keep() {
        f.problem("identity_id", "missing", "give an identity, or null for all of them");
    }
    f.finish()?;
    Ok(identity.over(None).map(|id| IdentityId::parse(&id)))
}

/// Contacts to be deleted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what BulkDelete reads")]
pub struct ContactBulkDelete {
    #[schema(max_items = 500)]
    contact_ids: Vec<String>,
}

/// What a [`ContactBulkDelete`] says: each id as it was written, and the contact that it may be.
#[derive(Clone, Debug)]
pub struct BulkDelete(pub Vec<(String, Option<ContactId>)>);

impl BulkDelete {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::lenient(body)?;
        let ids = f.opt_list("contact_ids", BULK_MAX, |f, at, item| {
            let id = f.item_text(at, item, 1..=100)?;
            let parsed = ContactId::parse(&id);
            Some((id, parsed))
        });
        if ids.is_none() {
            f.problem("contact_ids", "missing", "contact_ids is required");
        }
        f.finish()?;
        Ok(Self(ids.unwrap_or_default()))
    }
}
