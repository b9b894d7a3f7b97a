//! An identity and its mailbox, in one transaction (email-api.md 5.3).

use domain::email::handle::{self, normalise};
use domain::email::identity::IDENTITIES_MAX;
use domain::email::rule::FilterMode;
use domain::email::{Identity, Signature};
use domain::id::{EmailMailboxId, IdentityId};
use domain::{Error, ErrorCode, Fact, Field, Result};
use email::Address;
use storage::email::identities as rows;
use storage::{Tx, tenancy};
use wire::email::identities::CreateIdentity;
use wire::reader::Patch;

use crate::email::{domains, must_be_admin};
use crate::{OpCtx, audit};

pub async fn create(tx: &Tx, ctx: &OpCtx, input: &CreateIdentity) -> Result<Identity> {
    must_be_admin(ctx)?;
    let handle = normalise(&input.handle);
    handle::check(&handle).map_err(|problem| invalid("agent_handle", problem.to_string()))?;
    // Creates of one organization take turns, so that two at once do not both see the last free place.
    tenancy::partner_find_locked(tx, ctx.scope.partner_id()).await?;
    if rows::count(tx, &ctx.scope).await? >= IDENTITIES_MAX {
        let message = format!("an organization has at most {IDENTITIES_MAX} identities");
        return Err(Error::refused(ErrorCode::BillingInactive, message));
    }
    let address = address(tx, ctx, &handle, input).await?;
    let id = IdentityId::new(ctx.app.ids.as_ref(), ctx.now);
    if !rows::take_handle(tx, &handle, id, ctx.now).await? {
        return Err(taken("identities"));
    }
    if rows::route(tx, &address).await?.is_some() {
        return Err(taken("mail"));
    }
    let identity = Identity {
        id,
        partner_id: ctx.scope.partner_id(),
        display_name: input.display_name.clone().or_else(|| Some(handle.clone())),
        handle,
        description: input.description.clone(),
        contact_sharing: input.contact_sharing,
        imessage: input.imessage,
        mailbox_id: EmailMailboxId::new(ctx.app.ids.as_ref(), ctx.now),
        address,
        inbound_filter: FilterMode::Blacklist,
        outbound_filter: FilterMode::Blacklist,
        signature: Signature::default(),
        storage_limit: ctx.app.email.storage_limit,
        signing_key_at: None,
        created_at: ctx.now,
        updated_at: ctx.now,
        mailbox_updated_at: ctx.now,
    };
    rows::insert(tx, &identity).await?;
    let detail = [("handle", identity.handle.as_str()), ("address", identity.address.as_str())];
    audit::record(tx, ctx, "identity.create", identity.id, &detail).await?;
    Ok(identity)
}

/// The address of the mailbox: of the handle on the domain of this install, or of any name on a domain of the
/// organization's own.
async fn address(tx: &Tx, ctx: &OpCtx, handle: &str, input: &CreateIdentity) -> Result<String> {
    let own = &ctx.app.email.domain;
    let domain = match &input.sending_domain {
        Patch::Keep => domains::default(tx, ctx).await?,
        Patch::Clear => own.clone(),
        Patch::Set(name) if name.to_lowercase() == *own => own.clone(),
        Patch::Set(name) => domains::usable(tx, ctx, &name.to_lowercase()).await?.domain,
    };
    let local = input.local_part.as_deref().unwrap_or(handle).to_lowercase();
    if domain == *own && local != handle {
        let rule = format!("on {own} the local part must be the handle");
        return Err(invalid("mailbox/email_local_part", rule));
    }
    let address = format!("{local}@{domain}");
    match Address::parse(&address) {
        Ok(_) => Ok(address),
        Err(problem) => Err(invalid("mailbox/email_local_part", problem.to_string())),
    }
}

fn invalid(param: &str, message: String) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}

/// A name that somebody has, and where.
pub(crate) fn taken(namespace: &str) -> Error {
    Error::refused(ErrorCode::HandleUnavailable, "That handle is taken")
        .fact("blocking_namespace", Fact::Text(namespace.to_owned()))
}
