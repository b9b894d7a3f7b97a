//! Events and the queue of their deliveries.
//!
//! A delivery's state is where its row is: owed while in `ready`, given up when in `dead`, otherwise
//! told by its last attempt. Events, deliveries and attempts are only ever appended.

use std::collections::HashMap;

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{ActionId, CustomerId, DeliveryId, EmailMailboxId, EventId, MailId};
use domain::trace::TraceParent;

use crate::leases::{self, Claim, ShardSet};
use crate::order;
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
    /// Of the request that caused it.
    pub trace: Option<TraceParent>,
    pub payload: Bytes,
    pub created_at: Timestamp,
    /// The e-mail mailbox that it is about.
    pub mailbox_id: Option<EmailMailboxId>,
}

/// One owed delivery, as the queue holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub endpoint_no: i64,
    pub due_at: Timestamp,
    pub delivery_no: i64,
    /// Attempts made so far; it numbers them.
    pub attempt: i64,
    /// Attempts that counted on the ladder, and "slow down" answers that did not.
    pub tries: i64,
    pub slow_downs: i64,
    /// An attempt before this uses up none of them: it only asks whether the receiver is back.
    pub counts_at: Option<Timestamp>,
}

/// Where an owed delivery stands. Rows of one endpoint are taken in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub due_at: Timestamp,
    pub delivery_no: i64,
}

/// One endpoint to which something is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneHead {
    pub endpoint_no: i64,
    pub first_due_at: Timestamp,
    /// Rows that are due, counted up to [`LANE_COUNT_MAX`].
    pub n_due: i64,
    /// The endpoint is neither disabled nor deleted.
    pub is_open: bool,
    /// It is set aside because it failed, and may be asked by one delivery now.
    pub is_probed: bool,
}

/// How far the rows of a lane are counted: above what a deliverer can know of one lane.
pub const LANE_COUNT_MAX: i64 = 128;

/// What a sender needs to know of a delivery.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub owed: Owed,
    pub delivery_id: DeliveryId,
    pub event_id: EventId,
    pub kind: EventType,
    pub payload: Bytes,
    pub created_at: Timestamp,
    /// Another must be settled first, see [`order`].
    pub waits: bool,
    /// Somebody asked for it to be sent again.
    pub is_replay: bool,
    /// The event that this one tells again.
    pub original_id: Option<EventId>,
    /// When its endpoint was last changed: what was read of it at another time is not what it wants now.
    pub settings_at: Timestamp,
    /// See [`Target::is_test`].
    pub is_test: bool,
    /// See [`Target::signer`].
    pub signer: Option<i64>,
    /// See [`Event::trace`].
    pub trace: Option<TraceParent>,
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
    /// The number of the secret that signed first; `None` where nothing was sent.
    pub key_n: Option<i64>,
    /// How long its parts took, in the writing of `webhook::outcome::Phases`.
    pub phases: Option<Bytes>,
}

