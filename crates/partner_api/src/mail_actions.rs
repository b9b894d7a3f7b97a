//! `POST /api/v1/mail/{mail_id}/scan`, `/forward`, `/shred` and `/pickup`.

use app::mail_actions::{ActionView, forward, pickup, scan, shred};
use app::{OpCtx, snapshot};
use axum::extract::State;
use bytes::Bytes;
use domain::key::ScopeName;
use wire::partner::actions::{
    ForwardBody, ForwardRequest, MailAction, PickupBody, PickupRequest, ScanBody, ScanRequest,
    ShredBody, ShredRequest,
};

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

fn created(ctx: &OpCtx, view: &ActionView) -> Bytes {
    let location = format!("/api/v1/mail/{}", view.mail.item.id);
    answer::created(&snapshot::action(ctx, &view.action), location, None)
}

/// Request scan
///
/// An empty body scans all pages. Emits `mail.scan_requested`. Storage goes on after a scan.
#[utoipa::path(
    post, path = "/mail/{mail_id}/scan", operation_id = "requestScan", tag = "Mail actions",
    security(("bearer" = ["mail_actions:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    request_body = ScanBody,
    responses(
        (status = 201, description = "The requested scan.", body = MailAction),
        (status = 402, description = "insufficient_prepay_balance."),
        (status = 409, description = "mail_not_actionable, action_conflict, already_scanned, service_not_offered, customer_inactive, compliance_not_approved or idempotency_in_progress."),
    )
)]
pub(crate) async fn scan_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailActionsWrite)?;
    let input = ScanRequest::read(body)?;
    let id = call.param("mail_id");
    api.run(&ctx, async move |tx, ctx| scan::request(tx, ctx, &id, &input).await, created).await
}

/// Request forwarding
///
/// To the address in the body, a saved one, or the customer's default. Emits `mail.forward_requested`.
#[utoipa::path(
    post, path = "/mail/{mail_id}/forward", operation_id = "requestForward", tag = "Mail actions",
    security(("bearer" = ["mail_actions:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    request_body = ForwardBody,
    responses(
        (status = 201, description = "The requested forward.", body = MailAction),
        (status = 402, description = "insufficient_prepay_balance."),
        (status = 409, description = "mail_not_actionable, action_conflict, service_not_offered, customer_inactive, compliance_not_approved or idempotency_in_progress."),
        (status = 422, description = "forwarding_address_required, address_undeliverable, validation_failed, unknown_field or idempotency_key_reused."),
    )
)]
pub(crate) async fn forward_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailActionsWrite)?;
    let input = ForwardRequest::read(body)?;
    let id = call.param("mail_id");
    api.run(&ctx, async move |tx, ctx| forward::request(tx, ctx, &id, &input).await, created).await
}

/// Request shredding
///
/// Carried out after the location's hold, until which it can be cancelled. Emits `mail.shred_requested`.
#[utoipa::path(
    post, path = "/mail/{mail_id}/shred", operation_id = "requestShred", tag = "Mail actions",
    security(("bearer" = ["mail_actions:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    request_body = ShredBody,
    responses(
        (status = 201, description = "The requested shred.", body = MailAction),
        (status = 402, description = "insufficient_prepay_balance."),
        (status = 409, description = "mail_not_actionable, action_conflict, confirmation_required, legal_hold, service_not_offered, customer_inactive or idempotency_in_progress."),
    )
)]
pub(crate) async fn shred_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailActionsWrite)?;
    let input = ShredRequest::read(body)?;
    let id = call.param("mail_id");
    api.run(&ctx, async move |tx, ctx| shred::request(tx, ctx, &id, &input).await, created).await
}

/// Request pickup
///
/// With a window or a date inside opening hours it is scheduled at once. Emits
/// `mail.pickup_requested`, and `mail.pickup_scheduled` once a time is set.
#[utoipa::path(
    post, path = "/mail/{mail_id}/pickup", operation_id = "requestPickup", tag = "Mail actions",
    security(("bearer" = ["mail_actions:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    request_body = PickupBody,
    responses(
        (status = 201, description = "The requested pickup.", body = MailAction),
        (status = 402, description = "insufficient_prepay_balance."),
        (status = 409, description = "mail_not_actionable, action_conflict, service_not_offered, customer_inactive, compliance_not_approved or idempotency_in_progress."),
    )
)]
pub(crate) async fn pickup_handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailActionsWrite)?;
    let input = PickupRequest::read(body)?;
    let id = call.param("mail_id");
    api.run(&ctx, async move |tx, ctx| pickup::request(tx, ctx, &id, &input).await, created).await
}
