//! Rotating a signing secret without a gap (postal.md 5.3).
//!
//! A receiver checks the first signature only, so the order matters: the old secret signs first until
//! the receiver's owner says that the new one is in place, or seven days are over; then the new one
//! signs first, and the old one a day longer. The order itself is `storage::endpoint_secrets::list`.

use domain::{Error, ErrorCode, Result, Timestamp, days};
use storage::Tx;
use storage::endpoint_secrets::{self, EndpointSecret, OUTGOING_LIFE};
use storage::endpoints::Endpoint;
use webhook::signature::LIVE_KEYS_MAX;

use super::get::get_locked;
use super::secrets::{new_row, take_secret};
use super::{CreatedEndpoint, keys};
use crate::notices::operator::SecretRotated;
use crate::notices::{self, Notice};
use crate::{OpCtx, audit};

/// How long an owner has for the switch, in microseconds; then it happens by itself.
pub const SWITCH_WITHIN: i64 = days(7);
/// How long the old secret signs second after a switch, unless the owner says otherwise.
pub const GRACE: i64 = OUTGOING_LIFE;

/// Draws a new secret, which signs second until the switch. One that still waits for its switch is
/// replaced, so that an owner who lost it can rotate again.
///
/// A secret that is brought along takes the place of the drawn one.
pub async fn rotate(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    brought: Option<&str>,
) -> Result<CreatedEndpoint> {
    let endpoint = get_locked(tx, ctx, id).await?;
    let secret = take_secret(ctx, brought, endpoint.settings.key_modes)?;
    let now = ctx.app.clock.now();
    let live = endpoint_secrets::list(tx, endpoint.no, now).await?;
    for (place, secret) in live.into_iter().enumerate() {
        let is_current = place == 0;
        let expires_at = if is_current {
            Some(now.plus(SWITCH_WITHIN + OUTGOING_LIFE))
        } else if secret.expires_at.is_none() || place + 1 >= LIVE_KEYS_MAX {
            Some(now)
        } else {
            secret.expires_at
        };
        endpoint_secrets::update(tx, &EndpointSecret { is_current, expires_at, ..secret }).await?;
    }
    let n = endpoint_secrets::last(tx, endpoint.no).await? + 1;
    let row = new_row(ctx, &endpoint, n, &secret);
    endpoint_secrets::insert(tx, &row).await?;
    audit::record(tx, ctx, "endpoint.rotate", endpoint.id, &[("n", &row.n.to_string())]).await?;
    tell(tx, ctx, &endpoint, "drawn").await?;
    let keys = keys::list(tx, ctx, &endpoint).await?;
    Ok(CreatedEndpoint { endpoint, secret, keys })
}

/// Lets the new secret sign first from now on, and the old one second for `grace` microseconds more.
/// Refused when no secret waits for it.
pub async fn switch(tx: &Tx, ctx: &OpCtx, id: &str, grace: i64) -> Result<Endpoint> {
    let endpoint = get_locked(tx, ctx, id).await?;
    let now = ctx.app.clock.now();
    let live = endpoint_secrets::list(tx, endpoint.no, now).await?;
    // Behind the current one, only a secret without an end is waiting; the others are on their way out.
    let waiting = live.iter().skip(1).find(|s| s.expires_at.is_none()).map(|s| s.n);
    let Some(waiting) = waiting else {
        return Err(Error::refused(
            ErrorCode::ValidationFailed,
            "no new secret waits for a switch",
        )
        .fix("rotate the secret first; after seven days the switch has happened by itself"));
    };
    for secret in live {
        let secret = handed_over(secret, waiting, now.plus(grace));
        endpoint_secrets::update(tx, &secret).await?;
    }
    audit::record(tx, ctx, "endpoint.switch", endpoint.id, &[("n", &waiting.to_string())]).await?;
    tell(tx, ctx, &endpoint, "switched").await?;
    Ok(endpoint)
}

pub(super) async fn tell(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint, step: &str) -> Result<()> {
    let rotated = Notice::SecretRotated(SecretRotated { step: step.to_owned() });
    notices::tell(tx, ctx, endpoint, rotated).await
}

fn handed_over(secret: EndpointSecret, to: i64, end: Timestamp) -> EndpointSecret {
    if secret.n == to {
        return EndpointSecret { is_current: true, expires_at: None, ..secret };
    }
    let expires_at = Some(secret.expires_at.map_or(end, |at| at.min(end)));
    EndpointSecret { is_current: false, expires_at, ..secret }
}

/// When a pending switch happens by itself; `None` when no secret waits for one.
pub async fn switches_at(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<Option<Timestamp>> {
    let live = endpoint_secrets::list(tx, endpoint.no, ctx.app.clock.now()).await?;
    let is_waiting = live.iter().skip(1).any(|s| s.expires_at.is_none());
    let current_ends = live.first().and_then(|s| s.expires_at);
    Ok(current_ends.filter(|_| is_waiting).map(|at| at.plus(-OUTGOING_LIFE)))
}
