//! The address book: contacts, who sees them, what is known of them (email-api.md 7).
//!
//! An agent sees what it was granted, its organization everything; what is not visible is not there. How
//! the peers of an event are looked up among them is `email::peers`.

pub mod access;
pub mod correspondence;
pub mod create;
pub mod delete;
pub mod facts;
pub mod get;
pub mod list;
pub mod merge;
pub mod update;
pub mod vcard;

use domain::email::Contact;
use domain::email::contact::Profile;
use domain::id::ContactId;
use domain::{Error, ErrorCode, Field, Result};
use email::Address;
use storage::Tx;
pub use storage::email::contact_facts::Fact;
pub use storage::email::contact_grants::ContactGrant;
use storage::email::contacts::{self as rows, Eyes};
use storage::email::{contact_facts, contact_grants};

use crate::OpCtx;

/// A contact with what is shown beside it.
#[derive(Clone, Debug)]
pub struct View {
    pub contact: Contact,
    /// In the order in which they were made.
    pub access: Vec<ContactGrant>,
    /// Newest first.
    pub facts: Vec<Fact>,
}

/// How the caller of a context sees contacts.
pub(crate) fn eyes(ctx: &OpCtx) -> Eyes<'_> {
    Eyes { scope: &ctx.scope, viewer: ctx.identity }
}

/// A contact that the caller sees, by the text of its id.
pub(crate) async fn visible(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Contact> {
    let id = ContactId::parse(id).ok_or_else(no_contact)?;
    rows::find(tx, eyes(ctx), id).await?.ok_or_else(no_contact)
}

/// The same, about to change.
pub(crate) async fn visible_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Contact> {
    let id = ContactId::parse(id).ok_or_else(no_contact)?;
    rows::find_locked(tx, eyes(ctx), id).await?.ok_or_else(no_contact)
}

/// Contacts with what is shown beside them.
pub(crate) async fn views(tx: &Tx, contacts: Vec<Contact>) -> Result<Vec<View>> {
    let ids: Vec<ContactId> = contacts.iter().map(|c| c.id).collect();
    let grants = contact_grants::list(tx, &ids).await?;
    let facts = contact_facts::list(tx, &ids).await?;
    let view = |contact: Contact| View {
        access: grants.iter().filter(|g| g.contact_id == contact.id).copied().collect(),
        facts: facts.iter().filter(|f| f.contact_id == contact.id).cloned().collect(),
        contact,
    };
    Ok(contacts.into_iter().map(view).collect())
}

pub(crate) async fn view(tx: &Tx, contact: Contact) -> Result<View> {
    let mut all = views(tx, vec![contact]).await?;
    all.pop().ok_or_else(|| Error::internal("showing a contact", "no view"))
}

/// Refuses what no contact may be (K-2, K-3).
pub(crate) fn check(profile: &Profile) -> Result<()> {
    if profile.name().is_none() {
        let message = "a contact needs a name, a company, an e-mail address or a phone";
        return Err(Error::refused(ErrorCode::InvalidParameter, message));
    }
    let mut problems = profile.problems();
    for (place, one) in profile.emails.iter().enumerate() {
        if let Err(problem) = Address::parse(&one.value) {
            let at = format!("emails/{place}/value");
            problems.push(Field::new(at, "invalid", problem.to_string()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}

pub(crate) fn no_contact() -> Error {
    Error::refused(ErrorCode::NotFound, "Contact not found")
}
