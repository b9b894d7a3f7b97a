//! Which keys an endpoint's requests are signed with: for its owner, and, of the public ones, for everybody.
//!
//! Making and replacing them is in `create`, `rotate` and `revoke`.

use domain::id::EndpointId;
use domain::{Error, ErrorCode, Result, Timestamp};
use storage::Tx;
use storage::endpoint_secrets::{self, EndpointSecret};
use storage::endpoints::{self, Endpoint};
use webhook::ed25519::PublicKey;

use crate::{App, OpCtx};

domain::words! {
    /// Where a key stands in a rotation.
    pub enum Standing {
        /// It signs first.
        Current = "current",
        /// It signs beside the current one and waits for the switch.
        Next = "next",
        /// It signs beside the current one until it ends.
        Outgoing = "outgoing",
    }
}

/// A secret that signs today, and its key pair, without what must stay hidden.
#[derive(Clone, Debug)]
pub struct LiveKey {
    /// Counts the endpoint's secrets from 1; attempts name the one that signed.
    pub number: i64,
    pub standing: Standing,
    /// `whpk_…`, where the endpoint signs with Ed25519.
    pub public_key: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// A public key in the two forms in which receivers take it.
#[derive(Clone, Debug)]
pub struct Published {
    pub number: i64,
    /// The member `x` of a JSON Web Key.
    pub x: String,
    /// `whpk_…`
    pub text: String,
}

/// An endpoint with the keys that sign its requests.
#[derive(Clone, Debug)]
pub struct EndpointView {
    pub endpoint: Endpoint,
    pub keys: Vec<LiveKey>,
}

/// The keys that sign today, in their order.
pub async fn list(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint) -> Result<Vec<LiveKey>> {
    let rows = endpoint_secrets::list(tx, endpoint.no, ctx.app.clock.now()).await?;
    let live = |(place, row): (usize, EndpointSecret)| LiveKey {
        number: row.n,
        standing: match (place, row.expires_at) {
            (0, _) => Standing::Current,
            (_, None) => Standing::Next,
            (_, Some(_)) => Standing::Outgoing,
        },
        public_key: row.pair.filter(|_| endpoint.settings.ed25519).map(|pair| pair.public_key),
        created_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().enumerate().map(live).collect())
}

/// An endpoint as its owner sees it.
pub async fn view(tx: &Tx, ctx: &OpCtx, endpoint: Endpoint) -> Result<EndpointView> {
    let keys = list(tx, ctx, &endpoint).await?;
    Ok(EndpointView { endpoint, keys })
}

/// The public keys of an endpoint with their numbers. Whoever knows the endpoint's id may have them:
/// a receiver holds no key of the API. Refused where the endpoint does not sign with Ed25519, as where
/// it is unknown.
pub async fn public(app: &App, id: &str) -> Result<Vec<Published>> {
    let (parsed, now) = (EndpointId::parse(id), app.clock.now());
    let work = async move |tx: &Tx| {
        let Some(id) = parsed else { return Ok(None) };
        let Some(no) = endpoints::find_public(tx, id).await? else { return Ok(None) };
        endpoint_secrets::list(tx, no, now).await.map(Some)
    };
    let rows = app.db.read(work).await.map_err(Error::from)?.ok_or_else(|| {
        Error::refused(ErrorCode::NotFound, "no such webhook endpoint with public keys")
            .fix("check the id, and that the endpoint has ed25519 set")
    })?;
    let public = |row: EndpointSecret| {
        let key = PublicKey::parse(&row.pair?.public_key).ok()?;
        Some(Published { number: row.n, x: key.jwk_x(), text: key.to_string() })
    };
    Ok(rows.into_iter().filter_map(public).collect())
}
