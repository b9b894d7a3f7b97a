//! `/api/v1/webhooks/subscriptions`.

use app::OpCtx;
use app::email::organization_id;
use app::email::subscriptions::create::{Created, create};
use axum::extract::State;
use wire::email::subscriptions::{CreateSubscription, Subscription, SubscriptionCreate};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Subscribe to a mailbox
///
/// At most 20 of one mailbox. The first subscription of an identity makes its signing key, which this
/// answer shows once.
#[utoipa::path(
    post, path = "/api/v1/webhooks/subscriptions", operation_id = "createSubscription", tag = "Webhooks",
    request_body = SubscriptionCreate,
    responses((status = 201, description = "The subscription.", body = Subscription))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = CreateSubscription::read(body)?;
    let token = input.auth_token.clone();
    let made = api.app.act(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await?;
    Ok(answer::created(&shown(&ctx, &made, token)))
}

fn shown(ctx: &OpCtx, made: &Created, token: Option<String>) -> Subscription {
    let Created { subscription, owner, signing_key } = made;
    let endpoint = &subscription.endpoint;
    Subscription {
        id: domain::id::Uuid(endpoint.id.0).to_string(),
        organization_id: organization_id(ctx),
        mailbox_id: (!subscription.by_identity).then(|| owner.mailbox_id.to_string()),
        phone_number_id: None,
        agent_identity_id: subscription.by_identity.then(|| owner.id.to_string()),
        owner_identity_id: Some(owner.id.to_string()),
        url: endpoint.url.clone(),
        event_types: endpoint.event_types.iter().map(ToString::to_string).collect(),
        status: "active".to_owned(),
        context_config: None,
        has_auth_token: endpoint.headers_sealed.is_some(),
        auth_token: token,
        created_at: endpoint.created_at.to_string(),
        updated_at: endpoint.updated_at.to_string(),
        signing_key: signing_key.as_ref().map(|key| key.reveal().to_owned()),
    }
}
