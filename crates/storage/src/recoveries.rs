//! Recoveries: background jobs that owe the dead deliveries of an endpoint again, page by page.
//!
//! A recovery's cursor runs over `dead` in the order of its key, up to the moment at which it was asked
//! for: what dies again afterwards is not its business. A page is moved in one transaction with the
//! cursor, so that a recovery goes on where it stood after a restart and moves nothing twice.

use domain::Timestamp;
use domain::endpoint::Order;
use domain::event::EventType;
use domain::id::{CustomerId, PartnerId, RecoveryId, first_number};

use crate::endpoints::EndpointStatus;
use crate::queue::Owed;
use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, json, order, statements};

domain::words! {
    /// How far a recovery is.
    pub enum RecoveryState {
        Running = "running",
        /// Somebody holds it, until it is resumed or cancelled.
        Paused = "paused",
        Finished = "finished",
        /// Somebody ended it, or its endpoint was deleted. What it had moved stays moved.
        Cancelled = "cancelled",
    }
}

/// Which dead deliveries are meant.
#[derive(Clone, Debug)]
pub struct Selection {
    pub endpoint_no: i64,
    /// Made from, and before.
    pub since: Timestamp,
    pub until: Timestamp,
    /// Empty means all of them.
    pub event_types: Vec<EventType>,
    /// Given up at or before this moment.
    pub dead_by: Timestamp,
}

/// How many deliveries a selection holds, and when the first and the last of them were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub matched: i64,
    pub oldest: Option<Timestamp>,
    pub newest: Option<Timestamp>,
}

/// A recovery.
#[derive(Clone, Debug)]
pub struct Recovery {
    pub no: i64,
    pub id: RecoveryId,
    pub partner_id: PartnerId,
    /// Its `dead_by` is when the recovery was asked for.
    pub selection: Selection,
    pub extent: Extent,
    pub state: RecoveryState,
    /// Deliveries that are owed again.
    pub moved: i64,
    /// The last row of `dead` that was looked at.
    pub cursor: (Timestamp, i64),
    pub ended_at: Option<Timestamp>,
}

/// A dead delivery of a page.
#[derive(Clone, Debug)]
pub struct Dead {
    pub at: Timestamp,
    pub delivery_no: i64,
    pub created_at: Timestamp,
    pub kind: EventType,
    /// Attempts made so far.
    pub attempts: i64,
    /// It arrived after all, with the attempt that was on its way when it was dropped.
    pub has_arrived: bool,
    /// Whom its event is about.
    pub customer_id: Option<CustomerId>,
}

statements! {
    INSERT = "insert into recoveries (no, id, partner_id, livemode, endpoint_no, since, until, event_types, state,
        matched, oldest, newest, moved, cursor_at, cursor_no, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'running', $9, $10, $11, 0, 0, 0, $12)";
    FIND = "select no, id, partner_id, endpoint_no, since, until, event_types, created_at, matched, oldest, newest,
        state, moved, cursor_at, cursor_no, ended_at from recoveries
        where partner_id = $1 and livemode = $2 and endpoint_no = $3 and id = $4";
    FIND_LOCKED = "select no, id, partner_id, endpoint_no, since, until, event_types, created_at, matched, oldest,
        newest, state, moved, cursor_at, cursor_no, ended_at from recoveries where no = $1 {lock}";
    RUNNING = "select no, endpoint_no from recoveries where state = 'running' order by no limit $1";
    OPEN_OF = "select count(*) from recoveries where endpoint_no = $1 and state in ('running', 'paused')";
    CANCEL_ALL = "update recoveries set state = 'cancelled', ended_at = $2
        where endpoint_no = $1 and state in ('running', 'paused')";
    PROGRESS = "update recoveries set moved = $2, cursor_at = $3, cursor_no = $4, state = $5, ended_at = $6
        where no = $1";
    FORGET = "delete from recoveries where endpoint_no = $1 and state in ('finished', 'cancelled') and no not in
        (select r.no from recoveries r where r.endpoint_no = $1 order by r.no desc limit $2)";
    EXTENT = "select e.type, count(*), min(d.created_at), max(d.created_at) from dead k
        join deliveries d on d.no = k.delivery_no join events e on e.no = d.event_no
        where k.endpoint_no = $1 and k.at <= $2 and k.delivery_no >= $3 and k.delivery_no < $4 group by e.type";
    PAGE = "select k.at, k.delivery_no, d.created_at, e.type,
        (select coalesce(max(a.n), 0) from attempts a where a.delivery_no = d.no),
        exists (select 1 from attempts a where a.delivery_no = d.no and a.outcome = 'succeeded'),
        e.customer_id from dead k join deliveries d on d.no = k.delivery_no join events e on e.no = d.event_no
        where k.endpoint_no = $1 and (k.at, k.delivery_no) > ($5, $6) and k.at <= $2
        and k.delivery_no >= $3 and k.delivery_no < $4 order by k.at, k.delivery_no limit $7";
    /// By the index of deliveries alone, see `key_looked_for` in `engine/dialect.rs`.
    DEAD_DELETE = "delete from dead {each} where delivery_no = $3 and (endpoint_no = $1 and at = $2) is true";
    LAST_NEXT = "update attempts set next_at = $2 {each} where delivery_no = $1 and n = $3";
    DUE = "select count(*) from (select 1 from ready where endpoint_no = $1 and due_at <= $2 limit $3) as due";
    ENDPOINT_LOCK = "select status, order_mode from endpoints where no = $1 and deleted_at is null {lock}";
}