statements! {
    INSERT = "insert into events (no, id, operator_id, partner_id, livemode, type, customer_id, mail_id, action_id,
        sequence, request_id, payload, created_at, mailbox_id, traceparent, position)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, {xact or: coalesce((select max(e.position) + 1
        from events e where e.partner_id = $4 and e.livemode = $5 and e.position >= $13), $13)})";
    DELIVERY_INSERT = "insert into deliveries (no, id, event_no, endpoint_no, partner_id, livemode, created_at, is_test,
        signer) select $1, $2, $3, $4, $5, $6, $7, $8, $9 {each}";
    READY_INSERT = "insert into ready (endpoint_no, due_at, delivery_no, attempt, tries, slow_downs)
        select $1, $2, $3, $4, $5, $6 {each}";
    READY_DELETE = "delete from ready {each} where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    /// Moves a row. One that is gone (its endpoint was deleted meanwhile) is not made again.
    READY_MOVE = "update ready set due_at = $4, attempt = $5, tries = $6, slow_downs = $7, counts_at = $8 {each}
        where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    READY_PAGE = "select due_at, delivery_no from ready where endpoint_no = $1 order by due_at, delivery_no limit $2";
    /// A skip-scan: one step of the index for each endpoint, whatever its backlog. Those of other nodes'
    /// shards are only stepped over.
    READY_LANES = "with recursive lane (no, n) as (
        select (select min(endpoint_no) from ready where endpoint_no > $1), 1
        union all select (select min(endpoint_no) from ready where endpoint_no > lane.no), lane.n + 1 from lane
        where lane.no is not null and lane.n < $3)
        select no, (select min(due_at) from ready where endpoint_no = lane.no),
        substr($4, 1 + cast(no % 256 as integer), 1) = '1',
        case when substr($4, 1 + cast(no % 256 as integer), 1) = '1' then
        (select count(*) from (select 1 from ready where endpoint_no = lane.no and due_at <= $2 limit 128) as due)
        else 0 end, case when substr($4, 1 + cast(no % 256 as integer), 1) = '1' then
        coalesce((select case when e.status = 'enabled' then 2 when e.self_heal and e.probe_at <= $2 and
        e.status = 'disabled_failing' then 1 else 0 end from endpoints e where e.no = lane.no and e.deleted_at is null), 0)
        else 0 end from lane where no is not null order by no";
    READY_COUNT = "select count(*) from ready";
    READY_CLEAR = "delete from ready where endpoint_no = $1";
    DEAD_INSERT = "insert into dead (endpoint_no, at, delivery_no, reason) select $1, $4, $3, $5 {each}
        where exists (select 1 from ready r where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3)
        on conflict do nothing";
    /// The limit keeps the question a question for each row: joined with all of them, it could be answered
    /// by reading whole tables, which was the best way when they were empty.
    PARCELS = "select one.* from {rows} (select r.endpoint_no, r.due_at, r.delivery_no, r.attempt, r.tries,
        r.slow_downs, r.counts_at, d.id as delivery_id, e.id as event_id, e.type, e.payload, e.created_at,
        r.order_key is not null and exists (select 1 from ready b
        where b.endpoint_no = r.endpoint_no and b.order_key = r.order_key
        and (b.order_no, b.delivery_no) < (r.order_no, r.delivery_no)) as waits, d.replay, e.original_id,
        p.updated_at, d.is_test, d.signer, e.traceparent from ready r join endpoints p on p.no = r.endpoint_no
        join deliveries d on d.no = r.delivery_no join events e on e.no = d.event_no
        where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3
        and (p.status = 'enabled' or p.status = 'disabled_failing' and p.self_heal and p.probe_at <= $4)
        and p.deleted_at is null limit 1) as one";
    /// An attempt after which no other follows.
    LAST_ATTEMPT_INSERT = "insert into attempts (delivery_no, n, endpoint_no, at, duration_us, outcome, status_code,
        error, ip, request_headers, response_headers, response_body, key_n, phases)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 {each} where true on conflict do nothing";
    /// A retry whose row is gone was the last attempt: its endpoint was deleted while it was made.
    ATTEMPT_INSERT = "insert into attempts (delivery_no, n, endpoint_no, at, duration_us, outcome, status_code, error,
        ip, request_headers, response_headers, response_body, next_at, key_n, phases)
        select $1, $2, $3, $4, $5, case when $6 = 'retrying' and not exists (select 1 from ready r
        where r.endpoint_no = $3 and r.due_at = $15 and r.delivery_no = $1) then 'cancelled' else $6 end,
        $7, $8, $9, $10, $11, $12, case when exists (select 1 from ready r
        where r.endpoint_no = $3 and r.due_at = $15 and r.delivery_no = $1) then $15 end, $13, $14 {each} where true
        on conflict do nothing";
    OWED_NAME = "select d.id, e.id, e.type, exists (select 1 from attempts a where a.delivery_no = d.no
        and a.outcome = 'failed') from ready r join deliveries d on d.no = r.delivery_no
        join events e on e.no = d.event_no where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3
        and not d.is_test";
    SHED = "insert into dead (endpoint_no, at, delivery_no, reason) select $1, $2, $3, $4 {each}";
    LIST = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, traceparent, payload, created_at,
        mailbox_id from events
        where partner_id = $1 and livemode = $2 and mailbox_id is null and (id < $3 or $3 is null) and (type = $4 or $4 is null)
        and (customer_id = $5 or $5 is null) and (created_at >= $6 or $6 is null)
        and (created_at < $7 or $7 is null) order by id desc limit $8";
    GET = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, traceparent, payload, created_at,
        mailbox_id from events
        where partner_id = $1 and livemode = $2 and mailbox_id is null and id = $3";
}

/// To whom an event is owed. The n-th one's delivery is called [`EventId::delivery`]`(n)`.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub endpoint_no: i64,
    pub delivery_no: i64,
    /// It waits for all before it that have the same; see [`order`].
    pub order_key: Option<i64>,
    /// It is sent to try the receiver: signed and logged like any other, but no evidence of how the endpoint fares.
    pub is_test: bool,
    /// The number of the one secret that signs it, for as long as it is live; else all live ones do.
    pub signer: Option<i64>,
}

