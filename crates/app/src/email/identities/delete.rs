//! Deleting an identity: its mailbox, its subscriptions, rules, grants and keys go with it
//! (email-api.md 5.3). Contacts and notes stay.
//!
//! From the commit on nothing of it can be found or is delivered. Its messages are many, and are taken out
//! afterwards, page by page, by the tasks.

use domain::Result;
use storage::email::{contact_grants, grants, identities as rows, notes, rules, subscriptions};
use storage::{Tx, queue};

use super::update::HANDLE_REST;
use crate::email::{keys, own_locked};
use crate::{OpCtx, audit};

pub async fn delete(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<()> {
    let identity = own_locked(tx, ctx, handle).await?;
    for endpoint in subscriptions::listening(tx, identity.mailbox_id).await? {
        subscriptions::delete(tx, endpoint.no, ctx.app.clock.now()).await?;
        queue::cancel_all(tx, endpoint.no).await?;
    }
    rules::clear(tx, identity.id).await?;
    grants::forget(tx, identity.id).await?;
    contact_grants::forget(tx, identity.id).await?;
    notes::forget(tx, identity.id).await?;
    keys::revoke_of(tx, ctx, identity.id).await?;
    rows::delete(tx, identity.id, ctx.now).await?;
    rows::leave_handle(tx, &identity.handle, ctx.now.plus(HANDLE_REST)).await?;
    let detail = [("handle", identity.handle.as_str())];
    audit::record(tx, ctx, "identity.delete", identity.id, &detail).await
}
