//! Making a contact (email-api.md 7.3).

use domain::Result;
use domain::email::Contact;
use domain::email::contact::{CreationSource, Profile, ReviewStatus};
use domain::id::{ContactId, GrantId, IdentityId};
use storage::Tx;
use storage::email::contact_grants::{self, ContactGrant};
use storage::email::{contacts as rows, identities};
use wire::email::contacts::CreateContact;

use super::{View, check};
use crate::email::{no_identity, sees};
use crate::{OpCtx, audit};

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &CreateContact) -> Result<View> {
    check(&input.profile)?;
    let viewers = viewers(tx, ctx, input).await?;
    keep(tx, ctx, input.profile.clone(), CreationSource::Manual, &viewers).await
}

/// Stores a contact that was checked, and who may see it.
pub(super) async fn keep(
    tx: &Tx,
    ctx: &OpCtx,
    profile: Profile,
    source: CreationSource,
    viewers: &[Option<IdentityId>],
) -> Result<View> {
    let contact = Contact {
        id: ContactId::new(ctx.app.ids.as_ref(), ctx.now),
        profile,
        source,
        review: ReviewStatus::Confirmed,
        reviewed_at: None,
        reviewed_by: None,
        created_by: ctx.identity,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    rows::insert(tx, &ctx.scope, &contact).await?;
    let mut grants: Vec<_> = viewers.iter().map(|viewer| grant(ctx, contact.id, *viewer)).collect();
    grants.sort_by_key(|grant| grant.id);
    contact_grants::insert(tx, &grants).await?;
    audit::record(tx, ctx, "contact.create", contact.id, &[]).await?;
    Ok(View { contact, access: grants, facts: Vec::new() })
}

pub(super) fn grant(ctx: &OpCtx, contact: ContactId, viewer: Option<IdentityId>) -> ContactGrant {
    let id = GrantId::new(ctx.app.ids.as_ref(), ctx.now);
    ContactGrant { id, contact_id: contact, identity_id: viewer, created_at: ctx.now }
}

/// Who may see a new contact: all, or those that are named (K-1). The agent that makes it always does.
async fn viewers(tx: &Tx, ctx: &OpCtx, input: &CreateContact) -> Result<Vec<Option<IdentityId>>> {
    let Some(named) = &input.access else { return Ok(vec![None]) };
    let mut viewers = Vec::new();
    for id in named {
        let id = id.ok_or_else(no_identity)?;
        let found = identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?;
        if !sees(tx, ctx, &found).await? {
            return Err(no_identity());
        }
        viewers.push(Some(id));
    }
    viewers.extend(ctx.identity.map(Some));
    viewers.sort_unstable();
    viewers.dedup();
    Ok(viewers)
}
