//! `/api/v1/mail/mailboxes/{email_address}/imports`, and where their files are uploaded.

use app::email::imports::create::create;
use app::email::imports::upload::Upload;
use app::email::imports::{cancel, get, list, start, upload_url, waiting};
use app::{OpCtx, Tx};
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::{Error, ErrorCode};
use wire::email::imports::{Import, ImportCreate, ImportCreated, ImportUpload, NewImport};
use wire::email::page::Page;

use crate::call::{Call, Handled};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::{EmailApi, answer, page};

/// The part of the form that holds the file; those before it are passed over, this many at most.
const FILE: &str = "file";
const PARTS_MAX: usize = 20;

/// Create an import
///
/// One at a time for a mailbox, 20 in 24 hours for an organization. Upload the file, then start it.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/imports", operation_id = "createImport", tag = "Imports",
    params(("email_address" = String, Path, description = "The mailbox.")),
    request_body = ImportCreate,
    responses((status = 201, description = "The job, and where its file is to go.", body = ImportCreated))
)]
pub(crate) async fn create_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, body) = call.write()?;
    let address = call.param("email_address");
    let new = NewImport::read(body)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &address, &new).await;
    let job = api.app.act(&ctx, work).await?;
    let upload = ImportUpload::to(upload_url(&ctx, &job));
    Ok(answer::created(&ImportCreated { job: Import::of(&job), upload }))
}

/// List imports
///
/// Newest first.
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/imports", operation_id = "listImports", tag = "Imports",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("limit" = Option<u32>, Query, description = "Rows of a page; 1 to 100, default 50."),
        ("cursor" = Option<String>, Query, description = "next_cursor of the page before."),
    ),
    responses((status = 200, description = "One page.", body = Page<Import>))
)]
pub(crate) async fn list_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, query) = call.read();
    let address = call.param("email_address").to_lowercase();
    let (limit, name) = (query.limit()?, format!("imports {address}"));
    let after = page::place(&ctx, &query, &name)?;
    let work = async move |tx: &Tx, ctx: &OpCtx| list(tx, ctx, &address, after, limit).await;
    let found = api.app.query(&ctx, work).await?;
    let last = found.items.last().map(|i| (i.created_at, i.no));
    let shown = found.items.iter().map(Import::of).collect();
    Ok(answer::ok(&page::page(&ctx, &name, shown, last, found.has_more)))
}

/// Retrieve an import
#[utoipa::path(
    get, path = "/api/v1/mail/mailboxes/{email_address}/imports/{import_id}", operation_id = "getImport",
    tag = "Imports",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("import_id" = String, Path, description = "The job's id."),
    ),
    responses((status = 200, description = "The job.", body = Import))
)]
pub(crate) async fn get_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.read();
    let (address, id) = (call.param("email_address"), call.param("import_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &address, &id).await;
    Ok(answer::ok(&Import::of(&api.app.query(&ctx, work).await?)))
}

/// Renew an upload
///
/// A link is good for five minutes. What was uploaded before counts until another upload begins.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/imports/{import_id}/upload-url",
    operation_id = "renewImportUpload", tag = "Imports",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("import_id" = String, Path, description = "The job's id."),
    ),
    responses((status = 200, description = "Where the file is to go.", body = ImportUpload))
)]
pub(crate) async fn renew_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("import_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| waiting(tx, ctx, &address, &id).await;
    let job = api.app.query(&ctx, work).await?;
    Ok(answer::ok(&ImportUpload::to(upload_url(&ctx, &job))))
}

/// Start an import
///
/// Its file must be there. Started again, it goes on.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/imports/{import_id}/start", operation_id = "startImport",
    tag = "Imports",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("import_id" = String, Path, description = "The job's id."),
    ),
    responses((status = 200, description = "The job, queued.", body = Import))
)]
pub(crate) async fn start_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("import_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| start(tx, ctx, &address, &id).await;
    Ok(answer::ok(&Import::of(&api.app.act(&ctx, work).await?)))
}

/// Cancel an import
///
/// What was imported stays.
#[utoipa::path(
    post, path = "/api/v1/mail/mailboxes/{email_address}/imports/{import_id}/cancel", operation_id = "cancelImport",
    tag = "Imports",
    params(
        ("email_address" = String, Path, description = "The mailbox."),
        ("import_id" = String, Path, description = "The job's id."),
    ),
    responses((status = 200, description = "The job, cancelled.", body = Import))
)]
pub(crate) async fn cancel_handler(State(api): State<EmailApi>, call: Call) -> Handled {
    let (ctx, _) = call.write()?;
    let (address, id) = (call.param("email_address"), call.param("import_id"));
    let work = async move |tx: &Tx, ctx: &OpCtx| cancel(tx, ctx, &address, &id).await;
    Ok(answer::ok(&Import::of(&api.app.act(&ctx, work).await?)))
}

/// `POST /files/imports/{import_id}` with a signature: the file, as it streams in.
pub(crate) async fn upload(
    State(api): State<EmailApi>,
    Path(id): Path<String>,
    OriginalUri(uri): OriginalUri,
    form: Result<Multipart, MultipartRejection>,
) -> Handled {
    let query = Query::read(uri.query());
    let expires = query.text("expires").and_then(|text| text.parse().ok()).unwrap_or(0);
    let signature = query.text("signature").unwrap_or_default();
    let now = api.app.clock.now();
    if !api.app.secrets.link_is_good(uri.path(), expires, signature, now) {
        let message = "the link is wrong or too old; ask upload-url for a new one";
        return Err(Refusal(Error::refused(ErrorCode::InsufficientScope, message)));
    }
    let mut form = form.map_err(|_| {
        let message = "send the file as multipart/form-data with a part named file";
        Error::refused(ErrorCode::UnsupportedMediaType, message)
    })?;
    for _ in 0..PARTS_MAX {
        let Some(mut part) = form.next_field().await.map_err(broke_off)? else { break };
        if part.name() != Some(FILE) {
            continue;
        }
        let mut upload = Upload::begin(&api.app, &id).await?;
        while let Some(bytes) = part.chunk().await.map_err(broke_off)? {
            upload.push(bytes).await?;
        }
        upload.finish().await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let message = "the form has no part named file";
    Err(Refusal(Error::refused(ErrorCode::ValidationFailed, message)))
}

#[expect(clippy::needless_pass_by_value, reason = "the form of map_err")]
fn broke_off(error: MultipartError) -> Error {
    let message = format!("the upload broke off: {}", error.body_text());
    Error::refused(ErrorCode::InvalidParameter, message)
}
