//! One subscription.

use domain::Result;
use domain::id::{EndpointId, parse_uuid};
use storage::Tx;
use storage::email::subscriptions as rows;

use super::{Subscription, SubscriptionView, is_visible, not_found};
use crate::OpCtx;

/// A subscription by its id as it was sent.
pub async fn get(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<SubscriptionView> {
    let id = parse_uuid(id).map(EndpointId).ok_or_else(not_found)?;
    let found = rows::find(tx, &ctx.scope, id).await?;
    let found = found.filter(|s| is_visible(ctx, s)).ok_or_else(not_found)?;
    SubscriptionView::of(ctx, found)
}

/// One that is about to change.
pub(super) async fn get_locked(tx: &Tx, ctx: &OpCtx, id: &str) -> Result<Subscription> {
    let id = parse_uuid(id).map(EndpointId).ok_or_else(not_found)?;
    let found = rows::find_locked(tx, &ctx.scope, id).await?;
    found.filter(|s| is_visible(ctx, s)).ok_or_else(not_found)
}
