//! Changing an endpoint: where it is, what it hears, whether it hears anything (E2, Q7).

use domain::Result;
use domain::endpoint::{ClientIdentity, SettingsChange};
use domain::event::EventType;
use domain::filter::Filter;
use storage::endpoints::{self, Endpoint, EndpointStatus};
use storage::{Tx, queue};

use super::get::get_locked;
use super::resume::cool_down;
use super::secrets::{check_key_modes, give_pairs};
use super::settings::{check_encrypted, check_settings, keep_certificate, keep_headers};
use super::{check_description, check_url, filter, tidy_types};
use crate::notices::operator::EndpointUpdated;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// What to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    pub url: Option<String>,
    /// `Some(None)` takes the description away.
    pub description: Option<Option<String>>,
    /// Empty means the whole catalogue.
    pub event_types: Option<Vec<EventType>>,
    /// `Some(None)` takes the filter away.
    pub filter: Option<Option<Filter>>,
    pub enabled: Option<bool>,
    pub settings: SettingsChange,
    /// All custom headers from now on; empty takes them away.
    pub headers: Option<Vec<(String, String)>>,
    /// `Some(None)` takes the certificate away.
    pub certificate: Option<Option<ClientIdentity>>,
}

/// Changes an endpoint. Disabling it cancels what it was still owed; enabling one that was
/// disabled because it failed sends what has been kept for it.
pub async fn update(tx: &Tx, ctx: &OpCtx, id: &str, change: &EndpointChange) -> Result<Endpoint> {
    let mut endpoint = get_locked(tx, ctx, id).await?;
    let mut changed = Vec::new();
    if let Some(url) = &change.url {
        check_url(ctx, url)?;
        endpoint.url.clone_from(url);
        changed.push("url");
    }
    if let Some(description) = &change.description {
        check_description(description.as_deref())?;
        endpoint.description.clone_from(description);
        changed.push("description");
    }
    if let Some(types) = &change.event_types {
        endpoint.event_types = tidy_types(ctx, types)?;
        changed.push("event_types");
    }
    if let Some(filter) = &change.filter {
        endpoint.filter = filter::keep(ctx, filter.as_ref())?;
        changed.push("filter");
    }
    let settings = change.settings.over(&endpoint.settings);
    if settings != endpoint.settings {
        check_settings(&settings)?;
        let has_new_modes = settings.key_modes != endpoint.settings.key_modes;
        endpoint.settings = settings;
        if has_new_modes {
            check_key_modes(tx, ctx, &endpoint).await?;
        }
        if endpoint.settings.ed25519 {
            give_pairs(tx, ctx, &endpoint).await?;
        }
        changed.push("settings");
    }
    if let Some(headers) = &change.headers {
        keep_headers(ctx, &mut endpoint, headers)?;
        changed.push("headers");
    }
    if let Some(certificate) = &change.certificate {
        keep_certificate(ctx, &mut endpoint, certificate.as_ref())?;
        changed.push("client_certificate");
    }
    check_encrypted(ctx, &endpoint)?;
    let mut switched = None;
    match change.enabled {
        Some(true) if endpoint.status != EndpointStatus::Enabled => {
            cool_down(tx, ctx, &endpoint).await?;
            endpoint.status = EndpointStatus::Enabled;
            endpoint.disabled_reason = None;
            switched = Some(Notice::EndpointEnabled);
        }
        Some(false) if endpoint.status != EndpointStatus::Disabled => {
            endpoint.status = EndpointStatus::Disabled;
            endpoint.disabled_reason = Some("switched off".to_owned());
            queue::cancel_all(tx, endpoint.no).await?;
            switched = Some(Notice::EndpointDisabled);
        }
        Some(true | false) | None => {}
    }
    if changed.is_empty() && switched.is_none() {
        return Ok(endpoint);
    }
    endpoint.updated_at = ctx.app.clock.now();
    endpoints::update(tx, &endpoint).await?;
    record(tx, ctx, &endpoint, &changed, switched).await?;
    Ok(endpoint)
}

/// The line in the audit log, and what the operator is told.
async fn record(
    tx: &Tx,
    ctx: &OpCtx,
    endpoint: &Endpoint,
    changed: &[&str],
    switched: Option<Notice>,
) -> Result<()> {
    let switch = match &switched {
        Some(Notice::EndpointEnabled) => Some("enabled"),
        Some(_) => Some("disabled"),
        None => None,
    };
    let all = changed.iter().copied().chain(switch).collect::<Vec<_>>().join(",");
    audit::record(tx, ctx, "endpoint.update", endpoint.id, &[("changed", &all)]).await?;
    if !changed.is_empty() {
        let changed = changed.iter().map(|&name| name.to_owned()).collect();
        let updated = Notice::EndpointUpdated(EndpointUpdated { changed });
        notices::tell(tx, ctx, endpoint, updated).await?;
    }
    if let Some(switched) = switched {
        notices::tell(tx, ctx, endpoint, switched).await?;
    }
    Ok(())
}
