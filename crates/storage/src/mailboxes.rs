//! Pools and numbered boxes: picking one, moving one, its history.

use domain::Timestamp;
use domain::id::{CustomerId, LocationId, MailboxId, OperatorId, PoolId};
use domain::mailbox::{Mailbox, MailboxStatus, Pool, Strategy};

use crate::{Result, Row, Tx, args, statements};

statements! {
    POOL_INSERT = "insert into mailbox_pools (id, operator_id, location_id, partner_id, name, strategy, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    POOL_GET = "select id, operator_id, location_id, partner_id, name, strategy from mailbox_pools where id = $1";
    POOL_LIST = "select id, operator_id, location_id, partner_id, name, strategy from mailbox_pools
        where operator_id = $1 order by name";
    INSERT = "insert into mailboxes (id, operator_id, location_id, pool_id, number, shuffle, ever_used, status)
        select $1, $2, $3, $4, $5, $6, false, 'available' {each}";
    TAKEN = "select number from mailboxes where location_id = $1 and number >= $2 and number <= $3 order by number";
    GET = "select id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from from mailboxes where id = $1";
    BY_NUMBER = "select id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at,
        reserved_until, opened_on, closed_on, remail_until, reusable_from from mailboxes
        where location_id = $1 and number = $2";
    LIST = "select id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from from mailboxes
        where location_id = $1 and (status = $2 or $2 is null) and number > $3 order by number limit $4";
    // A pick takes its row in one statement, so that two nodes never pick the same number.
    TAKE_FIRST_FREE = "update mailboxes set status = 'reserved', customer_id = $2, assigned_at = $3,
        reserved_until = $4, ever_used = true where id = (select id from mailboxes where pool_id = $1
        and status = 'available' order by number limit 1 {skip})
        returning id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from";
    TAKE_RANDOM = "update mailboxes set status = 'reserved', customer_id = $2, assigned_at = $3,
        reserved_until = $4, ever_used = true where id = (select id from mailboxes where pool_id = $1
        and status = 'available' order by shuffle limit 1 {skip})
        returning id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from";
    TAKE_SEQUENTIAL = "update mailboxes set status = 'reserved', customer_id = $2, assigned_at = $3,
        reserved_until = $4, ever_used = true where id = (select id from mailboxes where pool_id = $1
        and status = 'available' and number > coalesce((select max(number) from mailboxes where pool_id = $1
        and ever_used), -1) order by number limit 1 {skip})
        returning id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from";
    TAKE_NAMED = "update mailboxes set status = 'reserved', customer_id = $2, assigned_at = $3, reserved_until = $4,
        ever_used = true where id = $1 and status = 'available'
        returning id, operator_id, location_id, pool_id, number, status, customer_id, assigned_at, reserved_until,
        opened_on, closed_on, remail_until, reusable_from";
    MOVE = "update mailboxes set status = $3, customer_id = $4, assigned_at = $5, reserved_until = $6, opened_on = $7,
        closed_on = $8, remail_until = $9, reusable_from = $10 where id = $1 and status = $2";
    ASSIGN = "insert into mailbox_assignments (id, mailbox_id, customer_id, from_at, reason)
        values ($1, $2, $3, $4, $5)";
    UNASSIGN = "update mailbox_assignments set to_at = $3 where mailbox_id = $1 and customer_id = $2 and to_at is null";
}

pub async fn pool_insert(tx: &Tx, pool: &Pool, now: Timestamp) -> Result<()> {
    let row = args![
        pool.id,
        pool.operator_id,
        pool.location_id,
        pool.partner_id,
        pool.name,
        pool.strategy,
        now
    ];
    tx.post(POOL_INSERT, row).await
}

pub async fn pool_find(tx: &Tx, id: PoolId) -> Result<Option<Pool>> {
    tx.opt(POOL_GET, args![id], pool).await
}

pub async fn pool_list(tx: &Tx, operator_id: OperatorId) -> Result<Vec<Pool>> {
    tx.all(POOL_LIST, args![operator_id], pool).await
}

pub(crate) fn pool(r: &mut Row) -> Result<Pool> {
    Ok(Pool {
        id: r.next()?,
        operator_id: r.next()?,
        location_id: r.next()?,
        partner_id: r.next()?,
        name: r.next()?,
        strategy: r.next()?,
    })
}

