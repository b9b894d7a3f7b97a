//! Listing customers, newest first.

use std::collections::HashMap;

use domain::id::{CustomerId, LocationId};
use domain::partner::Location;
use domain::{Error, Result};
use storage::customers;
pub use storage::customers::CustomerFilter;
use storage::{Tx, mailboxes, tenancy};

use super::CustomerView;
use crate::OpCtx;

/// Most rows of one page; a caller asks for one more to see whether there is a next one.
pub const ROWS_MAX: i64 = 101;

/// Customers older than `before`, newest first, at most [`ROWS_MAX`].
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    filter: &CustomerFilter,
    before: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<CustomerView>> {
    let found = customers::list(tx, &ctx.scope, filter, before, limit.min(ROWS_MAX)).await?;
    let gone = || Error::internal("loading a mailbox", "a row is missing");
    let mut locations: HashMap<LocationId, Location> = HashMap::new();
    let mut views = Vec::with_capacity(found.len());
    for customer in found {
        let Some(id) = customer.mailbox_id else {
            views.push(CustomerView { customer, mailbox: None });
            continue;
        };
        let mailbox = mailboxes::find(tx, id).await?.ok_or_else(gone)?;
        let location = match locations.get(&mailbox.location_id) {
            Some(location) => location.clone(),
            None => {
                let found = tenancy::location_find(tx, mailbox.location_id).await?;
                let location = found.ok_or_else(gone)?;
                locations.insert(location.id, location.clone());
                location
            }
        };
        views.push(CustomerView { customer, mailbox: Some((mailbox, location)) });
    }
    Ok(views)
}
