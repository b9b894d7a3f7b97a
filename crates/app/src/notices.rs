//! Telling an operator how the webhooks of its partners fare (webhooks.md 5.16).
//!
//! A notice is an event like any other: stored in the transaction that causes it, and delivered to the
//! operator's own endpoints by the same engine. The operator owns them as a partner of kind `operator`.
//! What happens to those endpoints themselves is only logged, so that no notice ever causes a notice.

use std::sync::Arc;

use bytes::Bytes;
use domain::event::Audience;
use domain::id::{EventId, OperatorId};
use domain::partner::{OrderForm, Partner, PartnerKind, PartnerSettings, PartnerStatus};
use domain::{Error, ErrorCode, Result};
use storage::endpoints::Endpoint;
use storage::{Tx, endpoints, events, tenancy};
use wire::events::Envelope;
pub use wire::events::operator::{self, Notice};
use wire::events::operator::{About, EndpointState, PartnerState, Thing};

use crate::emit::targets;
use crate::endpoints::filter::Sought;
use crate::{Actor, App, OpCtx};

/// Tells the operator of something that happened to an endpoint.
pub async fn tell(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint, notice: Notice) -> Result<()> {
    tell_all(tx, ctx, endpoint, &[notice]).await
}

/// Tells the operator of all that happened to an endpoint, one event each.
pub async fn tell_all(tx: &Tx, ctx: &OpCtx, endpoint: &Endpoint, notices: &[Notice]) -> Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    if ctx.audience() == Audience::Operator {
        for notice in notices {
            let (id, kind) = (endpoint.id, notice.kind());
            tracing::info!(endpoint.id = %id, "{kind} of the operator's own {id}");
        }
        return Ok(());
    }
    tell_about(tx, ctx, &Thing::Endpoint(state(endpoint)), endpoint.id.0, notices).await
}

/// Tells the operator of something that happened to a partner as a whole.
pub async fn tell_of_partner(tx: &Tx, ctx: &OpCtx, notice: Notice) -> Result<()> {
    let partner = PartnerState {
        id: ctx.partner.id.to_string(),
        object: "partner".to_owned(),
        slug: ctx.partner.slug.clone(),
        name: ctx.partner.name.clone(),
        status: ctx.partner.status.as_str().to_owned(),
    };
    tell_about(tx, ctx, &Thing::Partner(partner), ctx.partner.id.0, &[notice]).await
}

/// In an order by key, what is told of one thing keeps its order.
async fn tell_about(
    tx: &Tx,
    ctx: &OpCtx,
    thing: &Thing,
    id: [u8; 16],
    notices: &[Notice],
) -> Result<()> {
    let Some(operator) = tenancy::partner_of_operator(tx, ctx.scope.operator_id()).await? else {
        return Ok(());
    };
    let own = OpCtx::new(&ctx.app, Arc::new(operator), ctx.livemode(), ctx.actor.clone());
    let listening = endpoints::list(tx, &own.scope).await?;
    for notice in notices {
        publish(tx, (ctx, thing, id), notice, (&own, &listening)).await?;
    }
    Ok(())
}

async fn publish(
    tx: &Tx,
    (ctx, thing, about_id): (&OpCtx, &Thing, [u8; 16]),
    notice: &Notice,
    (own, listening): (&OpCtx, &[Endpoint]),
) -> Result<()> {
    let kind = notice.kind();
    let (ids, made_at) = (ctx.app.ids.as_ref(), ctx.app.clock.now());
    let envelope = Envelope {
        id: EventId::new(ids, made_at),
        kind,
        livemode: ctx.livemode(),
        created_at: ctx.now,
        sequence: 0,
        request_id: ctx.request_id,
        idempotency_key: ctx.idempotency.as_ref().map(|i| i.key.clone()),
    };
    let about = About {
        partner_id: ctx.scope.partner_id().to_string(),
        partner_slug: ctx.partner.slug.clone(),
        thing: thing.clone(),
    };
    let id = envelope.id;
    let payload = Bytes::from(envelope.render_notice(about, notice));
    let targets = {
        let sought = Sought::new(kind, &payload);
        targets(own, listening.iter().filter(|e| sought.is_told(e)), Some(about_id))
    };
    let event = events::Event {
        no: ids.number(made_at),
        id,
        kind,
        customer_id: None,
        mail_id: None,
        action_id: None,
        sequence: 0,
        request_id: ctx.request_id.map(|r| r.to_string()),
        trace: ctx.trace,
        payload,
        created_at: made_at,
        mailbox_id: None,
        told_as: None,
    };
    Ok(events::publish(tx, &own.scope, &event, &targets).await?)
}

fn state(e: &Endpoint) -> EndpointState {
    let types = e.event_types.iter().map(|t| t.as_str().to_owned());
    EndpointState {
        id: e.id.to_string(),
        object: "webhook_endpoint".to_owned(),
        livemode: e.livemode,
        url: e.url.clone(),
        description: e.description.clone(),
        event_types: if e.event_types.is_empty() { vec!["*".to_owned()] } else { types.collect() },
        status: e.status.as_str().to_owned(),
        disabled_reason: e.disabled_reason.clone(),
        created_at: e.created_at.to_string(),
        updated_at: e.updated_at.to_string(),
    }
}

/// The operator as the owner of endpoints. Its slug is none that a partner could have.
pub(crate) fn owner(app: &App, id: OperatorId, slug: &str, name: &str) -> Partner {
    let now = app.clock.now();
    Partner {
        id: domain::id::PartnerId::new(app.ids.as_ref(), now),
        operator_id: id,
        name: name.to_owned(),
        slug: format!("@{slug}"),
        kind: PartnerKind::Operator,
        status: PartnerStatus::Live,
        settings: PartnerSettings::default(),
        order_form: OrderForm::first("UTC"),
        test_clock_ahead: 0,
        created_at: now,
        stored_bytes: 0,
    }
}

/// A context for the operator's staff at its own endpoints. Notices of test endpoints are told in its
/// test world.
pub async fn own_ctx(app: &App, id: OperatorId, livemode: bool, staff: &str) -> Result<OpCtx> {
    let found =
        app.db.read(async move |tx: &Tx| tenancy::partner_of_operator(tx, id).await).await?;
    let owner = found.ok_or_else(|| Error::refused(ErrorCode::NotFound, "no such operator"))?;
    Ok(OpCtx::new(app, Arc::new(owner), livemode, Actor::Operator(staff.to_owned())))
}
