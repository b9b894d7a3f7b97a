//! Several mail items in one parcel (postal.md 4.8): one action an item, one shipment for all.
//!
//! The action that was asked for leads; each other item has a forward of its own that names it in
//! `result.consolidation.lead` and costs nothing, because the parcel is paid for once. A follower
//! whose lead was withdrawn goes on alone.

use domain::action::{Action, ActionKind};
use domain::id::{ActionId, MailId};
use domain::mail::Custody;
use domain::{Error, ErrorCode, Field, Result};
use serde_json::{Value, json};
use storage::{Tx, actions, mail};

use super::request::open;
use super::result_of;
use crate::OpCtx;
use crate::mail::MailView;

/// The other items of the parcel, locked and free for a forward: the same customer's, at the same
/// location, each named once.
pub(super) async fn gather(
    tx: &Tx,
    ctx: &OpCtx,
    view: &MailView,
    others: &[String],
    after_scan: bool,
) -> Result<Vec<MailView>> {
    let mut gathered: Vec<MailView> = Vec::with_capacity(others.len());
    for (i, text) in others.iter().enumerate() {
        let found = match MailId::parse(text) {
            Some(id) => mail::find(tx, &ctx.scope, id).await?,
            None => None,
        };
        let fits = found.is_some_and(|m| {
            m.id != view.item.id
                && gathered.iter().all(|other| other.item.id != m.id)
                && m.customer_id == view.customer.id
                && m.location_id == view.item.location_id
                && m.custody == Custody::InHouse
                && m.deleted_at.is_none()
        });
        if !fits {
            let message = "must be another mail item of this customer that is at the same location";
            let field = Field::new(format!("consolidate_with/{i}"), "invalid", message);
            return Err(Error::invalid(vec![field]));
        }
        gathered.push(open(tx, ctx, text, ActionKind::Forward, after_scan).await?);
    }
    Ok(gathered)
}

/// What the action of an item that goes with another one begins with.
pub(super) fn following(lead: ActionId) -> String {
    json!({"consolidation": {"lead": lead.to_string()}}).to_string()
}

fn lead_of(action: &Action) -> Option<ActionId> {
    let result = result_of(action);
    let lead = result.get("consolidation")?.get("lead")?.as_str()?.to_owned();
    ActionId::parse(&lead)
}

/// Refuses to ship an item alone that goes in the parcel of another one.
pub(super) async fn must_lead(tx: &Tx, ctx: &OpCtx, action: &Action) -> Result<()> {
    let lead = match lead_of(action) {
        Some(id) => actions::find(tx, &ctx.scope, id).await?,
        None => None,
    };
    match lead.filter(|lead| lead.status.is_open()) {
        None => Ok(()),
        Some(lead) => Err(Error::refused(
            ErrorCode::ActionConflict,
            format!("this item goes in the parcel of {}", lead.id),
        )
        .fix(format!("complete {}; it takes this item along", lead.id))),
    }
}

/// The open forwards that go in the parcel of this one.
pub(super) async fn followers(tx: &Tx, lead: &Action) -> Result<Vec<Action>> {
    let options: Value = serde_json::from_str(&lead.options).unwrap_or_default();
    let named = options.get("consolidate_with").and_then(Value::as_array).cloned();
    let mut found = Vec::new();
    for id in named.iter().flatten().filter_map(Value::as_str).filter_map(MailId::parse) {
        let of_item = actions::of_mail(tx, id).await?;
        let goes = |a: &Action| a.status.is_open() && lead_of(a) == Some(lead.id);
        found.extend(of_item.into_iter().filter(goes));
    }
    Ok(found)
}
