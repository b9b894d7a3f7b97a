//! `GET /api/v1/customers/{customer_id}/compliance`.

use app::compliance::read::get;
use app::snapshot;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::compliance::Compliance;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Read Form 1583 and ID status
///
/// Where the customer stands, and what is asked for and by when. Never numbers of documents, images,
/// the home address or who decided.
#[utoipa::path(
    get, path = "/customers/{customer_id}/compliance", operation_id = "getCustomerCompliance", tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260)),
    responses((status = 200, description = "The customer's compliance.", body = Compliance))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::CustomersRead, &[])?;
    let id = call.param("customer_id");
    let view = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    Ok(answer::respond(&answer::ok(&snapshot::compliance(&view), None)))
}
