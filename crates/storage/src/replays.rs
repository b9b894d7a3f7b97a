//! What a person asks of deliveries: one retried now, an event sent again.
//!
//! The queue's own rules are in [`crate::queue`]: a delivery is owed while its row is in `ready`, and
//! that row is the right to decide about it. A row that is due may be on its way, and nobody but its
//! sender can tell, so nothing here touches one. Recovering many is in [`crate::recoveries`].

use bytes::Bytes;
use domain::Timestamp;
use domain::id::{CustomerId, DeliveryId, EndpointId, EventId};
use domain::trace::TraceParent;

use crate::queue::owed_at;
use crate::stream::position_at;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, Wake, args, order, statements};

/// Where one delivery stands.
#[derive(Clone, Debug)]
pub struct Standing {
    pub no: i64,
    pub endpoint_no: i64,
    pub created_at: Timestamp,
    /// Where its row stands in the queue, while it is owed.
    pub due_at: Option<Timestamp>,
    /// When it was given up, if it was.
    pub dead_at: Option<Timestamp>,
    /// Attempts made so far.
    pub attempts: i64,
    /// How the last attempt ended, if there was one.
    pub outcome: Option<String>,
    /// Whom its event is about.
    pub customer_id: Option<CustomerId>,
}

statements! {
    ENDPOINT_OF = "select p.id from deliveries d join endpoints p on p.no = d.endpoint_no
        where d.partner_id = $1 and d.livemode = $2 and d.id = $3";
    STANDING = concat!("select d.no, d.endpoint_no, d.created_at, ", owed_at!(), ",
        (select min(k.at) from dead k where k.delivery_no = d.no),
        (select coalesce(max(a.n), 0) from attempts a where a.delivery_no = d.no),
        (select a.outcome from attempts a where a.delivery_no = d.no order by a.n desc limit 1),
        (select e.customer_id from events e where e.no = d.event_no)
        from deliveries d where d.partner_id = $1 and d.livemode = $2 and d.id = $3");
    READY_ADVANCE = "update ready set due_at = $4, counts_at = null
        where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    /// Keeps what the log derives true: a row stands at its last attempt's time.
    LAST_NEXT = "update attempts set next_at = $2 where delivery_no = $1
        and n = (select max(a.n) from attempts a where a.delivery_no = $1)";
    DEAD_TAKE = "delete from dead where endpoint_no = $1 and at = $2 and delivery_no = $3";
    PAIR_OWED = concat!("select count(*) from deliveries d where d.event_no = $1 and d.endpoint_no = $2
        and ", owed_at!(), " is not null");
    HOLD = "select no from events where no = $1 {share}";
    REPLAY_INSERT = "insert into deliveries (no, id, event_no, endpoint_no, partner_id, livemode, created_at, is_test,
        replay) values ($1, $2, $3, $4, $5, $6, $7, $8, true)";
    IS_TEST = "select exists (select 1 from deliveries where event_no = $1 and is_test)";
    REISSUE_INSERT = concat!("insert into events (no, id, operator_id, partner_id, livemode, type, customer_id, mail_id,
        action_id, sequence, request_id, payload, created_at, traceparent, original_id,
        position)
        select $2, $3, operator_id, partner_id, livemode, type, customer_id, mail_id, action_id, sequence, $4, $5, $6, $7,
        id, ", position_at!("$6"), " from events where no = $1");
}

/// The endpoint that a delivery goes to, also one that was deleted.
pub async fn endpoint_of(tx: &Tx, scope: &Scope, id: DeliveryId) -> Result<Option<EndpointId>> {
    tx.opt(ENDPOINT_OF, args![scope.partner_id(), scope.livemode(), id], Row::next).await
}

pub async fn standing(tx: &Tx, scope: &Scope, id: DeliveryId) -> Result<Option<Standing>> {
    let read = |r: &mut Row| {
        Ok(Standing {
            no: r.next()?,
            endpoint_no: r.next()?,
            created_at: r.next()?,
            due_at: r.next()?,
            dead_at: r.next()?,
            attempts: r.next()?,
            outcome: r.next()?,
            customer_id: r.next()?,
        })
    };
    tx.opt(STANDING, args![scope.partner_id(), scope.livemode(), id], read).await
}

/// Moves an owed delivery to an earlier place, where it counts as a try; false when its row has moved meanwhile.
pub async fn advance(tx: &Tx, s: &Standing, from: Timestamp, to: Timestamp) -> Result<bool> {
    if tx.exec(READY_ADVANCE, args![s.endpoint_no, from, s.no, to]).await? != 1 {
        return Ok(false);
    }
    tx.post(LAST_NEXT, args![s.no, to]).await?;
    let (endpoint, delivery, due) = (s.endpoint_no, s.no, to.micros());
    tx.wake(Wake::Delivery { endpoint, delivery, due, parcel: None });
    Ok(true)
}

/// Takes a delivery out of those given up, so that it can be owed again; false when somebody else did.
pub async fn take_dead(
    tx: &Tx,
    s: &Standing,
    dead_at: Timestamp,
    due_at: Timestamp,
) -> Result<bool> {
    if tx.exec(DEAD_TAKE, args![s.endpoint_no, dead_at, s.no]).await? != 1 {
        return Ok(false);
    }
    tx.post(LAST_NEXT, args![s.no, due_at]).await?;
    Ok(true)
}

/// True while a delivery of this event to this endpoint is owed.
pub async fn is_owed(tx: &Tx, event_no: i64, endpoint_no: i64) -> Result<bool> {
    let n: i64 = tx.one(PAIR_OWED, args![event_no, endpoint_no], Row::next).await?;
    Ok(n > 0)
}

/// True when an event was made to try a receiver.
pub async fn is_test(tx: &Tx, event_no: i64) -> Result<bool> {
    tx.one(IS_TEST, args![event_no], Row::next).await
}

/// Keeps an event from being expunged until the unit has ended; false when it is gone already.
pub async fn hold(tx: &Tx, event_no: i64) -> Result<bool> {
    Ok(tx.opt(HOLD, args![event_no], Row::next::<i64>).await?.is_some())
}

/// A delivery that a replay makes.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    pub no: i64,
    pub id: DeliveryId,
    pub endpoint_no: i64,
    /// It waits for all before it that have the same.
    pub order_key: Option<i64>,
    /// See [`crate::events::Target::is_test`].
    pub is_test: bool,
}

