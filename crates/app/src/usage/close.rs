//! Closing a month: a day after its end the answer is stored, and never computed again.
//!
//! Facts that arrive later count from the month in which they arrive.

use bytes::Bytes;
use domain::id::UsageId;
use domain::usage::Period;
use domain::{Date, Result, days};
use sha2::{Digest, Sha256};
use storage::Tx;
use storage::usage::{self, ClosedPeriod};

use super::read::{compute, intervals, lines_of};
use crate::{App, OpCtx, audit};

/// How long after its end a month is closed, in microseconds (postal.md 9.2).
const CLOSE_AFTER: i64 = days(1);

/// Months that one run closes for one partner and mode: two years of a server that slept.
const MONTHS_MAX: usize = 24;

/// Lines stored in one statement.
const LINES_PAGE: usize = 500;

/// Closes every month whose time has come, for all partners and both modes; counts them.
pub async fn due(app: &App) -> Result<usize> {
    let mut closed = 0;
    for ctx in super::snapshot::everybody(app).await? {
        for _ in 0..MONTHS_MAX {
            let work = async |tx: &Tx, ctx: &OpCtx| match next(tx, ctx).await? {
                Some(period) => close(tx, ctx, &period).await,
                None => Ok(false),
            };
            if !app.act(&ctx, work).await? {
                break;
            }
            closed += 1;
        }
    }
    Ok(closed)
}

/// The oldest month that can be closed now.
async fn next(tx: &Tx, ctx: &OpCtx) -> Result<Option<Period>> {
    let zone = &ctx.partner.order_form.timezone;
    let last = usage::period_last(tx, &ctx.scope).await?;
    let first = match last.and_then(|name| Date::parse(&format!("{name}-01"))) {
        Some(last) => last.plus_months(1),
        None => ctx.partner.created_at.date_in(zone),
    };
    let period = Period::month(first, zone);
    Ok((ctx.now >= period.ends_at().plus(CLOSE_AFTER)).then_some(period))
}

/// Stores the answer of a month; false when somebody else did it first.
async fn close(tx: &Tx, ctx: &OpCtx, period: &Period) -> Result<bool> {
    let method = ctx.partner.order_form.count_method;
    let computed = compute(tx, ctx, period, method, period.ends_at()).await?;
    let mut hash = Sha256::new();
    let mut texts = Vec::with_capacity(computed.stays.len());
    for page in computed.stays.chunks(LINES_PAGE) {
        for line in lines_of(tx, ctx, period, page).await? {
            let text = serde_json::json!(line).to_string();
            hash.update(text.as_bytes());
            hash.update(b"\n");
            texts.push(text);
        }
    }
    let name = period.name();
    let stored = ClosedPeriod {
        period: name.clone(),
        answer: serde_json::json!(computed.answer).to_string(),
        lines_sha256: Bytes::copy_from_slice(&hash.finalize()),
        closed_at: ctx.now,
    };
    let id = UsageId::new(ctx.app.ids.as_ref(), ctx.app.clock.now());
    if !usage::period_insert(tx, &ctx.scope, id, &stored).await? {
        return Ok(false);
    }
    for (first, page) in (0_i64..).step_by(LINES_PAGE).zip(texts.chunks(LINES_PAGE)) {
        usage::line_insert(tx, &ctx.scope, &name, first, page).await?;
    }
    compare(tx, ctx, period).await?;
    let billable = computed.answer.billable_mailboxes.to_string();
    let detail = [("period", name.as_str()), ("billable", &billable)];
    audit::record(tx, ctx, "usage.close", id, &detail).await?;
    Ok(true)
}

/// Says where the nightly counts and the intervals disagree: one of them was changed afterwards.
async fn compare(tx: &Tx, ctx: &OpCtx, period: &Period) -> Result<()> {
    let rows = intervals(tx, ctx, period.starts_at(), period.ends_at()).await?;
    for (day, counted) in usage::snapshot_list(tx, &ctx.scope, period.first, period.end).await? {
        let at = day.plus_days(1).start_in(&period.zone);
        let active = rows.iter().filter(|i| i.from < at && i.to.is_none_or(|to| to >= at));
        let active = active.count() as u64;
        if active != counted.unsigned_abs() {
            tracing::warn!(
                partner.id = %ctx.partner.id, %day, counted, active,
                "usage of {day} was {counted} when it was counted and is {active} now"
            );
        }
    }
    Ok(())
}
