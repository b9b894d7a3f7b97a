//! Events and the queue of their deliveries.
//!
//! A delivery's state is where its row is: owed while in `ready`, given up when in `dead`, otherwise
//! told by its last attempt. Events, deliveries and attempts are only ever appended.

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{ActionId, CustomerId, DeliveryId, EventId, MailId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, Wake, args, statements};

/// An event as it is stored: `payload` is the exact body that every delivery sends.
#[derive(Clone, Debug)]
pub struct Event {
    pub no: i64,
    pub id: EventId,
    pub kind: EventType,
    pub customer_id: Option<CustomerId>,
    pub mail_id: Option<MailId>,
    pub action_id: Option<ActionId>,
    pub sequence: i64,
    pub request_id: Option<String>,
    pub payload: Bytes,
    pub created_at: Timestamp,
}

/// One owed delivery, as the queue holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub endpoint_no: i64,
    pub due_at: Timestamp,
    pub delivery_no: i64,
    /// Attempts made so far.
    pub attempt: i64,
}

/// What a sender needs to know of a delivery.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub delivery_no: i64,
    pub delivery_id: DeliveryId,
    pub event_id: EventId,
    pub kind: EventType,
    pub payload: Bytes,
    pub created_at: Timestamp,
}

/// One try, with what was sent and heard.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery_no: i64,
    pub n: i64,
    pub endpoint_no: i64,
    pub at: Timestamp,
    pub duration_us: i64,
    /// `succeeded`, `retrying`, `failed`, `cancelled`.
    pub outcome: &'static str,
    pub status_code: Option<i64>,
    pub error: Option<String>,
    pub ip: Option<String>,
    pub request_headers: String,
    pub response_headers: Option<String>,
    pub response_body: Option<Bytes>,
    pub next_at: Option<Timestamp>,
}

statements! {
    INSERT = "insert into events (no, id, operator_id, partner_id, livemode, type, customer_id, mail_id, action_id,
        sequence, request_id, payload, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    DELIVERY_INSERT = "insert into deliveries (no, id, event_no, endpoint_no, partner_id, livemode, created_at)
        select $1, $2, $3, $4, $5, $6, $7 {each}";
    READY_INSERT = "insert into ready (endpoint_no, due_at, delivery_no, attempt) select $1, $2, $3, $4 {each}";
    READY_DELETE = "delete from ready {each} where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    READY_PAGE = "select endpoint_no, due_at, delivery_no, attempt from ready
        where endpoint_no = $1 and due_at <= $2 order by due_at, delivery_no limit $3";
    READY_NEXT = "select endpoint_no, due_at, delivery_no, attempt from ready
        where endpoint_no = $1 order by due_at, delivery_no limit 1";
    READY_AFTER = "select endpoint_no, due_at, delivery_no, attempt from ready
        where endpoint_no > $1 order by endpoint_no, due_at, delivery_no limit 1";
    READY_COUNT = "select count(*) from ready";
    READY_CLEAR = "delete from ready where endpoint_no = $1";
    DEAD_INSERT = "insert into dead (endpoint_no, at, delivery_no, reason) select $1, $2, $3, $4 {each}";
    PARCEL = "select d.no, d.id, e.id, e.type, e.payload, e.created_at from deliveries d
        join events e on e.no = d.event_no where d.no = $1";
    ATTEMPT_INSERT = "insert into attempts (delivery_no, n, endpoint_no, at, duration_us, outcome, status_code, error,
        ip, request_headers, response_headers, response_body, next_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 {each}";
    LIST = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, payload, created_at from events
        where partner_id = $1 and livemode = $2 and (id < $3 or $3 is null) and (type = $4 or $4 is null)
        and (customer_id = $5 or $5 is null) and (created_at >= $6 or $6 is null)
        and (created_at < $7 or $7 is null) order by id desc limit $8";
    GET = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, payload, created_at from events
        where partner_id = $1 and livemode = $2 and id = $3";
}

/// Stores an event and owes it to every endpoint in `targets`, due at once.
///
/// `deliveries` holds for each target its endpoint number, delivery number and delivery id.
pub async fn publish(
    tx: &Tx,
    scope: &Scope,
    event: &Event,
    targets: &[(i64, i64, DeliveryId)],
) -> Result<()> {
    let row = args![
        event.no,
        event.id,
        scope.operator_id(),
        scope.partner_id(),
        scope.livemode(),
        event.kind,
        event.customer_id,
        event.mail_id,
        event.action_id,
        event.sequence,
        event.request_id,
        event.payload,
        event.created_at
    ];
    tx.post(INSERT, row).await?;
    let delivery = |(endpoint, no, id): &(i64, i64, DeliveryId)| {
        let (partner, livemode) = (scope.partner_id(), scope.livemode());
        args![*no, id, event.no, *endpoint, partner, livemode, event.created_at]
    };
    tx.each(DELIVERY_INSERT, targets.iter().map(delivery).collect()).await?;
    let owed = targets.iter().map(|(endpoint, no, _)| Owed {
        endpoint_no: *endpoint,
        due_at: event.created_at,
        delivery_no: *no,
        attempt: 0,
    });
    owe(tx, &owed.collect::<Vec<_>>()).await
}

