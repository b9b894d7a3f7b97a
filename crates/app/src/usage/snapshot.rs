//! The nightly count of active mailboxes: one row a day that nobody changes, to check a month against.

use std::sync::Arc;

use domain::partner::Partner;
use domain::{Error, Result};
use storage::{Tx, tenancy, usage};

use crate::{Actor, App, OpCtx};

/// Counts the day that ended last, for all partners and both modes. Counting it again changes
/// nothing, so that a task may call this as often as it likes.
pub async fn due(app: &App) -> Result<()> {
    for ctx in everybody(app).await? {
        app.act(&ctx, async |tx, ctx| take(tx, ctx).await).await?;
    }
    Ok(())
}

async fn take(tx: &Tx, ctx: &OpCtx) -> Result<()> {
    let zone = &ctx.partner.order_form.timezone;
    let today = ctx.now.date_in(zone);
    let active = usage::active_count(tx, &ctx.scope, today.start_in(zone)).await?;
    Ok(usage::snapshot_put(tx, &ctx.scope, today.plus_days(-1), active, ctx.now).await?)
}

/// A context of the clock for each partner and mode, at its own time.
pub(super) async fn everybody(app: &App) -> Result<Vec<OpCtx>> {
    let partners = app.db.read(async |tx: &Tx| tenancy::partner_list(tx).await).await;
    let partners: Vec<Arc<Partner>> =
        partners.map_err(Error::from)?.into_iter().map(Arc::new).collect();
    let both = |partner: &Arc<Partner>| {
        [true, false].map(|livemode| OpCtx::new(app, Arc::clone(partner), livemode, Actor::System))
    };
    Ok(partners.iter().flat_map(both).collect())
}
