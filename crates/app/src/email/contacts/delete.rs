//! Deleting contacts, with what is known of them and who may see them.

use domain::id::ContactId;
use domain::{ErrorCode, Result};
use storage::Tx;
use storage::email::contacts as rows;
use storage::email::{contact_facts, contact_grants};
use wire::email::contacts::{BulkDelete, BulkDeleted, BulkDeletedOne};

use super::{no_contact, visible_locked};
use crate::{OpCtx, audit};

pub async fn delete(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<()> {
    let contact = visible_locked(tx, ctx, id).await?;
    erase(tx, contact.id).await?;
    audit::record(tx, ctx, "contact.delete", contact.id, &[]).await
}

pub(super) async fn erase(tx: &Tx, id: ContactId) -> Result<()> {
    contact_grants::clear(tx, id).await?;
    contact_facts::clear(tx, id).await?;
    Ok(rows::delete(tx, id).await?)
}

/// Deletes what of a list is there, and says what became of each.
pub async fn bulk_delete(tx: &Tx, ctx: &OpCtx, input: &BulkDelete) -> Result<BulkDeleted> {
    let mut results = Vec::with_capacity(input.0.len());
    for (text, id) in &input.0 {
        let found = match id {
            Some(id) => rows::find_locked(tx, super::eyes(ctx), *id).await?,
            None => None,
        };
        if let Some(contact) = &found {
            erase(tx, contact.id).await?;
            audit::record(tx, ctx, "contact.delete", contact.id, &[]).await?;
        }
        let is_error = found.is_none();
        results.push(BulkDeletedOne {
            contact_id: text.clone(),
            status: if is_error { "error" } else { "deleted" }.to_owned(),
            error: is_error.then(|| no_contact().to_string()),
            error_code: is_error.then(|| ErrorCode::NotFound.to_string()),
        });
    }
    let error_count = results.iter().filter(|one| one.error.is_some()).count();
    Ok(BulkDeleted { deleted_count: results.len() - error_count, error_count, results })
}