/// Stores deliveries of an event that was sent before, due at once.
pub async fn insert(
    tx: &Tx,
    scope: &Scope,
    event_no: i64,
    replays: &[Replay],
    now: Timestamp,
) -> Result<()> {
    for r in replays {
        let (partner, livemode) = (scope.partner_id(), scope.livemode());
        let row = args![r.no, r.id, event_no, r.endpoint_no, partner, livemode, now, r.is_test];
        tx.post(REPLAY_INSERT, row).await?;
    }
    let owed = |r: &Replay| crate::queue::Owed {
        endpoint_no: r.endpoint_no,
        due_at: now,
        delivery_no: r.no,
        attempt: 0,
        tries: 0,
        slow_downs: 0,
        counts_at: None,
    };
    let owed: Vec<_> = replays.iter().map(|r| (owed(r), r.order_key)).collect();
    order::owe_again(tx, &owed).await
}

/// An event told again under a new id.
#[derive(Clone, Debug)]
pub struct Reissue {
    pub no: i64,
    pub id: EventId,
    pub payload: Bytes,
    pub request_id: Option<String>,
    pub trace: Option<TraceParent>,
    pub at: Timestamp,
}

/// Stores a copy of the event numbered `original_no`, which it names.
pub async fn reissue(tx: &Tx, original_no: i64, new: &Reissue) -> Result<()> {
    let row = args![original_no, new.no, new.id, new.request_id, new.payload, new.at, new.trace];
    tx.post(REISSUE_INSERT, row).await?;
    tx.tell_streams();
    Ok(())
}
