//! The keys that sign what mailboxes tell: one of each identity, or of the organization (email-api.md 9).
//!
//! A subscription signs with its own copy, sealed for it, so that the deliverer needs to know nothing of
//! identities. A rotation changes all copies in the same transaction: nothing overlaps (SK-3). Whatever makes or
//! changes a key takes the organization's lock first, so that no copy is of a key that another has just replaced.

use bytes::Bytes;
use domain::email::Identity;
use domain::{Error, ErrorCode, Result, Timestamp};
pub use storage::email::organizations::SigningKeyMode;
use storage::email::organizations::{self, Organization};
use storage::email::{identities, subscriptions};
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::Endpoint;
use storage::{Tx, endpoints, tenancy};
use webhook::signature::Secret;

use super::{must_be_admin, no_identity, own, own_locked};
use crate::endpoints::seal_place;
use crate::{OpCtx, audit};

/// Subscriptions of an organization that are read at a time to get another key.
const PAGE_ROWS: i64 = 200;

/// A key that was just made.
#[derive(Debug)]
pub struct NewKey {
    pub secret: Secret,
    pub created_at: Timestamp,
}

/// Makes the key that signs for an identity, or replaces it. The organization's is replaced for all of its
/// identities, which only the organization may do.
pub async fn rotate(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<NewKey> {
    let organization = locked(tx, ctx).await?;
    let identity = own_locked(tx, ctx, handle).await?;
    match organization.signing_key_mode {
        SigningKeyMode::Identity => make(tx, ctx, &identity).await,
        SigningKeyMode::Organization => rotate_organization(tx, ctx, organization).await,
    }
}

/// The same without a handle, as clients of the seed's time ask: an agent's own key, or the organization's.
pub async fn rotate_own(tx: &Tx, ctx: &OpCtx) -> Result<NewKey> {
    let organization = locked(tx, ctx).await?;
    if organization.signing_key_mode == SigningKeyMode::Organization {
        return rotate_organization(tx, ctx, organization).await;
    }
    let identity = match ctx.identity {
        Some(id) => identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?,
        None => {
            let message = "each identity has a signing key of its own; use POST \
                           /api/v1/identities/{agent_handle}/signing-key";
            return Err(Error::refused(ErrorCode::Conflict, message));
        }
    };
    make(tx, ctx, &identity).await
}

/// When the key that signs for an identity was made.
pub async fn status(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Option<Timestamp>> {
    let identity = own(tx, ctx, handle).await?;
    let organization = organizations::get(tx, &ctx.scope).await?;
    Ok(match organization.signing_key_mode {
        SigningKeyMode::Identity => identity.signing_key_at,
        SigningKeyMode::Organization => organization.signing_key.map(|(_, at)| at),
    })
}

/// The same without a handle: an agent's own, or the newest of the organization's.
pub async fn status_own(tx: &Tx, ctx: &OpCtx) -> Result<Option<Timestamp>> {
    let organization = organizations::get(tx, &ctx.scope).await?;
    if organization.signing_key_mode == SigningKeyMode::Organization {
        return Ok(organization.signing_key.map(|(_, at)| at));
    }
    match ctx.identity {
        Some(id) => {
            let identity = identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?;
            Ok(identity.signing_key_at)
        }
        None => Ok(identities::last_signing_key(tx, &ctx.scope).await?),
    }
}

/// Whose key signs.
pub async fn mode(tx: &Tx, ctx: &OpCtx) -> Result<SigningKeyMode> {
    Ok(organizations::get(tx, &ctx.scope).await?.signing_key_mode)
}

/// Lets other keys sign from now on, also what is owed already; answers the organization's key if it was made for
/// that. Keys that are put aside are kept, and sign again after a switch back.
pub async fn switch(tx: &Tx, ctx: &OpCtx, mode: SigningKeyMode) -> Result<Option<Secret>> {
    must_be_admin(ctx)?;
    let mut organization = locked(tx, ctx).await?;
    if organization.signing_key_mode == mode {
        return Ok(None);
    }
    organization.signing_key_mode = mode;
    organizations::put(tx, &ctx.scope, &organization).await?;
    audit::record(tx, ctx, "signing_key.switch", ctx.scope.partner_id(), &[("to", mode.as_str())])
        .await?;
    match mode {
        SigningKeyMode::Organization => {
            let (secret, is_new) = of_organization(tx, ctx).await?;
            replace_all(tx, ctx, Some(&secret)).await?;
            Ok(is_new.then_some(secret))
        }
        SigningKeyMode::Identity => {
            replace_all(tx, ctx, None).await?;
            Ok(None)
        }
    }
}

async fn locked(tx: &Tx, ctx: &OpCtx) -> Result<Organization> {
    tenancy::partner_find_locked(tx, ctx.scope.partner_id()).await?;
    Ok(organizations::get(tx, &ctx.scope).await?)
}

async fn make(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<NewKey> {
    let secret = Secret::generate_for_email(ctx.app.ids.as_ref());
    let sealed = seal(ctx, &place(identity), &secret);
    identities::put_signing_key(tx, identity.id, &sealed, ctx.now).await?;
    for endpoint in subscriptions::listening(tx, identity.mailbox_id).await? {
        replace(tx, ctx, &endpoint, &secret).await?;
    }
    audit::record(tx, ctx, "signing_key.rotate", identity.id, &[]).await?;
    Ok(NewKey { secret, created_at: ctx.now })
}

async fn rotate_organization(tx: &Tx, ctx: &OpCtx, organization: Organization) -> Result<NewKey> {
    must_be_admin(ctx)?;
    let secret = make_of_organization(tx, ctx, organization).await?;
    replace_all(tx, ctx, Some(&secret)).await?;
    audit::record(tx, ctx, "signing_key.rotate", ctx.scope.partner_id(), &[]).await?;
    Ok(NewKey { secret, created_at: ctx.now })
}

async fn make_of_organization(tx: &Tx, ctx: &OpCtx, mut o: Organization) -> Result<Secret> {
    let secret = Secret::generate_for_email(ctx.app.ids.as_ref());
    o.signing_key = Some((seal(ctx, &organization_place(ctx), &secret), ctx.now));
    organizations::put(tx, &ctx.scope, &o).await?;
    Ok(secret)
}

/// The key that signs for an identity, and whether it was made just now (WS-4).
pub(super) async fn of(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<(Secret, bool)> {
    let organization = organizations::get(tx, &ctx.scope).await?;
    match organization.signing_key_mode {
        SigningKeyMode::Organization => of_organization(tx, ctx).await,
        SigningKeyMode::Identity => of_identity(tx, ctx, identity).await,
    }
}

async fn of_identity(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<(Secret, bool)> {
    match identities::signing_key(tx, identity.id).await? {
        Some(sealed) => Ok((open(ctx, &place(identity), &sealed)?, false)),
        None => Ok((make(tx, ctx, identity).await?.secret, true)),
    }
}

async fn of_organization(tx: &Tx, ctx: &OpCtx) -> Result<(Secret, bool)> {
    let organization = locked(tx, ctx).await?;
    if let Some((sealed, _)) = &organization.signing_key {
        return Ok((open(ctx, &organization_place(ctx), sealed)?, false));
    }
    Ok((make_of_organization(tx, ctx, organization).await?, true))
}

/// Lets every subscription of the organization sign with one key, or each with its identity's.
async fn replace_all(tx: &Tx, ctx: &OpCtx, secret: Option<&Secret>) -> Result<()> {
    let mut after = i64::MIN;
    loop {
        let page = subscriptions::page(tx, &ctx.scope, after, PAGE_ROWS).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.no;
        for endpoint in &page {
            let of_identity = match secret {
                Some(_) => None,
                None => Some(key_of(tx, ctx, endpoint).await?),
            };
            if let Some(secret) = secret.or(of_identity.as_ref()) {
                replace(tx, ctx, endpoint, secret).await?;
            }
        }
    }
}

async fn key_of(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<Secret> {
    let mailbox_id = endpoint.mailbox_id.ok_or_else(no_identity)?;
    let owner = identities::of_mailbox(tx, mailbox_id).await?.ok_or_else(no_identity)?;
    Ok(of_identity(tx, ctx, &owner).await?.0)
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
    ctx.seal(place, secret.reveal().as_bytes())
}

fn open(ctx: &OpCtx, place: &str, sealed: &Bytes) -> Result<Secret> {
    let doing = "opening a signing key";
    let opened = ctx.open(place, sealed).map_err(|e| Error::internal(doing, e))?;
    let text = String::from_utf8(opened).map_err(|e| Error::internal(doing, e))?;
    Secret::parse(text).map_err(|e| Error::internal(doing, e))
}
