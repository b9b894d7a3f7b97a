//! Changing a subscription (email-api.md 8.4). Whose it is stays.

use domain::Result;
use storage::Tx;
use storage::email::subscriptions as rows;
use storage::endpoints::{self, EndpointStatus};
use wire::email::context::ContextConfig;
use wire::email::subscriptions::ChangeSubscription;
use wire::reader::Patch;

use super::get::get_locked;
use super::{Subscription, SubscriptionView, check_url, token};
use crate::{OpCtx, audit};

/// Changes what is given; nothing given changes nothing. What is owed goes to the new URL.
pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    change: &ChangeSubscription,
) -> Result<SubscriptionView> {
    let mut subscription = get_locked(tx, ctx, id).await?;
    let mut changed = Vec::new();
    if let Some(url) = &change.url {
        check_url(ctx, url)?;
        subscription.endpoint.url.clone_from(url);
        changed.push("url");
    }
    if let Some(types) = &change.event_types {
        subscription.endpoint.event_types.clone_from(types);
        changed.push("event_types");
    }
    if !change.context.is_keep() {
        let context = change.context.clone().over(None);
        subscription.context_config = context.map(ContextConfig::show).map(|v| v.to_string());
        changed.push("context_config");
    }
    if !change.auth_token.is_keep() {
        let token = match &change.auth_token {
            Patch::Set(token) => Some(token.as_str()),
            Patch::Clear | Patch::Keep => None,
        };
        let endpoint = &mut subscription.endpoint;
        (endpoint.header_names, endpoint.headers_sealed) = token::seal(ctx, endpoint.no, token)?;
        changed.push("auth_token");
    }
    if !changed.is_empty() {
        save(tx, ctx, &mut subscription, &changed).await?;
    }
    SubscriptionView::of(ctx, subscription)
}

async fn save(tx: &Tx, ctx: &OpCtx, s: &mut Subscription, changed: &[&str]) -> Result<()> {
    let endpoint = &mut s.endpoint;
    // Whoever changes a subscription that was set aside because it failed has mended it: this API has no other
    // call that takes it back.
    if endpoint.status == EndpointStatus::DisabledFailing {
        endpoints::note_enabled(tx, endpoint.no, ctx.app.clock.now()).await?;
        endpoint.status = EndpointStatus::Enabled;
        endpoint.disabled_reason = None;
    }
    endpoint.updated_at = ctx.app.clock.now();
    rows::update(tx, s).await?;
    let changed = changed.join(",");
    audit::record(tx, ctx, "subscription.update", s.endpoint.id, &[("changed", &changed)]).await
}
