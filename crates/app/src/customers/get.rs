//! Reading customers. A customer of another partner, or of the other mode, is not found.

use domain::customer::Customer;
use domain::id::CustomerId;
use domain::{Error, ErrorCode, Result};
use storage::{Tx, customers};

use super::CustomerView;
use super::view::view;
use crate::OpCtx;

/// The answer for any id that is not one of this tenant's customers.
pub fn not_found() -> Error {
    Error::refused(ErrorCode::CustomerNotFound, "no such customer")
        .fix("check the id, and that the key's mode (live or test) is the customer's")
}

/// One customer by the id as it was sent; `ext:` and an external id is also an id.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<CustomerView> {
    view(tx, find(tx, ctx, id).await?).await
}

/// The bare row of one customer.
pub async fn find(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Customer> {
    let found = match (id.strip_prefix("ext:"), CustomerId::parse(id)) {
        (Some(external), _) => customers::find_by_external_id(tx, &ctx.scope, external).await?,
        (None, Some(id)) => customers::find(tx, &ctx.scope, id).await?,
        (None, None) => None,
    };
    found.ok_or_else(not_found)
}

/// A customer whose row is about to change.
pub async fn find_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Customer> {
    let found = find(tx, ctx, id).await?;
    customers::find_locked(tx, &ctx.scope, found.id).await?.ok_or_else(not_found)
}
