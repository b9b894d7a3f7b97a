//! `GET /api/v1/customers`.

use app::customers::list::{CustomerFilter, list};
use app::snapshot;
use axum::extract::State;
use domain::compliance::ComplianceStatus;
use domain::customer::CustomerStatus;
use domain::id::{CustomerId, LocationId};
use domain::key::ScopeName;
use wire::partner::customers::CustomerList;

use crate::PartnerApi;
use crate::call::{Call, Handled};
use crate::page::List;

const PARAMETERS: &[&str] = &[
    "limit",
    "cursor",
    "external_customer_id",
    "email",
    "status",
    "compliance_status",
    "location_id",
    "created_after",
    "created_before",
    "updated_after",
    "updated_before",
];

/// List customers
///
/// Newest first. Look one up by the partner's own id with `external_customer_id`.
#[utoipa::path(
    get, path = "/customers", operation_id = "listCustomers", tag = "Customers",
    security(("bearer" = ["customers:read"])),
    params(
        ("limit" = Option<i64>, Query, description = "Rows of a page, 1 to 100; default 25.", minimum = 1, maximum = 100),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
        ("external_customer_id" = Option<String>, Query, description = "Exactly this id of the partner's own."),
        ("email" = Option<String>, Query, description = "Exactly this address, in any case of letters."),
        ("status" = Option<String>, Query, description = "A comma list of invited, active, suspended, deactivated."),
        ("compliance_status" = Option<String>, Query, description = "A comma list of pending_form, pending_notary, pending_review, approved, rejected, mailbox_active."),
        ("location_id" = Option<String>, Query, description = "loc_…"),
        ("created_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("created_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
        ("updated_after" = Option<String>, Query, description = "RFC 3339; from this instant.", format = DateTime),
        ("updated_before" = Option<String>, Query, description = "RFC 3339; before this instant.", format = DateTime),
    ),
    responses((status = 200, description = "A page of customers.", body = CustomerList))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::CustomersRead, PARAMETERS)?;
    let page = List { path: "/api/v1/customers", query: &query };
    let before = page.position(&ctx)?.and_then(|text| CustomerId::parse(&text));
    let words = |list: Vec<&'static str>| list.into_iter().map(ToOwned::to_owned).collect();
    let statuses = query.words("status", CustomerStatus::ALL, CustomerStatus::as_str)?;
    let compliance =
        query.words("compliance_status", ComplianceStatus::ALL, ComplianceStatus::as_str)?;
    let owned = |name| query.text(name).map(ToOwned::to_owned);
    let filter = CustomerFilter {
        external_customer_id: owned("external_customer_id"),
        email: owned("email"),
        statuses: words(statuses.iter().map(|s| s.as_str()).collect()),
        compliance_statuses: words(compliance.iter().map(|s| s.as_str()).collect()),
        // An id that is nobody's matches nothing.
        location_id: query
            .text("location_id")
            .map(|text| LocationId::parse(text).unwrap_or(LocationId([0; 16]))),
        created: (query.instant("created_after")?, query.instant("created_before")?),
        updated: (query.instant("updated_after")?, query.instant("updated_before")?),
    };
    let limit = query.limit()?;
    let found = api
        .app
        .query(&ctx, async move |tx, ctx| list(tx, ctx, &filter, before, limit + 1).await)
        .await?;
    let position = |view: &app::customers::CustomerView| view.customer.id.to_string();
    Ok(page.page(&ctx, found, limit, position, |view| snapshot::customer(&ctx, view, false)))
}
