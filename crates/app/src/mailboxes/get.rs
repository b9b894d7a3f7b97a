//! The mailbox of one customer.

use domain::{Error, ErrorCode, Result};
use storage::Tx;

use crate::OpCtx;
use crate::customers::{self, CustomerView};

/// The customer with a mailbox beside it; `mailbox_not_found` when there is none.
pub async fn get(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    let view = customers::get::get(tx, ctx, customer_id).await?;
    if view.mailbox.is_none() {
        return Err(Error::refused(ErrorCode::MailboxNotFound, "this customer has no mailbox")
            .fix("choose one by changing the customer's mailbox"));
    }
    Ok(view)
}
