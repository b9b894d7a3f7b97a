//! Reading mail items. What is deleted, or another tenant's, is not found.

use domain::id::MailId;
use domain::mail::MailItem;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, customers, mail};

use super::MailView;
use super::view::view;
use crate::OpCtx;

/// The answer for any id that is not one of this tenant's items.
pub fn not_found() -> Error {
    Error::refused(ErrorCode::MailNotFound, "no such mail item")
        .fix("check the id, and that the key's mode (live or test) is the item's")
}

/// One item by the id as it was sent.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let found = match MailId::parse(id) {
        Some(id) => mail::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    let item = found.filter(|m| m.deleted_at.is_none()).ok_or_else(not_found)?;
    load(tx, ctx, item).await
}

/// An item whose row is about to change.
pub async fn get_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<MailView> {
    let item = find_locked(tx, ctx, id).await?.filter(|m| m.deleted_at.is_none());
    load(tx, ctx, item.ok_or_else(not_found)?).await
}

/// The locked row of an item, also of one that was deleted.
pub async fn find_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Option<MailItem>> {
    match MailId::parse(id) {
        Some(id) => Ok(mail::find_locked(tx, &ctx.scope, id).await?),
        None => Ok(None),
    }
}

async fn load(tx: &Tx, ctx: &OpCtx, item: MailItem) -> Result<MailView> {
    let customer = customers::find(tx, &ctx.scope, item.customer_id).await?;
    let customer =
        customer.ok_or_else(|| Error::internal("loading a customer", "a row is missing"))?;
    view(tx, item, customer).await
}
