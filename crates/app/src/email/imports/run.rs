//! Working on the jobs: a task calls [`run`] over and over. Each run takes a job some pages on.
//!
//! A page of messages and the place behind it are one transaction, which looks first whether the job is
//! still at the place before it: a second runner, or one that comes back, changes nothing.

use std::sync::Arc;

use domain::email::import::{Import, ImportStatus, MESSAGES_MAX, Place, UPLOAD_WAIT};
use domain::partner::Partner;
use domain::{Error, Result};
use storage::email::{identities, imports as rows};
use storage::{Tx, tenancy};
use tokio::sync::mpsc;

use super::file::File;
use super::source::{self, Found, Item};
use super::store::{Stored, store};
use super::upload;
use crate::email::messages::receive::Arrival;
use crate::email::raw;
use crate::{Actor, App, OpCtx};

/// Jobs looked at in one run.
const JOBS_PER_RUN: i64 = 10;
/// Messages and bytes of one transaction.
const PAGE_MESSAGES: usize = 50;
const PAGE_BYTES: usize = 8 << 20;
/// Pages of one job in one run, so that the process can stop, and others have their turn.
const PAGES_PER_RUN: usize = 40;
/// Messages that wait between the reader and the database, each of at most 50 MiB.
const MESSAGES_WAITING: usize = 1;

/// Does what is due for the jobs, and counts it.
pub async fn run(app: &App) -> Result<usize> {
    let begun_before = app.clock.now().plus(-UPLOAD_WAIT);
    let unit = async move |tx: &Tx| rows::due(tx, begun_before, JOBS_PER_RUN).await;
    let mut n = 0;
    for job in app.db.read(unit).await? {
        let id = job.id;
        match step(app, job).await {
            Ok(done) => n += done,
            // One job must not keep the others waiting.
            Err(error) => {
                tracing::warn!(import.id = %id, error = &error as &dyn std::error::Error, "import {id} does not go on");
            }
        }
    }
    Ok(n)
}

/// Does what is due for one job, and counts it: of its messages those that this runner brought along.
pub async fn step(app: &App, job: Import) -> Result<usize> {
    match job.status {
        ImportStatus::PendingUpload => expire(app, job).await.map(|()| 1),
        ImportStatus::Queued | ImportStatus::Running => work(app, &job).await,
        ImportStatus::Completed | ImportStatus::Failed | ImportStatus::Cancelled => {
            clean(app, &job).await.map(|()| 1)
        }
    }
}

/// Gives up a job whose file never came.
async fn expire(app: &App, job: Import) -> Result<()> {
    let now = app.clock.now();
    let unit = async move |tx: &Tx| {
        let found = rows::find_by_id_locked(tx, job.id).await?;
        let Some(mut job) = found.filter(|j| j.status == ImportStatus::PendingUpload) else {
            return Ok(());
        };
        let reason = "no import was started within 24 hours";
        job.end(ImportStatus::Failed, Some(reason.to_owned()), now);
        rows::update(tx, &job).await
    };
    app.db.write(unit).await.map_err(Error::from)
}

/// Deletes the file of a job that is over, then says so: in this order a crash leaves no part behind.
async fn clean(app: &App, job: &Import) -> Result<()> {
    if let Some(name) = &job.upload {
        upload::delete(&app.blobs, name, job.upload_size).await?;
    }
    let no = job.no;
    let unit = async move |tx: &Tx| rows::close(tx, no).await;
    app.db.write(unit).await.map_err(Error::from)
}

/// Takes a job some pages on.
async fn work(app: &App, job: &Import) -> Result<usize> {
    let (Some(name), Some(size)) = (job.upload, job.upload_size) else {
        return Err(Error::internal("working on an import", "it has no file"));
    };
    let file = File::new(app.blobs.clone(), name, size);
    let (send, mut found) = mpsc::channel(MESSAGES_WAITING);
    let (format, place, processed) = (job.format, job.place, job.processed);
    let reader =
        tokio::task::spawn_blocking(move || source::read(&file, format, place, processed, send));
    let (mut processed, mut n) = (processed, 0);
    for _ in 0..PAGES_PER_RUN {
        let page = page(app, &mut found).await?;
        let done = page.entries.len() + usize::from(page.end.is_some());
        let before = processed;
        processed += i64::try_from(page.entries.len()).unwrap_or(i64::MAX);
        let Some(status) = commit(app, job, before, page).await? else { break };
        n += done;
        if status.is_over() {
            break;
        }
    }
    // The reader ends when it finds nobody listening.
    drop(found);
    reader.await.map_err(|error| Error::internal("reading the file of an import", error))?;
    Ok(n)
}

