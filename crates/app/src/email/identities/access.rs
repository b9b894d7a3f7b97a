//! Who may see an identity (email-api.md 5.5, V-1 to V-11).

use domain::email::Identity;
use domain::email::identity::IDENTITIES_MAX;
use domain::id::{GrantId, IdentityId};
use domain::{Error, ErrorCode, Field, Result};
use storage::Tx;
use storage::email::grants;
pub use storage::email::grants::Grant;
use storage::email::identities as rows;
use wire::email::grants::Viewer;

use crate::email::{must_be_admin, no_identity, own, own_locked};
use crate::{OpCtx, audit};

/// The grants of an identity, in the order in which they were made.
pub async fn list(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Vec<Grant>> {
    let identity = own(tx, ctx, handle).await?;
    Ok(grants::list(tx, identity.id).await?)
}

/// Lets one identity or all of the organization see another. A grant to all takes the place of those to
/// single ones (V-3).
pub async fn grant(tx: &Tx, ctx: &OpCtx, handle: &str, viewer: Viewer) -> Result<Grant> {
    must_be_admin(ctx)?;
    let target = own_locked(tx, ctx, handle).await?;
    let viewer = match viewer {
        Viewer::Everybody => None,
        Viewer::One(id) => Some(viewer_id(tx, ctx, &target, id).await?),
    };
    let have = grants::list(tx, target.id).await?;
    if viewer.is_none() {
        grants::clear(tx, target.id).await?;
    } else if have.iter().any(|grant| grant.viewer.is_none()) {
        let message = "every identity of the organization sees this one already";
        return Err(Error::refused(ErrorCode::RedundantGrant, message));
    } else if have.iter().any(|grant| grant.viewer == viewer) {
        return Err(Error::refused(
            ErrorCode::Conflict,
            "this identity was granted access already",
        ));
    }
    let grant = new(ctx, &target, viewer);
    grants::insert(tx, &grant).await?;
    audit::record(tx, ctx, "identity.grant", target.id, &[]).await?;
    Ok(grant)
}

async fn viewer_id(
    tx: &Tx,
    ctx: &OpCtx,
    target: &Identity,
    id: Option<IdentityId>,
) -> Result<IdentityId> {
    let id = id.ok_or_else(no_identity)?;
    let viewer = rows::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?;
    if viewer.id == target.id {
        let message = "an identity always sees itself";
        return Err(Error::invalid(vec![Field::new("viewer_identity_id", "invalid", message)]));
    }
    Ok(viewer.id)
}

/// Takes one viewer's access back. Where all were granted it, all others keep theirs, one by one (V-7).
pub async fn revoke(tx: &Tx, ctx: &OpCtx, handle: &str, viewer: &str) -> Result<()> {
    must_be_admin(ctx)?;
    let target = own_locked(tx, ctx, handle).await?;
    let none = || Error::refused(ErrorCode::NotFound, "no such grant");
    let viewer = IdentityId::parse(viewer).ok_or_else(none)?;
    let have = grants::list(tx, target.id).await?;
    if have.iter().any(|grant| grant.viewer.is_none()) {
        rows::find(tx, &ctx.scope, viewer).await?.ok_or_else(none)?;
        grants::clear(tx, target.id).await?;
        for other in rows::list(tx, &ctx.scope, IDENTITIES_MAX).await? {
            if other.id != viewer && other.id != target.id {
                grants::insert(tx, &new(ctx, &target, Some(other.id))).await?;
            }
        }
    } else if !grants::delete(tx, target.id, viewer).await? {
        return Err(none());
    }
    audit::record(tx, ctx, "identity.revoke", target.id, &[]).await
}

fn new(ctx: &OpCtx, target: &Identity, viewer: Option<IdentityId>) -> Grant {
    let id = GrantId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
    Grant { id, target: target.id, viewer, created_at: ctx.now }
}
