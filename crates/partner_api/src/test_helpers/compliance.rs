//! `POST /api/v1/test_helpers/customers/{customer_id}/compliance`.

use app::simulate::walk;
use app::{OpCtx, snapshot, test_clock};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::compliance::Compliance;
use wire::partner::test_helpers::{TestComplianceWalk, WalkCompliance};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Walk a form to a status
///
/// By the same steps that applicant, witness and reviewer take, with made-up papers, and with the
/// same events.
#[utoipa::path(
    post, path = "/test_helpers/customers/{customer_id}/compliance", operation_id = "walkTestCompliance",
    tag = "Test helpers", security(("bearer" = ["customers:write"])),
    params(("customer_id" = String, Path, description = "cus_…, or ext: and the partner's own id.", max_length = 260)),
    request_body = TestComplianceWalk,
    responses((status = 200, description = "The customer's compliance.", body = Compliance))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::CustomersWrite)?;
    test_clock::must_be_test(&ctx)?;
    let read = WalkCompliance::read(body)?;
    let id = call.param("customer_id");
    api.run(
        &ctx,
        async move |tx, ctx| walk(tx, ctx, &id, read.status, &read.reasons).await,
        |_: &OpCtx, view| answer::ok(&snapshot::compliance(view), None),
    )
    .await
}
