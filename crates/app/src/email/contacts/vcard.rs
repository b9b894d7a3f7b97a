//! Contacts out of vCards and into them (email-api.md 7.6).
//!
//! How a card is read and written is the crate `email`'s.

use domain::email::Contact;
use domain::email::contact::{CreationSource, Labelled, Profile};
use domain::id::ContactId;
use domain::{Error, ErrorCode, Result};
pub use email::vcard::IMPORT_BYTES_MAX;
use email::vcard::{self, CardProblem, VcardProblem};
use storage::Tx;
use storage::email::contacts as rows;
use storage::email::contacts::Lookup;

use super::create::keep;
use super::{View, check, eyes, visible};
use crate::OpCtx;

/// Contacts of one export.
pub const EXPORT_MAX: usize = 25;

/// The cards of an import, each read or not.
pub type Cards = Vec<std::result::Result<Profile, CardProblem>>;

/// What became of one card.
#[derive(Clone, Debug)]
pub enum Imported {
    Created(Box<View>),
    /// This visible contact has one of its e-mail addresses or, where it has none, of its phones.
    Conflict(ContactId),
    Refused(String),
}

/// Takes an import apart, before any transaction is open.
pub fn cards(bytes: &[u8]) -> Result<Cards> {
    vcard::read(bytes).map_err(|problem| {
        let code = match problem {
            VcardProblem::TooLarge => ErrorCode::PayloadTooLarge,
            VcardProblem::NotUtf8 => ErrorCode::InvalidParameter,
            VcardProblem::NoCard | VcardProblem::TooManyCards => ErrorCode::ValidationFailed,
        };
        Error::refused(code, problem.to_string())
    })
}

/// Keeps every card that is good and new, in its order; every identity sees it.
pub async fn import(tx: &Tx, ctx: &OpCtx, cards: &Cards) -> Result<Vec<Imported>> {
    let mut outcomes = Vec::with_capacity(cards.len());
    for card in cards {
        outcomes.push(match card {
            Ok(profile) => take(tx, ctx, profile.clone()).await?,
            Err(problem) => Imported::Refused(problem.to_string()),
        });
    }
    Ok(outcomes)
}

async fn take(tx: &Tx, ctx: &OpCtx, profile: Profile) -> Result<Imported> {
    if let Err(problem) = check(&profile) {
        return Ok(Imported::Refused(told(&problem)));
    }
    for place in places(&profile) {
        if let Some(known) = rows::lookup(tx, eyes(ctx), &place, 1).await?.pop() {
            return Ok(Imported::Conflict(known.id));
        }
    }
    let view = keep(tx, ctx, profile, CreationSource::Vcard, &[None]).await?;
    Ok(Imported::Created(Box::new(view)))
}

/// By what a card is known: people share phones more often than addresses.
fn places(profile: &Profile) -> Vec<Lookup> {
    if profile.emails.is_empty() {
        let digits = |phone: &Labelled| phone.value.trim_start_matches('+').to_owned();
        return profile.phones.iter().map(|phone| Lookup::Phone(digits(phone))).collect();
    }
    profile.emails.iter().map(|email| Lookup::Email(email.value.to_lowercase())).collect()
}

/// What is wrong with a card, in one line.
fn told(problem: &Error) -> String {
    let Error::Refused { fields, .. } = problem else { return problem.to_string() };
    let each = fields.iter().map(|field| format!("{}: {}", field.param, field.message));
    let each: Vec<String> = each.collect();
    if each.is_empty() { problem.to_string() } else { each.join("; ") }
}

/// These contacts as one vCard text; each must be visible. Twice the same is written once.
pub async fn export(tx: &Tx, ctx: &OpCtx, ids: &[String]) -> Result<(usize, String)> {
    let mut found: Vec<Contact> = Vec::with_capacity(ids.len());
    for id in ids {
        let contact = visible(tx, ctx, id).await?;
        if found.iter().all(|other| other.id != contact.id) {
            found.push(contact);
        }
    }
    let text = vcard::write_all(found.iter().map(|contact| &contact.profile));
    Ok((found.len(), text))
}
