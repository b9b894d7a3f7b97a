//! Events taken out before their time, with all that was sent and heard about them.
//!
//! What is old leaves by itself, in [`crate::retention`]. Here what is still owed leaves too, in the same
//! transaction, so that nothing is half gone. Receipts say what left, by ids and hashes.

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{CustomerId, DeliveryId, EventId, PartnerId, ReceiptId};

use crate::queue::Place;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// An event that is about to leave.
#[derive(Clone, Debug)]
pub struct Leaving {
    pub no: i64,
    pub id: EventId,
    pub kind: EventType,
    pub payload: Bytes,
    pub created_at: Timestamp,
}

/// One of its deliveries.
#[derive(Clone, Copy, Debug)]
pub struct LeavingDelivery {
    pub no: i64,
    pub id: DeliveryId,
    pub endpoint_no: i64,
    /// Where its row stands in the queue, while it is owed.
    due_at: Timestamp,
}

/// What was taken out, as it was signed.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub id: ReceiptId,
    pub created_at: Timestamp,
    pub document: String,
    pub proof: Bytes,
}

statements! {
    /// Whoever retries, resumes or recovers holds an endpoint while deciding.
    LOCK_ENDPOINTS = "select no from endpoints where partner_id = $1 and livemode = $2 order by no {lock}";
    /// Re-issues are younger than what they tell again.
    OF_EVENT = "select id from {events} where partner_id = $1 and livemode = $2 and id >= $3
        and (id = $3 or original_id = $3) order by id limit $4";
    OF_CUSTOMER = "select id from {events} where partner_id = $1 and livemode = $2 and id > $3
        and (customer_id = $4 or $4 is null) and (created_at < $5 or $5 is null) order by id limit $6";
    LOCK = "select no, id, type, payload, created_at from events
        where partner_id = $1 and livemode = $2 and id = $3 {lock}";
    DELIVERIES = "select d.no, d.id, d.endpoint_no,
        coalesce((select a.next_at from attempts a where a.delivery_no = d.no order by a.n desc limit 1), d.created_at)
        from deliveries d where d.event_no = $1 order by d.no";
    READY_DELETE = "delete from ready where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    READY_SEARCH = "delete from ready where endpoint_no = $1 and delivery_no = $2";
    IS_OWED = "select count(*) from ready where endpoint_no = $1 and delivery_no = $2";
    DEAD_DELETE = "delete from dead {each} where delivery_no = $1";
    ATTEMPT_DELETE = "delete from attempts {each} where delivery_no = $1";
    DELIVERY_DELETE = "delete from deliveries {each} where no = $1";
    EVENT_DELETE = "delete from events {each} where no = $1";
    NOTE = "insert into expunged (delivery_no, at) select $1, $2 {each} where true on conflict do nothing";
    NOTED = "select delivery_no from expunged where at < $1 order by delivery_no limit $2";
    NOTE_DELETE = "delete from expunged {each} where delivery_no = $1";
    RECEIPT_INSERT = "insert into expunge_receipts (id, partner_id, livemode, created_at, document, proof)
        values ($1, $2, $3, $4, $5, $6)";
    RECEIPT_GET = "select id, created_at, document, proof from expunge_receipts
        where partner_id = $1 and livemode = $2 and id = $3";
    RECEIPTS = "select id, created_at, document, proof from expunge_receipts
        where partner_id = $1 and livemode = $2 order by id desc limit $3";
}

/// An event and what was re-issued of it.
pub async fn of_event(tx: &Tx, scope: &Scope, id: EventId, limit: i64) -> Result<Vec<EventId>> {
    tx.all(OF_EVENT, args![scope.partner_id(), scope.livemode(), id, limit], Row::next).await
}

