//! API keys of the e-mail API: of an organization, or of one of its agents (email-api.md 2, 3).

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{IdentityId, KeyId, Uuid, parse_uuid};
use domain::key::ApiKey;
use domain::{Error, ErrorCode, Result};
pub use storage::email::keys::OrganizationKey;
use storage::email::{identities, keys as rows};
use storage::{Tx, keys};
use wire::email::keys::CreateApiKey;

use super::{must_be_admin, no_identity};
use crate::authenticate::check_network;
use crate::{Actor, App, OpCtx, audit};

/// What every key begins with; a UUID, a full stop and a secret follow.
pub const PREFIX: &str = "ApiKey_";
/// Random bytes of the secret.
const SECRET_BYTES: usize = 32;
/// Characters of a key; a longer one is none.
const KEY_CHARS_MAX: usize = 200;

/// A key that was just made.
#[derive(Debug)]
pub struct CreatedKey {
    pub text: String,
    pub key: OrganizationKey,
}

/// How the id of a key is shown.
pub fn shown(id: KeyId) -> String {
    format!("{PREFIX}{}", Uuid(id.0))
}

/// Makes a key. By the API only keys of agents can be made; the operator's staff makes the others.
pub async fn create(tx: &Tx, ctx: &OpCtx, input: &CreateApiKey) -> Result<CreatedKey> {
    must_be_admin(ctx)?;
    if input.identity_id.is_none() && matches!(ctx.actor, Actor::ApiKey(_)) {
        return Err(Error::refused(
            ErrorCode::InsufficientScope,
            "a key may only make keys of agents; name one in scoped_identity_id",
        ));
    }
    if let Some(id) = input.identity_id {
        identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?;
    }
    let (ids, now) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let id = KeyId::new(ids, now);
    let mut secret = [0; SECRET_BYTES];
    ids.fill(&mut secret);
    let text = format!("{}.{}", shown(id), URL_SAFE_NO_PAD.encode(secret));
    let key = OrganizationKey {
        key: ApiKey {
            id,
            partner_id: ctx.scope.partner_id(),
            livemode: true,
            name: input.label.clone(),
            last4: text[text.len() - 4..].to_owned(),
            scopes: Vec::new(),
            networks: Vec::new(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            rotated_from: None,
            created_at: now,
        },
        identity_id: input.identity_id,
        description: input.description.clone(),
    };
    rows::insert(tx, &key, &ctx.app.secrets.key_digest(&text)).await?;
    audit::record(tx, ctx, "key.create", shown(id), &[("label", &input.label)]).await?;
    Ok(CreatedKey { text, key })
}

/// Who calls the e-mail API.
#[derive(Clone)]
pub struct Caller {
    pub ctx: OpCtx,
    pub key: OrganizationKey,
}

/// Turns the text of a key, and the address it came from, into a caller. A key that is malformed never
/// reaches the database.
pub async fn authenticate(app: &App, text: &str, from: Option<IpAddr>) -> Result<Caller> {
    if !is_shaped(text) {
        return Err(refused(ErrorCode::ApiKeyMalformed));
    }
    let digest = app.secrets.key_digest(text);
    let found = app.db.read(async move |tx: &Tx| {
        let Some((key, partner, _)) = keys::find(tx, &digest).await? else { return Ok(None) };
        let extra = rows::extra(tx, key.id).await?;
        Ok::<_, storage::Error>(extra.map(|extra| (extra.with(key), partner)))
    });
    let (key, partner) = found.await?.ok_or_else(|| refused(ErrorCode::ApiKeyUnknown))?;
    let now = app.clock.now();
    if key.key.revoked_at.is_some_and(|at| at <= now) {
        return Err(refused(ErrorCode::ApiKeyRevoked));
    }
    if key.key.expires_at.is_some_and(|at| at <= now) {
        return Err(refused(ErrorCode::ApiKeyExpired));
    }
    check_network(&key.key, from)?;
    let mut ctx = OpCtx::new(app, Arc::new(partner), true, Actor::ApiKey(key.key.id));
    ctx.identity = key.identity_id;
    Ok(Caller { ctx, key })
}

fn is_shaped(text: &str) -> bool {
    let parts = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
    text.len() <= KEY_CHARS_MAX
        && parts.is_some_and(|(id, secret)| parse_uuid(id).is_some() && !secret.is_empty())
}

fn refused(code: ErrorCode) -> Error {
    let message = match code {
        ErrorCode::ApiKeyRevoked => "this API key was revoked",
        ErrorCode::ApiKeyExpired => "this API key has expired",
        _ => "Invalid API key",
    };
    Error::refused(code, message).fix("`postroom org key` makes a new one")
}

/// Revokes every key of an agent (cascade of its deletion).
pub(crate) async fn revoke_of(tx: &Tx, ctx: &OpCtx, identity: IdentityId) -> Result<()> {
    Ok(rows::revoke_of(tx, identity, ctx.app.clock.now()).await?)
}
