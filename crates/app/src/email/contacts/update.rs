//! Changing a contact by merge-patch (email-api.md 7.2). Who may see it is `access`'s.

use domain::Result;
use storage::Tx;
use storage::email::contacts as rows;
use wire::email::contacts::ChangeContact;

use super::{View, check, view, visible_locked};
use crate::{OpCtx, audit};

pub async fn update(tx: &Tx, ctx: &OpCtx, id: &str, change: &ChangeContact) -> Result<View> {
    let mut contact = visible_locked(tx, ctx, id).await?;
    contact.profile = change.over(contact.profile);
    check(&contact.profile)?;
    if let Some(review) = change.review {
        contact.review = review;
        contact.reviewed_at = Some(ctx.now);
        contact.reviewed_by = ctx.actor.id();
    }
    contact.updated_at = ctx.now;
    rows::update(tx, &ctx.scope, &contact).await?;
    audit::record(tx, ctx, "contact.update", contact.id, &[]).await?;
    view(tx, contact).await
}