/// Puts deliveries into the queue and tells the deliverer of this process.
pub async fn owe(tx: &Tx, owed: &[Owed]) -> Result<()> {
    let row = |o: &Owed| args![o.endpoint_no, o.due_at, o.delivery_no, o.attempt];
    tx.each(READY_INSERT, owed.iter().map(row).collect()).await?;
    for o in owed {
        tx.wake(Wake::Delivery {
            endpoint: o.endpoint_no,
            delivery: o.delivery_no,
            due: o.due_at.micros(),
        });
    }
    Ok(())
}

/// What came of attempts: each leaves the queue, or stands in it again at a later time, or is dead;
/// its attempt is written in the same transaction.
pub async fn settle(tx: &Tx, settled: &[Settled]) -> Result<()> {
    let gone = |s: &Settled| args![s.owed.endpoint_no, s.owed.due_at, s.owed.delivery_no];
    tx.each(READY_DELETE, settled.iter().map(gone).collect()).await?;
    tx.each(ATTEMPT_INSERT, settled.iter().map(|s| attempt_row(&s.attempt)).collect()).await?;
    let again: Vec<Owed> = settled.iter().filter_map(Settled::owed_again).collect();
    owe(tx, &again).await?;
    let dead = settled.iter().filter(|s| s.attempt.outcome == "failed").map(|s| {
        let reason = s.attempt.error.clone().unwrap_or_else(|| "tries are spent".to_owned());
        args![s.owed.endpoint_no, s.attempt.at, s.owed.delivery_no, reason]
    });
    tx.each(DEAD_INSERT, dead.collect()).await
}

/// An attempt that ended, and the queue row that it was made for.
#[derive(Clone, Debug)]
pub struct Settled {
    pub owed: Owed,
    pub attempt: Attempt,
}

impl Settled {
    fn owed_again(&self) -> Option<Owed> {
        let due_at = self.attempt.next_at?;
        Some(Owed { due_at, attempt: self.attempt.n, ..self.owed })
    }
}

fn attempt_row(a: &Attempt) -> Vec<crate::Value> {
    args![
        a.delivery_no,
        a.n,
        a.endpoint_no,
        a.at,
        a.duration_us,
        a.outcome,
        a.status_code,
        a.error,
        a.ip,
        a.request_headers,
        a.response_headers,
        a.response_body,
        a.next_at
    ]
}

/// Due deliveries of one endpoint, oldest first.
pub async fn due(tx: &Tx, endpoint_no: i64, now: Timestamp, limit: i64) -> Result<Vec<Owed>> {
    tx.all(READY_PAGE, args![endpoint_no, now, limit], owed).await
}

/// The next delivery of one endpoint, due or not.
pub async fn next(tx: &Tx, endpoint_no: i64) -> Result<Option<Owed>> {
    tx.opt(READY_NEXT, args![endpoint_no], owed).await
}

/// The head of the queue of the first endpoint after a number: a step of a skip-scan over all.
pub async fn head_after(tx: &Tx, endpoint_no: i64) -> Result<Option<Owed>> {
    tx.opt(READY_AFTER, args![endpoint_no], owed).await
}

/// Deliveries that are owed, over all endpoints.
pub async fn owed_count(tx: &Tx) -> Result<i64> {
    tx.one(READY_COUNT, args![], Row::next).await
}

/// Gives up everything owed to an endpoint that was deleted.
pub async fn cancel_all(tx: &Tx, endpoint_no: i64) -> Result<u64> {
    tx.exec(READY_CLEAR, args![endpoint_no]).await
}

/// What to send for a delivery.
pub async fn parcel(tx: &Tx, delivery_no: i64) -> Result<Option<Parcel>> {
    let read = |r: &mut Row| {
        Ok(Parcel {
            delivery_no: r.next()?,
            delivery_id: r.next()?,
            event_id: r.next()?,
            kind: r.next()?,
            payload: r.next()?,
            created_at: r.next()?,
        })
    };
    tx.opt(PARCEL, args![delivery_no], read).await
}

/// What a list of events is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub kind: Option<EventType>,
    pub customer_id: Option<CustomerId>,
    pub created: (Option<Timestamp>, Option<Timestamp>),
}

/// Events older than `before`, newest first.
pub async fn list(
    tx: &Tx,
    scope: &Scope,
    filter: &EventFilter,
    before: Option<EventId>,
    limit: i64,
) -> Result<Vec<Event>> {
    let row = args![
        scope.partner_id(),
        scope.livemode(),
        before,
        filter.kind,
        filter.customer_id,
        filter.created.0,
        filter.created.1,
        limit
    ];
    tx.all(LIST, row, event).await
}

pub async fn find(tx: &Tx, scope: &Scope, id: EventId) -> Result<Option<Event>> {
    tx.opt(GET, args![scope.partner_id(), scope.livemode(), id], event).await
}

fn owed(r: &mut Row) -> Result<Owed> {
    Ok(Owed {
        endpoint_no: r.next()?,
        due_at: r.next()?,
        delivery_no: r.next()?,
        attempt: r.next()?,
    })
}

fn event(r: &mut Row) -> Result<Event> {
    Ok(Event {
        no: r.next()?,
        id: r.next()?,
        kind: r.next()?,
        customer_id: r.next()?,
        mail_id: r.next()?,
        action_id: r.next()?,
        sequence: r.next()?,
        request_id: r.next()?,
        payload: r.next()?,
        created_at: r.next()?,
    })
}
