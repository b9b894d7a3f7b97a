//! Judging a signing secret when it is saved, so that sending never has to: that it gives a key in the
//! endpoint's modes, and none that could be guessed.
//!
//! New secrets are sealed here, with their key pairs. What a mode makes of a secret is in `webhook::signature`.

use domain::endpoint::KeyModes;
use domain::{Error, Field, Result};
use storage::Tx;
use storage::endpoint_secrets::{self, EndpointSecret, SealedPair};
use storage::endpoints::Endpoint;
use webhook::ed25519::{KeyPair, PRIVATE_PREFIX, PUBLIC_PREFIX};
use webhook::signature::{KeyProblem, Secret};

use super::{pair_place, seal_place};
use crate::OpCtx;

/// Takes a secret that somebody brought along, or draws one.
pub(super) fn take_secret(ctx: &OpCtx, brought: Option<&str>, modes: KeyModes) -> Result<Secret> {
    let Some(text) = brought else { return Ok(Secret::generate(ctx.app.ids.as_ref())) };
    let refused = |problem: &dyn ToString| {
        Error::invalid(vec![Field::new("secret", "invalid", problem.to_string())])
    };
    if [PRIVATE_PREFIX, PUBLIC_PREFIX].iter().any(|prefix| text.starts_with(prefix)) {
        return Err(refused(&"a key of Ed25519 is no shared secret; leave it out and set ed25519"));
    }
    let secret = Secret::parse(text).map_err(|problem| refused(&problem))?;
    check(&secret, modes)?;
    Ok(secret)
}

/// The row of a new secret, sealed; with a key pair where the endpoint signs with Ed25519.
pub(super) fn new_row(ctx: &OpCtx, endpoint: &Endpoint, n: i64, secret: &Secret) -> EndpointSecret {
    let place = seal_place(endpoint.no);
    EndpointSecret {
        endpoint_no: endpoint.no,
        n,
        sealed: ctx.seal(&place, secret.reveal().as_bytes()),
        is_current: false,
        created_at: ctx.app.clock.now(),
        expires_at: None,
        pair: endpoint.settings.ed25519.then(|| new_pair(ctx, endpoint)),
    }
}

fn new_pair(ctx: &OpCtx, endpoint: &Endpoint) -> SealedPair {
    let pair = KeyPair::generate(ctx.app.ids.as_ref());
    let sealed = ctx.seal(&pair_place(endpoint.no), pair.reveal().as_bytes());
    SealedPair { sealed, public_key: pair.public().to_string() }
}

/// Draws a key pair for each live secret that has none.
pub(super) async fn give_pairs(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<()> {
    let live = endpoint_secrets::list(tx, endpoint.no, ctx.app.clock.now()).await?;
    for secret in live.into_iter().filter(|secret| secret.pair.is_none()) {
        let pair = Some(new_pair(ctx, endpoint));
        endpoint_secrets::update(tx, &EndpointSecret { pair, ..secret }).await?;
    }
    Ok(())
}

/// Refuses key modes that a live secret of the endpoint gives no key in.
pub(super) async fn check_key_modes(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<()> {
    for secret in live(tx, ctx, endpoint).await? {
        check(&secret, endpoint.settings.key_modes)?;
    }
    Ok(())
}

/// The secrets that sign today, the current one first.
async fn live(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<Vec<Secret>> {
    let rows = endpoint_secrets::list(tx, endpoint.no, ctx.app.clock.now()).await?;
    let place = seal_place(endpoint.no);
    let open = |row: &EndpointSecret| {
        let opened = ctx.open(&place, &row.sealed).ok()?;
        Secret::parse(String::from_utf8(opened).ok()?).ok()
    };
    let all: Option<Vec<Secret>> = rows.iter().map(open).collect();
    all.ok_or_else(|| Error::internal("opening the secrets of an endpoint", "one does not open"))
}

fn check(secret: &Secret, modes: KeyModes) -> Result<()> {
    let problem =
        |param: &str, problem: KeyProblem| Field::new(param, "invalid", problem.to_string());
    let wrong: Vec<Field> = [("key_mode", modes.partner), ("standard_key_mode", modes.standard)]
        .into_iter()
        .filter_map(|(param, mode)| secret.strong_key(mode).err().map(|why| problem(param, why)))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::invalid(wrong)) }
}
