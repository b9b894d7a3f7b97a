//! What is shown of a contact (email-api.md 7.1).

use domain::email::Contact as Row;
use domain::email::contact::{CreationSource, Labelled, ReviewStatus};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An entry of the address book.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Contact {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(pattern = "^org_")]
    pub organization_id: String,
    /// Always active.
    pub status: String,
    /// As given, or else made of the name, the company, the first address or the first phone.
    #[schema(required = true)]
    pub preferred_name: Option<String>,
    #[schema(required = true)]
    pub name_prefix: Option<String>,
    #[schema(required = true)]
    pub given_name: Option<String>,
    #[schema(required = true)]
    pub middle_name: Option<String>,
    #[schema(required = true)]
    pub family_name: Option<String>,
    #[schema(required = true)]
    pub name_suffix: Option<String>,
    #[schema(required = true)]
    pub company_name: Option<String>,
    #[schema(required = true)]
    pub job_title: Option<String>,
    #[schema(required = true, format = "date")]
    pub birthday: Option<String>,
    #[schema(required = true)]
    pub notes: Option<String>,
    pub emails: Vec<ContactEmail>,
    pub phones: Vec<ContactPhone>,
    pub websites: Vec<ContactWebsite>,
    pub dates: Vec<ContactDate>,
    pub addresses: Vec<ContactAddress>,
    pub custom_fields: Vec<ContactCustomField>,
    /// Who may see it.
    pub access: Vec<ContactGrant>,
    /// manual or vcard.
    pub creation_source: String,
    /// unreviewed or confirmed.
    pub review_status: String,
    #[schema(required = true, format = DateTime)]
    pub reviewed_at: Option<String>,
    #[schema(required = true)]
    pub reviewed_by: Option<String>,
    /// manual, vcard, or identifier_fallback where the name is only an address or a number.
    pub preferred_name_source: String,
    /// Always null.
    #[schema(required = true)]
    pub preferred_name_locked_at: Option<String>,
    /// The agent that made it; null for the organization itself.
    #[schema(required = true, format = "uuid")]
    pub created_by_identity_id: Option<String>,
    /// Always null: a contact that was merged into another is gone.
    #[schema(required = true)]
    pub merged_into_contact_id: Option<String>,
    /// Always false.
    pub is_auto_created: bool,
    pub is_confirmed: bool,
    /// How much is known of it.
    #[schema(minimum = 0)]
    pub memory_count: usize,
    #[schema(required = true)]
    pub latest_memory: Option<LatestMemory>,
    /// Always empty.
    pub slack_accounts: Vec<Value>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactEmail {
    #[schema(required = true)]
    pub label: Option<String>,
    pub value: String,
    pub is_primary: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactPhone {
    #[schema(required = true)]
    pub label: Option<String>,
    #[schema(pattern = "^\\+[1-9]")]
    pub value_e164: String,
    pub is_primary: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactWebsite {
    #[schema(required = true)]
    pub label: Option<String>,
    pub url: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactDate {
    #[schema(required = true)]
    pub label: Option<String>,
    #[schema(format = "date")]
    pub date: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactAddress {
    #[schema(required = true)]
    pub label: Option<String>,
    #[schema(required = true)]
    pub street: Option<String>,
    #[schema(required = true)]
    pub city: Option<String>,
    #[schema(required = true)]
    pub region: Option<String>,
    #[schema(required = true)]
    pub postal: Option<String>,
    #[schema(required = true)]
    pub country: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactCustomField {
    #[schema(required = true)]
    pub label: Option<String>,
    pub value: String,
}

/// One viewer of a contact; null is every identity of the organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ContactGrant {
    #[schema(format = "uuid")]
    pub id: String,
    #[schema(format = "uuid")]
    pub contact_id: String,
    #[schema(required = true, format = "uuid")]
    pub identity_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// What was learnt last of a contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LatestMemory {
    #[schema(format = "uuid")]
    pub id: String,
    pub content: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// What became of a bulk delete.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkDeleted {
    pub deleted_count: usize,
    pub error_count: usize,
    pub results: Vec<BulkDeletedOne>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BulkDeletedOne {
    pub contact_id: String,
    /// deleted or error.
    pub status: String,
    #[schema(required = true)]
    pub error: Option<String>,
    #[schema(required = true)]
    pub error_code: Option<String>,
}

impl Contact {
    pub fn of(
        c: &Row,
        organization_id: String,
        access: Vec<ContactGrant>,
        memory_count: usize,
        latest_memory: Option<LatestMemory>,
    ) -> Self {
        let p = &c.profile;
        Self {
            id: c.id.to_string(),
            organization_id,
            status: "active".to_owned(),
            preferred_name: p.name(),
            name_prefix: p.name_prefix.clone(),
            given_name: p.given_name.clone(),
            middle_name: p.middle_name.clone(),
            family_name: p.family_name.clone(),
            name_suffix: p.name_suffix.clone(),
            company_name: p.company_name.clone(),
            job_title: p.job_title.clone(),
            birthday: p.birthday.map(|day| day.to_string()),
            notes: p.notes.clone(),
            emails: p.emails.iter().map(email).collect(),
            phones: p.phones.iter().map(phone).collect(),
            websites: p.websites.iter().map(website).collect(),
            dates: p.dates.iter().map(date).collect(),
            addresses: p.addresses.iter().map(address).collect(),
            custom_fields: p.custom_fields.iter().map(custom).collect(),
            access,
            creation_source: c.source.to_string(),
            review_status: c.review.to_string(),
            reviewed_at: c.reviewed_at.map(|at| at.to_string()),
            reviewed_by: c.reviewed_by.clone(),
            preferred_name_source: name_source(c).to_owned(),
            preferred_name_locked_at: None,
            created_by_identity_id: c.created_by.map(|id| id.to_string()),
            merged_into_contact_id: None,
            is_auto_created: false,
            is_confirmed: c.review == ReviewStatus::Confirmed,
            memory_count,
            latest_memory,
            slack_accounts: Vec::new(),
            created_at: c.created_at.to_string(),
            updated_at: c.updated_at.to_string(),
        }
    }
}

fn name_source(c: &Row) -> &'static str {
    match c.source {
        _ if c.profile.is_nameless() => "identifier_fallback",
        CreationSource::Manual => "manual",
        CreationSource::Vcard => "vcard",
    }
}

fn email(l: &Labelled) -> ContactEmail {
    ContactEmail { label: l.label.clone(), value: l.value.clone(), is_primary: l.is_primary }
}

fn phone(l: &Labelled) -> ContactPhone {
    ContactPhone { label: l.label.clone(), value_e164: l.value.clone(), is_primary: l.is_primary }
}

fn website(l: &Labelled) -> ContactWebsite {
    ContactWebsite { label: l.label.clone(), url: l.value.clone() }
}

fn custom(l: &Labelled) -> ContactCustomField {
    ContactCustomField { label: l.label.clone(), value: l.value.clone() }
}

fn date(d: &domain::email::contact::Anniversary) -> ContactDate {
    ContactDate { label: d.label.clone(), date: d.date.to_string() }
}

fn address(a: &domain::email::contact::Place) -> ContactAddress {
    ContactAddress {
        label: a.label.clone(),
        street: a.street.clone(),
        city: a.city.clone(),
        region: a.region.clone(),
        postal: a.postal.clone(),
        country: a.country.clone(),
    }
}