/// What a selection holds now.
pub async fn extent(tx: &Tx, s: &Selection) -> Result<Extent> {
    let read = |r: &mut Row| {
        let kind: EventType = r.next()?;
        Ok((kind, Extent { matched: r.next()?, oldest: r.next()?, newest: r.next()? }))
    };
    let mut whole = Extent::default();
    for (kind, part) in tx.all(EXTENT, bounds(s), read).await? {
        if s.event_types.is_empty() || s.event_types.contains(&kind) {
            whole.matched += part.matched;
            whole.oldest = whole.oldest.into_iter().chain(part.oldest).min();
            whole.newest = whole.newest.max(part.newest);
        }
    }
    Ok(whole)
}

/// Deliveries are numbered by the time at which they were made.
fn bounds(s: &Selection) -> Vec<crate::Value> {
    args![s.endpoint_no, s.dead_by, first_number(s.since), first_number(s.until)]
}

/// Stores a recovery that begins.
pub async fn insert(tx: &Tx, scope: &Scope, r: &Recovery) -> Result<()> {
    let s = &r.selection;
    let types = json::words_to(s.event_types.iter().map(|t| t.as_str()));
    let row = args![
        r.no,
        r.id,
        scope.partner_id(),
        scope.livemode(),
        s.endpoint_no,
        s.since,
        s.until,
        types,
        r.extent.matched,
        r.extent.oldest,
        r.extent.newest,
        s.dead_by
    ];
    tx.post(INSERT, row).await
}

pub async fn find(
    tx: &Tx,
    scope: &Scope,
    endpoint_no: i64,
    id: RecoveryId,
) -> Result<Option<Recovery>> {
    let key = args![scope.partner_id(), scope.livemode(), endpoint_no, id];
    tx.opt(FIND, key, recovery).await
}

/// A recovery that is about to change, by its number.
pub async fn find_locked(tx: &Tx, no: i64) -> Result<Option<Recovery>> {
    tx.opt(FIND_LOCKED, args![no], recovery).await
}

/// Numbers of the recoveries that run, oldest first.
pub async fn running(tx: &Tx, limit: i64) -> Result<Vec<(i64, i64)>> {
    tx.all(RUNNING, args![limit], |r| Ok((r.next()?, r.next()?))).await
}

/// How many recoveries of an endpoint have not ended.
pub async fn open_of(tx: &Tx, endpoint_no: i64) -> Result<i64> {
    tx.one(OPEN_OF, args![endpoint_no], Row::next).await
}

/// Ends the recoveries of an endpoint that goes.
pub async fn cancel_all(tx: &Tx, endpoint_no: i64, now: Timestamp) -> Result<()> {
    tx.post(CANCEL_ALL, args![endpoint_no, now]).await
}

