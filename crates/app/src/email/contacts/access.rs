//! Who may see a contact (email-api.md 7.4, A-0 to A-7).

use domain::email::identity::IDENTITIES_MAX;
use domain::id::IdentityId;
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::contact_grants::{self as rows, ContactGrant};
use storage::email::identities;

use super::create::grant as new;
use super::{visible, visible_locked};
use crate::email::{must_be_admin, no_identity};
use crate::{OpCtx, audit};

/// The grants of a contact, in the order in which they were made.
pub async fn list(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Vec<ContactGrant>> {
    let contact = visible(tx, ctx, id).await?;
    Ok(rows::list(tx, &[contact.id]).await?)
}

/// Lets one identity or all of the organization see a contact. `viewer` is `None` for all, `Some(None)` for
/// an id that is nobody's. A grant to all takes the place of those to single ones.
pub async fn grant(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    viewer: Option<Option<IdentityId>>,
) -> Result<ContactGrant> {
    must_be_admin(ctx)?;
    let contact = visible_locked(tx, ctx, id).await?;
    let viewer = match viewer {
        None => None,
        Some(id) => {
            let id = id.ok_or_else(no_identity)?;
            Some(identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?.id)
        }
    };
    let have = rows::list(tx, &[contact.id]).await?;
    if viewer.is_none() {
        rows::clear(tx, contact.id).await?;
    } else if have.iter().any(|grant| grant.identity_id.is_none()) {
        let message = "every identity of the organization sees this contact already";
        return Err(Error::refused(ErrorCode::RedundantGrant, message));
    } else if have.iter().any(|grant| grant.identity_id == viewer) {
        let message = "this identity was granted access already";
        return Err(Error::refused(ErrorCode::Conflict, message));
    }
    let grant = new(ctx, contact.id, viewer);
    rows::insert(tx, &[grant]).await?;
    audit::record(tx, ctx, "contact.grant", contact.id, &[]).await?;
    Ok(grant)
}

/// Takes one identity's access back; an agent only its own. Where all were granted it, all others keep
/// theirs, one by one.
pub async fn revoke(tx: &Tx, ctx: &OpCtx, id: &str, viewer: &str) -> Result<()> {
    let contact = visible_locked(tx, ctx, id).await?;
    let none = || Error::refused(ErrorCode::NotFound, "no such grant");
    let viewer = IdentityId::parse(viewer);
    if ctx.identity.is_some_and(|own| Some(own) != viewer) {
        must_be_admin(ctx)?;
    }
    let viewer = viewer.ok_or_else(none)?;
    let have = rows::list(tx, &[contact.id]).await?;
    if have.iter().any(|grant| grant.identity_id.is_none()) {
        identities::find(tx, &ctx.scope, viewer).await?.ok_or_else(none)?;
        rows::clear(tx, contact.id).await?;
        let all = identities::list(tx, &ctx.scope, IDENTITIES_MAX).await?;
        let others = all.iter().filter(|i| i.id != viewer);
        let grants: Vec<_> = others.map(|i| new(ctx, contact.id, Some(i.id))).collect();
        rows::insert(tx, &grants).await?;
    } else if !rows::delete(tx, contact.id, viewer).await? {
        return Err(none());
    }
    audit::record(tx, ctx, "contact.revoke", contact.id, &[]).await
}
