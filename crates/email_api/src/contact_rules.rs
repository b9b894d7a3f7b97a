//! `/api/v1/identities/{agent_handle}/mail-contact-rules`, the list of the organization, and the routes of
//! older clients under the mailbox.

use app::email::contact_rules::{
    self, Of, OwnedRule, RuleFilter, create, delete, get, list, list_all, update,
};
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::Result;
use domain::email::rule::{MatchType, RuleAction, RuleDirection};
use domain::id::{EmailMailboxId, IdentityId};
use wire::email::rules::{
    ChangeRule, ContactRule, ContactRuleChange, ContactRuleCreate, CreateRule,
};

use crate::call::{Call, Handled};
use crate::query::Query;
use crate::{EmailApi, answer};

/// Rows of a page, and how far the first may lie.
const LIMIT_MAX: i64 = 200;
const LIMIT_DEFAULT: i64 = 50;
const OFFSET_MAX: i64 = 10_000;

/// The identity that a call speaks of, by its handle or by the address of its mailbox.
async fn handle(api: &EmailApi, ctx: &OpCtx, call: &Call) -> Result<String> {
    let (handle, address) = (call.param("agent_handle"), call.param("email_address"));
    if !handle.is_empty() {
        return Ok(handle);
    }
    let work = async move |tx: &Tx, ctx: &OpCtx| contact_rules::owner_of(tx, ctx, &address).await;
    api.app.query(ctx, work).await
}

/// List the contact rules of an identity
#[utoipa::path(
    get, path = "/api/v1/identities/{agent_handle}/mail-contact-rules", operation_id = "listContactRules",
    tag = "Contact rules",
    params(
        ("agent_handle" = String, Path, description = "The identity."),
        ("action" = Option<String>, Query, description = "allow or block."),
        ("match_type" = Option<String>, Query, description = "exact_email or domain."),
        ("direction" = Option<String>, Query, description = "inbound, outbound or both."),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("offset" = Option<u32>, Query, description = "Rows to leave out."),
    ),
    responses((status = 200, description = "The rules, newest first.", body = Vec<ContactRule>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let handle = handle(&api, &ctx, &call).await?;
    let (filter, page) = (filter(&query)?, page(&query)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &handle, filter, page).await;
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&found.iter().map(shown).collect::<Vec<_>>()))
}

/// List the contact rules of the organization
#[utoipa::path(
    get, path = "/api/v1/mail/contact-rules", operation_id = "listAllContactRules", tag = "Contact rules",
    params(
        ("agent_identity_id" = Option<String>, Query, description = "Of one identity."),
        ("mailbox_id" = Option<String>, Query, description = "Of the owner of one mailbox."),
        ("action" = Option<String>, Query, description = "allow or block."),
        ("match_type" = Option<String>, Query, description = "exact_email or domain."),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50."),
        ("offset" = Option<u32>, Query, description = "Rows to leave out."),
    ),
    responses((status = 200, description = "The rules, newest first.", body = Vec<ContactRule>))
)]
pub(crate) async fn list_all_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let of = match (query.text("agent_identity_id"), query.text("mailbox_id")) {
        (Some(id), _) => Of::Identity(IdentityId::parse(id)),
        (None, Some(id)) => Of::Mailbox(EmailMailboxId::parse(id)),
        (None, None) => Of::All,
    };
    let (filter, page) = (filter(&query)?, page(&query)?);
    let work = async move |tx: &Tx, ctx: &OpCtx| list_all(tx, ctx, of, filter, page).await;
    let found = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&found.iter().map(shown).collect::<Vec<_>>()))
}

/// Make a contact rule
#[utoipa::path(
    post, path = "/api/v1/identities/{agent_handle}/mail-contact-rules", operation_id = "createContactRule",
    tag = "Contact rules", params(("agent_handle" = String, Path, description = "The identity.")),
    request_body = ContactRuleCreate,
    responses((status = 201, description = "The rule.", body = ContactRule))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let handle = handle(&api, &ctx, &call).await?;
    let input = CreateRule::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &handle, &input).await;
    Ok(answer::created(&shown(&api.app.act(&ctx, work).await?)))
}

/// Retrieve a contact rule
#[utoipa::path(
    get, path = "/api/v1/identities/{agent_handle}/mail-contact-rules/{rule_id}", operation_id = "getContactRule",
    tag = "Contact rules",
    params(
        ("agent_handle" = String, Path, description = "The identity."),
        ("rule_id" = String, Path, description = "The rule."),
    ),
    responses((status = 200, description = "The rule.", body = ContactRule))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let (handle, id) = (handle(&api, &ctx, &call).await?, call.param("rule_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &handle, &id).await;
    Ok(answer::ok(&shown(&api.app.query(&ctx, work).await?)))
}

/// Change a contact rule
///
/// What it does, not of whom it speaks.
#[utoipa::path(
    patch, path = "/api/v1/identities/{agent_handle}/mail-contact-rules/{rule_id}",
    operation_id = "updateContactRule", tag = "Contact rules",
    params(
        ("agent_handle" = String, Path, description = "The identity."),
        ("rule_id" = String, Path, description = "The rule."),
    ),
    request_body = ContactRuleChange,
    responses((status = 200, description = "The rule as it is now.", body = ContactRule))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (handle, id) = (handle(&api, &ctx, &call).await?, call.param("rule_id"));
    let change = ChangeRule::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &handle, &id, change).await;
    Ok(answer::ok(&shown(&api.app.act(&ctx, work).await?)))
}

/// Delete a contact rule
#[utoipa::path(
    delete, path = "/api/v1/identities/{agent_handle}/mail-contact-rules/{rule_id}",
    operation_id = "deleteContactRule", tag = "Contact rules",
    params(
        ("agent_handle" = String, Path, description = "The identity."),
        ("rule_id" = String, Path, description = "The rule."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (handle, id) = (handle(&api, &ctx, &call).await?, call.param("rule_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &handle, &id).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}

fn filter(query: &Query) -> Result<RuleFilter> {
    let direction = "must be inbound, outbound or both";
    Ok(RuleFilter {
        identity_id: None,
        action: query.word("action", RuleAction::parse, "must be allow or block")?,
        match_type: query.word("match_type", MatchType::parse, "must be exact_email or domain")?,
        direction: query.word("direction", RuleDirection::parse, direction)?,
    })
}

fn page(query: &Query) -> Result<(i64, i64)> {
    let limit = query.number("limit", 1..=LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT);
    Ok((limit, query.number("offset", 0..=OFFSET_MAX)?.unwrap_or(0)))
}

fn shown((rule, owner): &OwnedRule) -> ContactRule {
    ContactRule {
        id: rule.id.to_string(),
        agent_identity_id: owner.id.to_string(),
        mailbox_id: owner.mailbox_id.to_string(),
        action: rule.rule.action.to_string(),
        match_type: rule.rule.match_type.to_string(),
        match_target: rule.rule.target.clone(),
        status: rule.status.to_string(),
        direction: rule.direction.to_string(),
        created_at: rule.created_at.to_string(),
        updated_at: rule.updated_at.to_string(),
        contact: None,
    }
}
