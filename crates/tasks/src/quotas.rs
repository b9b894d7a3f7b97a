//! Payloads of partners are counted, and their operator told when a quota is nearly or wholly used up.
//!
//! Counted afterwards, so that emitting costs nothing and no row is fought over: about a minute late. While no
//! partner has a quota, nothing is counted; the count then goes on where it stood. What is not sent from then on
//! is decided in `app::emit`. Source: webhooks.md 5.17.

use std::sync::Arc;

use app::notices::operator::QuotaReached;
use app::notices::{self, Notice};
use app::{Actor, App, OpCtx, audit};
use domain::id::first_number;
use domain::partner::{Partner, QUOTA_FULL_PERCENT, QUOTA_NEAR_PERCENT};
use domain::{Result, minutes};
use storage::{Tx, quotas, tenancy};

use crate::Tasks;

/// Events that are read at a time, and such pages in one run: over a million a minute.
const PAGE_ROWS: i64 = 5000;
const PAGES_MAX: usize = 250;
/// Events that are younger are not counted yet, in microseconds: one that is committed late has a lower number than
/// others that are counted. No unit lasts as long.
const LAG: i64 = minutes(1);
/// Below this what was told is forgotten, in percent; a partner that stays near a mark is told of once.
const RELIEF_PERCENT: i64 = 70;

/// Counts the events whose payloads were counted, and the partners that were told of.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let app = &tasks.parts.app;
    let has_quota = |partner: &Partner| partner.settings.payload_quota_bytes.is_some();
    let all = app.db.read(async |tx: &Tx| tenancy::partner_list(tx).await).await?;
    if !all.iter().any(has_quota) {
        return Ok(0);
    }
    let mut n = count(app).await?;
    let all = app.db.read(async |tx: &Tx| tenancy::partner_list(tx).await).await?;
    for partner in all.into_iter().filter(has_quota) {
        let app = app.clone();
        let partner = Arc::new(partner);
        let unit = async move |tx: &Tx| tell(tx, &app, Arc::clone(&partner)).await;
        n += usize::from(tasks.parts.app.db.write(unit).await?);
    }
    Ok(n)
}

async fn count(app: &App) -> Result<usize> {
    let before = first_number(app.clock.now().plus(-LAG));
    let mut n = 0;
    for _ in 0..PAGES_MAX {
        let read = async move |tx: &Tx| {
            let after = quotas::counted_to(tx).await?;
            Ok((after, quotas::additions(tx, (after, before), PAGE_ROWS).await?))
        };
        let (after, additions) = app.db.read::<_, storage::Error, _>(read).await?;
        let events: i64 = additions.iter().map(|a| a.events).sum();
        if events == 0 {
            break;
        }
        let add = async move |tx: &Tx| quotas::add(tx, after, &additions).await;
        if !app.db.write(add).await? {
            break;
        }
        n += usize::try_from(events).unwrap_or(0);
    }
    Ok(n)
}

/// Tells of a mark that was reached, once; true when it did.
async fn tell(tx: &Tx, app: &App, partner: Arc<Partner>) -> Result<bool> {
    let Some(percent) = partner.quota_percent() else { return Ok(false) };
    let told = quotas::told(tx, partner.id).await?;
    let mark = match percent {
        QUOTA_FULL_PERCENT.. => QUOTA_FULL_PERCENT,
        QUOTA_NEAR_PERCENT.. => told.max(QUOTA_NEAR_PERCENT),
        RELIEF_PERCENT.. => told,
        _ => 0,
    };
    if mark == told || !quotas::tell(tx, partner.id, mark).await? || mark < told {
        return Ok(false);
    }
    let (stored_bytes, quota_bytes) =
        (partner.stored_bytes, partner.settings.payload_quota_bytes.unwrap_or_default());
    let slug = partner.slug.clone();
    tracing::warn!(partner.id = %partner.id, "{slug} has used up {percent} % of its quota of stored events");
    let ctx = OpCtx::new(app, partner, true, Actor::System);
    let shown = [mark, stored_bytes, quota_bytes].map(|n| n.to_string());
    let detail = [("percent", &*shown[0]), ("stored", &*shown[1]), ("quota", &*shown[2])];
    audit::record(tx, &ctx, "partner.quota_reached", ctx.partner.id, &detail).await?;
    let news = QuotaReached { percent: mark, stored_bytes, quota_bytes };
    notices::tell_of_partner(tx, &ctx, Notice::QuotaReached(news)).await?;
    Ok(true)
}
