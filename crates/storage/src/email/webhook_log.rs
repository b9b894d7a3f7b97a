//! The log of what subscriptions were sent, a row for each attempt (email-api.md 8.5).
//!
//! It is read from the attempts that have a URL. Those of partners' endpoints are in [`crate::deliveries`],
//! a row for each delivery.

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{AttemptId, DeliveryId, EndpointId, EventId, IdentityId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, json, statements};

/// Where an attempt stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Timestamp,
    pub delivery_no: i64,
    pub n: i64,
}

/// What of an endpoint's log is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineFilter {
    pub event_type: Option<EventType>,
    /// Answered with 2xx, or not.
    pub is_success: Option<bool>,
}

/// A delivery to a subscription, which may be gone.
#[derive(Clone, Debug)]
pub struct Sent {
    pub no: i64,
    pub id: DeliveryId,
    pub event_no: i64,
    pub event_id: EventId,
    pub event_type: EventType,
    pub payload: Bytes,
    pub is_replay: bool,
    pub created_at: Timestamp,
    pub endpoint_id: EndpointId,
    /// Of the endpoint as it is now.
    pub url: String,
    pub event_types: Vec<EventType>,
    pub is_deleted: bool,
    /// Whose mailbox it is or was.
    pub owner_id: IdentityId,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `None` of the first.
    pub id: Option<AttemptId>,
    pub at: Timestamp,
    pub url: String,
    pub status_code: Option<i64>,
    pub error: Option<String>,
    pub response_body: Option<Bytes>,
    pub duration_us: i64,
}

macro_rules! sent {
    () => {
        "select d.no, d.id, e.no, coalesce(e.told_as, e.id), e.type, e.payload, d.replay, d.created_at, p.id, p.url, p.event_types,
        p.deleted_at is not null, (select i.id from identities i where i.mailbox_id = p.mailbox_id)
        from deliveries d join events e on e.no = d.event_no join endpoints p on p.no = d.endpoint_no "
    };
}

statements! {
    ENDPOINTS = "select no from endpoints where partner_id = $1 and livemode = $2 and mailbox_id is not null
        and (id = $3 or $3 is null)
        and (mailbox_id = (select i.mailbox_id from identities i where i.id = $4) or $4 is null) order by no desc";
    LINES = "select a.at, a.delivery_no, a.n from attempts a join deliveries d on d.no = a.delivery_no
        join events e on e.no = d.event_no where a.endpoint_no = $1 and a.url is not null and a.at >= $2
        and (e.type = $3 or $3 is null)
        and (coalesce(a.status_code between 200 and 299, false) = $4 or $4 is null)
        order by a.at desc, a.delivery_no desc limit $5";
    SENT = concat!(sent!(), "where d.no = $3 and d.partner_id = $1 and d.livemode = $2 and p.mailbox_id is not null");
    /// By the delivery's own id, which no two have, whether it was made with its event or by a replay.
    GET = concat!(sent!(), "where d.id = $3 and d.partner_id = $1 and d.livemode = $2 and p.mailbox_id is not null");
    NAMED = "select delivery_no, n from attempts where id = $1";
    OUTCOME = "select id, at, url, status_code, error, response_body, duration_us from attempts
        where delivery_no = $1 and n = $2 and url is not null";
}

/// The endpoints of an organization's subscriptions, or of one or one agent's; those that were deleted as
/// well. Newest first.
pub async fn endpoints(
    tx: &Tx,
    scope: &Scope,
    id: Option<EndpointId>,
    owner: Option<IdentityId>,
) -> Result<Vec<i64>> {
    let row = args![scope.partner_id(), scope.livemode(), id, owner];
    tx.all(ENDPOINTS, row, Row::next).await
}

/// The newest attempts of an endpoint that are not older than `since`.
pub async fn lines(
    tx: &Tx,
    endpoint_no: i64,
    filter: LineFilter,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Line>> {
    let row = args![endpoint_no, since, filter.event_type, filter.is_success, limit];
    let read = |r: &mut Row| Ok(Line { at: r.next()?, delivery_no: r.next()?, n: r.next()? });
    tx.all(LINES, row, read).await
}

/// A delivery to a subscription of the tenant; `None` when it is none, or too old to be there.
pub async fn sent(tx: &Tx, scope: &Scope, delivery_no: i64) -> Result<Option<Sent>> {
    tx.opt(SENT, args![scope.partner_id(), scope.livemode(), delivery_no], read_sent).await
}

/// The same by its id.
pub async fn find(tx: &Tx, scope: &Scope, id: DeliveryId) -> Result<Option<Sent>> {
    tx.opt(GET, args![scope.partner_id(), scope.livemode(), id], read_sent).await
}

/// The delivery of an attempt that has an id of its own, and which one of it it is.
pub async fn named(tx: &Tx, id: AttemptId) -> Result<Option<(i64, i64)>> {
    tx.opt(NAMED, args![id], |r| Ok((r.next()?, r.next()?))).await
}

/// What came of an attempt, once it has ended.
pub async fn outcome(tx: &Tx, delivery_no: i64, n: i64) -> Result<Option<Outcome>> {
    let read = |r: &mut Row| {
        Ok(Outcome {
            id: r.next()?,
            at: r.next()?,
            url: r.next()?,
            status_code: r.next()?,
            error: r.next()?,
            response_body: r.next()?,
            duration_us: r.next()?,
        })
    };
    tx.opt(OUTCOME, args![delivery_no, n], read).await
}

fn read_sent(r: &mut Row) -> Result<Sent> {
    Ok(Sent {
        no: r.next()?,
        id: r.next()?,
        event_no: r.next()?,
        event_id: r.next()?,
        event_type: r.next()?,
        payload: r.next()?,
        is_replay: r.next()?,
        created_at: r.next()?,
        endpoint_id: r.next()?,
        url: r.next()?,
        event_types: json::words_from(&r.next::<String>()?, EventType::parse)?,
        is_deleted: r.next()?,
        owner_id: r.next()?,
    })
}
