//! Taking up the account (C3): by invitation, by single sign-on, or on the word of the operator.

use std::sync::Arc;

use domain::customer::{ActivatedVia, Customer, CustomerStatus, INVITE_LINK_DAYS};
use domain::event::EventType;
use domain::{Error, ErrorCode, Result, days};
use serde_json::json;
use storage::{Tx, customers, tenancy};

use super::view::view;
use super::{CustomerView, change, get};
use crate::compliance::{Case, open};
use crate::{Actor, App, News, OpCtx, audit, emit, snapshot};

/// Activates an invited customer, and opens the mailbox if it waited only for that.
pub async fn activate(
    tx: &Tx,
    ctx: &OpCtx,
    customer_id: &str,
    via: ActivatedVia,
) -> Result<CustomerView> {
    let mut customer = get::find_locked(tx, ctx, customer_id).await?;
    if customer.status != CustomerStatus::Invited {
        customer.status.activate()?;
        // A former customer comes back through `reactivate`, which looks at form and mailbox first.
        change::refuse_deactivated(&customer)?;
    }
    take_up(tx, ctx, &mut customer, via).await?;
    let mut case = Case::of(tx, customer).await?;
    open::open_if_ready(tx, ctx, &mut case).await?;
    view(tx, case.customer).await
}

/// A context for whoever holds an invitation: the token is the authentication.
pub async fn invite_ctx(app: &App, token: &str) -> Result<OpCtx> {
    let token = token.to_owned();
    let found = app
        .db
        .read(async move |tx: &Tx| {
            let Some(customer) = customers::find_by_invite(tx, &token).await? else {
                return Ok(None);
            };
            let partner = tenancy::partner_find(tx, customer.partner_id).await?;
            Ok::<_, storage::Error>(partner.map(|partner| (partner, customer.livemode)))
        })
        .await?;
    let (partner, livemode) = found.ok_or_else(no_invitation)?;
    Ok(OpCtx::new(app, Arc::new(partner), livemode, Actor::Customer))
}

/// Whom an invitation that can still be taken up is for, to show it before it is.
pub async fn invitation(tx: &Tx, ctx: &OpCtx, token: &str) -> Result<CustomerView> {
    let customer = customers::find_by_invite(tx, token).await?.ok_or_else(no_invitation)?;
    must_be_open(ctx, &customer)?;
    view(tx, customer).await
}

/// Takes up an invitation. It can be taken up once, within two weeks of having been sent.
pub async fn accept(tx: &Tx, ctx: &OpCtx, token: &str) -> Result<CustomerView> {
    let found = customers::find_by_invite(tx, token).await?.ok_or_else(no_invitation)?;
    let found = customers::find_locked(tx, &ctx.scope, found.id).await?;
    let mut customer =
        found.filter(|c| c.invite_token.as_deref() == Some(token)).ok_or_else(no_invitation)?;
    must_be_open(ctx, &customer)?;
    customer.invite_token = None;
    match customer.status {
        CustomerStatus::Invited => {
            take_up(tx, ctx, &mut customer, ActivatedVia::Invite).await?;
            let mut case = Case::of(tx, customer).await?;
            open::open_if_ready(tx, ctx, &mut case).await?;
            view(tx, case.customer).await
        }
        // The operator activated the account before its holder came.
        CustomerStatus::Active | CustomerStatus::Suspended | CustomerStatus::Deactivated => {
            change::store(tx, ctx, &mut customer).await?;
            audit::record(tx, ctx, "customer.accept_invite", customer.id, &[]).await?;
            view(tx, customer).await
        }
    }
}

fn must_be_open(ctx: &OpCtx, customer: &Customer) -> Result<()> {
    change::refuse_deactivated(customer)?;
    let end = customer.invited_at.map(|at| at.plus(days(INVITE_LINK_DAYS)));
    if end.is_none_or(|end| end <= ctx.now) {
        return Err(Error::refused(ErrorCode::NotFound, "this invitation has expired")
            .fix("ask for a new one"));
    }
    Ok(())
}

fn no_invitation() -> Error {
    Error::refused(ErrorCode::NotFound, "there is no such invitation").fix("ask for a new one")
}

/// Makes the customer active and tells the partner. The row must be locked.
pub(crate) async fn take_up(
    tx: &Tx,
    ctx: &OpCtx,
    customer: &mut Customer,
    via: ActivatedVia,
) -> Result<()> {
    customer.status = customer.status.activate()?;
    customer.status_reason = None;
    customer.activated_at = Some(ctx.now);
    change::store(tx, ctx, customer).await?;
    audit::record(tx, ctx, "customer.activate", customer.id, &[("via", via.as_str())]).await?;
    let shown = snapshot::customer(ctx, &view(tx, customer.clone()).await?, false);
    let news = News {
        kind: EventType::CustomerActivated,
        mail_id: None,
        action_id: None,
        object: snapshot::value(&shown),
        extra: vec![("activated_via", json!(via.as_str()))],
        previous: None,
    };
    emit(tx, ctx, customer, news).await.map(drop)
}
