//! Domains that an organization sends from (email-api.md 6.13). They are registered and judged by the
//! operator's staff; the API lists them and chooses the default.

use domain::email::{DomainStatus, SendingDomain};
use domain::id::SendingDomainId;
use domain::{Error, ErrorCode, Field, Result};
use email::Address;
use storage::Tx;
use storage::email::{domains as rows, organizations};

use super::must_be_admin;
use crate::{OpCtx, audit};

/// Random bytes of an ownership token.
const TOKEN_BYTES: usize = 16;

/// A domain and whether new identities get their addresses from it.
pub type Listed = (SendingDomain, bool);

pub async fn list(tx: &Tx, ctx: &OpCtx, status: Option<DomainStatus>) -> Result<Vec<Listed>> {
    let default = organizations::get(tx, &ctx.scope).await?.default_domain;
    let all = rows::list(tx, &ctx.scope).await?.into_iter();
    let kept = all.filter(|d| status.is_none_or(|status| d.status == status));
    Ok(kept.map(|d| (d.clone(), default == Some(d.id))).collect())
}

/// Lets new identities get their addresses from a domain; the install's own clears the choice.
pub async fn set_default(tx: &Tx, ctx: &OpCtx, name: &str) -> Result<Option<String>> {
    must_be_admin(ctx)?;
    let name = name.to_lowercase();
    let chosen =
        if name == ctx.app.email.domain { None } else { Some(usable(tx, ctx, &name).await?) };
    let mut organization = organizations::get(tx, &ctx.scope).await?;
    organization.default_domain = chosen.as_ref().map(|d| d.id);
    organizations::put(tx, &ctx.scope, &organization).await?;
    audit::record(tx, ctx, "organization.default_domain", ctx.scope.partner_id(), &[]).await?;
    Ok(chosen.map(|d| d.domain))
}

/// A domain of the organization that mail may be sent from.
pub(super) async fn usable(tx: &Tx, ctx: &OpCtx, name: &str) -> Result<SendingDomain> {
    let found = rows::find_by_name(tx, &ctx.scope, name).await?.ok_or_else(no_domain)?;
    must_be_usable(found)
}

/// The domain that new identities of the organization get their addresses from.
pub(super) async fn default(tx: &Tx, ctx: &OpCtx) -> Result<String> {
    let Some(id) = organizations::get(tx, &ctx.scope).await?.default_domain else {
        return Ok(ctx.app.email.domain.clone());
    };
    let found = rows::find(tx, &ctx.scope, id).await?.ok_or_else(no_domain)?;
    Ok(must_be_usable(found)?.domain)
}

fn must_be_usable(domain: SendingDomain) -> Result<SendingDomain> {
    if domain.status.is_usable() {
        return Ok(domain);
    }
    let message = format!("{} is {}; it must be verified first", domain.domain, domain.status);
    Err(Error::refused(ErrorCode::Conflict, message))
}

/// Registers a domain, which is to be proven.
pub async fn register(tx: &Tx, ctx: &OpCtx, name: &str) -> Result<SendingDomain> {
    let name = name.to_lowercase();
    let invalid = |message: &str| Error::invalid(vec![Field::new("domain", "invalid", message)]);
    if Address::parse(&format!("a@{name}")).is_err() {
        return Err(invalid("a domain such as mail.example.com"));
    }
    let own = &ctx.app.email.domain;
    if name == *own || name.ends_with(&format!(".{own}")) || rows::is_taken(tx, &name).await? {
        return Err(invalid("this domain is taken"));
    }
    let (ids, now) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let mut token = [0; TOKEN_BYTES];
    ids.fill(&mut token);
    let domain = SendingDomain {
        id: SendingDomainId::new(ids, now),
        domain: name,
        status: DomainStatus::AwaitingOwnership,
        ownership_token: token.map(|byte| format!("{byte:02x}")).concat(),
        failure_reason: None,
        verified_at: None,
        last_checked_at: None,
        created_at: ctx.now,
    };
    rows::insert(tx, &ctx.scope, &domain).await?;
    audit::record(tx, ctx, "sending_domain.create", domain.id, &[("domain", &domain.domain)])
        .await?;
    Ok(domain)
}

/// Notes how far a domain is proven.
pub async fn judge(
    tx: &Tx,
    ctx: &OpCtx,
    name: &str,
    status: DomainStatus,
    reason: Option<&str>,
) -> Result<SendingDomain> {
    let found = rows::find_by_name(tx, &ctx.scope, &name.to_lowercase()).await?;
    let mut domain = found.ok_or_else(no_domain)?;
    domain.status = status;
    domain.failure_reason = reason.map(ToOwned::to_owned);
    domain.last_checked_at = Some(ctx.now);
    if status == DomainStatus::Verified {
        domain.verified_at = domain.verified_at.or(Some(ctx.now));
    }
    rows::update(tx, &domain).await?;
    let detail = [("status", status.as_str())];
    audit::record(tx, ctx, "sending_domain.judge", domain.id, &detail).await?;
    Ok(domain)
}

fn no_domain() -> Error {
    Error::refused(ErrorCode::NotFound, "Sending domain not found")
}
