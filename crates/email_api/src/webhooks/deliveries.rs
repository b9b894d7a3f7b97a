//! `/api/v1/webhooks/deliveries`.

use std::time::Duration;

use app::email::organization_id;
use app::email::webhook_log::get::get;
use app::email::webhook_log::list::{LogPage, list};
use app::email::webhook_log::replay::replay;
use app::email::webhook_log::{LineFilter, LogRow};
use app::{OpCtx, Tx};
use axum::extract::State;
use domain::Result;
use domain::event::EventType;
use domain::id::{EndpointId, Uuid, parse_uuid};
use tokio::time::Instant;
use wire::email::deliveries::{WebhookDeliveries, WebhookDelivery};
use wire::email::events::event_id;

use crate::call::{Call, Handled};
use crate::query::{Query, invalid};
use crate::{EmailApi, answer};

/// Rows of a page; what is out of range is brought into it (Q34).
const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 200;
/// How far the first row may lie.
const OFFSET_MAX: i64 = 10_000;
/// How long the answer to a replay waits for its attempt, which may take 15 seconds; the clients wait 30. A
/// slower one is answered as it stands, without a status.
const REPLAY_WAIT: Duration = Duration::from_secs(16);
/// How often it looks.
const REPLAY_LOOK: Duration = Duration::from_millis(50);

/// The delivery log
///
/// A row for each attempt, newest first. Rows stay as long as events do, also when their subscription is deleted.
#[utoipa::path(
    get, path = "/api/v1/webhooks/deliveries", operation_id = "listDeliveries", tag = "Webhooks",
    params(
        ("subscription_id" = Option<String>, Query, description = "Of one subscription."),
        ("phone_number_id" = Option<String>, Query, description = "Nothing is found by it."),
        ("event_type" = Option<String>, Query, description = "Of one type of event."),
        ("success" = Option<bool>, Query, description = "Answered with 2xx, or not."),
        ("limit" = Option<i64>, Query, description = "1 to 200, default 50; brought into that range."),
        ("offset" = Option<i64>, Query, description = "Rows to leave out, at most 10,000."),
    ),
    responses((status = 200, description = "A page of the log.", body = WebhookDeliveries))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let Some(page) = page(&query)? else {
        return Ok(answer::ok(&WebhookDeliveries { deliveries: Vec::new() }));
    };
    let work = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, page).await;
    let found = api.app.query(&ctx, work).await?;
    let deliveries = found.iter().map(|row| shown(&ctx, row)).collect();
    Ok(answer::ok(&WebhookDeliveries { deliveries }))
}

/// Replay a delivery
///
/// Sends the same body with the same event id once more, to the subscription as it is now. The answer is the
/// row of the new attempt, whatever the receiver said; without a status if it takes long.
#[utoipa::path(
    post, path = "/api/v1/webhooks/deliveries/{delivery_id}/replay", operation_id = "replayDelivery",
    tag = "Webhooks", params(("delivery_id" = String, Path, description = "The id of a row.")),
    responses((status = 201, description = "The new row.", body = WebhookDelivery))
)]
pub(crate) async fn replay_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let id = call.param("delivery_id");
    let made = api.app.act(&ctx, async move |tx, ctx| replay(tx, ctx, &id).await).await?;
    let row = settled(&api, &ctx, made).await?;
    Ok(answer::created(&shown(&ctx, &row)))
}

/// The row once its attempt has ended, or as it stands when that takes too long.
async fn settled(api: &EmailApi, ctx: &OpCtx, made: LogRow) -> Result<LogRow> {
    let (id, until) = (made.id().to_string(), Instant::now() + REPLAY_WAIT);
    while Instant::now() < until {
        tokio::time::sleep(REPLAY_LOOK).await;
        let id = id.clone();
        let row = api.app.query(ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
        if row.outcome.is_some() {
            return Ok(row);
        }
    }
    Ok(made)
}

/// Which rows are asked for; `None` when there are none.
fn page(query: &Query) -> Result<Option<LogPage>> {
    let number = |name: &str| query.number(name, i64::MIN..=i64::MAX);
    let (limit, offset) = (number("limit")?, query.number("offset", 0..=OFFSET_MAX)?);
    let is_success = query.flag("success")?;
    let subscription = query.text("subscription_id").map(parse_uuid);
    let event_type = query.text("event_type").map(EventType::parse);
    let is_none = matches!(subscription, Some(None)) || matches!(event_type, Some(None));
    if is_none || query.text("phone_number_id").is_some() {
        return Ok(None);
    }
    let limit = limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let size = |n: i64| usize::try_from(n).map_err(|_| invalid("limit", "is too large"));
    Ok(Some(LogPage {
        subscription: subscription.flatten().map(EndpointId),
        filter: LineFilter { event_type: event_type.flatten(), is_success },
        offset: size(offset.unwrap_or(0))?,
        limit: size(limit)?,
    }))
}

fn shown(ctx: &OpCtx, row: &LogRow) -> WebhookDelivery {
    let (sent, outcome, obstacle) = (&row.sent, row.outcome.as_ref(), row.obstacle());
    let status = outcome.and_then(|o| o.status_code);
    let body = outcome.and_then(|o| o.response_body.as_deref());
    let error = outcome.and_then(|o| o.error.clone());
    WebhookDelivery {
        id: row.id().to_string(),
        organization_id: organization_id(ctx),
        webhook_subscription_id: Some(Uuid(sent.endpoint_id.0).to_string()),
        phone_number_id: None,
        event_id: event_id(sent.event_id),
        event_type: sent.event_type.to_string(),
        url: outcome.map_or(&sent.url, |o| &o.url).clone(),
        request_payload: String::from_utf8_lossy(&sent.payload).into_owned(),
        response_status: status,
        // The engine keeps 4096 bytes, which may end within a character (DL-3).
        response_body: body.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        error_detail: error.filter(|_| status.is_none()),
        duration_ms: outcome.map(|o| o.duration_us / 1000),
        is_replay: sent.is_replay,
        created_at: outcome.map_or(sent.created_at, |o| o.at).to_string(),
        replayable: obstacle.is_none(),
        replay_unavailable_reason: obstacle.map(|why| why.to_string()),
    }
}
