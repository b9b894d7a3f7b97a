//! Domains that organizations send from (email-api.md 6.13).

use domain::email::SendingDomain;
use domain::id::SendingDomainId;

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// What [`sending_domain`] reads, in its order.
macro_rules! columns {
    () => {
        "id, domain, status, ownership_token, failure_reason, verified_at, last_checked_at, created_at"
    };
}

statements! {
    INSERT = "insert into sending_domains (id, partner_id, domain, status, ownership_token, failure_reason, verified_at,
        last_checked_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    UPDATE = "update sending_domains set status = $2, failure_reason = $3, verified_at = $4, last_checked_at = $5
        where id = $1";
    LIST = concat!("select ", columns!(), " from sending_domains where partner_id = $1 order by created_at, id");
    GET = concat!("select ", columns!(), " from sending_domains where partner_id = $1 and id = $2");
    BY_NAME = concat!("select ", columns!(), " from sending_domains where partner_id = $1 and domain = $2");
    IS_TAKEN = "select exists (select 1 from sending_domains where domain = $1)";
}

pub async fn insert(tx: &Tx, scope: &Scope, d: &SendingDomain) -> Result<()> {
    let row = args![
        d.id,
        scope.partner_id(),
        d.domain,
        d.status,
        d.ownership_token,
        d.failure_reason,
        d.verified_at,
        d.last_checked_at,
        d.created_at
    ];
    tx.post(INSERT, row).await
}

/// Stores how far a domain is proven.
pub async fn update(tx: &Tx, d: &SendingDomain) -> Result<()> {
    let row = args![d.id, d.status, d.failure_reason, d.verified_at, d.last_checked_at];
    tx.post(UPDATE, row).await
}

/// Domains of an organization, oldest first.
pub async fn list(tx: &Tx, scope: &Scope) -> Result<Vec<SendingDomain>> {
    tx.all(LIST, args![scope.partner_id()], sending_domain).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: SendingDomainId) -> Result<Option<SendingDomain>> {
    tx.opt(GET, args![scope.partner_id(), id], sending_domain).await
}

pub async fn find_by_name(tx: &Tx, scope: &Scope, domain: &str) -> Result<Option<SendingDomain>> {
    tx.opt(BY_NAME, args![scope.partner_id(), domain], sending_domain).await
}

/// Whether any organization of the install has a domain.
pub async fn is_taken(tx: &Tx, domain: &str) -> Result<bool> {
    tx.one(IS_TAKEN, args![domain], Row::next).await
}

fn sending_domain(r: &mut Row) -> Result<SendingDomain> {
    Ok(SendingDomain {
        id: r.next()?,
        domain: r.next()?,
        status: r.next()?,
        ownership_token: r.next()?,
        failure_reason: r.next()?,
        verified_at: r.next()?,
        last_checked_at: r.next()?,
        created_at: r.next()?,
    })
}
