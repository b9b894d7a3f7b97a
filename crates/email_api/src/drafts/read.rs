//! `GET …/drafts` and `GET …/drafts/{draft_id}`.

use app::email::drafts::{get, list};
use app::{OpCtx, Tx};
use axum::extract::State;
use wire::email::drafts::{Draft, DraftDetail};
use wire::email::page::Page;

use crate::call::{Call, Handled};
use crate::{EmailApi, answer, page};

/// List drafts
///
/// Newest first, without their texts.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/drafts", operation_id = "listDrafts", tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("limit" = Option<u32>, Query, description = "Rows of a page; 1 to 100, default 50."),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
    ),
    responses((status = 200, description = "One page.", body = Page<Draft>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let address = call.mailbox();
    let (limit, name) = (query.limit()?, format!("drafts {address}"));
    let after = page::place(&ctx, &query, &name)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &address, after, limit).await;
    let (from, found) = api.app.query(&ctx, work).await?;
    let last = found.items.last().map(|d| (d.created_at, d.no));
    let shown = found.items.iter().map(|d| Draft::of(&from, d)).collect();
    Ok(answer::ok(&page::page(&ctx, &name, shown, last, found.has_more)))
}

/// Retrieve a draft
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/drafts/{draft_id}", operation_id = "getDraft",
    tag = "Drafts",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("draft_id" = String, Path, description = "The draft's id."),
    ),
    responses((status = 200, description = "The draft.", body = DraftDetail))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let (address, id) = (call.param("email_address"), call.param("draft_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &address, &id).await;
    let shown = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&DraftDetail::of(&shown.address, &shown.draft)))
}
