//! Asking to collect an item, and setting the time for it (P1 to P3, P6).

use domain::action::{Action, ActionKind, ActionStatus, ActionStep};
use domain::customer::{Recipient, RecipientStatus};
use domain::id::RecipientId;
use domain::partner::{Location, Service};
use domain::{Error, ErrorCode, Field, Result, Timestamp, days};
use serde_json::{Value, json};
use storage::{Tx, actions, customers};
use wire::partner::actions::{PickupRequest, Window};

use super::complete::{Handover, Outcome, complete};
use super::request::{Request, open, store};
use super::work::{get_locked, save};
use super::{ActionView, news, result_of, set_result, work};
use crate::OpCtx;
use crate::mail::MailView;

/// When a pickup without a time is due to get one, in microseconds.
const DUE_AFTER: i64 = days(1);
/// How far ahead a pickup may be planned, in microseconds.
const AHEAD_MAX: i64 = days(60);
/// How long a handover at the desk takes, in microseconds.
const WALK_IN: i64 = domain::minutes(15);
/// How long after its window a pickup that nobody came for loses its time, in microseconds.
pub(crate) const NO_SHOW_AFTER: i64 = days(1);

/// Asks to collect. A time inside opening hours is set at once where the location takes pickups
/// without a clerk's word.
pub async fn request(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    input: &PickupRequest,
) -> Result<ActionView> {
    let view = open(tx, ctx, mail_id, ActionKind::Pickup, false).await?;
    must_be_known(tx, &view, input).await?;
    let window = window(&view.location, input);
    if let Some(window) = window {
        must_be_open(ctx, &view.location, window)?;
    }
    let at_once = match window {
        Some(window) if has_room(tx, &view.location, window).await? => Some(window),
        Some(_) | None => None,
    };
    let request = Request {
        kind: ActionKind::Pickup,
        service: Service::Pickup,
        after_scan: false,
        free: false,
        options: input.to_options(),
        result: "{}".to_owned(),
        not_before: None,
        due_at: Some(window.map_or(ctx.now.plus(DUE_AFTER), |w| w.0)),
        warnings: Vec::new(),
    };
    let requested = store(tx, ctx, view, request).await?;
    match at_once {
        Some(window) => set(tx, ctx, requested, window).await,
        None => Ok(requested),
    }
}

/// A clerk sets the time, or another time.
pub async fn schedule(
    tx: &Tx,
    ctx: &OpCtx,
    action_id: &str,
    window: (Timestamp, Timestamp),
) -> Result<ActionView> {
    let view = get_locked(tx, ctx, action_id).await?;
    view.action.status.after(view.action.kind, ActionStep::Schedule)?;
    must_be_open(ctx, &view.mail.location, window)?;
    set(tx, ctx, view, window).await
}

async fn set(
    tx: &Tx,
    ctx: &OpCtx,
    mut view: ActionView,
    (start, end): (Timestamp, Timestamp),
) -> Result<ActionView> {
    let window = Window { start: start.to_string(), end: end.to_string() };
    // The code that opens the counter is for the desk; what is shown to others leaves it out.
    let pickup = json!({"window": {"start": window.start, "end": window.end}, "code": code(ctx)});
    set_result(&mut view.action, "pickup", pickup);
    view.action.due_at = Some(start);
    view.action.status = view.action.status.after(ActionKind::Pickup, ActionStep::Schedule)?;
    view.action.scheduled_at = Some(ctx.now);
    let view = save(tx, ctx, view, "mail_action.schedule").await?;
    news::pickup_scheduled(tx, ctx, &view, window).await?;
    Ok(view)
}

/// Somebody stands at the desk who did not ask before: request, time and handover in one step
/// (postal.md 3.9). Both pickup events tell of it. They are known by a photo ID, as they hold no code.
pub async fn walk_in(
    tx: &Tx,
    ctx: &OpCtx,
    mail_id: &str,
    handover: &Handover,
) -> Result<ActionView> {
    let view = open(tx, ctx, mail_id, ActionKind::Pickup, false).await?;
    let request = Request {
        kind: ActionKind::Pickup,
        service: Service::Pickup,
        after_scan: false,
        free: false,
        options: PickupRequest::default().to_options(),
        result: "{}".to_owned(),
        not_before: None,
        due_at: Some(ctx.now),
        warnings: Vec::new(),
    };
    let requested = store(tx, ctx, view, request).await?;
    let scheduled = set(tx, ctx, requested, (ctx.now, ctx.now.plus(WALK_IN))).await?;
    let id = scheduled.action.id.to_string();
    work::start(tx, ctx, &id).await?;
    Box::pin(complete(tx, ctx, &id, &Outcome::PickedUp(handover.clone()))).await
}

