//! Answering what a partner used in a period (postal.md 4.9 and section 9).

use domain::action::ActionKind;
use domain::partner::OrderForm;
use domain::usage::{CountMethod, Period};
use domain::{Date, Error, ErrorCode, Result, Timestamp, days};
use storage::Tx;
use storage::usage::{self, ClosedPeriod, UsageInterval, UsageSubject};
use wire::partner::usage::{
    BillingUsage, Estimate, LocationUsage, Operations, UsageLine, UsageLineList,
};

use super::tally::{Stay, Tally, tally};
use crate::OpCtx;

/// Intervals loaded in one statement.
const PAGE_ROWS: i64 = 5000;

/// The longest period that is not a month, in days.
pub const PERIOD_DAYS_MAX: i64 = 366;

/// After this long a closed month is final, in microseconds from its end (postal.md 9.2).
const FINAL_AFTER: i64 = days(5);

/// For which time usage is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The month that now is in.
    Current,
    /// The month that holds this day.
    Month(Date),
    /// From a day to another, both included.
    Days(Date, Date),
}

impl Span {
    /// Reads what a request says: `period` as `2026-11`, or `from` and `to` as days.
    pub fn read(period: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Self> {
        let bad = |param: &str, message: &str| {
            Err(Error::refused(ErrorCode::InvalidParameter, message).param(param))
        };
        match (period, from, to) {
            (None, None, None) => Ok(Self::Current),
            (Some(month), None, None) => match Date::parse(&format!("{month}-01")) {
                Some(first) => Ok(Self::Month(first)),
                None => bad("period", "period is a month such as 2026-11"),
            },
            (None, Some(from), Some(to)) => {
                let Some(first) = Date::parse(from) else {
                    return bad("from", "from is a day such as 2026-11-01");
                };
                let Some(last) = Date::parse(to) else {
                    return bad("to", "to is a day such as 2026-11-30");
                };
                if !(0..PERIOD_DAYS_MAX).contains(&first.days_until(last)) {
                    return bad("to", "to is not before from, and at most 366 days are answered");
                }
                Ok(Self::Days(first, last))
            }
            (Some(_), _, _) => bad("period", "send either period, or from and to"),
            (None, Some(_), None) => bad("to", "from needs to beside it"),
            (None, None, Some(_)) => bad("from", "to needs from beside it"),
        }
    }

    fn period(self, zone: &str, now: Timestamp) -> Period {
        match self {
            Self::Current => Period::month(now.date_in(zone), zone),
            Self::Month(day) => Period::month(day, zone),
            Self::Days(first, last) => {
                Period { first, end: last.plus_days(1), zone: zone.to_owned() }
            }
        }
    }
}

/// Which lines to answer beside the counts: at most `limit` from number `from` on; the first is 0.
#[derive(Clone, Copy, Debug)]
pub struct LinePage {
    pub from: i64,
    pub limit: i64,
}

/// Usage, and the number of the line with which the next page begins.
#[derive(Debug)]
pub struct UsageAnswer {
    pub usage: BillingUsage,
    pub next: Option<i64>,
}

/// Usage of a period as of now; of a closed month, as it was stored.
pub async fn read(
    tx: &Tx,
    ctx: &OpCtx,
    span: Span,
    lines: Option<LinePage>,
) -> Result<UsageAnswer> {
    let period = span.period(&ctx.partner.order_form.timezone, ctx.now);
    if !matches!(span, Span::Days(..))
        && let Some(closed) = usage::period_find(tx, &ctx.scope, &period.name()).await?
    {
        return stored(tx, ctx, &closed, lines).await;
    }
    let method = ctx.partner.order_form.count_method;
    let mut usage = compute(tx, ctx, &period, method, ctx.now).await?;
    if let Span::Days(first, last) = span {
        usage.answer.period = format!("{first}/{last}");
    }
    let mut answer = UsageAnswer { usage: usage.answer, next: None };
    if let Some(page) = lines {
        let stays = usage.stays.get(index(page.from)..).unwrap_or_default();
        let shown = stays.get(..index(page.limit)).unwrap_or(stays);
        answer.next = (shown.len() < stays.len()).then_some(page.from + page.limit);
        answer.usage.lines.data = lines_of(tx, ctx, &period, shown).await?;
        answer.usage.lines.has_more = answer.next.is_some();
    }
    hide_prices(&ctx.partner.order_form, &mut answer.usage);
    Ok(answer)
}

/// What a period comes to by each method of counting, for whoever agrees on an order form. Counted
/// from the mailboxes as they are known now, also where a month is closed.
pub async fn by_method(tx: &Tx, ctx: &OpCtx, span: Span) -> Result<Vec<(CountMethod, f64)>> {
    let period = span.period(&ctx.partner.order_form.timezone, ctx.now);
    let rows = intervals(tx, ctx, period.starts_at(), period.ends_at()).await?;
    let billable = |method: &CountMethod| {
        let counts = tally(rows.clone(), &period, *method, ctx.now).counts;
        (*method, from_hundredths(counts.billable_hundredths))
    };
    Ok(CountMethod::ALL.iter().map(billable).collect())
}

async fn stored(
    tx: &Tx,
    ctx: &OpCtx,
    closed: &ClosedPeriod,
    lines: Option<LinePage>,
) -> Result<UsageAnswer> {
    let bad = |error| Error::internal("reading a closed month", error);
    let mut usage: BillingUsage = serde_json::from_str(&closed.answer).map_err(bad)?;
    let end = Timestamp::parse(&usage.period_end).unwrap_or(closed.closed_at);
    let is_final = ctx.now >= end.plus(FINAL_AFTER);
    usage.status = String::from(if is_final { "final" } else { "closed" });
    let mut next = None;
    if let Some(page) = lines {
        let limit = page.limit.saturating_add(1);
        let mut found = usage::line_list(tx, &ctx.scope, &closed.period, page.from, limit).await?;
        if found.len() > index(page.limit) {
            found.truncate(index(page.limit));
            next = Some(page.from + page.limit);
        }
        let lines = found.iter().map(|line| serde_json::from_str(line));
        usage.lines.data = lines.collect::<Result<_, _>>().map_err(bad)?;
        usage.lines.has_more = next.is_some();
    }
    hide_prices(&ctx.partner.order_form, &mut usage);
    Ok(UsageAnswer { usage, next })
}

fn index(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// An answer without lines, and what they are made of.
pub(super) struct Computed {
    pub(super) answer: BillingUsage,
    pub(super) stays: Vec<Stay>,
}

pub(super) async fn compute(
    tx: &Tx,
    ctx: &OpCtx,
    period: &Period,
    method: CountMethod,
    as_of: Timestamp,
) -> Result<Computed> {
    let (start, end) = (period.starts_at(), period.ends_at());
    let Tally { counts, stays, by_location } =
        tally(intervals(tx, ctx, start, end).await?, period, method, as_of);
    let form = &ctx.partner.order_form;
    let answer = BillingUsage {
        object: "billing_usage".to_owned(),
        livemode: ctx.livemode(),
        partner_id: ctx.partner.id.to_string(),
        period: period.name(),
        period_start: start.in_zone(&period.zone),
        period_end: end.in_zone(&period.zone),
        timezone: period.zone.clone(),
        status: "open".to_owned(),
        as_of: as_of.to_string(),
        count_method: method.as_str().to_owned(),
        active_mailboxes: counts.closing,
        billable_mailboxes: from_hundredths(counts.billable_hundredths),
        opening_active: counts.opening,
        activated: counts.activated,
        deactivated: counts.deactivated,
        closing_active: counts.closing,
        peak_active: counts.peak,
        mailbox_days: counts.mailbox_days,
        by_location: by_location
            .iter()
            .map(|(id, active)| LocationUsage {
                location_id: id.to_string(),
                active_mailboxes: *active,
            })
            .collect(),
        operations: operations(tx, ctx, start, end.min(as_of)).await?,
        estimate: estimate(form, counts.billable_hundredths),
        lines: UsageLineList {
            object: "list".to_owned(),
            data: Vec::new(),
            has_more: false,
            next_cursor: None,
        },
    };
    Ok(Computed { answer, stays })
}

pub(super) async fn intervals(
    tx: &Tx,
    ctx: &OpCtx,
    start: Timestamp,
    end: Timestamp,
) -> Result<Vec<UsageInterval>> {
    let mut all = Vec::new();
    // Ends because each page begins after the last: at most one pass over the partner's rows.
    loop {
        let after = all.last().map_or(-1, |row: &UsageInterval| row.no);
        let page = usage::interval_list(tx, &ctx.scope, (start, end), after, PAGE_ROWS).await?;
        let is_last = (page.len() as u64) < PAGE_ROWS.unsigned_abs();
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

async fn operations(tx: &Tx, ctx: &OpCtx, start: Timestamp, end: Timestamp) -> Result<Operations> {
    let (mail_received, packages_received) = usage::mail_count(tx, &ctx.scope, start, end).await?;
    let mut operations = Operations { mail_received, packages_received, ..Operations::default() };
    for (kind, completed) in usage::action_count(tx, &ctx.scope, start, end).await? {
        match kind {
            ActionKind::Scan => operations.scans_completed = completed,
            ActionKind::Forward => operations.forwards_completed = completed,
            ActionKind::Shred => operations.shreds_completed = completed,
            ActionKind::Pickup => operations.pickups_completed = completed,
        }
    }
    Ok(operations)
}

/// `max(units × price, monthly minimum)`; without a price nothing can be said.
fn estimate(form: &OrderForm, billable_hundredths: i64) -> Estimate {
    let units = form.unit_price_minor.map(|price| amount(billable_hundredths, price));
    let minimum = form.monthly_minimum_minor.unwrap_or(0);
    Estimate {
        currency: form.currency.clone(),
        unit_price_minor: form.unit_price_minor,
        subtotal_minor: units.map(|units| units.max(minimum)),
        minimum_applied: units.is_some_and(|units| units < minimum),
    }
}

/// Hundredths of a unit at a price each, rounded half up.
fn amount(hundredths: i64, price_minor: i64) -> i64 {
    hundredths.saturating_mul(price_minor).saturating_add(50).div_euclid(100)
}

/// Prices are part of what is stored, and shown only where the contract says so today.
fn hide_prices(form: &OrderForm, usage: &mut BillingUsage) {
    if form.show_price_in_api {
        return;
    }
    usage.estimate.unit_price_minor = None;
    usage.estimate.subtotal_minor = None;
    usage.estimate.minimum_applied = false;
    for line in &mut usage.lines.data {
        line.unit_price_minor = None;
        line.amount_minor = None;
    }
}

/// The lines of consecutive stays of a period, with the order form's price.
pub(super) async fn lines_of(
    tx: &Tx,
    ctx: &OpCtx,
    period: &Period,
    stays: &[Stay],
) -> Result<Vec<UsageLine>> {
    let (Some(first), Some(last)) = (stays.first(), stays.last()) else { return Ok(Vec::new()) };
    let time = (period.starts_at(), period.ends_at());
    let subjects = usage::subject_list(tx, &ctx.scope, time, (first.no, last.no)).await?;
    let line = |stay: &Stay| {
        let at = subjects.binary_search_by_key(&stay.no, |s| s.interval_no).ok()?;
        Some(line(stay, &subjects[at], ctx.partner.order_form.unit_price_minor))
    };
    let lines: Option<Vec<UsageLine>> = stays.iter().map(line).collect();
    lines.ok_or_else(|| Error::internal("listing usage", "an interval has lost its customer"))
}

fn line(stay: &Stay, subject: &UsageSubject, price_minor: Option<i64>) -> UsageLine {
    UsageLine {
        customer_id: stay.customer_id.to_string(),
        external_customer_id: subject.external_customer_id.clone(),
        customer_initials: initials(&subject.customer_name),
        mailbox_id: stay.mailbox_id.to_string(),
        pmb_number: subject.mailbox_number.to_string(),
        location_id: stay.location_id.to_string(),
        location_code: subject.location_code.clone(),
        active_from: stay.interval.from.to_string(),
        active_to: stay.interval.to.map(|to| to.to_string()),
        active_days: stay.days,
        billable_units: from_hundredths(stay.units_hundredths),
        unit_price_minor: price_minor,
        amount_minor: price_minor.map(|price| amount(stay.units_hundredths, price)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "quantities stay far below 2^52 hundredths")]
fn from_hundredths(n: i64) -> f64 {
    n as f64 / 100.0
}

/// `J.S.` for Jane Smith.
fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).flat_map(|c| [c, '.']).collect()
}
