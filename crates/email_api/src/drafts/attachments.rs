//! `…/drafts/{draft_id}/attachments`.

use app::email::drafts::attachments::{append, open, remove, stage};
use app::{OpCtx, Tx};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use wire::email::drafts::{DraftAttachments, DraftDetail, read_more};

use super::edit::detail;
use super::generation;
use crate::call::{Call, Handled};
use crate::{EmailApi, answer};

/// Add attachments to a draft
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}/attachments",
    operation_id = "addDraftAttachments", tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
    ),
    request_body = DraftAttachments,
    responses((status = 200, description = "The draft at its next generation.", body = DraftDetail))
)]
pub(crate) async fn add_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let (seen, more) = read_more(body)?;
    let files = stage(&ctx, more).await?;
    let work = async move |tx: &Tx, ctx: &OpCtx| append(tx, ctx, &address, &id, seen, &files).await;
    Ok(answer::ok(&detail(&api.app.act(&ctx, work).await?)))
}

/// Remove an attachment of a draft
///
/// The others keep their indexes.
#[utoipa::path(
    delete, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}/attachments/{part_index}",
    operation_id = "removeDraftAttachment", tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
        ("part_index" = i64, Path, description = "The attachment's part_index."),
        ("generation" = i64, Query, description = "The generation that the caller saw."),
    ),
    responses((status = 200, description = "The draft at its next generation.", body = DraftDetail))
)]
pub(crate) async fn remove_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let seen = generation(&call.read().1)?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let part = call.param("part_index");
    let work = async move |tx: &Tx, ctx: &OpCtx| remove(tx, ctx, &address, &id, &part, seen).await;
    Ok(answer::ok(&detail(&api.app.act(&ctx, work).await?)))
}

/// Download an attachment of a draft
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}/attachments/{part_index}",
    operation_id = "getDraftAttachment", tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
        ("part_index" = i64, Path, description = "The attachment's part_index."),
        ("generation" = i64, Query, description = "The generation that the caller saw."),
    ),
    responses((status = 200, description = "The bytes.", body = Vec<u8>, content_type = "*/*"))
)]
pub(crate) async fn get_handler(State(_): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let seen = generation(&query)?;
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let opened = open(&ctx, &address, &id, &call.param("part_index"), seen).await?;
    let name = utf8_percent_encode(&opened.attachment.filename, NON_ALPHANUMERIC);
    let mut response = Response::new(Body::from(opened.bytes));
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &opened.attachment.content_type);
    set(header::CONTENT_DISPOSITION, &format!("attachment; filename*=UTF-8''{name}"));
    set(header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
    Ok(response)
}
