//! The log of deliveries, as its readers see it. The queue itself is in [`crate::events`].

use std::cmp::Reverse;

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{DeliveryId, EndpointId, EventId};

use crate::endpoints::EndpointStatus;
use crate::merge::first_rows;
use crate::queue::owed_at;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// A line of the delivery log.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub no: i64,
    pub id: DeliveryId,
    pub event_id: EventId,
    pub event_type: EventType,
    pub endpoint_id: EndpointId,
    pub url: String,
    pub endpoint_deleted: bool,
    pub endpoint_status: EndpointStatus,
    /// The receiver asked to be left alone until then.
    pub quiet_until: Option<Timestamp>,
    /// See [`crate::endpoints::Health::breaker_until`].
    pub breaker_until: Option<Timestamp>,
    pub payload: Bytes,
    pub created_at: Timestamp,
    /// It stands in the queue: an attempt will be made.
    pub is_owed: bool,
    pub attempts: Vec<AttemptLine>,
}

/// An attempt as the log shows it.
#[derive(Clone, Debug)]
pub struct AttemptLine {
    pub n: i64,
    pub at: Timestamp,
    pub duration_us: i64,
    pub outcome: String,
    pub status_code: Option<i64>,
    pub error: Option<String>,
    pub request_headers: String,
    pub response_headers: Option<String>,
    pub response_body: Option<Bytes>,
    pub next_at: Option<Timestamp>,
    /// The number of the secret that signed first; `None` where nothing was sent.
    pub key_n: Option<i64>,
    /// See [`crate::attempts::Attempt::phases`].
    pub phases: Option<Bytes>,
}

