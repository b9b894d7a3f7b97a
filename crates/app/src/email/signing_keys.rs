//! The keys that sign what mailboxes tell: one of each identity, or of the organization (email-api.md 9).
//!
//! A subscription signs with its own copy, sealed for it, so that the deliverer needs to know nothing of
//! identities. A rotation changes all copies in the same transaction: nothing overlaps (SK-3).

use bytes::Bytes;
use domain::email::Identity;
use domain::{Error, Result, Timestamp};
use storage::email::organizations::{self, SigningKeyMode};
use storage::email::{identities, subscriptions};
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::Endpoint;
use storage::{Tx, endpoints, tenancy};
use webhook::signature::Secret;

use super::{own, own_locked};
use crate::endpoints::seal_place;
use crate::{OpCtx, audit};

/// A key that was just made.
#[derive(Debug)]
pub struct NewKey {
    pub secret: Secret,
    pub created_at: Timestamp,
}

/// Makes the key of an identity, or replaces it.
pub async fn rotate(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<NewKey> {
    let identity = own_locked(tx, ctx, handle).await?;
    make(tx, ctx, &identity).await
}

/// When the key that an identity has was made.
pub async fn status(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Option<Timestamp>> {
    Ok(own(tx, ctx, handle).await?.signing_key_at)
}

async fn make(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<NewKey> {
    let secret = Secret::generate(ctx.app.ids.as_ref());
    let sealed = seal(ctx, &place(identity), &secret);
    identities::put_signing_key(tx, identity.id, &sealed, ctx.now).await?;
    for endpoint in subscriptions::listening(tx, identity.mailbox_id).await? {
        replace(tx, ctx, &endpoint, &secret).await?;
    }
    audit::record(tx, ctx, "signing_key.rotate", identity.id, &[]).await?;
    Ok(NewKey { secret, created_at: ctx.now })
}

/// The key that signs for an identity, and whether it was made just now (WS-4).
pub(super) async fn of(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<(Secret, bool)> {
    let organization = organizations::get(tx, &ctx.scope).await?;
    if organization.signing_key_mode == SigningKeyMode::Organization {
        return of_organization(tx, ctx).await;
    }
    match identities::signing_key(tx, identity.id).await? {
        Some(sealed) => Ok((open(ctx, &place(identity), &sealed)?, false)),
        None => Ok((make(tx, ctx, identity).await?.secret, true)),
    }
}

async fn of_organization(tx: &Tx, ctx: &OpCtx) -> Result<(Secret, bool)> {
    tenancy::partner_find_locked(tx, ctx.scope.partner_id()).await?;
    let mut organization = organizations::get(tx, &ctx.scope).await?;
    if let Some((sealed, _)) = &organization.signing_key {
        return Ok((open(ctx, &organization_place(ctx), sealed)?, false));
    }
    let secret = Secret::generate(ctx.app.ids.as_ref());
    organization.signing_key = Some((seal(ctx, &organization_place(ctx), &secret), ctx.now));
    organizations::put(tx, &ctx.scope, &organization).await?;
    Ok((secret, true))
}

/// Lets an endpoint sign with a key alone, from now on.
pub(super) async fn replace(
    tx: &Tx,
    ctx: &OpCtx,
    endpoint: &Endpoint,
    secret: &Secret,
) -> Result<()> {
    let now = ctx.app.clock.now();
    for old in endpoint_secrets::list(tx, endpoint.no, now).await? {
        let ended = EndpointSecret { is_current: false, expires_at: Some(now), ..old };
        endpoint_secrets::update(tx, &ended).await?;
    }
    let row = EndpointSecret {
        endpoint_no: endpoint.no,
        n: endpoint_secrets::last(tx, endpoint.no).await? + 1,
        sealed: seal(ctx, &seal_place(endpoint.no), secret),
        is_current: true,
        created_at: now,
        expires_at: None,
        pair: None,
    };
    endpoint_secrets::insert(tx, &row).await?;
    Ok(endpoints::touch(tx, endpoint.no, now).await?)
}

fn place(identity: &Identity) -> String {
    format!("identity/{}/signing-key", identity.id)
}

fn organization_place(ctx: &OpCtx) -> String {
    format!("organization/{}/signing-key", ctx.scope.partner_id())
}

fn seal(ctx: &OpCtx, place: &str, secret: &Secret) -> Bytes {
    ctx.app.secrets.seal(ctx.app.ids.as_ref(), place, secret.reveal().as_bytes())
}

fn open(ctx: &OpCtx, place: &str, sealed: &Bytes) -> Result<Secret> {
    let doing = "opening a signing key";
    let opened = ctx.app.secrets.open(place, sealed).map_err(|e| Error::internal(doing, e))?;
    let text = String::from_utf8(opened).map_err(|e| Error::internal(doing, e))?;
    Secret::parse(text).map_err(|e| Error::internal(doing, e))
}