/// One entry of a page, its bytes where they will be found.
enum Ready {
    Message(Arrival),
    Failed,
    Unsafe,
}

struct Page {
    entries: Vec<Ready>,
    /// Behind the last of them.
    place: Option<Place>,
    end: Option<End>,
}

/// How a file ended.
enum End {
    Whole,
    /// Why the rest of it is not read.
    Refused(String),
}

async fn page(app: &App, found: &mut mpsc::Receiver<Item>) -> Result<Page> {
    let mut page = Page { entries: Vec::new(), place: None, end: None };
    let mut size = 0;
    while page.entries.len() < PAGE_MESSAGES && size < PAGE_BYTES {
        let item = found.recv().await;
        let item =
            item.ok_or_else(|| Error::internal("reading the file of an import", "it broke off"))?;
        let (found, place) = match item {
            Item::Found(found, place) => (found, place),
            Item::End => {
                page.end = Some(End::Whole);
                break;
            }
            Item::Refused(reason) => {
                page.end = Some(End::Refused(reason));
                break;
            }
        };
        let entry = match found {
            Found::Failed => Ready::Failed,
            Found::Unsafe => Ready::Unsafe,
            Found::Message { bytes, parsed } => {
                size += bytes.len();
                let raw = raw::stage(app, &bytes).await?;
                Ready::Message(Arrival { parsed, raw, sender: String::new() })
            }
        };
        page.entries.push(entry);
        page.place = Some(place);
    }
    Ok(page)
}

/// Stores a page and moves the job on; `None` where it is over, or another runner was there first.
async fn commit(app: &App, job: &Import, before: i64, page: Page) -> Result<Option<ImportStatus>> {
    let (unit, id, now) = (app.clone(), job.id, app.clock.now());
    app.db
        .write(async move |tx: &Tx| {
            let found = rows::find_by_id_locked(tx, id).await?;
            let found = found.filter(|j| !j.status.is_over() && j.processed == before);
            let Some(mut job) = found else { return Ok(None) };
            job.status = ImportStatus::Running;
            job.started_at = job.started_at.or(Some(now));
            job.updated_at = now;
            job.place = page.place.unwrap_or(job.place);
            store_page(tx, &unit, &mut job, &page.entries).await?;
            if let (false, Some(end)) = (job.status.is_over(), &page.end) {
                match end {
                    End::Whole => job.end(ImportStatus::Completed, None, now),
                    End::Refused(reason) => {
                        job.end(ImportStatus::Failed, Some(reason.clone()), now);
                    }
                }
            }
            rows::update(tx, &job).await?;
            Ok::<_, Error>(Some(job.status))
        })
        .await
}

async fn store_page(tx: &Tx, app: &App, job: &mut Import, entries: &[Ready]) -> Result<()> {
    let now = app.clock.now();
    let Some(owner) = identities::of_mailbox(tx, job.mailbox_id).await? else {
        job.end(ImportStatus::Cancelled, None, now);
        return Ok(());
    };
    let partner: Option<Partner> = tenancy::partner_find(tx, job.partner_id).await?;
    let partner = partner.ok_or_else(|| Error::internal("importing", "no partner"))?;
    let ctx = OpCtx::new(app, Arc::new(partner), true, Actor::System);
    for entry in entries {
        if job.processed >= MESSAGES_MAX {
            let reason = format!("an import has at most {MESSAGES_MAX} messages; split the file");
            job.end(ImportStatus::Failed, Some(reason), now);
            return Ok(());
        }
        match entry {
            Ready::Failed => job.failed += 1,
            Ready::Unsafe => job.rejected += 1,
            Ready::Message(arrival) => match store(tx, &ctx, &owner, job, arrival).await? {
                Stored::Imported => job.imported += 1,
                Stored::Duplicate => job.duplicates += 1,
                Stored::NoRoom => {
                    let reason = "the mailbox is full; make room, then import the file again";
                    job.end(ImportStatus::Failed, Some(reason.to_owned()), now);
                    return Ok(());
                }
            },
        }
        job.processed += 1;
    }
    Ok(())
}
