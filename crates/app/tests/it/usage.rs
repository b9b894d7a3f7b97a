//! What a month counts to while it runs, and that it stays as it was once it is closed.

use app::admin::partners::{self, PartnerChange};
use app::usage::read::{LinePage, Span, UsageAnswer, read};
use app::{OpCtx, Tx, usage};
use domain::customer::Customer;
use domain::usage::CountMethod;
use domain::{Clock, Date, ErrorCode, Timestamp, days, hours};
use storage::args;

use crate::support::{START, World, act, invite, refusal, world};

/// Invites a customer and counts the mailbox as active from `at` on.
async fn open(ctx: &OpCtx, external_id: &str, at: Timestamp) -> Customer {
    let view = invite(ctx, external_id).await;
    let (mailbox, _) = view.mailbox.unwrap();
    let customer = view.customer.clone();
    act(ctx, async move |tx, ctx| {
        usage::opened(tx, ctx, &view.customer, &mailbox, at).await?;
        // A second word about the same opening changes nothing.
        usage::opened(tx, ctx, &view.customer, &mailbox, at).await
    })
    .await
    .unwrap();
    customer
}

async fn close(ctx: &OpCtx, customer: Customer, at: Timestamp) {
    act(ctx, async move |tx, ctx| usage::closed(tx, ctx, &customer, at).await).await.unwrap();
}

async fn ask(ctx: &OpCtx, span: Span, lines: Option<LinePage>) -> UsageAnswer {
    let work = async move |tx: &Tx, ctx: &OpCtx| read(tx, ctx, span, lines).await;
    ctx.app.query(ctx, work).await.unwrap()
}

/// Opening, activated, deactivated, closing; the invariant holds in every answer.
fn moves(answer: &UsageAnswer) -> [i64; 4] {
    let u = &answer.usage;
    assert_eq!(u.opening_active + u.activated - u.deactivated, u.closing_active);
    [u.opening_active, u.activated, u.deactivated, u.closing_active]
}

async fn agree(world: &World, method: CountMethod, price: Option<i64>, minimum: Option<i64>) {
    let mut order_form = world.partner.order_form.clone();
    order_form.count_method = method;
    order_form.unit_price_minor = price;
    order_form.monthly_minimum_minor = minimum;
    order_form.show_price_in_api = true;
    let change = PartnerChange { order_form: Some(order_form), ..PartnerChange::default() };
    let ctx = world.ctx().await;
    act(&ctx, async move |tx, ctx| partners::update(tx, ctx, &change).await).await.unwrap();
}

const ALL: Option<LinePage> = Some(LinePage { from: 0, limit: 100 });

#[tokio::test]
async fn a_month_shows_who_was_active_and_since_when() {
    let world = world().await;
    let ctx = world.ctx().await;
    open(&ctx, "early", START.plus(days(-40))).await;
    let left = open(&ctx, "left", START.plus(days(-40))).await;
    open(&ctx, "new", START.plus(hours(-1))).await;
    close(&ctx, left, START.plus(days(-2))).await;
    let answer = ask(&ctx, Span::Current, ALL).await;
    assert_eq!(moves(&answer), [2, 1, 1, 2]);
    let u = &answer.usage;
    assert_eq!((u.period.as_str(), u.status.as_str()), ("2026-11", "open"));
    assert_eq!(u.period_start, "2026-11-01T00:00:00-05:00");
    assert_eq!(u.period_end, "2026-12-01T00:00:00-06:00");
    assert_eq!((u.active_mailboxes, u.peak_active, u.mailbox_days), (2, 2, 20 + 18 + 1));
    assert!((u.billable_mailboxes - 3.0).abs() < f64::EPSILON);
    assert_eq!(u.by_location.len(), 1);
    assert_eq!(u.by_location[0].active_mailboxes, 2);
    assert_eq!((u.estimate.unit_price_minor, u.estimate.subtotal_minor), (None, None));
    let line = &u.lines.data[0];
    assert_eq!(line.external_customer_id.as_deref(), Some("early"));
    assert_eq!((line.customer_initials.as_str(), line.pmb_number.as_str()), ("J.S.", "301"));
    assert_eq!((line.location_code.as_str(), line.active_days), ("ATX1", 20));
    assert_eq!(line.unit_price_minor, None);
}

#[tokio::test]
async fn usage_of_another_partner_or_mode_is_not_counted() {
    let world = world().await;
    open(&world.ctx().await, "live", START.plus(hours(-1))).await;
    let test = world.test_ctx().await;
    assert_eq!(moves(&ask(&test, Span::Current, None).await), [0, 0, 0, 0]);
    assert!(!ask(&test, Span::Current, None).await.usage.livemode);
    let other = world.other_ctx().await;
    assert_eq!(moves(&ask(&other, Span::Current, None).await), [0, 0, 0, 0]);
}

