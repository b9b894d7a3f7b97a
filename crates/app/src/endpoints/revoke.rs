//! Ending a secret that leaked: it signs nothing from the commit on, save what is on its way and what a
//! node sends within the second for which it remembers an endpoint.
//!
//! Replacing a secret without a gap is in [`super::rotate`].

use domain::{Error, Field, Result};
use storage::Tx;
use storage::endpoint_secrets::{self, EndpointSecret};

use super::get::get_locked;
use super::keys::{self, EndpointView};
use super::secrets::{new_row, take_secret};
use super::{CreatedEndpoint, rotate};
use crate::{OpCtx, audit};

/// Ends every secret and key pair of an endpoint now, and puts a new one in their place.
pub async fn revoke_all(
    tx: &Tx,
    ctx: &OpCtx,
    id: &str,
    brought: Option<&str>,
) -> Result<CreatedEndpoint> {
    let endpoint = get_locked(tx, ctx, id).await?;
    let secret = take_secret(ctx, brought, endpoint.settings.key_modes)?;
    let now = ctx.app.clock.now();
    for row in endpoint_secrets::list(tx, endpoint.no, now).await? {
        end(tx, row, now).await?;
    }
    let n = endpoint_secrets::last(tx, endpoint.no).await? + 1;
    let row = EndpointSecret { is_current: true, ..new_row(ctx, &endpoint, n, &secret) };
    endpoint_secrets::insert(tx, &row).await?;
    audit::record(tx, ctx, "endpoint.revoke", endpoint.id, &[("n", "all")]).await?;
    rotate::tell(tx, ctx, &endpoint, "revoked").await?;
    let keys = keys::list(tx, ctx, &endpoint).await?;
    Ok(CreatedEndpoint { endpoint, secret, keys })
}

/// Ends one of several live secrets, and its key pair. Where it was the current one, the one that waits
/// takes its place; where it was the one that waits, the current one stays.
pub async fn revoke_one(tx: &Tx, ctx: &OpCtx, id: &str, number: i64) -> Result<EndpointView> {
    let endpoint = get_locked(tx, ctx, id).await?;
    let now = ctx.app.clock.now();
    let mut live = endpoint_secrets::list(tx, endpoint.no, now).await?;
    let Some(place) = live.iter().position(|row| row.n == number) else {
        return Err(no_such_key());
    };
    let gone = live.remove(place);
    let Some(heir) = live.iter().find(|row| row.expires_at.is_none()).or(live.first()) else {
        return Err(refused("it is the only key; leave the number out, so that a new one is made"));
    };
    // A rotation is cut short: without this the last key would end with nothing to follow it.
    if place == 0 || gone.expires_at.is_none() {
        let heir = EndpointSecret { is_current: true, expires_at: None, ..heir.clone() };
        endpoint_secrets::update(tx, &heir).await?;
    }
    end(tx, gone, now).await?;
    audit::record(tx, ctx, "endpoint.revoke", endpoint.id, &[("n", &number.to_string())]).await?;
    rotate::tell(tx, ctx, &endpoint, "revoked").await?;
    keys::view(tx, ctx, endpoint).await
}

async fn end(tx: &Tx, row: EndpointSecret, now: domain::Timestamp) -> Result<()> {
    let row = EndpointSecret { is_current: false, expires_at: Some(now), ..row };
    Ok(endpoint_secrets::update(tx, &row).await?)
}

pub(super) fn no_such_key() -> Error {
    refused("no live key has this number")
}

fn refused(message: &str) -> Error {
    Error::invalid(vec![Field::new("key", "invalid", message)])
}
