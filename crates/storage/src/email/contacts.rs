//! Contacts, and under which addresses and numbers they are found (email-api.md 7).
//!
//! Every reader names who looks: an identity sees what it was granted, an organization all that is its.

use domain::email::Contact;
use domain::email::contact::ReviewStatus;
use domain::id::{ContactId, IdentityId};

use super::profiles;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// What [`contact`] reads, in its order.
macro_rules! columns {
    () => {
        "c.id, c.profile, c.creation_source, c.review_status, c.reviewed_at, c.reviewed_by, c.created_by,
        c.created_at, c.updated_at"
    };
}

/// Contacts of the organization $1 that the identity $2 sees; without one, all.
macro_rules! visible {
    () => {
        " from contacts c where c.partner_id = $1 and (exists (select 1 from contact_grants g
        where g.contact_id = c.id and (g.identity_id is null or g.identity_id = $2)) or $2 is null)"
    };
}

statements! {
    INSERT = "insert into contacts (id, partner_id, name, name_key, search, profile, creation_source, review_status,
        reviewed_at, reviewed_by, created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    UPDATE = "update contacts set name = $2, name_key = $3, search = $4, profile = $5, review_status = $6,
        reviewed_at = $7, reviewed_by = $8, updated_at = $9 where id = $1";
    DELETE = "delete from contacts where id = $1";
    GET = concat!("select ", columns!(), visible!(), " and c.id = $3");
    GET_LOCKED = concat!("select ", columns!(), visible!(), " and c.id = $3 {lock}");
    BY_NAME = concat!("select ", columns!(), visible!(), " and c.search like $3 escape '!'
        and (c.review_status = $4 or $4 is null) order by c.name_key, c.id limit $5 offset $6");
    BY_CHANGE = concat!("select ", columns!(), visible!(), " and c.search like $3 escape '!'
        and (c.review_status = $4 or $4 is null) order by c.updated_at desc, c.id desc limit $5 offset $6");
    WITH_EMAIL = concat!("select ", columns!(), visible!(), " and c.id in (select e.contact_id from contact_emails e
        where e.partner_id = $1 and e.canonical = $3) order by c.created_at, c.id limit $4");
    WITH_EMAIL_LIKE = concat!("select ", columns!(), visible!(), " and c.id in (select e.contact_id
        from contact_emails e where e.partner_id = $1 and e.canonical like $3 escape '!')
        order by c.created_at, c.id limit $4");
    WITH_DOMAIN = concat!("select ", columns!(), visible!(), " and c.id in (select e.contact_id from contact_emails e
        where e.partner_id = $1 and e.domain = $3) order by c.created_at, c.id limit $4");
    WITH_PHONE = concat!("select ", columns!(), visible!(), " and c.id in (select p.contact_id from contact_phones p
        where p.partner_id = $1 and p.digits = $3) order by c.created_at, c.id limit $4");
    WITH_PHONE_LIKE = concat!("select ", columns!(), visible!(), " and c.id in (select p.contact_id
        from contact_phones p where p.partner_id = $1 and p.digits like $3 escape '!')
        order by c.created_at, c.id limit $4");
    EMAIL_PUT = "insert into contact_emails (partner_id, canonical, contact_id, domain) select $1, $2, $3, $4 {each}";
    EMAILS_CLEAR = "delete from contact_emails where contact_id = $1";
    PHONE_PUT = "insert into contact_phones (partner_id, digits, contact_id) select $1, $2, $3 {each}";
    PHONES_CLEAR = "delete from contact_phones where contact_id = $1";
}

/// Who looks at contacts.
#[derive(Clone, Copy, Debug)]
pub struct Eyes<'a> {
    pub scope: &'a Scope,
    /// `None` for the organization, which sees all.
    pub viewer: Option<IdentityId>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Name,
    /// What changed last comes first.
    Recent,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that stand in a contact, in any case.
    pub words: Option<String>,
    pub review: Option<ReviewStatus>,
}

/// How a contact is looked up. Texts are in lower case, numbers digits only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Email(String),
    EmailContains(String),
    EmailDomain(String),
    Phone(String),
    PhoneContains(String),
}

