//! Events in an order that a reader can follow without missing one.
//!
//! Neither ids nor numbers can be followed: what was drawn first can be committed last. So an event
//! has a position. SQLite has one writer, which gives each event a higher one than the last.
//! On PostgreSQL it is the number of the transaction, and a reader goes no further than the oldest one that
//! is still open: below that nothing more will appear. A transaction that stays open anywhere in the
//! same cluster therefore delays readers. It never makes them miss anything.

use domain::Timestamp;
use domain::event::EventType;
use domain::id::{EventId, KeyId};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// Where a reader is: after this event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    position: i64,
    sequence: i64,
    no: i64,
}

impl Mark {
    const BEFORE_ALL: Self = Self { position: i64::MIN, sequence: 0, no: 0 };
}

/// What a reader can rely on at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    /// Nothing more will appear before this position.
    pub settled: i64,
    /// All that is committed by now is before this position.
    pub begun: i64,
}

/// An event as it is streamed.
#[derive(Clone, Debug)]
pub struct Streamed {
    pub mark: Mark,
    pub id: EventId,
    pub kind: EventType,
    pub payload: bytes::Bytes,
}

/// The position of an event that is stored at a time, after all that are committed.
macro_rules! position_at {
    ($at:literal) => {
        concat!("{xact or: coalesce((select max(u.position) + 1 from unfiled_events u where u.position >= ", $at, "), ",
        $at, ")}")
    };
}
pub(crate) use position_at;

statements! {
    HORIZON = "select {settled}, {begun}";
    PAGE = "select position, sequence, no, id, type, payload from {events} where partner_id = $1 and livemode = $2
        and mailbox_id is null and position >= $3 and (position, sequence, no) > ($3, $4, $5) and position < $6
        order by position, sequence, no limit $7";
    MARK = "select position, sequence, no from events where partner_id = $1 and livemode = $2 and mailbox_id is null and id = $3";
    NEWEST = "select position, sequence, no, id from {events} where partner_id = $1 and livemode = $2
        and mailbox_id is null and position < $3
        order by position desc, sequence desc, no desc limit 1 offset $4";
    KEY_IS_GOOD = "select count(*) from api_keys where id = $1 and (expires_at > $2 or expires_at is null)
        and (revoked_at > $2 or revoked_at is null)";
    /// A look at the end of each tenant's index, because this is asked at every start.
    LATEST = "select coalesce(max((select max(e.position) from events e where e.partner_id = p.id
        and e.livemode = w.livemode)), 0), {begun} from partners p
        cross join (select true as livemode union all select false) w";
    SHIFT = "update events set position = position - $1 - 1";
}

/// Ask for it before the page that it bounds: what is settled stays settled.
pub async fn horizon(tx: &Tx) -> Result<Horizon> {
    tx.one(HORIZON, args![], |r| Ok(Horizon { settled: r.next()?, begun: r.next()? })).await
}

/// Events after a mark, in order, up to a horizon.
pub async fn page(
    tx: &Tx,
    scope: &Scope,
    after: Mark,
    settled: i64,
    limit: i64,
) -> Result<Vec<Streamed>> {
    let (partner, livemode) = (scope.partner_id(), scope.livemode());
    let row = args![partner, livemode, after.position, after.sequence, after.no, settled, limit];
    let read = |r: &mut Row| {
        Ok(Streamed { mark: mark(r)?, id: r.next()?, kind: r.next()?, payload: r.next()? })
    };
    tx.all(PAGE, row, read).await
}

/// Where an event stands; `None` when it is not the tenant's, or no longer kept.
pub async fn mark_of(tx: &Tx, scope: &Scope, id: EventId) -> Result<Option<Mark>> {
    tx.opt(MARK, args![scope.partner_id(), scope.livemode(), id], mark).await
}

/// The mark after which `n` settled events follow, and the event that it names; before all where there
/// are fewer.
pub async fn before_newest(
    tx: &Tx,
    scope: &Scope,
    settled: i64,
    n: i64,
) -> Result<(Mark, Option<EventId>)> {
    let row = args![scope.partner_id(), scope.livemode(), settled, n];
    let found = tx.opt(NEWEST, row, |r| Ok((mark(r)?, Some(r.next()?)))).await?;
    Ok(found.unwrap_or((Mark::BEFORE_ALL, None)))
}

/// False once a key was revoked or has expired.
pub async fn key_is_good(tx: &Tx, id: KeyId, now: Timestamp) -> Result<bool> {
    let n: i64 = tx.one(KEY_IS_GOOD, args![id, now], Row::next).await?;
    Ok(n > 0)
}

/// Puts what was restored from another cluster before everything that happens in this one.
///
/// A cluster numbers its transactions from its beginning, so that positions brought along from another
/// one can lie in the future, and readers would wait for them.
pub(crate) async fn settle_in(tx: &Tx) -> Result<()> {
    if horizon(tx).await?.begun == i64::MAX {
        return Ok(()); // No transactions are numbered here.
    }
    let read = |r: &mut Row| Ok((r.next::<i64>()?, r.next::<i64>()?));
    let (latest, begun) = tx.one(LATEST, args![], read).await?;
    if latest >= begun {
        tx.post(SHIFT, args![latest]).await?;
    }
    Ok(())
}

fn mark(r: &mut Row) -> Result<Mark> {
    Ok(Mark { position: r.next()?, sequence: r.next()?, no: r.next()? })
}
