//! When mailboxes were active, and what was counted from it: intervals, nightly counts, closed months.
//!
//! Intervals are the only source of a count. The counting itself is in `domain::usage`.

use bytes::Bytes;
use domain::action::ActionKind;
use domain::id::{CustomerId, LocationId, MailboxId, UsageId};
use domain::{Date, Timestamp};

use crate::tenancy::Scope;
use crate::{Result, Row, Tx, args, statements};

/// When one assignment of a mailbox was active.
#[derive(Clone, Debug)]
pub struct UsageInterval {
    pub no: i64,
    pub customer_id: CustomerId,
    pub mailbox_id: MailboxId,
    pub location_id: LocationId,
    pub from: Timestamp,
    /// Exclusive; active while `None`.
    pub to: Option<Timestamp>,
}

statements! {
    INTERVAL_OPEN = "insert into usage_intervals (no, partner_id, livemode, customer_id, mailbox_id, location_id, from_at)
        select $1, $2, $3, $4, $5, $6, $7
        where not exists (select 1 from usage_intervals where customer_id = $4 and to_at is null)";
    // An interval never ends before it began, also when a backdated end is earlier.
    INTERVAL_CLOSE = "update usage_intervals set to_at = case when from_at > $4 then from_at else $4 end
        where customer_id = $1 and partner_id = $2 and livemode = $3 and to_at is null";
    INTERVAL_LIST = "select no, customer_id, mailbox_id, location_id, from_at, to_at from usage_intervals
        where partner_id = $1 and livemode = $2 and from_at < $4 and (to_at > $3 or to_at is null) and no > $5
        order by no limit $6";
    SUBJECTS = "select i.no, c.external_customer_id, c.name, m.number, l.code from usage_intervals i
        join customers c on c.id = i.customer_id join mailboxes m on m.id = i.mailbox_id
        join locations l on l.id = i.location_id
        where i.partner_id = $1 and i.livemode = $2 and i.from_at < $4 and (i.to_at > $3 or i.to_at is null)
        and i.no >= $5 and i.no <= $6 order by i.no";
    MAIL_COUNT = "select count(*), count(case when kind = 'package' then 1 end) from mail_items
        where partner_id = $1 and livemode = $2 and created_at >= $3 and created_at < $4 and deleted_at is null";
    ACTION_COUNT = "select kind, count(*) from mail_actions where partner_id = $1 and livemode = $2
        and status = 'completed' and completed_at >= $3 and completed_at < $4 group by kind";
    SNAPSHOT_PUT = "insert into usage_snapshots (partner_id, livemode, day, active_count, taken_at)
        values ($1, $2, $3, $4, $5) on conflict (partner_id, livemode, day) do nothing";
    SNAPSHOT_LIST = "select day, active_count from usage_snapshots
        where partner_id = $1 and livemode = $2 and day >= $3 and day < $4 order by day";
    ACTIVE_COUNT = "select count(*) from usage_intervals
        where partner_id = $1 and livemode = $2 and from_at < $3 and (to_at >= $3 or to_at is null)";
    PERIOD_INSERT = "insert into usage_periods (id, partner_id, livemode, period, answer, lines_sha256, closed_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (partner_id, livemode, period) do nothing";
    PERIOD_GET = "select answer, lines_sha256, closed_at from usage_periods
        where partner_id = $1 and livemode = $2 and period = $3";
    PERIOD_LAST = "select max(period) from usage_periods where partner_id = $1 and livemode = $2";
    LINE_INSERT = "insert into usage_lines (partner_id, livemode, period, n, line) select $1, $2, $3, $4, $5 {each}";
    LINE_LIST = "select line from usage_lines where partner_id = $1 and livemode = $2 and period = $3 and n >= $4
        order by n limit $5";
}

/// Begins an interval, unless the customer has an open one.
pub async fn interval_open(tx: &Tx, scope: &Scope, interval: &UsageInterval) -> Result<()> {
    let row = args![
        interval.no,
        scope.partner_id(),
        scope.livemode(),
        interval.customer_id,
        interval.mailbox_id,
        interval.location_id,
        interval.from
    ];
    tx.post(INTERVAL_OPEN, row).await
}

/// Ends the open interval of a customer, if there is one.
pub async fn interval_close(
    tx: &Tx,
    scope: &Scope,
    customer_id: CustomerId,
    at: Timestamp,
) -> Result<()> {
    let row = args![customer_id, scope.partner_id(), scope.livemode(), at];
    tx.post(INTERVAL_CLOSE, row).await
}

/// Intervals that touch the time from `start` to `end`, after a number, in the order of their numbers.
pub async fn interval_list(
    tx: &Tx,
    scope: &Scope,
    (start, end): (Timestamp, Timestamp),
    after: i64,
    limit: i64,
) -> Result<Vec<UsageInterval>> {
    let row = args![scope.partner_id(), scope.livemode(), start, end, after, limit];
    let read = |r: &mut Row| {
        Ok(UsageInterval {
            no: r.next()?,
            customer_id: r.next()?,
            mailbox_id: r.next()?,
            location_id: r.next()?,
            from: r.next()?,
            to: r.next()?,
        })
    };
    tx.all(INTERVAL_LIST, row, read).await
}