#[tokio::test]
async fn the_estimate_follows_the_order_form_down_to_its_minimum() {
    let world = world().await;
    open(&world.ctx().await, "one", START.plus(days(-40))).await;
    // Twenty days of thirty, at 5.00.
    for (method, price, minimum, expected) in [
        (CountMethod::DistinctActive, Some(500), None, (Some(500), false)),
        (CountMethod::Prorated, Some(500), None, (Some(335), false)),
        (CountMethod::MonthEnd, Some(500), Some(500), (Some(500), false)),
        (CountMethod::Peak, Some(500), Some(501), (Some(501), true)),
        (CountMethod::AverageDaily, None, Some(501), (None, false)),
    ] {
        agree(&world, method, price, minimum).await;
        let answer = ask(&world.ctx().await, Span::Current, ALL).await;
        let e = &answer.usage.estimate;
        assert_eq!((e.subtotal_minor, e.minimum_applied), expected, "{method}");
        assert_eq!(answer.usage.count_method, method.as_str());
        assert_eq!(answer.usage.lines.data[0].unit_price_minor, price);
    }
}

#[tokio::test]
async fn lines_come_in_pages() {
    let world = world().await;
    let ctx = world.ctx().await;
    for n in 0..5 {
        open(&ctx, &format!("crm_{n}"), START.plus(hours(-1))).await;
    }
    let mut seen = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let answer = ask(&ctx, Span::Current, Some(LinePage { from, limit: 2 })).await;
        assert_eq!(answer.usage.lines.has_more, answer.next.is_some());
        next = answer.next;
        seen.extend(answer.usage.lines.data.into_iter().filter_map(|l| l.external_customer_id));
    }
    assert_eq!(seen, ["crm_0", "crm_1", "crm_2", "crm_3", "crm_4"]);
    assert!(ask(&ctx, Span::Current, None).await.usage.lines.data.is_empty());
}

#[tokio::test]
async fn days_can_be_asked_instead_of_a_month() {
    let world = world().await;
    let ctx = world.ctx().await;
    open(&ctx, "one", START.plus(days(-3))).await;
    let span = Span::read(None, Some("2026-11-01"), Some("2026-11-16")).unwrap();
    let answer = ask(&ctx, span, None).await;
    assert_eq!(moves(&answer), [0, 0, 0, 0]);
    assert_eq!(answer.usage.period, "2026-11-01/2026-11-16");
    let span = Span::read(None, Some("2026-11-17"), Some("2026-11-17")).unwrap();
    assert_eq!(ask(&ctx, span, None).await.usage.mailbox_days, 1);
}

#[test]
fn a_span_is_a_month_or_two_days_and_nothing_else() {
    assert_eq!(Span::read(None, None, None).unwrap(), Span::Current);
    let first = Date::parse("2026-11-01").unwrap();
    assert_eq!(Span::read(Some("2026-11"), None, None).unwrap(), Span::Month(first));
    for (period, from, to) in [
        (Some("2026-13"), None, None),
        (Some("november"), None, None),
        (Some("2026-11"), Some("2026-11-01"), Some("2026-11-02")),
        (None, Some("2026-11-02"), None),
        (None, None, Some("2026-11-02")),
        (None, Some("2026-11-02"), Some("2026-11-01")),
        (None, Some("2026-11-02"), Some("2027-11-03")),
        (None, Some("today"), Some("2026-11-01")),
        (None, Some("2026-11-01"), Some("never")),
    ] {
        assert_eq!(refusal(Span::read(period, from, to)), ErrorCode::InvalidParameter);
    }
}

#[tokio::test]
async fn a_closed_month_stays_as_it_was_answered() {
    let world = world().await;
    agree(&world, CountMethod::DistinctActive, Some(500), None).await;
    let ctx = world.ctx().await;
    let customer = open(&ctx, "one", START).await;
    let month = Span::Month(START.date_in("UTC"));
    // A day after the end, in Austin.
    world.clock.set(Timestamp::parse("2026-12-02T05:59:59Z").unwrap());
    assert_eq!(usage::close::due(&world.app).await.unwrap(), 0);
    assert_eq!(ask(&world.ctx().await, month, None).await.usage.status, "open");
    world.clock.advance(days(0) + hours(1));
    // Two partners in two modes.
    assert_eq!(usage::close::due(&world.app).await.unwrap(), 4);
    assert_eq!(usage::close::due(&world.app).await.unwrap(), 0);
    let ctx = world.ctx().await;
    let closed = ask(&ctx, month, ALL).await;
    assert_eq!(closed.usage.status, "closed");
    assert_eq!(closed.usage.estimate.subtotal_minor, Some(500));
    assert_eq!(closed.usage.lines.data[0].amount_minor, Some(500));
    // What becomes known later, and what is agreed later, changes the following months only.
    close(&ctx, customer, START.plus(days(1))).await;
    agree(&world, CountMethod::MonthEnd, Some(900), None).await;
    world.clock.advance(days(5));
    let later = ask(&world.ctx().await, month, ALL).await;
    assert_eq!(later.usage.status, "final");
    assert_eq!(moves(&later), moves(&closed));
    assert_eq!(later.usage.count_method, "distinct_active");
    assert_eq!(later.usage.estimate.unit_price_minor, Some(500));
    assert_eq!(later.usage.lines.data[0].active_to, None);
    assert_eq!(moves(&ask(&world.ctx().await, Span::Current, None).await), [0, 0, 0, 0]);
}

