//! Contact rules of identities (email-api.md 6.14). What they decide is `domain::email::rule`.

use domain::Timestamp;
use domain::email::rule::{MatchType, Rule, RuleAction, RuleDirection, RuleStatus};
use domain::id::{IdentityId, RuleId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// A rule as it is stored.
#[derive(Clone, Debug)]
pub struct ContactRule {
    pub id: RuleId,
    pub identity_id: IdentityId,
    pub rule: Rule,
    pub status: RuleStatus,
    pub direction: RuleDirection,
    /// Who made it named its direction, so that it also judges what is sent (email-api.md Q30).
    pub holds_outbound: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What [`contact_rule`] reads, in its order.
macro_rules! columns {
    () => {
        "id, identity_id, action, match_type, target, status, direction, holds_outbound, created_at, updated_at"
    };
}

statements! {
    INSERT = "insert into contact_rules (id, partner_id, identity_id, action, match_type, target, status, direction,
        holds_outbound, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GET = concat!("select ", columns!(), " from contact_rules where partner_id = $1 and id = $2");
    GET_LOCKED = concat!("select ", columns!(), " from contact_rules where partner_id = $1 and id = $2 {lock}");
    SAME = "select id from contact_rules where identity_id = $1 and match_type = $2 and target = $3";
    LIST = concat!("select ", columns!(), " from contact_rules where partner_id = $1
        and (identity_id = $2 or $2 is null) and (action = $3 or $3 is null) and (match_type = $4 or $4 is null)
        and (direction = $5 or $5 is null) order by created_at desc, id desc limit $6 offset $7");
    COUNT = "select count(*) from contact_rules where identity_id = $1 and status = 'active' and action = $2";
    UPDATE = "update contact_rules set action = $2, direction = $3, holds_outbound = $4, updated_at = $5 where id = $1";
    DELETE = "delete from contact_rules where id = $1";
    CLEAR = "delete from contact_rules where identity_id = $1";
    /// Of an address and its domain, for one way.
    MATCHING = concat!("select ", columns!(), " from contact_rules where identity_id = $1 and status = 'active'
        and (direction = $2 or direction = 'both') and (holds_outbound or $2 = 'inbound')
        and (match_type = 'exact_email' and target = $3 or match_type = 'domain' and target = $4)");
}

pub async fn insert(tx: &Tx, scope: &Scope, r: &ContactRule) -> Result<()> {
    let row = args![
        r.id,
        scope.partner_id(),
        r.identity_id,
        r.rule.action,
        r.rule.match_type,
        r.rule.target,
        r.status,
        r.direction,
        r.holds_outbound,
        r.created_at,
        r.updated_at
    ];
    tx.post(INSERT, row).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: RuleId) -> Result<Option<ContactRule>> {
    tx.opt(GET, args![scope.partner_id(), id], contact_rule).await
}

/// A rule that is about to change.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: RuleId) -> Result<Option<ContactRule>> {
    tx.opt(GET_LOCKED, args![scope.partner_id(), id], contact_rule).await
}

/// The rule of an identity that speaks of the same (C-4).
pub async fn find_same(
    tx: &Tx,
    identity_id: IdentityId,
    match_type: MatchType,
    target: &str,
) -> Result<Option<RuleId>> {
    tx.opt(SAME, args![identity_id, match_type, target], Row::next).await
}

/// What a list is narrowed to; without an identity, the whole organization.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleFilter {
    pub identity_id: Option<IdentityId>,
    pub action: Option<RuleAction>,
    pub match_type: Option<MatchType>,
    pub direction: Option<RuleDirection>,
}

/// Rules, newest first, paused ones as well (C-1).
pub async fn list(
    tx: &Tx,
    scope: &Scope,
    filter: RuleFilter,
    limit: i64,
    offset: i64,
) -> Result<Vec<ContactRule>> {
    let RuleFilter { identity_id, action, match_type, direction } = filter;
    let row = args![scope.partner_id(), identity_id, action, match_type, direction, limit, offset];
    tx.all(LIST, row, contact_rule).await
}

/// How many active rules of an identity have an action.
pub async fn count(tx: &Tx, identity_id: IdentityId, action: RuleAction) -> Result<i64> {
    tx.one(COUNT, args![identity_id, action], Row::next).await
}

/// Stores action and direction.
pub async fn update(tx: &Tx, r: &ContactRule) -> Result<()> {
    let row = args![r.id, r.rule.action, r.direction, r.holds_outbound, r.updated_at];
    tx.post(UPDATE, row).await
}

pub async fn delete(tx: &Tx, id: RuleId) -> Result<()> {
    tx.post(DELETE, args![id]).await
}

/// Deletes every rule of an identity.
pub async fn clear(tx: &Tx, identity_id: IdentityId) -> Result<()> {
    tx.post(CLEAR, args![identity_id]).await
}

/// Active rules of an identity that speak of an address, in lower case, for one way.
pub async fn matching(
    tx: &Tx,
    identity_id: IdentityId,
    direction: RuleDirection,
    address: &str,
) -> Result<Vec<ContactRule>> {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    tx.all(MATCHING, args![identity_id, direction, address, domain], contact_rule).await
}

fn contact_rule(r: &mut Row) -> Result<ContactRule> {
    Ok(ContactRule {
        id: r.next()?,
        identity_id: r.next()?,
        rule: Rule {
            action: r.next::<RuleAction>()?,
            match_type: r.next::<MatchType>()?,
            target: r.next()?,
        },
        status: r.next()?,
        direction: r.next()?,
        holds_outbound: r.next()?,
        created_at: r.next()?,
        updated_at: r.next()?,
    })
}
