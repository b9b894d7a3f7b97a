//! Webhook subscriptions of mailboxes: endpoints like any other, save whose events they hear
//! (email-api.md 8). What their rows share is in [`crate::endpoints`].

use domain::Timestamp;
use domain::id::{EmailMailboxId, EndpointId, IdentityId};

use crate::endpoints::{self, Endpoint, columns, endpoint};
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// A subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub endpoint: Endpoint,
    /// Made for the identity and not for its mailbox; shown so.
    pub by_identity: bool,
    /// How much of the past goes with an inbound message, as JSON.
    pub context_config: Option<String>,
}

statements! {
    INSERT = "insert into subscriptions (endpoint_no, by_identity, context_config) values ($1, $2, $3)";
    EXTRA = "select by_identity, context_config from subscriptions where endpoint_no = $1";
    LISTENING = concat!("select ", columns!(), " from endpoints where mailbox_id = $1 and deleted_at is null order by no");
    OF_ORGANIZATION = concat!("select ", columns!(), " from endpoints where partner_id = $1 and livemode = $2
        and mailbox_id is not null and deleted_at is null order by no desc");
    GET = concat!("select ", columns!(), " from endpoints where partner_id = $1 and livemode = $2 and id = $3
        and mailbox_id is not null and deleted_at is null");
    GET_LOCKED = concat!("select ", columns!(), " from endpoints where partner_id = $1 and livemode = $2 and id = $3
        and mailbox_id is not null and deleted_at is null {lock}");
    SET_CONTEXT = "update subscriptions set context_config = $2 where endpoint_no = $1";
    IDENTITY = "select id from identities where mailbox_id = $1 and deleted_at is null";
}

pub async fn insert(tx: &Tx, scope: &Scope, s: &Subscription) -> Result<()> {
    endpoints::insert(tx, scope, &s.endpoint).await?;
    tx.post(INSERT, args![s.endpoint.no, s.by_identity, s.context_config]).await
}

/// The endpoints that hear of a mailbox.
pub async fn listening(tx: &Tx, mailbox: EmailMailboxId) -> Result<Vec<Endpoint>> {
    tx.all(LISTENING, args![mailbox], endpoint).await
}

/// Every subscription of an organization, newest first.
pub async fn list(tx: &Tx, scope: &Scope) -> Result<Vec<Subscription>> {
    let row = args![scope.partner_id(), scope.livemode()];
    let mut all = Vec::new();
    for endpoint in tx.all(OF_ORGANIZATION, row, endpoint).await? {
        all.push(complete(tx, endpoint).await?);
    }
    Ok(all)
}

pub async fn find(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Subscription>> {
    let found = tx.opt(GET, args![scope.partner_id(), scope.livemode(), id], endpoint).await?;
    match found {
        Some(endpoint) => complete(tx, endpoint).await.map(Some),
        None => Ok(None),
    }
}

/// A subscription that is about to change.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Subscription>> {
    let row = args![scope.partner_id(), scope.livemode(), id];
    match tx.opt(GET_LOCKED, row, endpoint).await? {
        Some(endpoint) => complete(tx, endpoint).await.map(Some),
        None => Ok(None),
    }
}

/// Stores what can change: URL, types, headers and context.
pub async fn update(tx: &Tx, s: &Subscription) -> Result<()> {
    endpoints::update(tx, &s.endpoint).await?;
    tx.post(SET_CONTEXT, args![s.endpoint.no, s.context_config]).await
}

pub async fn delete(tx: &Tx, no: i64, now: Timestamp) -> Result<()> {
    endpoints::delete(tx, no, now).await
}

/// Whose mailbox it is.
pub async fn identity_of(tx: &Tx, mailbox: EmailMailboxId) -> Result<Option<IdentityId>> {
    tx.opt(IDENTITY, args![mailbox], Row::next).await
}

async fn complete(tx: &Tx, endpoint: Endpoint) -> Result<Subscription> {
    let read = |r: &mut Row| Ok((r.next::<bool>()?, r.next::<Option<String>>()?));
    let (by_identity, context_config) = tx.one(EXTRA, args![endpoint.no], read).await?;
    Ok(Subscription { endpoint, by_identity, context_config })
}
