//! `POST …/drafts`, `PATCH` and `DELETE …/drafts/{draft_id}`, `POST …/duplicate`.

use app::email::drafts::create::{create, duplicate, prepare};
use app::email::drafts::update::update;
use app::email::drafts::{Shown, delete};
use app::{OpCtx, Tx};
use axum::extract::State;
use axum::http::StatusCode;
use wire::email::drafts::{
    DraftChange, DraftCreate, DraftDetail, DraftGeneration, DraftUpdate, NewDraft, read_generation,
};

use super::generation;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Create a draft
///
/// Nothing of it need be complete. The same Idempotency-Key with the same body makes one draft, and is told
/// the first answer for seven days.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/drafts", operation_id = "createDraft", tag = "Drafts",
    params(("email_address" = String, Path, description = "The mailbox that will send it.")),
    request_body = DraftCreate,
    responses((status = 201, description = "The draft, at generation 1.", body = DraftDetail))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (mut ctx, body) = call.write()?;
    let address = call.param("email_address");
    call.remember(&mut ctx, "draft.create")?;
    let prepared = prepare(&ctx, NewDraft::read(body)?).await?;
    api.run(
        &ctx,
        async move |tx, ctx| create(tx, ctx, &address, &prepared).await,
        |_, shown| {
            let body = DraftDetail::of(&shown.address, &shown.draft);
            answer::render(StatusCode::CREATED, &body)
        },
    )
    .await
}

/// Change a draft
///
/// What is absent stays, what is null is cleared; recipients are replaced as a whole.
#[utoipa::path(
    patch, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}", operation_id = "updateDraft",
    tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
    ),
    request_body = DraftUpdate,
    responses((status = 200, description = "The draft at its next generation.", body = DraftDetail))
)]
pub(crate) async fn update_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let change = DraftChange::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| update(tx, ctx, &address, &id, &change).await;
    let shown = api.app.act(&ctx, work).await?;
    Ok(answer::ok(&detail(&shown)))
}

/// Delete a draft
#[utoipa::path(
    delete, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}", operation_id = "deleteDraft",
    tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
        ("generation" = i64, Query, description = "The generation that the caller saw."),
    ),
    responses((status = 204, description = "It is gone."))
)]
pub(crate) async fn delete_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let generation = generation(&call.read().1)?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| delete(tx, ctx, &address, &id, generation).await;
    api.app.act(&ctx, work).await?;
    Ok(answer::gone())
}

/// Duplicate a draft
///
/// The copy has its own attachments and begins at generation 1.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}/duplicate",
    operation_id = "duplicateDraft", tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
    ),
    request_body = DraftGeneration,
    responses((status = 201, description = "The copy.", body = DraftDetail))
)]
pub(crate) async fn duplicate_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let seen = read_generation(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| duplicate(tx, ctx, &address, &id, seen).await;
    let shown = api.app.act(&ctx, work).await?;
    Ok(answer::created(&detail(&shown)))
}

pub(super) fn detail(shown: &Shown) -> DraftDetail {
    DraftDetail::of(&shown.address, &shown.draft)
}