/// Stores how far a recovery is.
pub async fn put(tx: &Tx, r: &Recovery) -> Result<()> {
    let (at, no) = r.cursor;
    tx.post(PROGRESS, args![r.no, r.moved, at, no, r.state.as_str(), r.ended_at]).await
}

/// Forgets what ended long ago: all but the `keep` newest recoveries of an endpoint.
pub async fn forget(tx: &Tx, endpoint_no: i64, keep: i64) -> Result<()> {
    tx.post(FORGET, args![endpoint_no, keep]).await
}

/// Locks an endpoint against whoever retries, resumes or deletes; its status and order, `None` when it is gone.
pub async fn lock_endpoint(tx: &Tx, no: i64) -> Result<Option<(EndpointStatus, Order)>> {
    tx.opt(ENDPOINT_LOCK, args![no], |r: &mut Row| Ok((r.next()?, r.next()?))).await
}

/// Deliveries that are due at an endpoint, counted up to `limit`.
pub async fn due_count(tx: &Tx, endpoint_no: i64, now: Timestamp, limit: i64) -> Result<i64> {
    tx.one(DUE, args![endpoint_no, now, limit], Row::next).await
}

/// The next dead deliveries after the cursor, of every type.
pub async fn page(tx: &Tx, r: &Recovery, limit: i64) -> Result<Vec<Dead>> {
    let read = |r: &mut Row| {
        Ok(Dead {
            at: r.next()?,
            delivery_no: r.next()?,
            created_at: r.next()?,
            kind: r.next()?,
            attempts: r.next()?,
            has_arrived: r.next()?,
            customer_id: r.next()?,
        })
    };
    let row = [bounds(&r.selection), args![r.cursor.0, r.cursor.1, limit]].concat();
    tx.all(PAGE, row, read).await
}

/// Owes dead deliveries again, each with a whole ladder and, where it has a key, behind all that are owed under it;
/// the first that was made comes first. The endpoint must be locked.
pub async fn revive(
    tx: &Tx,
    endpoint_no: i64,
    mut dead: Vec<(&Dead, Option<i64>)>,
    now: Timestamp,
) -> Result<()> {
    dead.sort_by_key(|(d, _)| d.delivery_no);
    take_away(tx, endpoint_no, &dead.iter().map(|(d, _)| *d).collect::<Vec<_>>()).await?;
    let tried = dead.iter().map(|(d, _)| d).filter(|d| d.attempts > 0);
    let next = tried.map(|d| args![d.delivery_no, now, d.attempts]);
    tx.each(LAST_NEXT, next.collect()).await?;
    let owed = |d: &Dead| Owed {
        endpoint_no,
        // The log looks for a delivery without attempts where it was first due.
        due_at: if d.attempts == 0 { d.created_at } else { now },
        delivery_no: d.delivery_no,
        attempt: d.attempts,
        tries: 0,
        slow_downs: 0,
        counts_at: None,
    };
    let owed: Vec<_> = dead.into_iter().map(|(d, key)| (owed(d), key)).collect();
    order::owe_again(tx, &owed).await
}

/// Takes deliveries out of those given up.
pub async fn take_away(tx: &Tx, endpoint_no: i64, dead: &[&Dead]) -> Result<()> {
    let row = |d: &&Dead| args![endpoint_no, d.at, d.delivery_no];
    tx.each(DEAD_DELETE, dead.iter().map(row).collect()).await
}

fn recovery(r: &mut Row) -> Result<Recovery> {
    Ok(Recovery {
        no: r.next()?,
        id: r.next()?,
        partner_id: r.next()?,
        selection: Selection {
            endpoint_no: r.next()?,
            since: r.next()?,
            until: r.next()?,
            event_types: json::words_from(&r.next::<String>()?, EventType::parse)?,
            dead_by: r.next()?,
        },
        extent: Extent { matched: r.next()?, oldest: r.next()?, newest: r.next()? },
        state: RecoveryState::parse(&r.next::<String>()?)
            .ok_or_else(|| crate::Error::Inconsistent("recovery state".into()))?,
        moved: r.next()?,
        cursor: (r.next()?, r.next()?),
        ended_at: r.next()?,
    })
}