macro_rules! line {
    () => {
        concat!("select d.no, d.id, e.id, e.type, p.id, p.url, p.deleted_at is not null, p.status, p.quiet_until,
            p.breaker_until, e.payload, d.created_at, ", owed_at!(), " is not null")
    };
}

macro_rules! standing {
    () => {
        concat!("select d.id, (select a.outcome from attempts a where a.delivery_no = d.no order by a.n desc limit 1), ",
            owed_at!(), " is not null")
    };
}

/// Those made with their events sort as these do, see [`EventId::delivery`], and so need no index of their
/// own: every event of every tenant would have to be written into one more place.
macro_rules! with_events {
    ($columns:expr) => {
        concat!($columns, " from {events} e join deliveries d on d.event_no = e.no
        join endpoints p on p.no = d.endpoint_no where e.partner_id = $1 and e.livemode = $2 and d.replay = false
        and e.id < $3 and ", narrowed!(), " order by e.id desc, d.id desc limit $10")
    };
}

/// Those made later, by a replay.
macro_rules! replayed {
    ($columns:expr) => {
        concat!($columns, " from deliveries d join events e on e.no = d.event_no
        join endpoints p on p.no = d.endpoint_no where d.partner_id = $1 and d.livemode = $2 and d.replay = true
        and ", narrowed!(), " order by d.id desc limit $10")
    };
}

macro_rules! narrowed {
    () => {
        "p.mailbox_id is null and d.id < $3 and (e.type = $4 or $4 is null) and (e.id = $5 or $5 is null)
        and (p.id = $6 or $6 is null) and (e.customer_id = $7 or $7 is null)
        and (d.created_at >= $8 or $8 is null) and (d.created_at < $9 or $9 is null)"
    };
}

statements! {
    LIST = with_events!(line!());
    LIST_REPLAYED = replayed!(line!());
    SCAN = with_events!(standing!());
    SCAN_REPLAYED = replayed!(standing!());
    GET = concat!(line!(), " from deliveries d join events e on e.no = d.event_no
        join endpoints p on p.no = d.endpoint_no where d.partner_id = $1 and d.livemode = $2 and p.mailbox_id is null
        and d.id = $3");
    ATTEMPTS = "select n, at, duration_us, outcome, status_code, error, request_headers, response_headers,
        response_body, next_at, key_n, phases from attempts where delivery_no = $1 order by n";
}

/// What the delivery log is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    pub event_type: Option<EventType>,
    pub event_id: Option<EventId>,
    pub endpoint_id: Option<EndpointId>,
    pub customer_id: Option<domain::id::CustomerId>,
    pub created: (Option<Timestamp>, Option<Timestamp>),
}

/// Deliveries older than `before`, newest first, each with its attempts.
pub async fn list(
    tx: &Tx,
    scope: &Scope,
    filter: &DeliveryFilter,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let row = narrowed(scope, filter, before, limit);
    let mut found = tx.all(LIST, row.clone(), delivery).await?;
    found.extend(tx.all(LIST_REPLAYED, row, delivery).await?);
    let mut deliveries = first_rows(found, limit, |d| Reverse(d.id));
    for delivery in &mut deliveries {
        delivery.attempts = tx.all(ATTEMPTS, args![delivery.no], attempt_line).await?;
    }
    Ok(deliveries)
}

/// Where a delivery stands, without its payload and attempts.
#[derive(Clone, Debug)]
pub struct Standing {
    pub id: DeliveryId,
    /// Of the last attempt, if there was one.
    pub outcome: Option<String>,
    pub is_owed: bool,
}

/// Where the deliveries of a list stand, in its order.
pub async fn scan(
    tx: &Tx,
    scope: &Scope,
    filter: &DeliveryFilter,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Standing>> {
    let read = |r: &mut Row| Ok(Standing { id: r.next()?, outcome: r.next()?, is_owed: r.next()? });
    let row = narrowed(scope, filter, before, limit);
    let mut found = tx.all(SCAN, row.clone(), read).await?;
    found.extend(tx.all(SCAN_REPLAYED, row, read).await?);
    Ok(first_rows(found, limit, |standing| Reverse(standing.id)))
}

/// One delivery with its attempts.
pub async fn find(tx: &Tx, scope: &Scope, id: DeliveryId) -> Result<Option<Delivery>> {
    let key = args![scope.partner_id(), scope.livemode(), id];
    let Some(mut delivery) = tx.opt(GET, key, delivery).await? else { return Ok(None) };
    delivery.attempts = tx.all(ATTEMPTS, args![delivery.no], attempt_line).await?;
    Ok(Some(delivery))
}

fn narrowed(
    scope: &Scope,
    filter: &DeliveryFilter,
    before: Option<DeliveryId>,
    limit: i64,
) -> Vec<crate::Value> {
    args![
        scope.partner_id(),
        scope.livemode(),
        before.unwrap_or(DeliveryId::MAX),
        filter.event_type,
        filter.event_id,
        filter.endpoint_id,
        filter.customer_id,
        filter.created.0,
        filter.created.1,
        limit
    ]
}

fn delivery(r: &mut Row) -> Result<Delivery> {
    Ok(Delivery {
        no: r.next()?,
        id: r.next()?,
        event_id: r.next()?,
        event_type: r.next()?,
        endpoint_id: r.next()?,
        url: r.next()?,
        endpoint_deleted: r.next()?,
        endpoint_status: EndpointStatus::parse(&r.next::<String>()?)
            .ok_or_else(|| crate::Error::Inconsistent("endpoint status".into()))?,
        quiet_until: r.next()?,
        breaker_until: r.next()?,
        payload: r.next()?,
        created_at: r.next()?,
        is_owed: r.next()?,
        attempts: Vec::new(),
    })
}

fn attempt_line(r: &mut Row) -> Result<AttemptLine> {
    Ok(AttemptLine {
        n: r.next()?,
        at: r.next()?,
        duration_us: r.next()?,
        outcome: r.next()?,
        status_code: r.next()?,
        error: r.next()?,
        request_headers: r.next()?,
        response_headers: r.next()?,
        response_body: r.next()?,
        next_at: r.next()?,
        key_n: r.next()?,
        phases: r.next()?,
    })
}
