//! Events, and what their deliveries are called. Both are only ever appended.
//!
//! What is owed of them is in [`crate::queue`], what came of it in [`crate::attempts`].

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{ActionId, CustomerId, EmailMailboxId, EventId, MailId};
use domain::trace::TraceParent;

use crate::queue::{self, Owed, Parcel};
use crate::stream::position_at;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, order, statements};

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
    /// The event under whose id it is told; `None` is its own.
    pub told_as: Option<EventId>,
}

statements! {
    INSERT = concat!("insert into events (no, id, operator_id, partner_id, livemode, type, customer_id, mail_id, action_id,
        sequence, request_id, payload, created_at, mailbox_id, traceparent, told_as, position)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, ", position_at!("$13"), ")");
    DELIVERY_INSERT = "insert into deliveries (no, id, event_no, endpoint_no, partner_id, livemode, created_at, is_test,
        signer) select $1, $2, $3, $4, $5, $6, $7, $8, $9 {each}";
    SHED = "insert into dead (endpoint_no, at, delivery_no, reason) select $1, $2, $3, $4 {each}";
    LIST = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, traceparent, payload, created_at,
        mailbox_id, told_as from {events}
        where partner_id = $1 and livemode = $2 and mailbox_id is null and id < $3 and (type = $4 or $4 is null)
        and (customer_id = $5 or $5 is null) and (created_at >= $6 or $6 is null)
        and (created_at < $7 or $7 is null) order by id desc limit $8";
    GET = "select no, id, type, customer_id, mail_id, action_id, sequence, request_id, traceparent, payload, created_at,
        mailbox_id, told_as from events
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
    /// When the endpoint was last changed, as far as is known here.
    pub settings_at: Timestamp,
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
    let free = targets.iter().enumerate().filter(|(_, t)| t.order_key.is_none());
    let parcel = |(n, t): (usize, &Target)| Parcel {
        owed: owed(t),
        delivery_id: event.id.delivery(n),
        event_id: event.told_as.unwrap_or(event.id),
        kind: event.kind,
        payload: event.payload.clone(),
        created_at: event.created_at,
        waits: false,
        is_replay: false,
        original_id: None,
        settings_at: t.settings_at,
        is_test: t.is_test,
        signer: t.signer,
        trace: event.trace,
    };
    queue::hand_over(tx, free.map(parcel).collect()).await?;
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
        event.trace,
        event.told_as
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
        before.unwrap_or(EventId::MAX),
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
        told_as: r.next()?,
    })
}
