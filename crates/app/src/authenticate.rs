//! Who calls: from the text of a key to a context for its partner.
//!
//! The only way in for a partner's system. A key that is malformed never reaches the database.

use std::net::IpAddr;
use std::sync::Arc;

use domain::key::{self, ApiKey, ScopeName};
use domain::partner::PartnerStatus;
use domain::{Error, ErrorCode, Result};
use storage::Tx;

use crate::{Actor, App, OpCtx};

/// A caller whose key was good.
pub struct Caller {
    pub ctx: OpCtx,
    pub key: ApiKey,
}

impl Caller {
    /// Refuses a caller whose key lacks a scope; checked before anything is looked up.
    pub fn must_have(&self, scope: ScopeName) -> Result<()> {
        if self.key.scopes.contains(&scope) {
            return Ok(());
        }
        let message = format!("this key does not have the scope {scope}");
        Err(Error::refused(ErrorCode::InsufficientScope, message)
            .fix(format!("use a key with {scope}, or have it added to this one")))
    }

    /// Refuses changes by a partner that is suspended or closed; reading stays open.
    pub fn must_be_live(&self) -> Result<()> {
        match self.ctx.partner.status {
            PartnerStatus::Sandbox if self.ctx.livemode() => Err(Error::refused(
                ErrorCode::PartnerSuspended,
                "this partner is a sandbox; only test keys may change anything",
            )),
            PartnerStatus::Sandbox | PartnerStatus::Live => Ok(()),
            PartnerStatus::Suspended | PartnerStatus::Closed => Err(Error::refused(
                ErrorCode::PartnerSuspended,
                format!("this partner is {}", self.ctx.partner.status),
            )
            .fix("ask the operator of the mailroom")),
        }
    }
}

/// Turns the text of a key, and the address it came from, into a caller.
pub async fn authenticate(app: &App, text: &str, from: Option<IpAddr>) -> Result<Caller> {
    if key::livemode(text).is_none() {
        return Err(Error::refused(
            ErrorCode::ApiKeyMalformed,
            "this is not an API key: its shape or its checksum is wrong",
        )
        .fix(
            "copy the whole key again; it is 46 characters and starts with ib_live_ or ib_test_",
        ));
    }
    let digest = app.secrets.key_digest(text);
    let found = app.db.read(async move |tx: &Tx| storage::keys::find(tx, &digest).await).await?;
    let Some((key, partner, _)) = found else {
        return Err(Error::refused(ErrorCode::ApiKeyUnknown, "no such API key")
            .fix("create a key with `postroom key create`"));
    };
    let now = app.clock.now();
    if key.revoked_at.is_some_and(|at| at <= now) {
        return Err(Error::refused(ErrorCode::ApiKeyRevoked, "this API key was revoked"));
    }
    if key.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::refused(ErrorCode::ApiKeyExpired, "this API key has expired"));
    }
    check_network(&key, from)?;
    let actor = Actor::ApiKey(key.id);
    Ok(Caller { ctx: OpCtx::new(app, Arc::new(partner), key.livemode, actor), key })
}

pub(crate) fn check_network(key: &ApiKey, from: Option<IpAddr>) -> Result<()> {
    if key.networks.is_empty() {
        return Ok(());
    }
    let inside = |ip: IpAddr| {
        let networks = key.networks.iter().filter_map(|n| n.parse::<ipnet::IpNet>().ok());
        networks.into_iter().any(|network| network.contains(&ip))
    };
    match from.map(|ip| ip.to_canonical()) {
        Some(ip) if inside(ip) => Ok(()),
        Some(ip) => Err(Error::refused(
            ErrorCode::IpNotAllowed,
            format!("this key may not be used from {ip}, the address that the server saw"),
        )
        .fix("add the address to the key's networks, or check the proxy in front of the server")),
        None => Err(Error::refused(ErrorCode::IpNotAllowed, "the caller's address is not known")),
    }
}
