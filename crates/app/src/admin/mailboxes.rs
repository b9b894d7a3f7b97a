//! Pools and numbers: made, listed, taken out of use (M7) and brought back.
//!
//! Giving a number to a customer is `crate::customers::create`; the moves that follow from a
//! customer's life are there too.

use domain::id::{LocationId, MailboxId, PartnerId, PoolId};
use domain::mailbox::{Mailbox, MailboxStatus, Move, POOL_SIZE_MAX, Pool, Strategy};
use domain::{Error, ErrorCode, Field, Result};
use storage::{Tx, mailboxes, tenancy};

use super::{NAME_RULE, Problems, StaffCtx, is_name};
use crate::audit;

/// Numbers added in one transaction: small enough that other writers do not wait long for it.
const PAGE_NUMBERS: i64 = 500;

/// The largest number of a mailbox: what fits a line of an address with room to spare.
pub const NUMBER_MAX: i64 = 9_999_999;

/// Most boxes of one page of a list.
pub const LIST_MAX: i64 = 1000;

/// A pool to be made.
#[derive(Clone, Debug)]
pub struct NewPool {
    pub location_id: LocationId,
    pub name: String,
    /// `sequential`, `first_free` or `random`: how a number is picked.
    pub strategy: Strategy,
    /// Whose pool it is; anybody's when `None`.
    pub partner_id: Option<PartnerId>,
}

pub async fn pool_create(tx: &Tx, ctx: &StaffCtx, input: &NewPool) -> Result<Pool> {
    let location = tenancy::location_find(tx, input.location_id).await?;
    let location = location
        .filter(|l| l.operator_id == ctx.operator_id)
        .ok_or_else(|| Error::refused(ErrorCode::NotFound, "no such location"))?;
    let mut problems = Problems::default();
    problems.need(is_name(&input.name), "name", NAME_RULE);
    problems.need(
        matches!(input.strategy, Strategy::Sequential | Strategy::FirstFree | Strategy::Random),
        "strategy",
        "a pool picks by sequential, first_free or random",
    );
    if let Some(partner) = input.partner_id {
        let partner = tenancy::partner_find(tx, partner).await?;
        let known = partner.is_some_and(|p| p.operator_id == ctx.operator_id);
        problems.need(known, "partner_id", "no partner of this operator has that id");
    }
    problems.none()?;
    let pools = pool_list(tx, ctx).await?;
    if pools.iter().any(|p| p.location_id == location.id && p.name == input.name) {
        let message = format!("location {} has a pool {} already", location.code, input.name);
        return Err(Error::invalid(vec![Field::new("name", "taken", message)]));
    }
    let pool = Pool {
        id: PoolId::new(ctx.app.ids.as_ref(), ctx.now),
        operator_id: ctx.operator_id,
        location_id: location.id,
        partner_id: input.partner_id,
        name: input.name.clone(),
        strategy: input.strategy,
    };
    mailboxes::pool_insert(tx, &pool, ctx.now).await?;
    let detail = [("location", location.code.as_str()), ("strategy", pool.strategy.as_str())];
    audit::record_by_staff(tx, ctx, "pool.create", pool.id, &detail).await?;
    Ok(pool)
}

/// The operator's pools, by name.
pub async fn pool_list(tx: &Tx, ctx: &StaffCtx) -> Result<Vec<Pool>> {
    Ok(mailboxes::pool_list(tx, ctx.operator_id).await?)
}

/// Adds the numbers from `first` to `last` to a pool and counts those that are new.
///
/// Numbers that the location has already, in whatever pool, are left as they are. It works in pages
/// with a transaction each, so that it can be run again where it was cut off.
pub async fn add(ctx: &StaffCtx, pool: PoolId, first: i64, last: i64) -> Result<usize> {
    if first < 1 || last < first || last > NUMBER_MAX || last - first >= POOL_SIZE_MAX {
        let message = format!(
            "a range is from 1 or more to {NUMBER_MAX} or less, and holds at most {POOL_SIZE_MAX} numbers"
        );
        return Err(Error::invalid(vec![Field::new("range", "invalid", message)]));
    }
    let mut added = 0;
    let mut from = first;
    while from <= last {
        let to = last.min(from + PAGE_NUMBERS - 1);
        added += ctx.act(async move |tx, ctx| add_page(tx, ctx, pool, from, to).await).await?;
        from = to + 1;
    }
    Ok(added)
}

