//! Mailboxes as such: what they hold, their filter and signature. They are made and deleted with their identities.

use domain::Result;
use domain::email::Identity;
use domain::email::identity::IDENTITIES_MAX;
use domain::email::rule::{FilterMode, RuleAction};
use storage::Tx;
use storage::email::{identities as rows, rules};
use wire::email::mailboxes::{ChangeMailbox, FilterModeChangeNotice};

use super::{mailbox, must_be_admin, own_locked};
use crate::{OpCtx, audit};

/// A mailbox's owner, and the bytes in it.
pub type Filled = (Identity, i64);

/// The caller's own, or all of the organization, newest first.
pub async fn list(tx: &Tx, ctx: &OpCtx) -> Result<Vec<Filled>> {
    let mut all = Vec::new();
    for owner in rows::list(tx, &ctx.scope, IDENTITIES_MAX).await? {
        if ctx.identity.is_none_or(|own| own == owner.id) {
            let used = rows::used_bytes(tx, owner.mailbox_id).await?;
            all.push((owner, used));
        }
    }
    Ok(all)
}

/// A mailbox by its address.
pub async fn get(tx: &Tx, ctx: &OpCtx, address: &str) -> Result<Filled> {
    let owner = mailbox(tx, ctx, address).await?;
    let used = rows::used_bytes(tx, owner.mailbox_id).await?;
    Ok((owner, used))
}

/// A changed mailbox, and what a new filter mode made redundant.
pub struct Changed {
    pub owner: Identity,
    pub used_bytes: i64,
    pub notice: Option<FilterModeChangeNotice>,
}

/// Changes a mailbox: its filter, which is its identity's (C-10), and its signature.
pub async fn update(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    change: &ChangeMailbox,
) -> Result<Changed> {
    if change.inbound_filter.is_some() {
        must_be_admin(ctx)?;
    }
    let owner = mailbox(tx, ctx, address).await?;
    let mut owner = own_locked(tx, ctx, &owner.handle).await?;
    let notice = match change.inbound_filter.filter(|mode| *mode != owner.inbound_filter) {
        Some(mode) => Some(redundant(tx, &owner, mode).await?),
        None => None,
    };
    owner.inbound_filter = change.inbound_filter.unwrap_or(owner.inbound_filter);
    owner.signature.html = change.signature_html.clone().over(owner.signature.html);
    owner.signature.text = change.signature_text.clone().over(owner.signature.text);
    owner.signature.is_enabled = change.signature_enabled.unwrap_or(owner.signature.is_enabled);
    owner.mailbox_updated_at = ctx.now;
    rows::update(tx, &owner).await?;
    audit::record(tx, ctx, "mailbox.update", owner.mailbox_id, &[]).await?;
    let used_bytes = rows::used_bytes(tx, owner.mailbox_id).await?;
    Ok(Changed { owner, used_bytes, notice })
}

/// The rules that say what the new mode says anyway.
async fn redundant(tx: &Tx, owner: &Identity, mode: FilterMode) -> Result<FilterModeChangeNotice> {
    let action = match mode {
        FilterMode::Whitelist => RuleAction::Block,
        FilterMode::Blacklist => RuleAction::Allow,
    };
    Ok(FilterModeChangeNotice {
        new_filter_mode: mode.to_string(),
        redundant_rule_action: action.to_string(),
        redundant_rule_count: rules::count(tx, owner.id, action).await?,
    })
}
