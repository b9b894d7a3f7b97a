//! Mail brought along from another house: a job, its upload, and the reading of it (email-api.md 6.12).
//!
//! What is imported is told to nobody and judged by no contact rule. Messages and how far the job is commit
//! together, so a crash at any moment loses none and stores none twice.

mod archive;
pub mod create;
mod file;
pub mod run;
mod source;
mod store;
pub mod upload;

use domain::email::Identity;
use domain::email::import::{Import, ImportStatus, UPLOAD_LIFE};
use domain::id::ImportId;
use domain::{Error, ErrorCode, Result, Timestamp};
use storage::Tx;
use storage::email::imports as rows;

use super::mailbox;
use crate::OpCtx;
use crate::page::{Page, one_more};

/// Where a page begins: after this job.
pub type After = (Timestamp, i64);

/// At most `limit` jobs, newest first.
pub async fn list(
    tx: &Tx,
    ctx: &OpCtx,
    address: &str,
    after: Option<After>,
    limit: usize,
) -> Result<Page<Import>> {
    let owner = mailbox(tx, ctx, address).await?;
    Ok(Page::of(rows::list(tx, owner.mailbox_id, after, one_more(limit)).await?, limit))
}

pub async fn get(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Import> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = ImportId::parse(id).ok_or_else(no_import)?;
    rows::find(tx, owner.mailbox_id, id).await?.ok_or_else(no_import)
}

/// A job that still waits for its file, for a new link to upload it to.
pub async fn waiting(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Import> {
    let job = get(tx, ctx, address, id).await?;
    match job.status {
        ImportStatus::PendingUpload => Ok(job),
        status => Err(conflict(&format!("the import is {status} and takes no file"))),
    }
}

/// Lets a job begin whose file is there. Asked for again, it changes nothing.
pub async fn start(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Import> {
    let (_, mut job) = locked(tx, ctx, address, id).await?;
    match job.status {
        ImportStatus::PendingUpload if job.upload_size.is_none() => {
            Err(conflict("the file is not uploaded yet; upload it, then start"))
        }
        ImportStatus::PendingUpload => {
            job.status = ImportStatus::Queued;
            job.updated_at = ctx.now;
            rows::update(tx, &job).await?;
            Ok(job)
        }
        ImportStatus::Queued | ImportStatus::Running => Ok(job),
        status @ (ImportStatus::Completed | ImportStatus::Failed | ImportStatus::Cancelled) => {
            Err(conflict(&format!("the import is {status}; create another")))
        }
    }
}

/// Ends a job. What was imported stays.
pub async fn cancel(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<Import> {
    let (_, mut job) = locked(tx, ctx, address, id).await?;
    match job.status {
        ImportStatus::PendingUpload | ImportStatus::Queued | ImportStatus::Running => {
            job.end(ImportStatus::Cancelled, None, ctx.now);
            rows::update(tx, &job).await?;
            Ok(job)
        }
        ImportStatus::Cancelled => Ok(job),
        status @ (ImportStatus::Completed | ImportStatus::Failed) => {
            Err(conflict(&format!("the import is {status} already")))
        }
    }
}

/// Where the file of a job is to be uploaded.
pub fn upload_url(ctx: &OpCtx, job: &Import) -> String {
    ctx.link(&format!("/files/imports/{}", job.id), UPLOAD_LIFE)
}

async fn locked(tx: &Tx, ctx: &OpCtx, address: &str, id: &str) -> Result<(Identity, Import)> {
    let owner = mailbox(tx, ctx, address).await?;
    let id = ImportId::parse(id).ok_or_else(no_import)?;
    let job = rows::find_locked(tx, owner.mailbox_id, id).await?.ok_or_else(no_import)?;
    Ok((owner, job))
}

fn no_import() -> Error {
    Error::refused(ErrorCode::NotFound, "Import not found")
}

fn conflict(message: &str) -> Error {
    Error::refused(ErrorCode::Conflict, message)
}
