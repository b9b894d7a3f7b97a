//! `/api/v1/webhook-endpoints`: create, list, get, patch, delete, send a test.

use app::OpCtx;
use app::endpoints::create::NewEndpoint;
use app::endpoints::keys::{EndpointView, LiveKey};
use app::endpoints::update::EndpointChange;
use app::endpoints::{
    CreatedEndpoint, Endpoint, REDACTED, create, delete, get, keys, list, test_send, update,
};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::webhook_bodies::{
    CreateEndpoint, TestEndpoint, UpdateEndpoint, WebhookEndpointCreate, WebhookEndpointTest,
    WebhookEndpointUpdate,
};
use wire::partner::webhook_keys::WebhookKey;
use wire::partner::webhooks::{
    WebhookClientCertificate, WebhookEndpoint, WebhookEndpointDeleted, WebhookEndpointList,
    WebhookEndpointTested,
};
use wire::reader::Patch;

use crate::call::{Call, Handled};
use crate::page::List;
use crate::{PartnerApi, answer};

/// An endpoint as it is shown.
pub(super) fn shown(view: &EndpointView) -> WebhookEndpoint {
    whole(&view.endpoint, &view.keys, None)
}

fn whole(e: &Endpoint, keys: &[LiveKey], secret: Option<&str>) -> WebhookEndpoint {
    let types = e.event_types.iter().map(|t| t.as_str().to_owned());
    let all = e.event_types.is_empty();
    WebhookEndpoint {
        id: e.id.to_string(),
        object: "webhook_endpoint".to_owned(),
        livemode: e.livemode,
        url: e.url.clone(),
        description: e.description.clone(),
        event_types: if all { vec!["*".to_owned()] } else { types.collect() },
        filter: e.filter.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        status: e.status.as_str().to_owned(),
        disabled_reason: e.disabled_reason.clone(),
        failing_since: e.first_failure_at.map(|at| at.to_string()),
        rate_per_second: e.settings.rate_per_second,
        burst: e.settings.burst,
        max_in_flight: e.settings.max_in_flight,
        order: e.settings.order.as_str().to_owned(),
        timeout_ms: e.settings.timeout_ms,
        retry_schedule: e.settings.retry_schedule.clone(),
        key_mode: e.settings.key_modes.partner.as_str().to_owned(),
        standard_key_mode: e.settings.key_modes.standard.as_str().to_owned(),
        ed25519: e.settings.ed25519,
        keys: keys.iter().map(shown_key).collect(),
        park_after: e.settings.park_after,
        self_heal: e.settings.self_heal,
        disable_on_gone: e.settings.disable_on_gone,
        headers: e.header_names.iter().map(|name| (name.clone(), REDACTED.to_owned())).collect(),
        client_certificate: e.certificate.as_ref().map(|c| WebhookClientCertificate {
            subject: c.subject.clone(),
            fingerprint: c.fingerprint.clone(),
            expires_at: c.expires_at.to_string(),
        }),
        secret: secret.map(ToOwned::to_owned),
        created_at: e.created_at.to_string(),
        updated_at: e.updated_at.to_string(),
    }
}

/// A new endpoint, or one with a new secret, which is shown this once.
pub(super) fn revealed(made: &CreatedEndpoint) -> WebhookEndpoint {
    whole(&made.endpoint, &made.keys, Some(made.secret.reveal()))
}

fn shown_key(key: &LiveKey) -> WebhookKey {
    let times = (key.created_at, key.expires_at);
    WebhookKey::new(key.number, key.standing.as_str(), key.public_key.clone(), times)
}

/// Create a webhook endpoint
///
/// Answers with the signing secret, which is not shown again.
#[utoipa::path(
    post, path = "/webhook-endpoints", operation_id = "createWebhookEndpoint", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    request_body = WebhookEndpointCreate,
    responses((status = 201, description = "The endpoint and its secret.", body = WebhookEndpoint))
)]
pub(crate) async fn create_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let read = CreateEndpoint::read(body)?;
    let input = NewEndpoint {
        url: read.url,
        description: read.description,
        event_types: read.event_types,
        filter: read.filter,
        settings: read.settings,
        headers: read.headers,
        secret: read.secret,
        certificate: read.certificate,
    };
    api.run(
        &ctx,
        async move |tx, ctx| create::create(tx, ctx, &input).await,
        |_: &OpCtx, made| {
            let location = format!("/api/v1/webhook-endpoints/{}", made.endpoint.id);
            answer::created(&revealed(made), location, None)
        },
    )
    .await
}

