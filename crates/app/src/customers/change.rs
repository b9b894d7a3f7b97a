//! What every change of a customer shares: who may be changed, and storing it.

use domain::customer::{Customer, CustomerStatus};
use domain::{Error, ErrorCode, Result};
use storage::{Tx, customers};

use crate::OpCtx;

/// Refuses a customer who has left.
pub(crate) fn refuse_deactivated(customer: &Customer) -> Result<()> {
    match customer.status {
        CustomerStatus::Invited | CustomerStatus::Active | CustomerStatus::Suspended => Ok(()),
        CustomerStatus::Deactivated => {
            Err(Error::refused(ErrorCode::CustomerInactive, "this customer is deactivated")
                .fix("reactivate the customer within the remail window, or create a new one"))
        }
    }
}

/// Stores a customer whose row this transaction holds locked.
pub(crate) async fn store(tx: &Tx, ctx: &OpCtx, customer: &mut Customer) -> Result<()> {
    customer.updated_at = ctx.now;
    if !customers::update(tx, customer).await? {
        return Err(Error::internal("storing a customer", "a locked row changed"));
    }
    customer.version += 1;
    Ok(())
}
