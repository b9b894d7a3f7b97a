//! A new subscription (email-api.md 8.3).

use domain::email::Identity;
use domain::endpoint::{KeyModes, Settings};
use domain::id::EndpointId;
use domain::{Error, ErrorCode, Result};
use storage::email::identities;
use storage::email::subscriptions as rows;
use storage::endpoints::{Endpoint, EndpointStatus};
use storage::{Tx, tenancy};
use webhook::signature::{EMAIL_KEY_MODE, Secret};
use wire::email::subscriptions::{CreateSubscription, Owner};

use super::{Subscription, SubscriptionView, check_url, token};
use crate::email::{no_identity, no_mailbox, signing_keys};
use crate::{OpCtx, audit};

/// Active subscriptions of one mailbox (seed 002).
pub const SUBSCRIPTIONS_MAX: usize = 20;

/// A subscription, its owner, and the key if this call made it.
pub struct Created {
    pub view: SubscriptionView,
    pub owner: Identity,
    pub signing_key: Option<Secret>,
}

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &CreateSubscription) -> Result<Created> {
    let owner = owner(tx, ctx, &input.owner).await?;
    check_url(ctx, &input.url)?;
    // Creates take turns, so that two at once do not both see the last free place.
    tenancy::partner_find_locked(tx, ctx.scope.partner_id()).await?;
    if rows::listening(tx, owner.mailbox_id).await?.len() >= SUBSCRIPTIONS_MAX {
        let message = format!(
            "a mailbox has at most {SUBSCRIPTIONS_MAX} active subscriptions; delete one first"
        );
        return Err(Error::refused(ErrorCode::Conflict, message));
    }
    let (ids, made_at) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let no = ids.number(made_at);
    let (header_names, headers_sealed) = token::seal(ctx, no, input.auth_token.as_deref())?;
    let endpoint = Endpoint {
        no,
        id: EndpointId::new(ids, made_at),
        livemode: ctx.livemode(),
        url: input.url.clone(),
        description: None,
        event_types: input.event_types.clone(),
        filter: None,
        status: EndpointStatus::Enabled,
        disabled_reason: None,
        created_at: made_at,
        updated_at: made_at,
        first_failure_at: None,
        failures: 0,
        last_success_at: None,
        settings: settings(),
        header_names,
        headers_sealed,
        certificate: None,
        mailbox_id: Some(owner.mailbox_id),
    };
    let by_identity = matches!(input.owner, Owner::Identity(_));
    let context_config = input.context.map(|context| context.show().to_string());
    let subscription = Subscription { endpoint, by_identity, context_config, owner_id: owner.id };
    rows::insert(tx, &ctx.scope, &subscription).await?;
    let (secret, is_new) = signing_keys::of(tx, ctx, &owner).await?;
    signing_keys::replace(tx, ctx, &subscription.endpoint, &secret).await?;
    let (id, url) = (subscription.endpoint.id, subscription.endpoint.url.as_str());
    audit::record(tx, ctx, "subscription.create", id, &[("url", url)]).await?;
    let view = SubscriptionView { subscription, auth_token: input.auth_token.clone() };
    Ok(Created { view, owner, signing_key: is_new.then_some(secret) })
}

/// The identity whose mailbox it is: the caller's own, or any of its organization.
async fn owner(tx: &Tx, ctx: &OpCtx, owner: &Owner) -> Result<Identity> {
    let found = match owner {
        Owner::Mailbox(Some(id)) => identities::find_by_mailbox(tx, &ctx.scope, *id).await?,
        Owner::Identity(Some(id)) => identities::find(tx, &ctx.scope, *id).await?,
        Owner::Mailbox(None) | Owner::Identity(None) => None,
    };
    let found = found.filter(|i| ctx.identity.is_none_or(|own| own == i.id));
    found.ok_or_else(|| match owner {
        Owner::Mailbox(_) => no_mailbox(),
        Owner::Identity(_) => no_identity(),
    })
}

/// The verifiers of seed 002 take the text after `whsec_` as the key, so that the other scheme does so too: it can't be
/// decoded as Standard Webhooks says. An endpoint that failed for long comes back by
/// itself, because its owner has no call to enable it.
fn settings() -> Settings {
    let key_modes = KeyModes { partner: EMAIL_KEY_MODE, standard: EMAIL_KEY_MODE };
    Settings { key_modes, self_heal: true, ..Settings::default() }
}
