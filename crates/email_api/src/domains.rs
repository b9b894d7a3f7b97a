//! `/api/v1/domains`.

use app::email::domains::{Listed, list, set_default};
use app::email::organization_id;
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::email::DomainStatus;
use wire::email::domains::{DefaultDomain, SendingDomain};

use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// List sending domains
#[utoipa::path(
    get, path = "/api/v1/domains", operation_id = "listDomains", tag = "Domains",
    params(("status" = Option<String>, Query, description = "Such as verified.")),
    responses((status = 200, description = "The domains, oldest first.", body = Vec<SendingDomain>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let status = query.word("status", DomainStatus::parse, "is no status of a domain")?;
    let work = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, status).await;
    let found = api.app.query(&ctx, work).await?;
    let organization = organization_id(&ctx);
    let shown = |(domain, is_default): &Listed| {
        SendingDomain::of(domain, *is_default, organization.clone())
    };
    Ok(answer::ok(&found.iter().map(shown).collect::<Vec<_>>()))
}

/// Choose the default domain
///
/// New identities get their addresses from it. The domain of this install clears the choice.
#[utoipa::path(
    post, path = "/api/v1/domains/{domain}/set-default", operation_id = "setDefaultDomain", tag = "Domains",
    params(("domain" = String, Path, description = "Its name.")),
    responses((status = 200, description = "The default from now on.", body = DefaultDomain))
)]
pub(crate) async fn default_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let name = call.param("domain");
    let work = async move |tx: &Tx, ctx: &OpCtx| set_default(tx, ctx, &name).await;
    let default_domain = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&DefaultDomain { default_domain }))
}
