//! `POST /api/v1/customers`.

use app::customers::create::{NewCustomer, create};
use app::{OpCtx, snapshot};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::customers::{CreateCustomer, Customer, CustomerCreate};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Create an invited customer and mailbox
///
/// Reserves a mailbox number, opens a draft of Form 1583, and answers with the customer and the link
/// of the invitation. Emits `customer.created`. Mail can be logged once the form is approved and the
/// mailbox open.
#[utoipa::path(
    post, path = "/customers", operation_id = "createCustomer", tag = "Customers",
    security(("bearer" = ["customers:write"])),
    request_body(content = CustomerCreate, examples(
        ("seed" = (summary = "As the quickstart sends it", value = json!({
            "external_customer_id": "crm_customer_123", "email": "jane@example.com", "name": "Jane Smith",
            "phone": "+15555555555", "prepay": true}))),
        ("minimal" = (value = json!({"email": "jane@example.com", "name": "Jane Smith"}))),
    )),
    responses(
        (status = 201, description = "The invited customer.", body = Customer),
        (status = 409, description = "external_customer_id_exists, mailbox_unavailable, no_mailbox_available or idempotency_in_progress."),
    )
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::CustomersWrite)?;
    let today = ctx.now.date_in(&ctx.partner.order_form.timezone);
    let input = NewCustomer::from(CreateCustomer::read(body, today)?);
    api.run(
        &ctx,
        async move |tx, ctx| create(tx, ctx, &input).await,
        |ctx: &OpCtx, view| {
            let shown = snapshot::customer(ctx, view, true);
            let location = format!("/api/v1/customers/{}", view.customer.id);
            answer::created(&shown, location, Some(answer::etag(view.customer.version)))
        },
    )
    .await
}
