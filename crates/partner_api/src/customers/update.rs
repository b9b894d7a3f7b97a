//! `PATCH /api/v1/customers/{customer_id}`.

use app::customers::update::{CustomerChange, update};
use app::{OpCtx, snapshot};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::customers::{Customer, CustomerUpdate, UpdateCustomer};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Update CRM-managed fields
///
/// Absent leaves a field as it is, null clears it where that is possible. What stands on an approved
/// Form 1583 can change, and then asks for a revision of the form within 30 days. With If-Match only
/// the version that was read is changed. While the number is only reserved, `mailbox` chooses another.
#[utoipa::path(
    patch, path = "/customers/{customer_id}", operation_id = "updateCustomer", tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(
        ("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version to change."),
    ),
    request_body = CustomerUpdate,
    responses(
        (status = 200, description = "The customer.", body = Customer),
        (status = 409, description = "customer_inactive, field_locked, external_customer_id_exists, mailbox_unavailable, no_mailbox_available or idempotency_in_progress."),
        (status = 412, description = "The customer has changed since the ETag in If-Match."),
    )
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::CustomersWrite)?;
    let version = call.if_match()?;
    let change = CustomerChange::from(UpdateCustomer::read(body)?);
    let id = call.param("customer_id");
    api.run(
        &ctx,
        async move |tx, ctx| update(tx, ctx, &id, version, &change).await,
        |ctx: &OpCtx, view| {
            let shown = snapshot::customer(ctx, view, true);
            answer::ok(&shown, Some(answer::etag(view.customer.version)))
        },
    )
    .await
}