pub async fn insert(tx: &Tx, scope: &Scope, c: &Contact) -> Result<()> {
    let name = c.profile.name().unwrap_or_default();
    let row = args![
        c.id,
        scope.partner_id(),
        name,
        name.to_lowercase(),
        c.profile.search_text(),
        profiles::to_text(&c.profile),
        c.source,
        c.review,
        c.reviewed_at,
        c.reviewed_by,
        c.created_by,
        c.created_at,
        c.updated_at
    ];
    tx.post(INSERT, row).await?;
    put_places(tx, scope, c).await
}

/// Stores all that can change.
pub async fn update(tx: &Tx, scope: &Scope, c: &Contact) -> Result<()> {
    let name = c.profile.name().unwrap_or_default();
    let row = args![
        c.id,
        name,
        name.to_lowercase(),
        c.profile.search_text(),
        profiles::to_text(&c.profile),
        c.review,
        c.reviewed_at,
        c.reviewed_by,
        c.updated_at
    ];
    tx.post(UPDATE, row).await?;
    clear_places(tx, c.id).await?;
    put_places(tx, scope, c).await
}

/// Deletes a contact, and under what it was found. Its grants and facts are deleted beside this.
pub async fn delete(tx: &Tx, id: ContactId) -> Result<()> {
    clear_places(tx, id).await?;
    tx.post(DELETE, args![id]).await
}

async fn clear_places(tx: &Tx, id: ContactId) -> Result<()> {
    tx.post(EMAILS_CLEAR, args![id]).await?;
    tx.post(PHONES_CLEAR, args![id]).await
}

async fn put_places(tx: &Tx, scope: &Scope, c: &Contact) -> Result<()> {
    let partner = scope.partner_id();
    let email = |value: &str| {
        let canonical = value.to_lowercase();
        let domain = canonical.rsplit_once('@').map_or("", |(_, domain)| domain);
        args![partner, canonical, c.id, domain]
    };
    let emails = c.profile.emails.iter().map(|e| email(&e.value)).collect();
    tx.each(EMAIL_PUT, emails).await?;
    let phone = |value: &str| args![partner, value.trim_start_matches('+'), c.id];
    let phones = c.profile.phones.iter().map(|p| phone(&p.value)).collect();
    tx.each(PHONE_PUT, phones).await
}

pub async fn find(tx: &Tx, eyes: Eyes<'_>, id: ContactId) -> Result<Option<Contact>> {
    tx.opt(GET, args![eyes.scope.partner_id(), eyes.viewer, id], contact).await
}

/// A contact that is about to change.
pub async fn find_locked(tx: &Tx, eyes: Eyes<'_>, id: ContactId) -> Result<Option<Contact>> {
    tx.opt(GET_LOCKED, args![eyes.scope.partner_id(), eyes.viewer, id], contact).await
}

pub async fn list(
    tx: &Tx,
    eyes: Eyes<'_>,
    filter: &Filter,
    order: Order,
    (limit, offset): (i64, i64),
) -> Result<Vec<Contact>> {
    let words = containing(filter.words.as_deref().unwrap_or_default());
    let row = args![eyes.scope.partner_id(), eyes.viewer, words, filter.review, limit, offset];
    let text = match order {
        Order::Name => BY_NAME,
        Order::Recent => BY_CHANGE,
    };
    tx.all(text, row, contact).await
}

/// Contacts with an address or a number, oldest first.
pub async fn lookup(tx: &Tx, eyes: Eyes<'_>, by: &Lookup, limit: i64) -> Result<Vec<Contact>> {
    let (text, value) = match by {
        Lookup::Email(value) => (WITH_EMAIL, value.clone()),
        Lookup::EmailContains(value) => (WITH_EMAIL_LIKE, containing(value)),
        Lookup::EmailDomain(value) => (WITH_DOMAIN, value.clone()),
        Lookup::Phone(value) => (WITH_PHONE, value.clone()),
        Lookup::PhoneContains(value) => (WITH_PHONE_LIKE, containing(value)),
    };
    tx.all(text, args![eyes.scope.partner_id(), eyes.viewer, value, limit], contact).await
}

/// A pattern for what holds a text, in any case.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn contact(r: &mut Row) -> Result<Contact> {
    Ok(Contact {
        id: r.next()?,
        profile: profiles::from_text(&r.next::<String>()?)?,
        source: r.next()?,
        review: r.next()?,
        reviewed_at: r.next()?,
        reviewed_by: r.next()?,
        created_by: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}
