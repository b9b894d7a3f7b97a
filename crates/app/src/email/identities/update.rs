//! Changing an identity (email-api.md 5.3). The address of its mailbox stays, whatever it is called.

use domain::Result;
use domain::email::Identity;
use domain::email::handle::{self, normalise};
use domain::{Error, Field, days};
use storage::Tx;
use storage::email::identities as rows;
use wire::email::identities::ChangeIdentity;

use super::create::taken;
use crate::email::{must_be_admin, own_locked};
use crate::{OpCtx, audit};

/// How long a handle that was given up is kept from others, in microseconds.
pub const HANDLE_REST: i64 = days(30);

pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    handle: &str,
    change: &ChangeIdentity,
) -> Result<Identity> {
    let mut identity = own_locked(tx, ctx, handle).await?;
    if change.inbound_filter.is_some() || change.outbound_filter.is_some() {
        must_be_admin(ctx)?;
    }
    if let Some(new) = &change.handle {
        rename(tx, ctx, &mut identity, new).await?;
    }
    identity.display_name = change.display_name.clone().over(identity.display_name);
    identity.description = change.description.clone().over(identity.description);
    identity.contact_sharing = change.contact_sharing.unwrap_or(identity.contact_sharing);
    identity.imessage = change.imessage.unwrap_or(identity.imessage);
    identity.inbound_filter = change.inbound_filter.unwrap_or(identity.inbound_filter);
    identity.outbound_filter = change.outbound_filter.unwrap_or(identity.outbound_filter);
    identity.updated_at = ctx.now;
    rows::update(tx, &identity).await?;
    audit::record(tx, ctx, "identity.update", identity.id, &[]).await?;
    Ok(identity)
}

/// Takes another handle; the old one rests, so that nobody is mistaken for who had it.
async fn rename(tx: &Tx, ctx: &OpCtx, identity: &mut Identity, text: &str) -> Result<()> {
    let new = normalise(text);
    if new == identity.handle {
        return Ok(());
    }
    handle::check(&new).map_err(|problem| {
        Error::invalid(vec![Field::new("agent_handle", "invalid", problem.to_string())])
    })?;
    if !rows::take_handle(tx, &new, identity.id, ctx.now).await? {
        return Err(taken("identities"));
    }
    rows::leave_handle(tx, &identity.handle, ctx.now.plus(HANDLE_REST)).await?;
    identity.handle = new;
    Ok(())
}
