//! What came of attempts: one row each, written together with what becomes of the delivery (G11).
//!
//! Attempts are only ever appended. The queue that they are made for is in [`crate::queue`]; how they are shown is in
//! [`crate::deliveries`].

use bytes::Bytes;
use domain::Timestamp;
use domain::event::EventType;
use domain::id::{AttemptId, DeliveryId, EventId};

use crate::leases::{self, Claim, ShardSet};
use crate::queue::Owed;
use crate::{Result, Row, Tx, args, statements};

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
    /// Where it went, of subscriptions of e-mail mailboxes only: theirs is a log of attempts.
    pub url: Option<String>,
    /// Under which that log has it, save the first, which it has under the id of the delivery.
    pub id: Option<AttemptId>,
}

statements! {
    READY_DELETE = "delete from ready {each} where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    /// Moves a row. One that is gone (its endpoint was deleted meanwhile) is not made again.
    READY_MOVE = "update ready set due_at = $4, attempt = $5, tries = $6, slow_downs = $7, counts_at = $8 {each}
        where endpoint_no = $1 and due_at = $2 and delivery_no = $3";
    /// The row is asked for as a value: `exists` could be answered by reading the whole queue, see
    /// `key_looked_for` in `engine/dialect.rs`.
    DEAD_INSERT = "insert into dead (endpoint_no, at, delivery_no, reason) select $1, $4, $3, $5 {each}
        where (select r.attempt from ready r where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3)
        is not null on conflict do nothing";
    /// An attempt after which no other follows.
    LAST_ATTEMPT_INSERT = "insert into attempts (delivery_no, n, endpoint_no, at, duration_us, outcome, status_code,
        error, ip, request_headers, response_headers, response_body, key_n, phases, url, id)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 {each} where true on conflict do nothing";
    /// A retry whose row is gone was the last attempt: its endpoint was deleted while it was made.
    ATTEMPT_INSERT = "insert into attempts (delivery_no, n, endpoint_no, at, duration_us, outcome, status_code, error,
        ip, request_headers, response_headers, response_body, next_at, key_n, phases, url, id)
        select $1, $2, $3, $4, $5, case when $6 = 'retrying' and (select r.due_at from ready r
        where r.endpoint_no = $3 and r.due_at = $17 and r.delivery_no = $1) is null then 'cancelled' else $6 end,
        $7, $8, $9, $10, $11, $12, (select r.due_at from ready r
        where r.endpoint_no = $3 and r.due_at = $17 and r.delivery_no = $1), $13, $14, $15, $16 {each} where true
        on conflict do nothing";
    OWED_NAME = "select d.id, coalesce(e.told_as, e.id), e.type, exists (select 1 from attempts a where a.delivery_no = d.no
        and a.outcome = 'failed') from ready r join deliveries d on d.no = r.delivery_no
        join events e on e.no = d.event_no where r.endpoint_no = $1 and r.due_at = $2 and r.delivery_no = $3
        and not d.is_test";
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
        a.phases,
        a.url,
        a.id
    ]
}
