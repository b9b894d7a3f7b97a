//! The e-mail half: agents with mailboxes, what they send and receive, and who hears of it.
//!
//! A context whose `identity` is set acts for one agent; any other acts for its whole organization. What
//! is not visible to a caller is not there (email-api.md 2.2). Bytes are read and made in the crate `email`.

pub mod contact_rules;
pub mod contacts;
mod context;
pub mod domains;
pub mod drafts;
pub mod folders;
pub mod identities;
pub mod imports;
pub mod keys;
pub mod mailboxes;
pub mod messages;
mod news;
pub mod notes;
mod peers;
pub mod raw;
pub mod search;
pub mod signing_keys;
pub mod subscriptions;
pub mod sweep;
mod threads;
pub mod webhook_log;

use domain::email::Identity;
use domain::email::handle::normalise;
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::{grants, identities as rows};

use crate::OpCtx;

/// What the operator chose for all organizations.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain of mailboxes that have none of their own, in lower case.
    pub domain: String,
    /// Bytes that a new mailbox may hold; `None` is no limit.
    pub storage_limit: Option<i64>,
    /// Messages that a mailbox may send on a day in UTC (M-9); `None` is no limit.
    pub sends_per_day: Option<i64>,
    /// Unicode scalar values of a message's text that go with `message.received` (B-2).
    pub body_chars_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            domain: "agents.localhost".to_owned(),
            storage_limit: Some(2 << 30),
            sends_per_day: None,
            body_chars_max: 100_000,
        }
    }
}

/// The address of a mailbox, which callers may write in any case, or on the domain of this install as its
/// local part alone.
pub fn full_address(ctx: &OpCtx, text: &str) -> String {
    let text = text.to_lowercase();
    if text.contains('@') { text } else { format!("{text}@{}", ctx.app.email.domain) }
}

/// How the tenant is called here: `org_` and what follows `ptn_`.
pub fn organization_id(ctx: &OpCtx) -> String {
    format!("org_{}", &ctx.scope.partner_id().to_string()["ptn_".len()..])
}

/// Refuses an agent what only its organization may do.
pub(crate) fn must_be_admin(ctx: &OpCtx) -> Result<()> {
    if ctx.identity.is_none() {
        return Ok(());
    }
    Err(Error::refused(
        ErrorCode::InsufficientScope,
        "an agent's key may not do this; use a key of the organization",
    ))
}

/// An identity that the caller sees: itself, those that it was granted to see, or for the organization all.
pub(crate) async fn visible(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Identity> {
    let found = rows::find_by_handle(tx, &ctx.scope, &normalise(handle)).await?;
    let identity = found.ok_or_else(no_identity)?;
    if sees(tx, ctx, &identity).await? { Ok(identity) } else { Err(no_identity()) }
}

pub(crate) async fn sees(tx: &Tx, ctx: &OpCtx, identity: &Identity) -> Result<bool> {
    match ctx.identity {
        None => Ok(true),
        Some(viewer) if viewer == identity.id => Ok(true),
        Some(viewer) => Ok(grants::sees(tx, viewer, identity.id).await?),
    }
}

/// An identity that the caller may act for, about to change: its own, or any of its organization. One that
/// it only sees is refused as forbidden, any other as unknown.
pub(crate) async fn own_locked(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Identity> {
    let found = rows::find_by_handle_locked(tx, &ctx.scope, &normalise(handle)).await?;
    may_act(tx, ctx, found.ok_or_else(no_identity)?).await
}

/// The same, only to be read.
pub(crate) async fn own(tx: &Tx, ctx: &OpCtx, handle: &str) -> Result<Identity> {
    let found = rows::find_by_handle(tx, &ctx.scope, &normalise(handle)).await?;
    may_act(tx, ctx, found.ok_or_else(no_identity)?).await
}

async fn may_act(tx: &Tx, ctx: &OpCtx, identity: Identity) -> Result<Identity> {
    if ctx.identity.is_none_or(|own| own == identity.id) {
        return Ok(identity);
    }
    if !sees(tx, ctx, &identity).await? {
        return Err(no_identity());
    }
    Err(Error::refused(ErrorCode::InsufficientScope, "this key belongs to another agent"))
}

/// The identity whose mailbox has an address, or on the domain of this install a local part; its own or,
/// for the organization, any.
pub(crate) async fn mailbox(tx: &Tx, ctx: &OpCtx, address: &str) -> Result<Identity> {
    let found = rows::find_by_address(tx, &ctx.scope, &full_address(ctx, address)).await?;
    found.filter(|i| ctx.identity.is_none_or(|own| own == i.id)).ok_or_else(no_mailbox)
}

pub(crate) fn no_identity() -> Error {
    Error::refused(ErrorCode::NotFound, "Identity not found")
}

pub(crate) fn no_mailbox() -> Error {
    Error::refused(ErrorCode::NotFound, "Mailbox not found")
}
