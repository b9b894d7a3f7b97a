//! `/api/v1/api-keys`.

use app::email::keys::{self, OrganizationKey, PREFIX, create};
use app::email::organization_id;
use app::{Actor, OpCtx};
use axum::extract::State;
use wire::email::keys::{ApiKeyCreate, ApiKeyRecord, CreateApiKey, CreatedApiKey};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Characters of the id that are shown to tell keys apart.
const PREFIX_SHOWN: usize = PREFIX.len() + 8;

/// Make an API key
///
/// Of one agent; a key of the whole organization is made with `postroom org key`. The secret is shown once.
#[utoipa::path(
    post, path = "/api/v1/api-keys", operation_id = "createApiKey", tag = "Account",
    request_body = ApiKeyCreate,
    responses((status = 201, description = "The key, this once.", body = CreatedApiKey))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let input = CreateApiKey::read(body)?;
    let made = api.app.act(&ctx, async move |tx, ctx| create(tx, ctx, &input).await).await?;
    let created_by = match &ctx.actor {
        Actor::ApiKey(id) => keys::shown(*id),
        Actor::Operator(_) | Actor::Customer | Actor::System => organization_id(&ctx),
    };
    let record = record(&ctx, &made.key, created_by);
    Ok(answer::created(&CreatedApiKey { api_key: made.text, record }))
}

/// Retrieve the key that calls
#[utoipa::path(
    get, path = "/api/v1/api-keys/self", operation_id = "getOwnApiKey", tag = "Account",
    responses((status = 200, description = "The key, without its secret.", body = ApiKeyRecord))
)]
pub(crate) async fn self_handler(call: Call) -> Handled {
    let (ctx, _) = call.read();
    Ok(answer::ok(&record(&ctx, &call.caller().key, organization_id(&ctx))))
}

fn record(ctx: &OpCtx, key: &OrganizationKey, created_by: String) -> ApiKeyRecord {
    let id = keys::shown(key.key.id);
    ApiKeyRecord {
        display_prefix: id[..PREFIX_SHOWN].to_owned(),
        id,
        organization_id: organization_id(ctx),
        created_by,
        creator_type: "human".to_owned(),
        scoped_identity_id: key.identity_id.map(|id| id.to_string()),
        label: key.key.name.clone(),
        description: key.description.clone(),
        status: if key.key.revoked_at.is_some() { "revoked" } else { "active" }.to_owned(),
        last4: key.key.last4.clone(),
        last_used_at: key.key.last_used_at.map(|at| at.to_string()),
        expires_at: key.key.expires_at.map(|at| at.to_string()),
        revoked_at: key.key.revoked_at.map(|at| at.to_string()),
        created_at: key.key.created_at.to_string(),
        updated_at: key.key.revoked_at.unwrap_or(key.key.created_at).to_string(),
    }
}
