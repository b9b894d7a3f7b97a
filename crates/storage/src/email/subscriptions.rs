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
    /// The agent whose mailbox it is.
    pub owner_id: IdentityId,
}

/// What a list is narrowed to; all of it must hold.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionFilter {
    pub mailbox_id: Option<EmailMailboxId>,
    pub owner_id: Option<IdentityId>,
    pub url: Option<String>,
}

/// What [`subscription`] reads, in its order.
macro_rules! whole {
    () => {
        concat!(
            columns!(),
            ", (select s.by_identity from subscriptions s where s.endpoint_no = endpoints.no),
        (select s.context_config from subscriptions s where s.endpoint_no = endpoints.no),
        (select i.id from identities i where i.mailbox_id = endpoints.mailbox_id)"
        )
    };
}

statements! {
    INSERT = "insert into subscriptions (endpoint_no, by_identity, context_config) values ($1, $2, $3)";
    LISTENING = concat!("select ", columns!(), " from endpoints where mailbox_id = $1 and deleted_at is null order by no");
    LISTENERS = concat!("select ", columns!(), ", (select s.context_config from subscriptions s
        where s.endpoint_no = endpoints.no) from endpoints where mailbox_id = $1 and deleted_at is null order by no");
    LIST = concat!("select ", whole!(), " from endpoints where partner_id = $1 and livemode = $2
        and mailbox_id is not null and deleted_at is null and (mailbox_id = $3 or $3 is null)
        and (mailbox_id = (select i.mailbox_id from identities i where i.id = $4) or $4 is null)
        and (url = $5 or $5 is null) order by no desc");
    GET = concat!("select ", whole!(), " from endpoints where partner_id = $1 and livemode = $2 and id = $3
        and mailbox_id is not null and deleted_at is null");
    GET_LOCKED = concat!("select ", whole!(), " from endpoints where partner_id = $1 and livemode = $2 and id = $3
        and mailbox_id is not null and deleted_at is null {lock}");
    PAGE = concat!("select ", columns!(), " from endpoints where partner_id = $1 and livemode = $2
        and mailbox_id is not null and deleted_at is null and no > $3 order by no limit $4");
    SET_CONTEXT = "update subscriptions set context_config = $2 where endpoint_no = $1";
}

pub async fn insert(tx: &Tx, scope: &Scope, s: &Subscription) -> Result<()> {
    endpoints::insert(tx, scope, &s.endpoint).await?;
    tx.post(INSERT, args![s.endpoint.no, s.by_identity, s.context_config]).await
}

/// The endpoints that hear of a mailbox.
pub async fn listening(tx: &Tx, mailbox: EmailMailboxId) -> Result<Vec<Endpoint>> {
    tx.all(LISTENING, args![mailbox], endpoint).await
}

/// The same, each with how much of the past it asks for.
pub async fn listeners(
    tx: &Tx,
    mailbox: EmailMailboxId,
) -> Result<Vec<(Endpoint, Option<String>)>> {
    tx.all(LISTENERS, args![mailbox], |r| Ok((endpoint(r)?, r.next()?))).await
}

/// The subscriptions of an organization, newest first. They are as many as its identities may have.
pub async fn list(tx: &Tx, scope: &Scope, f: &SubscriptionFilter) -> Result<Vec<Subscription>> {
    let row = args![scope.partner_id(), scope.livemode(), f.mailbox_id, f.owner_id, f.url];
    tx.all(LIST, row, subscription).await
}

/// The endpoints of all subscriptions of an organization, those numbered above `after` first.
pub async fn page(tx: &Tx, scope: &Scope, after: i64, limit: i64) -> Result<Vec<Endpoint>> {
    tx.all(PAGE, args![scope.partner_id(), scope.livemode(), after, limit], endpoint).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Subscription>> {
    tx.opt(GET, args![scope.partner_id(), scope.livemode(), id], subscription).await
}

/// A subscription that is about to change.
pub async fn find_locked(tx: &Tx, scope: &Scope, id: EndpointId) -> Result<Option<Subscription>> {
    tx.opt(GET_LOCKED, args![scope.partner_id(), scope.livemode(), id], subscription).await
}

/// Stores what can change: URL, types, headers and context.
pub async fn update(tx: &Tx, s: &Subscription) -> Result<()> {
    endpoints::update(tx, &s.endpoint).await?;
    tx.post(SET_CONTEXT, args![s.endpoint.no, s.context_config]).await
}

pub async fn delete(tx: &Tx, no: i64, now: Timestamp) -> Result<()> {
    endpoints::delete(tx, no, now).await
}

fn subscription(r: &mut Row) -> Result<Subscription> {
    let endpoint = endpoint(r)?;
    let (by_identity, context_config) = (r.next()?, r.next()?);
    Ok(Subscription { endpoint, by_identity, context_config, owner_id: r.next()? })
}