/// Events after an id, oldest first: of a customer, or of all.
pub async fn of_customer(
    tx: &Tx,
    scope: &Scope,
    customer: Option<CustomerId>,
    before: Option<Timestamp>,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<EventId>> {
    let row = args![
        scope.partner_id(),
        scope.livemode(),
        after.unwrap_or(EventId::MIN),
        customer,
        before,
        limit
    ];
    tx.all(OF_CUSTOMER, row, Row::next).await
}

/// Keeps a tenant's endpoints from being sent more of what is about to leave.
pub async fn lock_endpoints(tx: &Tx, scope: &Scope) -> Result<()> {
    let row = args![scope.partner_id(), scope.livemode()];
    tx.all(LOCK_ENDPOINTS, row, |_| Ok(())).await.map(drop)
}

pub async fn find_locked(tx: &Tx, scope: &Scope, id: EventId) -> Result<Option<Leaving>> {
    let read = |r: &mut Row| {
        Ok(Leaving {
            no: r.next()?,
            id: r.next()?,
            kind: r.next()?,
            payload: r.next()?,
            created_at: r.next()?,
        })
    };
    tx.opt(LOCK, args![scope.partner_id(), scope.livemode(), id], read).await
}

pub async fn deliveries(tx: &Tx, event_no: i64) -> Result<Vec<LeavingDelivery>> {
    let read = |r: &mut Row| {
        let (no, id, endpoint_no) = (r.next()?, r.next()?, r.next()?);
        Ok(LeavingDelivery { no, id, endpoint_no, due_at: r.next()? })
    };
    tx.all(DELIVERIES, args![event_no], read).await
}

/// Takes an event out with its deliveries. Counts those that were owed.
pub async fn delete(
    tx: &Tx,
    event_no: i64,
    deliveries: &[LeavingDelivery],
    at: Timestamp,
) -> Result<u64> {
    let mut owed = 0;
    for d in deliveries {
        let place = Place { due_at: d.due_at, delivery_no: d.no };
        owed += cancel(tx, d.endpoint_no, place).await?;
    }
    let rows: Vec<_> = deliveries.iter().map(|d| args![d.no]).collect();
    tx.each(DEAD_DELETE, rows.clone()).await?;
    tx.each(ATTEMPT_DELETE, rows.clone()).await?;
    tx.each(DELIVERY_DELETE, rows).await?;
    tx.each(NOTE, deliveries.iter().map(|d| args![d.no, at]).collect()).await?;
    tx.each(EVENT_DELETE, vec![args![event_no]]).await?;
    Ok(owed)
}

/// An attempt that ended meanwhile has moved the row; then it is looked for.
async fn cancel(tx: &Tx, endpoint_no: i64, place: Place) -> Result<u64> {
    let row = args![endpoint_no, place.due_at, place.delivery_no];
    let n = tx.exec(READY_DELETE, row).await?;
    let elsewhere = args![endpoint_no, place.delivery_no];
    if n == 0 && tx.one(IS_OWED, elsewhere.clone(), Row::next::<i64>).await? > 0 {
        return tx.exec(READY_SEARCH, elsewhere).await;
    }
    Ok(n)
}

/// Takes out what attempts wrote that were on their way when their delivery left. Counts deliveries.
pub async fn sweep(tx: &Tx, before: Timestamp, limit: i64) -> Result<usize> {
    let numbers: Vec<i64> = tx.all(NOTED, args![before, limit], Row::next).await?;
    let rows: Vec<_> = numbers.iter().map(|no| args![*no]).collect();
    tx.each(ATTEMPT_DELETE, rows.clone()).await?;
    tx.each(DEAD_DELETE, rows.clone()).await?;
    tx.each(NOTE_DELETE, rows).await?;
    Ok(numbers.len())
}

pub async fn receipt_insert(tx: &Tx, scope: &Scope, r: &Receipt) -> Result<()> {
    let partner: PartnerId = scope.partner_id();
    let row = args![r.id, partner, scope.livemode(), r.created_at, r.document, r.proof];
    tx.post(RECEIPT_INSERT, row).await
}

pub async fn receipt_find(tx: &Tx, scope: &Scope, id: ReceiptId) -> Result<Option<Receipt>> {
    tx.opt(RECEIPT_GET, args![scope.partner_id(), scope.livemode(), id], receipt).await
}

/// The newest receipts of a tenant.
pub async fn receipt_list(tx: &Tx, scope: &Scope, limit: i64) -> Result<Vec<Receipt>> {
    tx.all(RECEIPTS, args![scope.partner_id(), scope.livemode(), limit], receipt).await
}

fn receipt(r: &mut Row) -> Result<Receipt> {
    Ok(Receipt { id: r.next()?, created_at: r.next()?, document: r.next()?, proof: r.next()? })
}
