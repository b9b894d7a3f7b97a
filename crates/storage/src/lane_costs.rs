//! What the lanes of all nodes cost lately: the costliest few of each, for whoever asks why an install is busy.
//!
//! A node writes its rows once a minute while it sends; those of one that has nothing to send are let be and
//! soon not shown any more. The lanes themselves are in the memory of `tasks::deliver`.

use domain::Timestamp;
use domain::id::{EndpointId, OperatorId};

use crate::{Result, Row, Tx, args, statements};

/// Lanes that a node writes, and that are shown of all nodes (webhooks.md 5.19).
pub const LANES_MAX: usize = 20;
/// Rows are shown for this long after they were written, in microseconds: a node that missed one turn is
/// still told of.
pub const SHOWN_FOR: i64 = domain::minutes(3);
/// And kept for this long.
const KEPT_FOR: i64 = domain::hours(1);

/// What a lane cost in the time of one report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCost {
    pub endpoint_no: i64,
    pub attempts: i64,
    /// Of these, those that were answered with anything but 2xx.
    pub failed: i64,
    /// For how long its attempts held slots, all together, in microseconds.
    pub busy_us: i64,
}

/// A lane with the names that it has outside.
#[derive(Clone, Debug)]
pub struct Named {
    pub endpoint_id: EndpointId,
    pub partner_slug: String,
    pub livemode: bool,
    pub url: String,
    /// From when to when it was counted.
    pub since: Timestamp,
    pub until: Timestamp,
    pub cost: LaneCost,
}

statements! {
    PUT = "insert into lane_costs (endpoint_no, since, until, attempts, failed, busy_us)
        select $1, $2, $3, $4, $5, $6 {each} where true
        on conflict (endpoint_no) do update set since = excluded.since, until = excluded.until,
        attempts = excluded.attempts, failed = excluded.failed, busy_us = excluded.busy_us";
    FORGET = "delete from lane_costs where until < $1";
    TOP = "select p.id, t.slug, p.livemode, p.url, c.since, c.until, c.endpoint_no, c.attempts, c.failed, c.busy_us
        from lane_costs c join endpoints p on p.no = c.endpoint_no join partners t on t.id = p.partner_id
        where t.operator_id = $1 and c.until > $2 and p.deleted_at is null
        order by c.busy_us desc, c.endpoint_no limit $3";
}

/// Writes what lanes cost from one moment to another, in place of what was written of them before.
pub async fn put(tx: &Tx, costs: &[LaneCost], since: Timestamp, until: Timestamp) -> Result<()> {
    let row = |c: &LaneCost| args![c.endpoint_no, since, until, c.attempts, c.failed, c.busy_us];
    tx.each(PUT, costs.iter().take(LANES_MAX).map(row).collect()).await?;
    tx.post(FORGET, args![until.plus(-KEPT_FOR)]).await
}

/// The costliest lanes of an operator's partners, over all nodes.
pub async fn list(tx: &Tx, operator: OperatorId, now: Timestamp) -> Result<Vec<Named>> {
    let read = |r: &mut Row| {
        Ok(Named {
            endpoint_id: r.next()?,
            partner_slug: r.next()?,
            livemode: r.next()?,
            url: r.next()?,
            since: r.next()?,
            until: r.next()?,
            cost: LaneCost {
                endpoint_no: r.next()?,
                attempts: r.next()?,
                failed: r.next()?,
                busy_us: r.next()?,
            },
        })
    };
    let limit = i64::try_from(LANES_MAX).unwrap_or(i64::MAX);
    tx.all(TOP, args![operator, now.plus(-SHOWN_FOR), limit], read).await
}
