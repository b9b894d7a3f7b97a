//! `GET /api/v1/customers/{customer_id}/mailbox`.

use app::customers::get::get;
use app::snapshot;
use axum::extract::State;
use domain::key::ScopeName;
use domain::{Error, ErrorCode};
use wire::partner::mailboxes::Mailbox;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Read mailbox assignment
///
/// The number, and the address as a sender should write it. Do not show it as live before `usable`.
#[utoipa::path(
    get, path = "/customers/{customer_id}/mailbox", operation_id = "getCustomerMailbox", tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260)),
    responses(
        (status = 200, description = "The customer's mailbox.", body = Mailbox),
        (status = 404, description = "customer_not_found, or mailbox_not_found when the number was given back."),
    )
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::CustomersRead, &[])?;
    let id = call.param("customer_id");
    let view = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    let mailbox = snapshot::customer(&ctx, &view, false).mailbox.ok_or_else(|| {
        Error::refused(ErrorCode::MailboxNotFound, "this customer has no mailbox any more")
    })?;
    Ok(answer::respond(&answer::ok(&mailbox, None)))
}