/// True when the location takes pickups without a clerk's word and the hours of the window are not
/// full. Two that are asked for in the same instant may overfill an hour by one; the desk copes.
async fn has_room(
    tx: &Tx,
    location: &Location,
    (start, end): (Timestamp, Timestamp),
) -> Result<bool> {
    let hour = domain::hours(1);
    let from = start.micros().div_euclid(hour) * hour;
    let n_hours = (end.micros() - from + hour - 1).div_euclid(hour);
    let until = Timestamp::from_micros(from + n_hours * hour);
    let planned =
        actions::pickups_planned(tx, location.id, Timestamp::from_micros(from), until).await?;
    Ok(planned < location.pickups_per_hour * n_hours)
}

/// Nobody came: the pickup waits for a new time, and the old code opens nothing any more (P6).
/// Refused while somebody may still come.
pub async fn no_show(tx: &Tx, ctx: &OpCtx, action_id: &str) -> Result<ActionView> {
    let mut view = get_locked(tx, ctx, action_id).await?;
    view.action.status = view.action.status.after(view.action.kind, ActionStep::Unschedule)?;
    if window_end(&view.action).is_none_or(|end| ctx.now < end) {
        let message = "the window of this pickup is not over";
        return Err(Error::refused(ErrorCode::ActionConflict, message)
            .fix("wait for its end, or schedule another one"));
    }
    set_result(&mut view.action, "pickup", Value::Null);
    view.action.scheduled_at = None;
    view.action.due_at = Some(ctx.now.plus(DUE_AFTER));
    save(tx, ctx, view, "mail_action.no_show").await
}

/// Takes back a time that passed a day ago or earlier; false when somebody came, or may come (P6).
pub(crate) async fn expire(tx: &Tx, ctx: &OpCtx, action_id: &str) -> Result<bool> {
    let action = get_locked(tx, ctx, action_id).await?.action;
    let is_late = window_end(&action).is_some_and(|end| end.plus(NO_SHOW_AFTER) <= ctx.now);
    if action.status != ActionStatus::Scheduled || !is_late {
        return Ok(false);
    }
    no_show(tx, ctx, action_id).await.map(|_| true)
}

/// Six digits.
fn code(ctx: &OpCtx) -> String {
    let mut random = [0; 8];
    ctx.app.ids.fill(&mut random);
    format!("{:06}", u64::from_be_bytes(random) % 1_000_000)
}

fn window(location: &Location, input: &PickupRequest) -> Option<(Timestamp, Timestamp)> {
    let day = |date: domain::Date| {
        let midnight = date.start_in(&location.timezone);
        let at = |minute| midnight.plus(domain::minutes(minute));
        (at(location.opens_minute), at(location.closes_minute))
    };
    input.window.or_else(|| input.date.map(day))
}

/// A window lies ahead, on one open day, inside opening hours.
fn must_be_open(
    ctx: &OpCtx,
    location: &Location,
    (start, end): (Timestamp, Timestamp),
) -> Result<()> {
    let refuse =
        |message: String| Err(Error::invalid(vec![Field::new("window", "invalid", message)]));
    if end <= ctx.now || start > ctx.now.plus(AHEAD_MAX) {
        return refuse("the window must lie ahead, by at most 60 days".to_owned());
    }
    let (from, to) = (start.civil(&location.timezone), end.civil(&location.timezone));
    let minute = |t: jiff::civil::DateTime| i64::from(t.hour()) * 60 + i64::from(t.minute());
    let weekday = from.date().weekday().to_monday_one_offset();
    let inside = from.date() == to.date()
        && location.open_weekdays.contains(&weekday)
        && minute(from) >= location.opens_minute
        && minute(to) <= location.closes_minute;
    if inside {
        return Ok(());
    }
    let clock = |m: i64| format!("{:02}:{:02}", m / 60, m % 60);
    refuse(format!(
        "the window must lie on one open day between {} and {} ({})",
        clock(location.opens_minute),
        clock(location.closes_minute),
        location.timezone
    ))
}

/// Who comes is the customer, or a recipient who was authorised (P1).
async fn must_be_known(tx: &Tx, view: &MailView, input: &PickupRequest) -> Result<()> {
    let Some(text) = &input.recipient_id else { return Ok(()) };
    let known = customers::recipient_list(tx, &view.customer).await?;
    let id = RecipientId::parse(text);
    let fits = |r: &Recipient| Some(r.id) == id && r.status == RecipientStatus::Authorised;
    if known.iter().any(fits) {
        return Ok(());
    }
    let message = "this customer has no such authorised recipient";
    Err(Error::invalid(vec![Field::new("pickup_person/recipient_id", "unknown", message)]))
}

fn window_end(action: &Action) -> Option<Timestamp> {
    let result = result_of(action);
    let end = result.get("pickup")?.get("window")?.get("end")?.as_str()?.to_owned();
    Timestamp::parse(&end)
}
