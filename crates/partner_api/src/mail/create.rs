//! `POST /api/v1/mail`.

use app::mail::create::{NewMail, create};
use app::mail::photos::vet;
use app::{OpCtx, snapshot};
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::mail::{CreateMail, Mail, MailCreate};

use super::LINK_LIFE;
use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Create inbound mail/package
///
/// For the partner's own customer who is paid for and whose mailbox is open. Emits `mail.arrived`, and
/// after it `package.arrived` for a package, at once; photos are fetched afterwards.
#[utoipa::path(
    post, path = "/mail", operation_id = "createMail", tag = "Mail",
    security(("bearer" = ["mail:write"])),
    request_body = MailCreate,
    responses(
        (status = 201, description = "The mail item.", body = Mail),
        (status = 402, description = "billing_inactive: the customer has neither active billing nor prepay."),
        (status = 404, description = "customer_not_found."),
        (status = 409, description = "customer_inactive, compliance_not_approved, mailbox_not_active or idempotency_in_progress."),
        (status = 422, description = "validation_failed, unknown_field, photo_url_not_allowed or idempotency_key_reused."),
    )
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailWrite)?;
    let read = CreateMail::read(body, ctx.now)?;
    let photos = vet(&api.app, read.photos.clone()).await;
    let input = NewMail::of(read, photos);
    api.run(
        &ctx,
        async move |tx, ctx| create(tx, ctx, &input).await,
        |ctx: &OpCtx, view| {
            let shown = snapshot::mail(ctx, view, LINK_LIFE);
            let location = format!("/api/v1/mail/{}", view.item.id);
            answer::created(&shown, location, Some(answer::etag(view.item.version)))
        },
    )
    .await
}
