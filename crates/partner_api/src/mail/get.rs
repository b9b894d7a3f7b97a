//! `GET /api/v1/mail/{mail_id}`.

use app::mail::get::get;
use app::snapshot;
use axum::extract::State;
use domain::key::ScopeName;
use wire::partner::mail::Mail;

use super::LINK_LIFE;
use crate::call::{Call, Handled};
use crate::{PartnerApi, answer};

/// Retrieve a mail item
///
/// What was deleted is not found.
#[utoipa::path(
    get, path = "/mail/{mail_id}", operation_id = "getMail", tag = "Mail",
    security(("bearer" = ["mail:read"])),
    params(("mail_id" = String, Path, description = "mail_…", max_length = 64)),
    responses((status = 200, description = "The mail item.", body = Mail))
)]
pub(crate) async fn handler(State(api): State<PartnerApi>, call: Call) -> Handled {
    let (ctx, _) = call.read(ScopeName::MailRead, &[])?;
    let id = call.param("mail_id");
    let view = api.app.query(&ctx, async move |tx, ctx| get(tx, ctx, &id).await).await?;
    let etag = Some(answer::etag(view.item.version));
    Ok(answer::respond(&answer::ok(&snapshot::mail(&ctx, &view, LINK_LIFE), etag)))
}