/// Intervals active at an instant, that is just before it.
pub async fn active_count(tx: &Tx, scope: &Scope, at: Timestamp) -> Result<i64> {
    tx.one(ACTIVE_COUNT, args![scope.partner_id(), scope.livemode(), at], Row::next).await
}

/// What a report says of an interval beside its own columns.
#[derive(Clone, Debug)]
pub struct UsageSubject {
    pub interval_no: i64,
    pub external_customer_id: Option<String>,
    pub customer_name: String,
    pub mailbox_number: i64,
    pub location_code: String,
}

/// The subjects of intervals that touch a time, from one number to another, in order.
pub async fn subject_list(
    tx: &Tx,
    scope: &Scope,
    (start, end): (Timestamp, Timestamp),
    (first, last): (i64, i64),
) -> Result<Vec<UsageSubject>> {
    let read = |r: &mut Row| {
        Ok(UsageSubject {
            interval_no: r.next()?,
            external_customer_id: r.next()?,
            customer_name: r.next()?,
            mailbox_number: r.next()?,
            location_code: r.next()?,
        })
    };
    let row = args![scope.partner_id(), scope.livemode(), start, end, first, last];
    tx.all(SUBJECTS, row, read).await
}

/// Mail items logged in a time, and how many of them are packages. Deleted ones were mistakes.
pub async fn mail_count(
    tx: &Tx,
    scope: &Scope,
    start: Timestamp,
    end: Timestamp,
) -> Result<(i64, i64)> {
    let row = args![scope.partner_id(), scope.livemode(), start, end];
    tx.one(MAIL_COUNT, row, |r| Ok((r.next()?, r.next()?))).await
}

/// Actions completed in a time, by kind; a kind without any is missing.
pub async fn action_count(
    tx: &Tx,
    scope: &Scope,
    start: Timestamp,
    end: Timestamp,
) -> Result<Vec<(ActionKind, i64)>> {
    let row = args![scope.partner_id(), scope.livemode(), start, end];
    tx.all(ACTION_COUNT, row, |r| Ok((r.next()?, r.next()?))).await
}

/// Keeps the count of a day; the first one stays.
pub async fn snapshot_put(
    tx: &Tx,
    scope: &Scope,
    day: Date,
    active_count: i64,
    now: Timestamp,
) -> Result<()> {
    let row = args![scope.partner_id(), scope.livemode(), day, active_count, now];
    tx.post(SNAPSHOT_PUT, row).await
}

/// The kept counts of the days from `first` to the day before `end`.
pub async fn snapshot_list(
    tx: &Tx,
    scope: &Scope,
    first: Date,
    end: Date,
) -> Result<Vec<(Date, i64)>> {
    let row = args![scope.partner_id(), scope.livemode(), first, end];
    tx.all(SNAPSHOT_LIST, row, |r| Ok((r.next()?, r.next()?))).await
}

/// A month that was closed.
#[derive(Clone, Debug)]
pub struct ClosedPeriod {
    /// `2026-11`.
    pub period: String,
    /// What was answered, as JSON, without its lines.
    pub answer: String,
    /// SHA-256 over the lines, each followed by a line feed.
    pub lines_sha256: Bytes,
    pub closed_at: Timestamp,
}

/// Stores a closed month; false when it was closed before, which stays as it is.
pub async fn period_insert(tx: &Tx, scope: &Scope, id: UsageId, p: &ClosedPeriod) -> Result<bool> {
    let (partner, livemode) = (scope.partner_id(), scope.livemode());
    let row = args![id, partner, livemode, p.period, p.answer, p.lines_sha256, p.closed_at];
    Ok(tx.exec(PERIOD_INSERT, row).await? == 1)
}

pub async fn period_find(tx: &Tx, scope: &Scope, period: &str) -> Result<Option<ClosedPeriod>> {
    let read = |r: &mut Row| {
        Ok(ClosedPeriod {
            period: period.to_owned(),
            answer: r.next()?,
            lines_sha256: r.next()?,
            closed_at: r.next()?,
        })
    };
    tx.opt(PERIOD_GET, args![scope.partner_id(), scope.livemode(), period], read).await
}

/// The newest month that was closed.
pub async fn period_last(tx: &Tx, scope: &Scope) -> Result<Option<String>> {
    tx.one(PERIOD_LAST, args![scope.partner_id(), scope.livemode()], Row::next).await
}

/// Stores lines of a closed month, numbered from `first` on.
pub async fn line_insert(
    tx: &Tx,
    scope: &Scope,
    period: &str,
    first: i64,
    lines: &[String],
) -> Result<()> {
    let row =
        |(n, line): (i64, &String)| args![scope.partner_id(), scope.livemode(), period, n, line];
    tx.each(LINE_INSERT, (first..).zip(lines).map(row).collect()).await
}

/// Lines of a closed month from a number on.
pub async fn line_list(
    tx: &Tx,
    scope: &Scope,
    period: &str,
    from: i64,
    limit: i64,
) -> Result<Vec<String>> {
    let row = args![scope.partner_id(), scope.livemode(), period, from, limit];
    tx.all(LINE_LIST, row, Row::next).await
}