/// Stores an event and owes it to every endpoint in `targets`, due at once.
pub async fn publish(tx: &Tx, scope: &Scope, event: &Event, targets: &[Target]) -> Result<()> {
    store(tx, scope, event, targets).await?;
    let owed = |t: &Target| Owed {
        endpoint_no: t.endpoint_no,
        due_at: event.created_at,
        delivery_no: t.delivery_no,
        attempt: 0,
        tries: 0,
        slow_downs: 0,
        counts_at: None,
    };
    let free = targets.iter().filter(|t| t.order_key.is_none()).map(owed);
    owe(tx, &free.collect::<Vec<_>>()).await?;
    let in_order = targets.iter().filter_map(|t| Some((owed(t), t.order_key?)));
    order::owe(tx, &in_order.collect::<Vec<_>>()).await
}

/// Stores an event whose deliveries are given up at once, with the reason. A recovery owes them again.
pub async fn shed(
    tx: &Tx,
    scope: &Scope,
    event: &Event,
    targets: &[Target],
    reason: &str,
) -> Result<()> {
    store(tx, scope, event, targets).await?;
    let dead = |t: &Target| args![t.endpoint_no, event.created_at, t.delivery_no, reason];
    tx.each(SHED, targets.iter().map(dead).collect()).await
}

/// Stores an event and what its deliveries are called.
async fn store(tx: &Tx, scope: &Scope, event: &Event, targets: &[Target]) -> Result<()> {
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
        event.created_at,
        event.mailbox_id,
        event.trace
    ];
    tx.post(INSERT, row).await?;
    tx.tell_streams();
    let delivery = |(n, t): (usize, &Target)| {
        let (partner, livemode) = (scope.partner_id(), scope.livemode());
        let (no, id, endpoint_no) = (t.delivery_no, event.id.delivery(n), t.endpoint_no);
        let made_at = event.created_at;
        args![no, id, event.no, endpoint_no, partner, livemode, made_at, t.is_test, t.signer]
    };
    tx.each(DELIVERY_INSERT, targets.iter().enumerate().map(delivery).collect()).await
}

/// Puts deliveries into the queue and tells the deliverer of this process.
pub async fn owe(tx: &Tx, owed: &[Owed]) -> Result<()> {
    let row =
        |o: &Owed| args![o.endpoint_no, o.due_at, o.delivery_no, o.attempt, o.tries, o.slow_downs];
    tx.each(READY_INSERT, owed.iter().map(row).collect()).await?;
    for o in owed {
        wake(tx, o);
    }
    Ok(())
}

pub(crate) fn wake(tx: &Tx, o: &Owed) {
    tx.wake(Wake::Delivery {
        endpoint: o.endpoint_no,
        delivery: o.delivery_no,
        due: o.due_at.micros(),
    });
}

/// Writes what came of attempts: each delivery leaves the queue, or moves to a later place in it, or
/// is dead; its attempt is written in the same transaction.
///
/// The row that an attempt was made for is the right to decide about its delivery. Where it is gone,
/// because the endpoint was deleted or another node took over, only the attempt is noted. For the
/// same reason a batch may be written twice.
///
/// What was sent in an epoch that has passed changes nothing, because another node owns the endpoint and
/// sends by itself. Answers the shards where that was so.
pub async fn settle(tx: &Tx, settled: &[Settled]) -> Result<ShardSet> {
    let stale = leases::stale(tx, settled.iter().map(Settled::claim)).await?;
    let settled: Vec<&Settled> = settled.iter().filter(|s| !stale.contains(&s.claim())).collect();
    let key = |o: &Owed| args![o.endpoint_no, o.due_at, o.delivery_no];
    let (again, gone): (Vec<&Settled>, Vec<&Settled>) =
        settled.iter().copied().partition(|s| s.again.is_some());
    let moved = again.iter().filter_map(|s| {
        let to = s.again?;
        let place = args![to.due_at, to.attempt, to.tries, to.slow_downs, to.counts_at];
        Some([key(&s.owed), place].concat())
    });
    tx.each(READY_MOVE, moved.collect()).await?;
    let dead = gone.iter().filter(|s| s.attempt.outcome == "failed").map(|s| {
        let reason = s.attempt.error.as_deref().unwrap_or("refused");
        [key(&s.owed), args![s.attempt.at, reason]].concat()
    });
    tx.each(DEAD_INSERT, dead.collect()).await?;
    tx.each(READY_DELETE, gone.iter().map(|s| key(&s.owed)).collect()).await?;
    let (last, retried): (Vec<&Attempt>, Vec<&Attempt>) =
        settled.iter().map(|s| &s.attempt).partition(|attempt| attempt.next_at.is_none());
    tx.each(LAST_ATTEMPT_INSERT, last.into_iter().map(attempt_row).collect()).await?;
    let with_next = |a: &Attempt| [attempt_row(a), args![a.next_at]].concat();
    tx.each(ATTEMPT_INSERT, retried.into_iter().map(with_next).collect()).await?;
    Ok(stale.iter().map(|claim| claim.shard).collect())
}

