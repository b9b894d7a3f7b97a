//! `GET /api/v1/customers/{customer_id}`.

use app::snapshot;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::customers::Customer;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Retrieve a customer
///
/// By id, or by the partner's own id as `ext:crm_customer_123`.
#[utoipa::path(
    get, path = "/customers/{customer_id}", operation_id = "getCustomer", tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260)),
    responses((status = 200, description = "The customer.", body = Customer))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::CustomersRead, &[])?;
    let id = call.param("customer_id");
    let view = api
        .app
        .query(&ctx, async move |tx, ctx| app::customers::get::get(tx, ctx, &id).await)
        .await?;
    let may_invite = call.caller().key.scopes.contains(&ScopeName::CustomersWrite);
    let shown = snapshot::customer(&ctx, &view, may_invite);
    Ok(answer::respond(&answer::ok(&shown, Some(answer::etag(view.customer.version)))))
}
