//! The events of actions (postal.md 5.4).

use domain::Result;
use domain::action::ActionKind;
use domain::event::EventType;
use serde_json::Value;
use storage::Tx;
use wire::events::extra;
use wire::partner::actions::Window;
use wire::partner::mail::{Mail, MailSummary};

use super::{ActionView, result_of};
use crate::{News, OpCtx, emit, snapshot};

fn summary(view: &ActionView) -> MailSummary {
    Mail::summary(&view.mail.item, view.mail.status())
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn options(view: &ActionView) -> Value {
    serde_json::from_str(&view.action.options).unwrap_or_default()
}

/// The window of a pickup, where one was asked for or set.
pub(super) fn window(view: &ActionView) -> Option<Window> {
    let result = result_of(&view.action);
    let set = result.get("pickup").and_then(|p| p.get("window")).cloned();
    let window = set.filter(Value::is_object).or_else(|| options(view).get("window").cloned())?;
    Some(Window { start: text(&window, "start")?, end: text(&window, "end")? })
}

/// Somebody asked for work.
pub(super) async fn requested(tx: &Tx, ctx: &OpCtx, view: &ActionView) -> Result<()> {
    let mail = summary(view);
    let (kind, extra) = match view.action.kind {
        ActionKind::Scan => {
            (EventType::MailScanRequested, extra::members(&extra::ScanRequested { mail }))
        }
        ActionKind::Forward => {
            let to = options(view).get("address").cloned().unwrap_or_default();
            let part = |name: &str| text(&to, name).unwrap_or_default();
            let ship_to = extra::ShipTo {
                city: part("city"),
                state: part("state"),
                country: part("country"),
            };
            let told = extra::ForwardRequested { mail, ship_to };
            (EventType::MailForwardRequested, extra::members(&told))
        }
        ActionKind::Shred => {
            let not_before = view.action.not_before.map(|t| t.to_string());
            let told = extra::ShredRequested { mail, not_before };
            (EventType::MailShredRequested, extra::members(&told))
        }
        ActionKind::Pickup => {
            let told = extra::PickupRequested { mail, window: window(view) };
            (EventType::MailPickupRequested, extra::members(&told))
        }
    };
    tell(tx, ctx, view, kind, extra).await
}

/// A time to collect was set.
pub(super) async fn pickup_scheduled(
    tx: &Tx,
    ctx: &OpCtx,
    view: &ActionView,
    window: Window,
) -> Result<()> {
    let location = extra::PickupLocation {
        id: view.mail.location.id.to_string(),
        name: view.mail.location.name.clone(),
    };
    let told = extra::PickupScheduled { mail: summary(view), window, location };
    tell(tx, ctx, view, EventType::MailPickupScheduled, extra::members(&told)).await
}

/// The pages are there.
pub(super) async fn scanned(tx: &Tx, ctx: &OpCtx, view: &ActionView, pages: i64) -> Result<()> {
    let told = extra::Scanned { mail: summary(view), pages, document_url: None };
    tell(tx, ctx, view, EventType::MailScanned, extra::members(&told)).await
}

/// The item is with a carrier.
pub(super) async fn forwarded(tx: &Tx, ctx: &OpCtx, view: &ActionView) -> Result<()> {
    let result = result_of(&view.action);
    let shipment = result.get("shipment").cloned().unwrap_or_default();
    let told = extra::Forwarded {
        mail: summary(view),
        carrier: text(&shipment, "carrier"),
        service: text(&shipment, "service"),
        tracking_number: text(&shipment, "tracking_number"),
        tracking_url: text(&shipment, "tracking_url"),
        charge: snapshot::action(ctx, &view.action).charge,
    };
    tell(tx, ctx, view, EventType::MailForwarded, extra::members(&told)).await
}

/// The item was destroyed.
pub(super) async fn shredded(
    tx: &Tx,
    ctx: &OpCtx,
    view: &ActionView,
    certificate_id: String,
) -> Result<()> {
    let told = extra::Shredded { mail: summary(view), certificate_id };
    tell(tx, ctx, view, EventType::MailShredded, extra::members(&told)).await
}

async fn tell(
    tx: &Tx,
    ctx: &OpCtx,
    view: &ActionView,
    kind: EventType,
    extra: Vec<(&'static str, Value)>,
) -> Result<()> {
    let news = News {
        kind,
        mail_id: Some(view.mail.item.id),
        action_id: Some(view.action.id),
        object: snapshot::value(&snapshot::action(ctx, &view.action)),
        extra,
        previous: None,
    };
    emit(tx, ctx, &view.mail.customer, news).await.map(drop)
}
