//! Listing subscriptions, newest first.

use domain::Result;
use storage::Tx;
use storage::email::subscriptions as rows;

use super::{SubscriptionFilter, SubscriptionView, is_visible};
use crate::OpCtx;

/// Those that the caller sees, that hear of `event_type` if one is given, and that `filter` lets through.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    filter: &SubscriptionFilter,
    event_type: Option<&str>,
) -> Result<Vec<SubscriptionView>> {
    let mut found = rows::list(tx, &ctx.scope, filter).await?;
    found.retain(|s| {
        let hears = |word: &str| s.endpoint.event_types.iter().any(|kind| kind.as_str() == word);
        is_visible(ctx, s) && event_type.is_none_or(hears)
    });
    found.into_iter().map(|s| SubscriptionView::of(ctx, s)).collect()
}
