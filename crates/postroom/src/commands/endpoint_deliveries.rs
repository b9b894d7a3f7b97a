//! `postroom endpoint deliveries`: the log of deliveries, narrowed.
//!
//! Watching it grow is in `deliveries`, asking for them again in `redelivery`.

use app::OpCtx;
use app::deliveries::list::{Narrowing, list};
use app::deliveries::{DeliveryStatus, DeliveryView, phases, response_headers};
use clap::Args;
use domain::event::EventType;
use serde_json::{Value, json};

use super::parse::one_of;
use crate::out;

const COLUMNS: &[&str] = &[
    "id",
    "created_at",
    "event_type",
    "status",
    "attempts",
    "last_status",
    "last_error",
    "held_by",
    "event_id",
];

#[derive(Args)]
pub(super) struct Deliveries {
    /// Only of this endpoint.
    #[arg(long, value_name = "ID")]
    endpoint: Option<String>,
    #[arg(long, value_parser = one_of!(DeliveryStatus))]
    status: Option<DeliveryStatus>,
    #[arg(long, value_parser = one_of!(EventType))]
    event: Option<EventType>,
    /// cus_…, or ext: and the partner's own id.
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    #[arg(long, default_value_t = 25)]
    limit: usize,
}

/// Most deliveries that are printed at once.
const DELIVERIES_MAX: usize = 1000;

impl Deliveries {
    pub(super) async fn run(&self, ctx: &OpCtx, json: bool) -> anyhow::Result<()> {
        let narrowing = Narrowing {
            status: self.status,
            event_type: self.event,
            endpoint_id: self.endpoint.clone(),
            customer_id: self.customer.clone(),
            ..Narrowing::default()
        };
        let limit = self.limit.clamp(1, DELIVERIES_MAX);
        let work = async move |tx: &_, ctx: &_| list(tx, ctx, &narrowing, None, limit).await;
        let page = ctx.app.query(ctx, work).await?;
        let rows: Vec<Value> = page.deliveries.iter().map(shown).collect();
        out::rows(json, COLUMNS, &rows);
        if page.next.is_some() {
            out::say("there are more; raise --limit or narrow the list");
        }
        Ok(())
    }
}

fn shown(view: &DeliveryView) -> Value {
    let d = &view.delivery;
    let last = d.attempts.last();
    json!({
        "id": d.id.to_string(),
        "event_id": d.event_id.to_string(),
        "event_type": d.event_type.as_str(),
        "endpoint_id": d.endpoint_id.to_string(),
        "url": d.url,
        "status": view.status.as_str(),
        "attempts": d.attempts.len(),
        "last_status": last.and_then(|a| a.status_code),
        "last_error": last.and_then(|a| a.error.clone()),
        "last_phases": last.and_then(phases).map(|p| json!({
            "dns_us": p.dns, "connect_us": p.connect, "tls_us": p.tls,
            "write_us": p.write, "head_us": p.head, "body_us": p.body,
        })),
        "last_headers": last.map(|a| {
            let header = |(name, value)| json!({"name": name, "value": value});
            response_headers(a).map(header).collect::<Vec<_>>()
        }),
        "next_attempt_at": view.next_attempt_at.map(|at| at.to_string()),
        "held_by": view.hold.map(|hold| hold.by.as_str()),
        "held_until": view.hold.and_then(|hold| hold.until).map(|at| at.to_string()),
        "delivered_at": view.delivered_at.map(|at| at.to_string()),
        "created_at": d.created_at.to_string(),
    })
}
