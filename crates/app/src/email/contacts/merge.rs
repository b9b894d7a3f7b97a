//! Several contacts of one person made one (email-api.md 7.2).

use domain::email::Contact;
use domain::email::contact::FACTS_MAX;
use domain::id::ContactId;
use domain::{Error, ErrorCode, Field, Result};
use storage::Tx;
use storage::email::contact_facts;
use storage::email::contacts as rows;
use wire::email::contacts::MergeContacts;

use super::delete::erase;
use super::{View, check, eyes, no_contact, view, visible_locked};
use crate::email::must_be_admin;
use crate::{OpCtx, audit};

/// Takes what other contacts have into one, and deletes them. The one keeps its age and who sees it; what is known of
/// the others is known of it then.
pub async fn merge(tx: &Tx, ctx: &OpCtx, id: &str, input: &MergeContacts) -> Result<View> {
    must_be_admin(ctx)?;
    let survivor = visible_locked(tx, ctx, id).await?;
    let mut losers: Vec<Contact> = Vec::with_capacity(input.losing.len());
    for id in &input.losing {
        let id = id.ok_or_else(no_contact)?;
        if id == survivor.id || losers.iter().any(|loser| loser.id == id) {
            let message = "each contact is merged once, and none into itself";
            return Err(Error::invalid(vec![Field::new(
                "losing_contact_ids",
                "duplicate",
                message,
            )]));
        }
        losers.push(rows::find_locked(tx, eyes(ctx), id).await?.ok_or_else(no_contact)?);
    }
    move_facts(tx, &survivor, &losers).await?;
    let mut merged = survivor.clone();
    for loser in &losers {
        merged.profile.absorb(&loser.profile);
    }
    for (field, from) in &input.sources {
        let mut all = losers.iter().chain([&survivor]);
        let source = all.find(|contact| Some(contact.id) == *from).ok_or_else(|| {
            let at = format!("field_sources/{field}");
            Error::invalid(vec![Field::new(at, "invalid", "a contact of this merge")])
        })?;
        merged.profile.copy(*field, &source.profile);
    }
    check(&merged.profile)?;
    merged.updated_at = ctx.now;
    for loser in &losers {
        erase(tx, loser.id).await?;
        let into = merged.id.to_string();
        audit::record(tx, ctx, "contact.merge", loser.id, &[("into", &into)]).await?;
    }
    rows::update(tx, &ctx.scope, &merged).await?;
    view(tx, merged).await
}

async fn move_facts(tx: &Tx, survivor: &Contact, losers: &[Contact]) -> Result<()> {
    let all: Vec<ContactId> = losers.iter().chain([survivor]).map(|contact| contact.id).collect();
    let facts = contact_facts::list(tx, &all).await?;
    if facts.len() > FACTS_MAX {
        let message = format!(
            "the total of active memories would be {}, and is at most {FACTS_MAX}; delete some first",
            facts.len()
        );
        return Err(Error::refused(ErrorCode::Conflict, message));
    }
    for fact in facts.into_iter().filter(|fact| fact.contact_id != survivor.id) {
        contact_facts::update(tx, &contact_facts::Fact { contact_id: survivor.id, ..fact }).await?;
    }
    Ok(())
}
