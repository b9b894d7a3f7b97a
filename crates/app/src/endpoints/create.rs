//! Making an endpoint: its URL judged, its secret drawn, sealed and told once.

use domain::endpoint::{ClientIdentity, Settings};
use domain::event::EventType;
use domain::filter::Filter;
use domain::id::EndpointId;
use domain::{Error, ErrorCode, Result};
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::{Tx, tenancy};

use super::secrets::{new_row, take_secret};
use super::settings::{check_encrypted, check_settings, keep_certificate, keep_headers};
use super::{CreatedEndpoint, check_description, check_url, filter, keys, tidy_types};
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// Endpoints of one partner in one mode. Every event is matched against all of them, and each can
/// have 8 requests in flight.
pub const ENDPOINTS_MAX: usize = 16;
/// Deliveries of one event that its own transaction can bear to write (webhooks.md 5.4).
const FAN_OUT_MAX: usize = 32;
const _: () = assert!(ENDPOINTS_MAX <= FAN_OUT_MAX, "more would have to be expanded in pages");

/// A receiver to be made.
#[derive(Clone, Default)]
pub struct NewEndpoint {
    pub url: String,
    pub description: Option<String>,
    /// Empty means the whole catalogue.
    pub event_types: Vec<EventType>,
    /// Which of their events; `None` is all of them.
    pub filter: Option<Filter>,
    pub settings: Settings,
    /// Names and values of custom headers.
    pub headers: Vec<(String, String)>,
    /// A secret that the receiver already verifies with; `None` draws one.
    pub secret: Option<String>,
    /// What is shown to a receiver that asks for a certificate.
    pub certificate: Option<ClientIdentity>,
}

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &NewEndpoint) -> Result<CreatedEndpoint> {
    check_url(ctx, &input.url)?;
    check_description(input.description.as_deref())?;
    check_settings(&input.settings)?;
    let secret = take_secret(ctx, input.secret.as_deref(), input.settings.key_modes)?;
    // Creates of one partner take turns, so that two at once do not both see the last free place.
    tenancy::partner_find_locked(tx, ctx.scope.partner_id()).await?;
    if endpoints::list(tx, &ctx.scope).await?.len() >= ENDPOINTS_MAX {
        let message = format!("a partner has at most {ENDPOINTS_MAX} endpoints in each mode");
        return Err(Error::refused(ErrorCode::ValidationFailed, message)
            .fix("delete an endpoint that is not used any more"));
    }
    let ids = ctx.app.ids.as_ref();
    let made_at = ctx.app.clock.now();
    let mut endpoint = Endpoint {
        no: ids.number(made_at),
        id: EndpointId::new(ids, made_at),
        livemode: ctx.livemode(),
        url: input.url.clone(),
        description: input.description.clone(),
        event_types: tidy_types(ctx, &input.event_types)?,
        filter: filter::keep(ctx, input.filter.as_ref())?,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        created_at: made_at,
        updated_at: made_at,
        first_failure_at: None,
        failures: 0,
        last_success_at: None,
        settings: input.settings.clone(),
        header_names: Vec::new(),
        headers_sealed: None,
        certificate: None,
        mailbox_id: None,
    };
    keep_headers(ctx, &mut endpoint, &input.headers)?;
    keep_certificate(ctx, &mut endpoint, input.certificate.as_ref())?;
    check_encrypted(ctx, &endpoint)?;
    endpoints::insert(tx, &ctx.scope, &endpoint).await?;
    let row = EndpointSecret { is_current: true, ..new_row(ctx, &endpoint, 1, &secret) };
    endpoint_secrets::insert(tx, &row).await?;
    audit::record(tx, ctx, "endpoint.create", endpoint.id, &[("url", &endpoint.url)]).await?;
    notices::tell(tx, ctx, &endpoint, Notice::EndpointCreated).await?;
    let keys = keys::list(tx, ctx, &endpoint).await?;
    Ok(CreatedEndpoint { endpoint, secret, keys })
}