/// What is said of a delivery outside the queue.
#[derive(Clone, Copy, Debug)]
pub struct OwedName {
    pub delivery_id: DeliveryId,
    pub event_id: EventId,
    pub kind: EventType,
    /// It was given up before.
    pub was_dead: bool,
}

/// What an owed delivery is called; `None` when its row is gone, or it only tries the receiver.
pub async fn owed_name(tx: &Tx, owed: &Owed) -> Result<Option<OwedName>> {
    let read = |r: &mut Row| {
        let (delivery_id, event_id, kind) = (r.next()?, r.next()?, r.next()?);
        Ok(OwedName { delivery_id, event_id, kind, was_dead: r.next()? })
    };
    tx.opt(OWED_NAME, args![owed.endpoint_no, owed.due_at, owed.delivery_no], read).await
}

/// An attempt that ended, and the queue row that it was made for.
#[derive(Clone, Debug)]
pub struct Settled {
    pub owed: Owed,
    pub attempt: Attempt,
    /// Where the row stands from now on; `None` takes it out of the queue.
    pub again: Option<Owed>,
    /// The epoch in which it was sent.
    pub epoch: i64,
}

impl Settled {
    fn claim(&self) -> Claim {
        Claim { shard: leases::shard_of(self.owed.endpoint_no), epoch: self.epoch }
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
        a.key_n,
        a.phases
    ]
}

/// The first places in the queue of one endpoint, due or not.
pub async fn page(tx: &Tx, endpoint_no: i64, limit: i64) -> Result<Vec<Place>> {
    let read = |r: &mut Row| Ok(Place { due_at: r.next()?, delivery_no: r.next()? });
    tx.all(READY_PAGE, args![endpoint_no, limit], read).await
}

/// Endpoints of some shards to which something is owed.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    pub heads: Vec<LaneHead>,
    /// The number after which to look on, when the limit was reached.
    pub next: Option<i64>,
}

/// Looks through at most `limit` endpoints after a number.
pub async fn lanes(
    tx: &Tx,
    after: i64,
    now: Timestamp,
    limit: i64,
    shards: &ShardSet,
) -> Result<Lanes> {
    let read = |r: &mut Row| {
        let (endpoint_no, first_due_at, is_ours) = (r.next()?, r.next()?, r.next::<bool>()?);
        let (n_due, door) = (r.next()?, r.next::<i64>()?);
        let (is_open, is_probed) = (door == 2, door == 1);
        Ok((is_ours, LaneHead { endpoint_no, first_due_at, n_due, is_open, is_probed }))
    };
    let found = tx.all(READY_LANES, args![after, now, limit, shards], read).await?;
    let is_full = i64::try_from(found.len()).is_ok_and(|n| n >= limit);
    let next = found.last().filter(|_| is_full).map(|(_, head)| head.endpoint_no);
    let heads = found.into_iter().filter(|(is_ours, _)| *is_ours).map(|(_, head)| head).collect();
    Ok(Lanes { heads, next })
}

/// Deliveries that are owed, over all endpoints.
pub async fn owed_count(tx: &Tx) -> Result<i64> {
    tx.one(READY_COUNT, args![], Row::next).await
}

/// Gives up everything owed to an endpoint that was deleted.
pub async fn cancel_all(tx: &Tx, endpoint_no: i64) -> Result<u64> {
    tx.exec(READY_CLEAR, args![endpoint_no]).await
}

/// What to send for places in the queues of endpoints, in their order; `None` when nothing stands there
/// any more, or the endpoint takes nothing now.
pub async fn parcels(
    tx: &Tx,
    places: &[(i64, Place)],
    now: Timestamp,
) -> Result<Vec<Option<Parcel>>> {
    let read = |r: &mut Row| {
        Ok(Parcel {
            owed: owed(r)?,
            delivery_id: r.next()?,
            event_id: r.next()?,
            kind: r.next()?,
            payload: r.next()?,
            created_at: r.next()?,
            waits: r.next()?,
            is_replay: r.next()?,
            original_id: r.next()?,
            settings_at: r.next()?,
            is_test: r.next()?,
            signer: r.next()?,
            trace: r.next()?,
        })
    };
    let row = |(no, place): &(i64, Place)| args![*no, place.due_at, place.delivery_no, now];
    let found = tx.all_each(PARCELS, places.iter().map(row).collect(), read).await?;
    let mut found: HashMap<i64, Parcel> =
        found.into_iter().map(|parcel| (parcel.owed.delivery_no, parcel)).collect();
    Ok(places.iter().map(|(_, place)| found.remove(&place.delivery_no)).collect())
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
        tries: r.next()?,
        slow_downs: r.next()?,
        counts_at: r.next()?,
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
        trace: r.next()?,
        payload: r.next()?,
        created_at: r.next()?,
        mailbox_id: r.next()?,
    })
}
