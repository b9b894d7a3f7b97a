//! The queue of deliveries: what is owed to whom, and what a sender is given of it.
//!
//! A delivery is owed while its row is in `ready`, given up when it is in `dead`, otherwise told by its last attempt.
//! What came of an attempt is written in [`crate::attempts`]; those that go one after another are in
//! [`crate::order`].

use std::collections::HashMap;

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::trace::TraceParent;

use crate::leases::ShardSet;
use crate::{Result, Row, Tx, Wake, args, statements};

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
    /// Rows that are due, counted as far as was asked for.
    pub n_due: i64,
    /// The endpoint is neither disabled nor deleted.
    pub is_open: bool,
    /// It is set aside because it failed, and may be asked by one delivery now.
    pub is_probed: bool,
}

/// Parcels of one event that are handed over; what is owed to more endpoints is read when its turn comes.
const HANDED_OVER_MAX: usize = 32;
/// The longest payload that is handed over, in bytes.
const HANDED_OVER_BYTES_MAX: usize = 8 * 1024;

/// How far to count the rows of a lane to learn of any that a deliverer does not know: above what it can know.
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
    /// Another must be settled first, see [`crate::order`].
    pub waits: bool,
    /// Somebody asked for it to be sent again.
    pub is_replay: bool,
    /// The event that this one tells again.
    pub original_id: Option<EventId>,
    /// When its endpoint was last changed: what was read of it at another time is not what it wants now.
    pub settings_at: Timestamp,
    /// See [`crate::events::Target::is_test`].
    pub is_test: bool,
    /// See [`crate::events::Target::signer`].
    pub signer: Option<i64>,
    /// See [`crate::events::Event::trace`].
    pub trace: Option<TraceParent>,
}

/// The time at which a delivery `d` is owed, else null: a row stands at the time of the last attempt's retry, or of
/// the first attempt. The whole key is known, so that a long queue costs no more than a short one; and it is a
/// value, because `exists` could be answered from all of the queue, see `key_looked_for` in `engine/dialect.rs`.
macro_rules! owed_at {
    () => {
        "(select r.due_at from ready r where r.endpoint_no = d.endpoint_no and r.delivery_no = d.no and r.due_at =
        coalesce((select a.next_at from attempts a where a.delivery_no = d.no order by a.n desc limit 1), d.created_at))"
    };
}
pub(crate) use owed_at;

statements! {
    READY_INSERT = "insert into ready (endpoint_no, due_at, delivery_no, attempt, tries, slow_downs)
        select $1, $2, $3, $4, $5, $6 {each}";
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
        (select count(*) from (select 1 from ready where endpoint_no = lane.no and due_at <= $2 limit $5) as due)
        else 0 end, case when substr($4, 1 + cast(no % 256 as integer), 1) = '1' then
        coalesce((select case when e.status = 'enabled' then 2 when e.self_heal and e.probe_at <= $2 and
        e.status = 'disabled_failing' then 1 else 0 end from endpoints e where e.no = lane.no and e.deleted_at is null), 0)
        else 0 end from lane where no is not null order by no";
    READY_COUNT = "select count(*) from ready";
    READY_CLEAR = "delete from ready where endpoint_no = $1";
    /// The limit keeps the question a question for each row: joined with all of them, it could be answered
    /// by reading whole tables, which was the best way when they were empty.
    PARCELS = "select one.* from {rows} (select r.endpoint_no, r.due_at, r.delivery_no, r.attempt, r.tries,
        r.slow_downs, r.counts_at, d.id as delivery_id, coalesce(e.told_as, e.id) as event_id, e.type, e.payload,
        e.created_at, r.order_key is not null and exists (select 1 from ready b
        where b.endpoint_no = r.endpoint_no and b.order_key = r.order_key
        and (b.order_no, b.delivery_no) < (r.order_no, r.delivery_no)) as waits, d.replay, e.original_id,
        p.updated_at, d.is_test, d.signer, e.traceparent from ready r join endpoints p on p.no = r.endpoint_no
        join deliveries d on d.no = r.delivery_no join events e on e.no = d.event_no
        where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3
        and (p.status = 'enabled' or p.status = 'disabled_failing' and p.self_heal and p.probe_at <= $4)
        and p.deleted_at is null limit 1) as one";
}

/// Puts deliveries into the queue and tells the deliverer of this process.
pub async fn owe(tx: &Tx, owed: &[Owed]) -> Result<()> {
    put(tx, owed.iter()).await?;
    for o in owed {
        wake(tx, o, None);
    }
    Ok(())
}

/// Puts deliveries into the queue whose events are stored with them, and hands what is to be sent to the deliverer
/// of this process.
pub(crate) async fn hand_over(tx: &Tx, parcels: Vec<Parcel>) -> Result<()> {
    put(tx, parcels.iter().map(|parcel| &parcel.owed)).await?;
    for (n, parcel) in parcels.into_iter().enumerate() {
        let is_light = n < HANDED_OVER_MAX && parcel.payload.len() <= HANDED_OVER_BYTES_MAX;
        let owed = parcel.owed;
        wake(tx, &owed, is_light.then(|| Box::new(parcel)));
    }
    Ok(())
}

async fn put(tx: &Tx, owed: impl Iterator<Item = &Owed>) -> Result<()> {
    let row =
        |o: &Owed| args![o.endpoint_no, o.due_at, o.delivery_no, o.attempt, o.tries, o.slow_downs];
    tx.each(READY_INSERT, owed.map(row).collect()).await
}

pub(crate) fn wake(tx: &Tx, o: &Owed, parcel: Option<Box<Parcel>>) {
    let (endpoint, delivery, due) = (o.endpoint_no, o.delivery_no, o.due_at.micros());
    tx.wake(Wake::Delivery { endpoint, delivery, due, parcel });
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

/// Looks through at most `limit` endpoints after a number, and counts at most `count_max` due rows of each: of a
/// fresh backlog PostgreSQL reads every row that it counts, and not only the index.
pub async fn lanes(
    tx: &Tx,
    after: i64,
    now: Timestamp,
    limit: i64,
    shards: &ShardSet,
    count_max: i64,
) -> Result<Lanes> {
    let read = |r: &mut Row| {
        let (endpoint_no, first_due_at, is_ours) = (r.next()?, r.next()?, r.next::<bool>()?);
        let (n_due, door) = (r.next()?, r.next::<i64>()?);
        let (is_open, is_probed) = (door == 2, door == 1);
        Ok((is_ours, LaneHead { endpoint_no, first_due_at, n_due, is_open, is_probed }))
    };
    let found = tx.all(READY_LANES, args![after, now, limit, shards, count_max], read).await?;
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
