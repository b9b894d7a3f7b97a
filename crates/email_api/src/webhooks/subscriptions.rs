//! `/api/v1/webhooks/subscriptions`.

use app::email::organization_id;
use app::email::subscriptions::create::{Created, create};
use app::email::subscriptions::delete::delete;
use app::email::subscriptions::get::get;
use app::email::subscriptions::list::list;
use app::email::subscriptions::update::update;
use app::email::subscriptions::{SubscriptionFilter, SubscriptionView};
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::id::{EmailMailboxId, IdentityId, Uuid};
use wire::email::subscriptions::{
    ChangeSubscription, CreateSubscription, Subscription, SubscriptionChange, SubscriptionCreate,
    Subscriptions,
};

use crate::call::{Call, Handled};
use crate::query::{Query, invalid};
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
    let made = api.app.act(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await?;
    let Created { view, signing_key, .. } = made;
    let mut shown = shown(&ctx, &view);
    shown.signing_key = signing_key.map(|key| key.reveal().to_owned());
    Ok(answer::created(&shown))
}

/// List subscriptions
///
/// An agent's key lists those of its own mailbox. Of the three owners at most one may be given.
#[utoipa::path(
    get, path = "/api/v1/webhooks/subscriptions", operation_id = "listSubscriptions", tag = "Webhooks",
    params(
        ("mailbox_id" = Option<String>, Query, description = "Of one mailbox."),
        ("agent_identity_id" = Option<String>, Query, description = "Of one identity."),
        ("phone_number_id" = Option<String>, Query, description = "Nothing is found by it."),
        ("url" = Option<String>, Query, description = "To exactly this URL."),
        ("event_type" = Option<String>, Query, description = "That hear of this type."),
        ("scope" = Option<String>, Query, description = "identity makes no difference here."),
    ),
    responses((status = 200, description = "Subscriptions, newest first.", body = Subscriptions))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let Some(filter) = filter(&query)? else {
        return Ok(answer::ok(&Subscriptions { subscriptions: Vec::new() }));
    };
    let event_type = query.text("event_type").map(ToOwned::to_owned);
    let work = async move |tx: &Tx, ctx: &OpCtx| {
        list(tx, ctx, &filter, event_type.as_deref()).await //
    };
    let found = api.app.query(&ctx, work).await?;
    let subscriptions = found.iter().map(|view| shown(&ctx, view)).collect();
    Ok(answer::ok(&Subscriptions { subscriptions }))
}

/// A subscription
#[utoipa::path(
    get, path = "/api/v1/webhooks/subscriptions/{subscription_id}", operation_id = "getSubscription",
    tag = "Webhooks", params(("subscription_id" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The subscription.", body = Subscription))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let id = call.param("subscription_id");
    let view = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    Ok(answer::ok(&shown(&ctx, &view)))
}

/// Change a subscription
///
/// What is absent stays; whose it is can't be changed. What is owed goes to a new URL.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/subscriptions/{subscription_id}", operation_id = "updateSubscription",
    tag = "Webhooks", params(("subscription_id" = String, Path, description = "Its id.")),
    request_body = SubscriptionChange,
    responses((status = 200, description = "The subscription as it is now.", body = Subscription))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (id, change) = (call.param("subscription_id"), ChangeSubscription::read(body)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &id, &change).await;
    let view = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&shown(&ctx, &view)))
}

/// Delete a subscription
///
/// Delivery stops at once; retries that wait are cancelled.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/subscriptions/{subscription_id}", operation_id = "deleteSubscription",
    tag = "Webhooks", params(("subscription_id" = String, Path, description = "Its id.")),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let id = call.param("subscription_id");
    api.app.act(&ctx, async move |tx, ctx| delete(tx, ctx, &id).await).await?;
    Ok(answer::gone())
}

/// What a list is narrowed to; `None` when nothing can be found.
fn filter(query: &Query) -> domain::Result<Option<SubscriptionFilter>> {
    let owners = ["mailbox_id", "agent_identity_id", "phone_number_id"];
    if owners.iter().filter(|name| query.text(name).is_some()).count() > 1 {
        return Err(invalid("mailbox_id", "excludes agent_identity_id and phone_number_id"));
    }
    let mut filter = SubscriptionFilter {
        url: query.text("url").map(ToOwned::to_owned),
        ..SubscriptionFilter::default()
    };
    if let Some(id) = query.text("mailbox_id") {
        filter.mailbox_id = EmailMailboxId::parse(id);
        return Ok(filter.mailbox_id.is_some().then_some(filter));
    }
    if let Some(id) = query.text("agent_identity_id") {
        filter.owner_id = IdentityId::parse(id);
        return Ok(filter.owner_id.is_some().then_some(filter));
    }
    Ok(query.text("phone_number_id").is_none().then_some(filter))
}

fn shown(ctx: &OpCtx, view: &SubscriptionView) -> Subscription {
    let SubscriptionView { subscription: s, auth_token } = view;
    let endpoint = &s.endpoint;
    let mailbox_id = endpoint.mailbox_id.filter(|_| !s.by_identity);
    let context = s.context_config.as_deref();
    Subscription {
        id: Uuid(endpoint.id.0).to_string(),
        organization_id: organization_id(ctx),
        mailbox_id: mailbox_id.map(|id| id.to_string()),
        phone_number_id: None,
        agent_identity_id: s.by_identity.then(|| s.owner_id.to_string()),
        owner_identity_id: Some(s.owner_id.to_string()),
        url: endpoint.url.clone(),
        event_types: endpoint.event_types.iter().map(ToString::to_string).collect(),
        status: "active".to_owned(),
        context_config: context.and_then(|text| serde_json::from_str(text).ok()),
        has_auth_token: auth_token.is_some(),
        auth_token: auth_token.clone(),
        created_at: endpoint.created_at.to_string(),
        updated_at: endpoint.updated_at.to_string(),
        signing_key: None,
    }
}
