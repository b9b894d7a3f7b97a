//! Listing deliveries, newest first.

use domain::event::EventType;
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::{Result, Timestamp};
use storage::Tx;
use storage::deliveries::{self, DeliveryFilter};

use super::{DeliveryStatus, DeliveryView};
use crate::page::{Page, one_more};
use crate::{OpCtx, events};

/// Rows that one step of a search for a status looks at, and steps of one request. A status is not
/// stored, so it can't be an index; what lies further back is behind the cursor.
const SCAN_ROWS: i64 = 1000;
const SCAN_STEPS_MAX: usize = 5;

/// What a list is narrowed to. Ids are as they were sent; one that is nobody's matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Narrowing {
    pub status: Option<DeliveryStatus>,
    pub event_type: Option<EventType>,
    pub event_id: Option<String>,
    pub endpoint_id: Option<String>,
    pub customer_id: Option<String>,
    /// From, and before.
    pub created: (Option<Timestamp>, Option<Timestamp>),
}

/// A page, and the position after which the next one begins. A page of a status can be short, or
/// empty, and still have a next one.
#[derive(Debug, Default)]
pub struct DeliveryPage {
    pub deliveries: Vec<DeliveryView>,
    pub next: Option<DeliveryId>,
}

/// At most `limit` deliveries older than `before`.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    narrowing: &Narrowing,
    before: Option<DeliveryId>,
    limit: usize,
) -> Result<DeliveryPage> {
    let Some(filter) = resolve(tx, ctx, narrowing).await? else {
        return Ok(DeliveryPage::default());
    };
    if let Some(status) = narrowing.status {
        return search(tx, ctx, &filter, status, before, limit).await;
    }
    let found = deliveries::list(tx, &ctx.scope, &filter, before, one_more(limit)).await?;
    let page = Page::of(found, limit);
    let next = page.items.last().map(|d| d.id).filter(|_| page.has_more);
    let now = ctx.app.clock.now();
    let deliveries = page.items.into_iter().map(|d| DeliveryView::of(d, now)).collect();
    Ok(DeliveryPage { deliveries, next })
}

async fn search(
    tx: &Tx,
    ctx: &OpCtx,
    filter: &DeliveryFilter,
    status: DeliveryStatus,
    before: Option<DeliveryId>,
    limit: usize,
) -> Result<DeliveryPage> {
    let mut matching = Vec::new();
    let mut position = before;
    for _ in 0..SCAN_STEPS_MAX {
        let rows = deliveries::scan(tx, &ctx.scope, filter, position, SCAN_ROWS).await?;
        let is_last = (rows.len() as u64) < SCAN_ROWS.unsigned_abs();
        for row in rows {
            if DeliveryStatus::of(row.is_owed, row.outcome.as_deref()) == status {
                if matching.len() == limit {
                    return load(tx, ctx, &matching, matching.last().copied()).await;
                }
                matching.push(row.id);
            }
            position = Some(row.id);
        }
        if is_last {
            return load(tx, ctx, &matching, None).await;
        }
    }
    load(tx, ctx, &matching, position).await
}

async fn load(
    tx: &Tx,
    ctx: &OpCtx,
    ids: &[DeliveryId],
    next: Option<DeliveryId>,
) -> Result<DeliveryPage> {
    Ok(DeliveryPage { deliveries: find_each(tx, ctx, ids).await?, next })
}

/// Those of these deliveries that are there.
pub async fn find_each(tx: &Tx, ctx: &OpCtx, ids: &[DeliveryId]) -> Result<Vec<DeliveryView>> {
    let mut deliveries = Vec::with_capacity(ids.len());
    let now = ctx.app.clock.now();
    for id in ids {
        let found = deliveries::find(tx, &ctx.scope, *id).await?;
        deliveries.extend(found.map(|d| DeliveryView::of(d, now)));
    }
    Ok(deliveries)
}

/// The ids of a narrowing; `None` when one of them is nobody's.
async fn resolve(tx: &Tx, ctx: &OpCtx, narrowing: &Narrowing) -> Result<Option<DeliveryFilter>> {
    let event_id = narrowing.event_id.as_deref().map(EventId::parse);
    let endpoint_id = narrowing.endpoint_id.as_deref().map(EndpointId::parse);
    let customer_id = match narrowing.customer_id.as_deref() {
        None => None,
        Some(id) => match events::list::customer_id(tx, ctx, id).await? {
            None => return Ok(None),
            known => known,
        },
    };
    if matches!(event_id, Some(None)) || matches!(endpoint_id, Some(None)) {
        return Ok(None);
    }
    Ok(Some(DeliveryFilter {
        event_type: narrowing.event_type,
        event_id: event_id.flatten(),
        endpoint_id: endpoint_id.flatten(),
        customer_id,
        created: narrowing.created,
    }))
}
