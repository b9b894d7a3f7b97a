//! What is known of a contact: its memories (email-api.md 7.5). Agents read them, their organization writes.

use domain::email::contact::FACTS_MAX;
use domain::id::{ContactId, FactId};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::contact_facts::{self as rows, Fact};
use wire::email::contacts::{ChangeFact, CreateFact};

use super::{visible, visible_locked};
use crate::email::must_be_admin;
use crate::{OpCtx, audit};

/// What is known of a contact, newest first.
pub async fn list(tx: &Tx, ctx: &OpCtx, contact: &str) -> Result<Vec<Fact>> {
    let contact = visible(tx, ctx, contact).await?;
    Ok(rows::list(tx, &[contact.id]).await?)
}

pub async fn get(tx: &Tx, ctx: &OpCtx, contact: &str, id: &str) -> Result<Fact> {
    let contact = visible(tx, ctx, contact).await?;
    one(tx, contact.id, id).await
}

pub async fn create(tx: &Tx, ctx: &OpCtx, contact: &str, input: &CreateFact) -> Result<Fact> {
    must_be_admin(ctx)?;
    // The contact is locked, so that two at once do not both see the last free place.
    let contact = visible_locked(tx, ctx, contact).await?;
    if rows::list(tx, &[contact.id]).await?.len() >= FACTS_MAX {
        return Err(too_many());
    }
    let fact = Fact {
        id: FactId::new(ctx.app.ids.as_ref(), ctx.now),
        contact_id: contact.id,
        content: input.content.clone(),
        kind: input.kind,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    rows::insert(tx, &fact).await?;
    audit::record(tx, ctx, "contact_fact.create", fact.id, &[]).await?;
    Ok(fact)
}

pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    contact: &str,
    id: &str,
    change: &ChangeFact,
) -> Result<Fact> {
    must_be_admin(ctx)?;
    let contact = visible_locked(tx, ctx, contact).await?;
    let mut fact = one(tx, contact.id, id).await?;
    fact.content = change.content.clone().unwrap_or(fact.content);
    fact.kind = change.kind.clone().over(fact.kind);
    fact.updated_at = ctx.now;
    rows::update(tx, &fact).await?;
    audit::record(tx, ctx, "contact_fact.update", fact.id, &[]).await?;
    Ok(fact)
}

/// Deletes a fact; answers with it and what is still known, newest first.
pub async fn delete(tx: &Tx, ctx: &OpCtx, contact: &str, id: &str) -> Result<(Fact, Vec<Fact>)> {
    must_be_admin(ctx)?;
    let contact = visible_locked(tx, ctx, contact).await?;
    let fact = one(tx, contact.id, id).await?;
    rows::delete(tx, fact.id).await?;
    audit::record(tx, ctx, "contact_fact.delete", fact.id, &[]).await?;
    Ok((fact, rows::list(tx, &[contact.id]).await?))
}

async fn one(tx: &Tx, contact: ContactId, id: &str) -> Result<Fact> {
    let id = FactId::parse(id);
    let found = rows::list(tx, &[contact]).await?.into_iter().find(|fact| Some(fact.id) == id);
    found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "Fact not found"))
}

fn too_many() -> Error {
    let message = format!("a contact has at most {FACTS_MAX} active memories; delete some first");
    Error::refused(ErrorCode::Conflict, message)
}