/// List webhook endpoints
#[utoipa::path(
    get, path = "/webhook-endpoints", operation_id = "listWebhookEndpoints", tag = "Webhooks",
    security(("bearer" = ["webhooks:read"])),
    responses((status = 200, description = "Every endpoint of this mode.", body = WebhookEndpointList))
)]
pub(crate) async fn list_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, query) = call.read(ScopeName::WebhooksRead, &[])?;
    let work = async |tx: &_, ctx: &_| {
        let mut all = Vec::new();
        for endpoint in list::list(tx, ctx).await? {
            all.push(keys::view(tx, ctx, endpoint).await?);
        }
        Ok(all)
    };
    let data: Vec<_> = api.app.query(&ctx, work).await?.iter().map(shown).collect();
    Ok(List { path: "/api/v1/webhook-endpoints", query: &query }.respond(None, &data))
}

/// Retrieve a webhook endpoint
#[utoipa::path(
    get, path = "/webhook-endpoints/{endpoint_id}", operation_id = "getWebhookEndpoint", tag = "Webhooks",
    security(("bearer" = ["webhooks:read"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
pub(crate) async fn get_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::WebhooksRead, &[])?;
    let id = call.param("endpoint_id");
    let work = async move |tx: &_, ctx: &_| {
        let found = get::get(tx, ctx, &id).await?;
        keys::view(tx, ctx, found).await
    };
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::respond(&answer::ok(&shown(&found), None)))
}

/// Change a webhook endpoint
///
/// URL, description, event types, settings, headers, or whether it is enabled. Disabling cancels what the endpoint is owed.
#[utoipa::path(
    patch, path = "/webhook-endpoints/{endpoint_id}", operation_id = "updateWebhookEndpoint", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookEndpointUpdate,
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
pub(crate) async fn update_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let read = UpdateEndpoint::read(body)?;
    let change = EndpointChange {
        url: read.url,
        description: match read.description {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(text) => Some(Some(text)),
        },
        event_types: read.event_types,
        filter: match read.filter {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(filter) => Some(Some(filter)),
        },
        enabled: read.enabled,
        settings: read.settings,
        headers: read.headers,
        certificate: match read.certificate {
            Patch::Keep => None,
            Patch::Clear => Some(None),
            Patch::Set(identity) => Some(Some(identity)),
        },
    };
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| {
            let changed = update::update(tx, ctx, &id, &change).await?;
            keys::view(tx, ctx, changed).await
        },
        |_: &OpCtx, view| answer::ok(&shown(view), None),
    )
    .await
}

/// Delete a webhook endpoint
///
/// Stops deliveries at once, also retries that wait.
#[utoipa::path(
    delete, path = "/webhook-endpoints/{endpoint_id}", operation_id = "deleteWebhookEndpoint", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    responses((status = 200, description = "It is gone.", body = WebhookEndpointDeleted))
)]
pub(crate) async fn delete_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    wire::reader::Fields::new(body)?.finish()?;
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| delete::delete(tx, ctx, &id).await,
        |_: &OpCtx, id| {
            let gone = WebhookEndpointDeleted {
                id: id.to_string(),
                object: "webhook_endpoint".to_owned(),
                deleted: true,
            };
            answer::ok(&gone, None)
        },
    )
    .await
}

/// Send a test event
///
/// A sample of any type, with livemode false, signed and logged like every delivery. How it is answered
/// counts neither for nor against the endpoint. With a key, its answer tells whether the receiver knows that key.
#[utoipa::path(
    post, path = "/webhook-endpoints/{endpoint_id}/test", operation_id = "testWebhookEndpoint", tag = "Webhooks",
    security(("bearer" = ["webhooks:write"])),
    params(("endpoint_id" = String, Path, description = "whe_…", max_length = 64)),
    request_body = WebhookEndpointTest,
    responses((status = 201, description = "The event is on its way.", body = WebhookEndpointTested))
)]
pub(crate) async fn test_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::WebhooksWrite)?;
    let TestEndpoint { kind, key } = TestEndpoint::read(body)?;
    let id = call.param("endpoint_id");
    api.run(
        &ctx,
        async move |tx, ctx| {
            test_send::test_send(tx, ctx, &id, kind, key)
                .await
                .map(|(event, delivery)| (id.clone(), event, delivery, kind))
        },
        |_: &OpCtx, (endpoint, event, delivery, kind)| {
            let sent = WebhookEndpointTested {
                object: "webhook_test".to_owned(),
                event_id: event.to_string(),
                delivery_id: delivery.to_string(),
                endpoint_id: endpoint.clone(),
                kind: kind.as_str().to_owned(),
            };
            answer::created(&sent, format!("/api/v1/events/{event}"), None)
        },
    )
    .await
}
