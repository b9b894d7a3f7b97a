//! `DELETE /api/v1/mail/{mail_id}`.

use app::OpCtx;
use app::mail::delete::delete;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::mail::MailDeleted;
use wire::reader::Fields;

use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Delete partner-created mail
///
/// Before any work began. Open requests are cancelled with it. Create it again under the right
/// customer, with a new Idempotency-Key. A second call answers the same.
#[utoipa::path(
    delete, path = "/mail/{mail_id}", operation_id = "deleteMail", tag = "Mail",
    security(("bearer" = ["mail:write"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    responses(
        (status = 200, description = "It is gone.", body = MailDeleted),
        (status = 409, description = "mail_not_partner_created, mail_not_deletable or idempotency_in_progress."),
    )
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, body) = call.write(ScopeName::MailWrite)?;
    Fields::new(body)?.finish()?;
    let id = call.param("mail_id");
    api.run(
        &ctx,
        async move |tx, ctx| delete(tx, ctx, &id).await,
        |_: &OpCtx, id| answer::ok(&MailDeleted::new(id), None),
    )
    .await
}