async fn add_page(tx: &Tx, ctx: &StaffCtx, pool: PoolId, first: i64, last: i64) -> Result<usize> {
    let pool = mailboxes::pool_find(tx, pool).await?;
    let pool = pool.filter(|p| p.operator_id == ctx.operator_id).ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such pool")
            .fix("`postroom mailbox pools` lists them")
    })?;
    let taken = mailboxes::numbers_in(tx, pool.location_id, first, last).await?;
    let ids = ctx.app.ids.as_ref();
    let mut random = [0; 8];
    let mut boxes = Vec::new();
    for number in (first..=last).filter(|n| taken.binary_search(n).is_err()) {
        ids.fill(&mut random);
        boxes.push((MailboxId::new(ids, ctx.now), number, i64::from_be_bytes(random)));
    }
    if boxes.is_empty() {
        return Ok(0);
    }
    mailboxes::insert_all(tx, &pool, &boxes).await?;
    let (range, added) = (format!("{first}-{last}"), boxes.len().to_string());
    let detail = [("range", range.as_str()), ("added", added.as_str())];
    audit::record_by_staff(tx, ctx, "mailbox.add", pool.id, &detail).await?;
    Ok(boxes.len())
}

/// Boxes of a location after a number, in order, at most [`LIST_MAX`].
pub async fn list(
    tx: &Tx,
    ctx: &StaffCtx,
    location: LocationId,
    status: Option<MailboxStatus>,
    after: i64,
) -> Result<Vec<Mailbox>> {
    let known = tenancy::location_find(tx, location).await?;
    if known.is_none_or(|l| l.operator_id != ctx.operator_id) {
        return Err(Error::refused(ErrorCode::NotFound, "no such location"));
    }
    Ok(mailboxes::list(tx, location, status, after, LIST_MAX).await?)
}

/// Takes a free box out of use for a while (M7).
pub async fn block(tx: &Tx, ctx: &StaffCtx, id: &str) -> Result<Mailbox> {
    shift(tx, ctx, id, Move::Block, "mailbox.block").await
}

/// Brings a blocked box back. A box in quarantine is not brought back early.
pub async fn unblock(tx: &Tx, ctx: &StaffCtx, id: &str) -> Result<Mailbox> {
    let mailbox = get(tx, ctx, id).await?;
    if mailbox.status != MailboxStatus::Blocked {
        let message = format!("mailbox is {}, not blocked", mailbox.status);
        return Err(Error::refused(ErrorCode::MailboxUnavailable, message));
    }
    shift(tx, ctx, id, Move::Free, "mailbox.unblock").await
}

/// Takes a free box out of use for good (M7); its history stays.
pub async fn retire(tx: &Tx, ctx: &StaffCtx, id: &str) -> Result<Mailbox> {
    shift(tx, ctx, id, Move::Retire, "mailbox.retire").await
}

async fn shift(tx: &Tx, ctx: &StaffCtx, id: &str, step: Move, verb: &str) -> Result<Mailbox> {
    let before = get(tx, ctx, id).await?;
    let after = Mailbox { status: before.status.after(step)?, ..before.clone() };
    if !mailboxes::update(tx, before.status, &after).await? {
        let message = "somebody else moved this mailbox just now";
        return Err(Error::refused(ErrorCode::MailboxUnavailable, message)
            .fix("look at it again and repeat the command if it still fits"));
    }
    let detail = [("from", before.status.as_str()), ("to", after.status.as_str())];
    audit::record_by_staff(tx, ctx, verb, after.id, &detail).await?;
    Ok(after)
}

async fn get(tx: &Tx, ctx: &StaffCtx, id: &str) -> Result<Mailbox> {
    let found = match MailboxId::parse(id) {
        Some(id) => mailboxes::find(tx, id).await?,
        None => None,
    };
    found
        .filter(|m| m.operator_id == ctx.operator_id)
        .ok_or_else(|| Error::refused(ErrorCode::MailboxNotFound, "no such mailbox"))
}
