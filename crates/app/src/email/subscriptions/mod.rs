//! Webhook subscriptions of mailboxes (email-api.md 8). What is delivered, how and how often is what holds
//! for every endpoint.
//!
//! An agent sees those of its own mailbox, its organization all; any other is not there.

pub mod create;
pub mod delete;
pub mod get;
pub mod list;
mod token;
pub mod update;

use domain::{Error, ErrorCode, Field, Result};
pub use storage::email::subscriptions::{Subscription, SubscriptionFilter};

use crate::OpCtx;

/// A subscription as it is shown: with its owner and the token that its requests carry.
#[derive(Debug)]
pub struct SubscriptionView {
    pub subscription: Subscription,
    pub auth_token: Option<String>,
}

impl SubscriptionView {
    fn of(ctx: &OpCtx, subscription: Subscription) -> Result<Self> {
        let auth_token = token::open(ctx, &subscription.endpoint)?;
        Ok(Self { subscription, auth_token })
    }
}

fn is_visible(ctx: &OpCtx, subscription: &Subscription) -> bool {
    ctx.identity.is_none_or(|own| own == subscription.owner_id)
}

/// Refuses a URL that this install would never send to.
fn check_url(ctx: &OpCtx, url: &str) -> Result<()> {
    let checked = ctx.app.guard.check_webhook(url);
    checked.map(drop).map_err(|problem| invalid("url", problem.to_string()))
}

fn invalid(param: &str, message: String) -> Error {
    Error::invalid(vec![Field::new(param, "invalid", message)])
}

pub(super) fn not_found() -> Error {
    Error::refused(ErrorCode::NotFound, "Webhook subscription not found")
}
