//! Contact rules: whose mail reaches a mailbox, and to whom it may write (email-api.md 6.14).

use domain::email::Identity;
use domain::email::rule::{MatchType, Rule, RuleDirection, RuleStatus};
use domain::id::{EmailMailboxId, IdentityId, RuleId};
use domain::{Error, ErrorCode, Fact, Field, Result};
use email::Address;
use storage::Tx;
use storage::email::identities;
use storage::email::rules as rows;
pub use storage::email::rules::{ContactRule, RuleFilter};
use wire::email::rules::{ChangeRule, CreateRule};

use super::{must_be_admin, no_identity, no_mailbox, own, own_locked};
use crate::{OpCtx, audit};

/// A rule and whose it is.
pub type OwnedRule = (ContactRule, Identity);

/// Whose rules an organization lists: of one identity, of the owner of one mailbox, or all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    All,
    Identity(Option<IdentityId>),
    Mailbox(Option<EmailMailboxId>),
}

pub async fn create(tx: &Tx, ctx: &OpCtx, handle: &str, input: &CreateRule) -> Result<OwnedRule> {
    let owner = own_locked(tx, ctx, handle).await?;
    let target = target(input)?;
    if let Some(id) = rows::find_same(tx, owner.id, input.match_type, &target).await? {
        return Err(Error::refused(ErrorCode::RuleExists, "An equal rule exists")
            .fact("existing_rule_id", Fact::Text(id.to_string())));
    }
    let rule = ContactRule {
        id: RuleId::new(ctx.app.ids.as_ref(), ctx.app.clock.now()),
        identity_id: owner.id,
        rule: Rule { action: input.action, match_type: input.match_type, target },
        status: RuleStatus::Active,
        direction: input.direction.unwrap_or(RuleDirection::Both),
        holds_outbound: input.direction.is_some(),
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    rows::insert(tx, &ctx.scope, &rule).await?;
    audit::record(tx, ctx, "contact_rule.create", rule.id, &[]).await?;
    Ok((rule, owner))
}

/// The target in lower case: an address, or a domain without what people put before it (C-3).
fn target(input: &CreateRule) -> Result<String> {
    let text = input.target.to_lowercase();
    let refused = |problem: &dyn ToString| {
        Error::invalid(vec![Field::new("match_target", "invalid", problem.to_string())])
    };
    match input.match_type {
        MatchType::ExactEmail => match Address::parse(&text) {
            Ok(address) => Ok(address.canonical()),
            Err(problem) => Err(refused(&problem)),
        },
        MatchType::Domain => {
            let bare = text.split("://").last().unwrap_or_default();
            let bare = bare.trim_start_matches('@').trim_end_matches('/');
            match Address::parse(&format!("a@{bare}")) {
                Ok(_) => Ok(bare.to_owned()),
                Err(_) => Err(refused(&"a domain such as example.com")),
            }
        }
    }
}

/// Rules of one identity, newest first.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    handle: &str,
    filter: RuleFilter,
    (limit, offset): (i64, i64),
) -> Result<Vec<OwnedRule>> {
    let owner = own(tx, ctx, handle).await?;
    let filter = RuleFilter { identity_id: Some(owner.id), ..filter };
    let found = rows::list(tx, &ctx.scope, filter, limit, offset).await?;
    Ok(found.into_iter().map(|rule| (rule, owner.clone())).collect())
}

/// Rules of the whole organization, newest first.
pub async fn list_all(
    tx: &Tx,
    ctx: &OpCtx,
    of: Of,
    filter: RuleFilter,
    (limit, offset): (i64, i64),
) -> Result<Vec<OwnedRule>> {
    must_be_admin(ctx)?;
    let owner = match of {
        Of::All => None,
        Of::Identity(id) => {
            let id = id.ok_or_else(no_identity)?;
            Some(identities::find(tx, &ctx.scope, id).await?.ok_or_else(no_identity)?)
        }
        Of::Mailbox(id) => {
            let id = id.ok_or_else(no_mailbox)?;
            let found = identities::find_by_mailbox(tx, &ctx.scope, id).await?;
            Some(found.ok_or_else(no_mailbox)?)
        }
    };
    let filter = RuleFilter { identity_id: owner.map(|o| o.id), ..filter };
    let mut all = Vec::new();
    for rule in rows::list(tx, &ctx.scope, filter, limit, offset).await? {
        if let Some(owner) = identities::find(tx, &ctx.scope, rule.identity_id).await? {
            all.push((rule, owner));
        }
    }
    Ok(all)
}

pub async fn get(tx: &Tx, ctx: &OpCtx, handle: &str, id: &str) -> Result<OwnedRule> {
    let owner = own(tx, ctx, handle).await?;
    let found = match RuleId::parse(id) {
        Some(id) => rows::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    let rule = found.filter(|rule| rule.identity_id == owner.id).ok_or_else(no_rule)?;
    Ok((rule, owner))
}

/// Changes what a rule does; of whom it speaks is for ever (C-2).
pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    handle: &str,
    id: &str,
    change: ChangeRule,
) -> Result<OwnedRule> {
    must_be_admin(ctx)?;
    let (rule, owner) = get(tx, ctx, handle, id).await?;
    let mut rule = rows::find_locked(tx, &ctx.scope, rule.id).await?.ok_or_else(no_rule)?;
    rule.rule.action = change.action.unwrap_or(rule.rule.action);
    rule.holds_outbound |= change.direction.is_some();
    rule.direction = change.direction.unwrap_or(rule.direction);
    rule.updated_at = ctx.now;
    rows::update(tx, &rule).await?;
    audit::record(tx, ctx, "contact_rule.update", rule.id, &[]).await?;
    Ok((rule, owner))
}

pub async fn delete(tx: &Tx, ctx: &OpCtx, handle: &str, id: &str) -> Result<()> {
    must_be_admin(ctx)?;
    let (rule, _) = get(tx, ctx, handle, id).await?;
    rows::delete(tx, rule.id).await?;
    audit::record(tx, ctx, "contact_rule.delete", rule.id, &[]).await
}

/// The handle of the identity whose mailbox has an address, for the routes of older clients.
pub async fn owner_of(tx: &Tx, ctx: &OpCtx, address: &str) -> Result<String> {
    Ok(super::mailbox(tx, ctx, address).await?.handle)
}

fn no_rule() -> Error {
    Error::refused(ErrorCode::NotFound, "Contact rule not found")
}
