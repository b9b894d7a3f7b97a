//! `/api/v1/webhooks/catalog`.

use axum::extract::State;
use domain::event::Audience;
use wire::email::subscriptions::{Catalog, CatalogType};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// What can be subscribed to
#[utoipa::path(
    get, path = "/api/v1/webhooks/catalog", operation_id = "getWebhookCatalog", tag = "Webhooks",
    responses((status = 200, description = "The types of events, and what this server can do.", body = Catalog))
)]
pub(crate) async fn handler(State(_): State<EmailApi>, _: Call) -> Handled {
    let event_types = Audience::Mailbox.types().iter().map(|kind| CatalogType {
        name: kind.to_string(),
        description: kind.description().to_owned(),
    });
    Ok(answer::ok(&Catalog {
        supports_identity_subscriptions: true,
        event_types: event_types.collect(),
    }))
}