#[tokio::test]
async fn months_that_were_missed_are_closed_one_after_the_other() {
    let world = world().await;
    open(&world.ctx().await, "one", START).await;
    world.clock.advance(days(75));
    // November, December and January, for two partners in two modes.
    assert_eq!(usage::close::due(&world.app).await.unwrap(), 12);
    let december = Span::read(Some("2026-12"), None, None).unwrap();
    assert_eq!(moves(&ask(&world.ctx().await, december, None).await), [1, 0, 0, 1]);
}

#[tokio::test]
async fn the_nightly_count_is_taken_once_for_the_day_that_ended() {
    let world = world().await;
    let ctx = world.ctx().await;
    open(&ctx, "one", START.plus(days(-3))).await;
    open(&ctx, "today", START).await;
    usage::snapshot::due(&world.app).await.unwrap();
    open(&ctx, "backdated", START.plus(days(-2))).await;
    usage::snapshot::due(&world.app).await.unwrap();
    let read = async |tx: &Tx, ctx: &OpCtx| {
        let first = Date::parse("2026-11-01").unwrap();
        Ok(storage::usage::snapshot_list(tx, &ctx.scope, first, first.plus_months(1)).await?)
    };
    let yesterday = world.clock.now().plus(days(-1)).date_in("America/Chicago");
    assert_eq!(ctx.app.query(&ctx, read).await.unwrap(), [(yesterday, 1)]);
}

// Written straight into the tables: what is counted are the rows, however they came to be.
const MAIL: &str = "insert into mail_items (id, operator_id, partner_id, livemode, customer_id, location_id, kind,
    custody, content, accountable, flags, received_at, created_via, metadata, version, created_at, updated_at, deleted_at)
    values ($1, $2, $3, true, $4, $5, $6, 'in_house', 'sealed', 'none', '', $7, 'operator', '{}', 1, $7, $7, $8)";
const ACTION: &str =
    "insert into mail_actions (id, mail_id, customer_id, partner_id, livemode, kind, status,
    requested_by_kind, options, result, warnings, requested_at, completed_at, version)
    values ($1, $2, $3, $4, true, $5, $6, 'operator', '{}', '{}', '[]', $7, $7, 1)";

#[tokio::test]
async fn work_is_counted_in_the_month_in_which_it_was_done() {
    let world = world().await;
    let ctx = world.ctx().await;
    let customer = invite(&ctx, "one").await.customer;
    act(&ctx, async move |tx, ctx| {
        let before = START.plus(days(-30));
        let deleted = Some(START);
        for (n, kind, at, deleted_at) in [
            (1_u8, "letter", START, None),
            (2, "package", START, None),
            (3, "package", START, deleted),
            (4, "letter", before, None),
        ] {
            let (operator, partner) = (ctx.scope.operator_id(), ctx.scope.partner_id());
            let (id, location) = ([n; 16], customer.location_id);
            let row = args![id, operator, partner, customer.id, location, kind, at, deleted_at];
            tx.exec(MAIL, row).await?;
        }
        for (n, kind, status, at) in [
            (1_u8, "scan", "completed", START),
            (2, "scan", "completed", before),
            (3, "scan", "requested", START),
            (4, "forward", "completed", START),
            (5, "shred", "completed", START),
            (6, "pickup", "completed", START),
            (7, "pickup", "completed", START),
        ] {
            let row =
                args![[n; 16], [1_u8; 16], customer.id, ctx.scope.partner_id(), kind, status, at];
            tx.exec(ACTION, row).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    world.clock.advance(hours(1));
    let done = ask(&world.ctx().await, Span::Current, None).await.usage.operations;
    assert_eq!((done.mail_received, done.packages_received), (2, 1));
    assert_eq!((done.scans_completed, done.forwards_completed), (1, 1));
    assert_eq!((done.shreds_completed, done.pickups_completed), (1, 2));
}
