//! Sending an invitation again (C2). The link goes back to whoever asked; no mail is sent from here.

use domain::customer::CustomerStatus;
use domain::{Error, ErrorCode, Result, days};
use storage::{Tx, customers};

use super::view::view;
use super::{CustomerView, change, create, get};
use crate::{OpCtx, audit};

/// Times in a day that one invitation may be sent again.
pub const RESENDS_A_DAY_MAX: i64 = 5;

/// Seconds after which another try may succeed.
const RETRY_AFTER_SECONDS: u32 = 3600;

/// Draws a new link; the old one is void at once.
pub async fn resend(tx: &Tx, ctx: &OpCtx, customer_id: &str) -> Result<CustomerView> {
    let mut customer = get::find_locked(tx, ctx, customer_id).await?;
    if customer.status != CustomerStatus::Invited {
        let message = format!("the customer is {}; nobody has to be invited", customer.status);
        return Err(Error::refused(ErrorCode::CustomerInactive, message));
    }
    let since = ctx.now.plus(-days(1));
    if customers::resends_since(tx, customer.id, since).await? >= RESENDS_A_DAY_MAX {
        return Err(Error::refused(
            ErrorCode::RateLimited,
            format!("an invitation is sent again at most {RESENDS_A_DAY_MAX} times a day"),
        )
        .retry_after(RETRY_AFTER_SECONDS));
    }
    customers::resend_insert(tx, customer.id, ctx.now).await?;
    customer.invite_token = Some(create::invite_token(ctx));
    customer.invited_at = Some(ctx.now);
    change::store(tx, ctx, &mut customer).await?;
    audit::record(tx, ctx, "customer.invite", customer.id, &[]).await?;
    view(tx, customer).await
}
