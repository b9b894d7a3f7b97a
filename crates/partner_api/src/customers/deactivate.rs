//! `POST /api/v1/customers/{customer_id}/deactivate`.

use app::customers::deactivate::{Deactivation, deactivate};
use app::{OpCtx, snapshot};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::customers::{Customer, CustomerDeactivate, DeactivateCustomer};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Deactivate service
///
/// Now, or at a moment within 90 days. For six months after it mail is held or sent on as `remail`
/// says. A second call answers the same and changes nothing.
#[utoipa::path(
    post, path = "/customers/{customer_id}/deactivate", operation_id = "deactivateCustomer", tag = "Customers",
    security(("bearer" = ["customers:write"])),
    params(("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260)),
    request_body = CustomerDeactivate,
    responses((status = 200, description = "The customer.", body = Customer))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::CustomersWrite)?;
    let input = Deactivation::from(DeactivateCustomer::read(body)?);
    let id = call.param("customer_id");
    api.run(
        &ctx,
        async move |tx, ctx| deactivate(tx, ctx, &id, &input).await,
        |ctx: &OpCtx, view| {
            let shown = snapshot::customer(ctx, view, true);
            answer::ok(&shown, Some(answer::etag(view.customer.version)))
        },
    )
    .await
}