/// Adds numbers to a pool: `(id, number, shuffle)`, where `shuffle` is a random number.
pub async fn insert_all(tx: &Tx, pool: &Pool, boxes: &[(MailboxId, i64, i64)]) -> Result<()> {
    let row = |(id, number, shuffle): &(MailboxId, i64, i64)| {
        args![id, pool.operator_id, pool.location_id, pool.id, *number, *shuffle]
    };
    tx.each(INSERT, boxes.iter().map(row).collect()).await
}

/// Numbers from `first` to `last` that a location has already; the caller keeps the range small.
pub async fn numbers_in(tx: &Tx, location: LocationId, first: i64, last: i64) -> Result<Vec<i64>> {
    tx.all(TAKEN, args![location, first, last], Row::next).await
}

pub async fn find(tx: &Tx, id: MailboxId) -> Result<Option<Mailbox>> {
    tx.opt(GET, args![id], mailbox).await
}

pub async fn find_by_number(tx: &Tx, location: LocationId, number: i64) -> Result<Option<Mailbox>> {
    tx.opt(BY_NUMBER, args![location, number], mailbox).await
}

/// Boxes of a location after a number, in order.
pub async fn list(
    tx: &Tx,
    location: LocationId,
    status: Option<MailboxStatus>,
    after: i64,
    limit: i64,
) -> Result<Vec<Mailbox>> {
    tx.all(LIST, args![location, status, after, limit], mailbox).await
}

/// For whom a box is taken, when, and until when it is kept.
#[derive(Clone, Copy)]
pub struct Taking {
    pub customer_id: CustomerId,
    pub at: Timestamp,
    pub until: Timestamp,
}

/// Takes a box from a pool by its strategy; `None` when the pool has no free number.
pub async fn take(
    tx: &Tx,
    pool: PoolId,
    strategy: Strategy,
    taking: &Taking,
) -> Result<Option<Mailbox>> {
    let sql = match strategy {
        Strategy::FirstFree | Strategy::Reserved | Strategy::Pool => TAKE_FIRST_FREE,
        Strategy::Random => TAKE_RANDOM,
        Strategy::Sequential => TAKE_SEQUENTIAL,
    };
    tx.opt(sql, args![pool, taking.customer_id, taking.at, taking.until], mailbox).await
}

/// Takes one box by id; `None` when it is not free.
pub async fn take_named(tx: &Tx, id: MailboxId, taking: &Taking) -> Result<Option<Mailbox>> {
    tx.opt(TAKE_NAMED, args![id, taking.customer_id, taking.at, taking.until], mailbox).await
}

/// Stores a box that was in the state `was`; false when somebody else moved it first.
pub async fn update(tx: &Tx, was: MailboxStatus, m: &Mailbox) -> Result<bool> {
    let row = args![
        m.id,
        was,
        m.status,
        m.customer_id,
        m.assigned_at,
        m.reserved_until,
        m.opened_on,
        m.closed_on,
        m.remail_until,
        m.reusable_from
    ];
    Ok(tx.exec(MOVE, row).await? == 1)
}

/// Opens a line of the box's history.
pub async fn assign(
    tx: &Tx,
    no: i64,
    id: MailboxId,
    customer: CustomerId,
    at: Timestamp,
    reason: &str,
) -> Result<()> {
    tx.post(ASSIGN, args![no, id, customer, at, reason]).await
}

/// Closes the open line of the box's history.
pub async fn unassign(tx: &Tx, id: MailboxId, customer: CustomerId, at: Timestamp) -> Result<()> {
    tx.post(UNASSIGN, args![id, customer, at]).await
}

fn mailbox(r: &mut Row) -> Result<Mailbox> {
    Ok(Mailbox {
        id: r.next()?,
        operator_id: r.next()?,
        location_id: r.next()?,
        pool_id: r.next()?,
        number: r.next()?,
        status: r.next()?,
        customer_id: r.next()?,
        assigned_at: r.next()?,
        reserved_until: r.next()?,
        opened_on: r.next()?,
        closed_on: r.next()?,
        remail_until: r.next()?,
        reusable_from: r.next()?,
    })
}
