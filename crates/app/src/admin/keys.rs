//! API keys: made and shown once, listed, rotated with an overlap, revoked at once.
//!
//! Checking a key is [`crate::authenticate`]. A key's times are the machine's, also in the test
//! world: moving a test clock must not end the key that moves it.

use domain::id::KeyId;
use domain::key::{self, ApiKey, NETWORKS_MAX, Overlap, ScopeName};
use domain::{Error, ErrorCode, Result, Timestamp, minutes};
use ipnet::IpNet;
use storage::{Tx, keys};

use super::{NAME_RULE, Problems, is_name};
use crate::{App, OpCtx, audit};

/// A use is noted at most this often, in microseconds.
const USES_APART: i64 = minutes(1);

/// Uses noted in one statement.
const USES_PAGE: usize = 1000;

/// A key to be made, in the mode of the context.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    pub name: String,
    pub scopes: Vec<ScopeName>,
    /// Networks from which it works; empty means everywhere.
    pub networks: Vec<String>,
    /// When it ends; never when `None`.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made. The text is nowhere else and can't be had again.
pub struct CreatedKey {
    pub key: ApiKey,
    pub text: String,
}

// Not derived: a debug line must never hold the text.
impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("key", &self.key).finish_non_exhaustive()
    }
}

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &NewKey) -> Result<CreatedKey> {
    let now = ctx.app.clock.now();
    let mut problems = Problems::default();
    problems.need(is_name(&input.name), "name", NAME_RULE);
    problems.need(!input.scopes.is_empty(), "scopes", "a key needs at least one scope");
    problems.need(
        input.networks.len() <= NETWORKS_MAX,
        "networks",
        "a key has at most 50 networks",
    );
    for (i, network) in input.networks.iter().enumerate() {
        let message = format!("{network} is no network such as 203.0.113.0/24 or 2001:db8::/32");
        problems.need(network.parse::<IpNet>().is_ok(), &format!("networks/{i}"), &message);
    }
    let lasts = input.expires_at.is_none_or(|at| at > now);
    problems.need(lasts, "expires_at", "the end of a key must lie ahead");
    problems.none()?;
    let mut scopes = input.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let made = ApiKey {
        id: KeyId::new(ctx.app.ids.as_ref(), now),
        partner_id: ctx.scope.partner_id(),
        livemode: ctx.livemode(),
        name: input.name.clone(),
        last4: String::new(),
        scopes,
        networks: input.networks.clone(),
        expires_at: input.expires_at,
        revoked_at: None,
        last_used_at: None,
        rotated_from: None,
        created_at: now,
    };
    let created = issue(tx, ctx, made).await?;
    let scopes = created.key.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(",");
    audit::record(tx, ctx, "key.create", created.key.id, &[("scopes", &scopes)]).await?;
    Ok(created)
}

/// Every key of the partner, in both modes, oldest first.
pub async fn list(tx: &Tx, ctx: &OpCtx) -> Result<Vec<ApiKey>> {
    Ok(keys::list(tx, &ctx.scope).await?)
}

/// Makes a successor with the same name, reach and end; the old key ends after the overlap, or
/// at its own end where that is sooner.
pub async fn rotate(tx: &Tx, ctx: &OpCtx, id: &str, overlap: Overlap) -> Result<CreatedKey> {
    let now = ctx.app.clock.now();
    let mut old = find(tx, ctx, id).await?;
    let is_over = old.expires_at.is_some_and(|at| at <= now);
    if old.revoked_at.is_some() || is_over {
        let code = if is_over { ErrorCode::ApiKeyExpired } else { ErrorCode::ApiKeyRevoked };
        return Err(Error::refused(code, "this key has ended; there is nothing to rotate")
            .fix("create a new key"));
    }
    let end = old.expires_at;
    let successor = ApiKey {
        id: KeyId::new(ctx.app.ids.as_ref(), now),
        last_used_at: None,
        rotated_from: Some(old.id),
        created_at: now,
        ..old.clone()
    };
    let outgoing = now.plus(overlap.micros());
    old.expires_at = Some(end.map_or(outgoing, |end| end.min(outgoing)));
    keys::set_end(tx, &ctx.scope, &old).await?;
    let created = issue(tx, ctx, successor).await?;
    let successor = created.key.id.to_string();
    let detail = [("successor", successor.as_str()), ("overlap", overlap.as_str())];
    audit::record(tx, ctx, "key.rotate", old.id, &detail).await?;
    Ok(created)
}

/// Ends a key at once. Ending it again changes nothing.
pub async fn revoke(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ApiKey> {
    let mut key = find(tx, ctx, id).await?;
    if key.revoked_at.is_some() {
        return Ok(key);
    }
    key.revoked_at = Some(ctx.app.clock.now());
    keys::set_end(tx, &ctx.scope, &key).await?;
    audit::record(tx, ctx, "key.revoke", key.id, &[("last4", &key.last4)]).await?;
    Ok(key)
}

/// Notes when keys were last used, at most once a minute each. Called off the path of requests
/// with what was seen since the last call.
pub async fn note_uses(app: &App, uses: Vec<(KeyId, Timestamp)>) -> Result<()> {
    for page in uses.chunks(USES_PAGE) {
        let page = page.to_vec();
        let noted = app.db.write(async move |tx: &Tx| keys::used(tx, &page, USES_APART).await);
        noted.await.map_err(Error::from)?;
    }
    Ok(())
}

/// Draws the text of a key and stores its digest.
async fn issue(tx: &Tx, ctx: &OpCtx, mut key: ApiKey) -> Result<CreatedKey> {
    let text = key::generate(ctx.app.ids.as_ref(), key.livemode);
    key.last4 = text[text.len() - 4..].to_owned();
    keys::insert(tx, &key, &ctx.app.secrets.key_digest(&text)).await?;
    Ok(CreatedKey { key, text })
}

async fn find(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<ApiKey> {
    let found = match KeyId::parse(id) {
        Some(id) => keys::find_locked(tx, &ctx.scope, id).await?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such key").fix("`postroom key list` shows them")
    })
}
