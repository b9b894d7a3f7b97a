//! `postroom mailbox email import`: the way of one file, from here into the mailbox.
//!
//! The job is one like those of the API. A server that runs beside works on it too; whoever comes second at a
//! page changes nothing, and this command stands back while another goes on.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use app::email::imports::create::create;
use app::email::imports::upload::Upload;
use app::email::imports::{cancel, get, run, start};
use app::{OpCtx, Tx};
use bytes::Bytes;
use domain::email::Import;
use domain::email::import::ImportStatus;
use serde_json::json;
use wire::email::imports::{Import as Shown, NewImport};

use crate::out;

/// Bytes that are read at once.
const READ_BYTES: usize = 1 << 20;
/// How long this command stands back, when another has moved the job on, before it looks again.
const PAUSE: Duration = Duration::from_secs(1);

const COLUMNS: &[&str] = &[
    "id",
    "status",
    "messages_processed",
    "messages_imported",
    "messages_skipped_duplicate",
    "messages_failed",
    "messages_rejected_unsafe",
    "error_detail",
];

pub(super) async fn run(
    ctx: &OpCtx,
    mailbox: &str,
    file: &Path,
    new: NewImport,
    json: bool,
) -> anyhow::Result<()> {
    let from = open(file).with_context(|| format!("reading {}", file.display()))?;
    let address = mailbox.to_owned();
    let work = async move |tx: &Tx, ctx: &OpCtx| create(tx, ctx, &address, &new).await;
    let id = ctx.app.act(ctx, work).await?.id.to_string();
    if let Err(error) = upload(ctx, &id, from).await {
        // The mailbox could have no other import for a day.
        let (address, id) = (mailbox.to_owned(), id);
        let work = async move |tx: &Tx, ctx: &OpCtx| cancel(tx, ctx, &address, &id).await;
        ctx.app.act(ctx, work).await?;
        return Err(error.context(format!("uploading {}", file.display())));
    }
    let (address, job) = (mailbox.to_owned(), id.clone());
    let work = async move |tx: &Tx, ctx: &OpCtx| start(tx, ctx, &address, &job).await;
    ctx.app.act(ctx, work).await?;
    let gone_on = carry(ctx, mailbox, &id).await;
    let job =
        gone_on.with_context(|| format!("import {id} stops here; a server goes on with it"))?;
    out::thing(json, COLUMNS, &json!(Shown::of(&job)));
    match job.status {
        ImportStatus::Completed => Ok(()),
        status => bail!("the import is {status}"),
    }
}

fn open(file: &Path) -> std::io::Result<Box<dyn Read>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    Ok(Box::new(std::fs::File::open(file)?))
}

async fn upload(ctx: &OpCtx, id: &str, mut from: Box<dyn Read>) -> anyhow::Result<()> {
    let mut upload = Upload::begin(&ctx.app, id).await?;
    loop {
        let mut piece = Vec::new();
        // Nothing else is to be done by this process meanwhile.
        from.by_ref().take(READ_BYTES as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Ok(upload.finish().await?);
        }
        upload.push(Bytes::from(piece)).await?;
    }
}

/// Works on a job until it is over, and says how far it is.
async fn carry(ctx: &OpCtx, mailbox: &str, id: &str) -> anyhow::Result<Import> {
    // Where the job is, unless another works on it.
    let (mut expected, mut told) = (0, 0);
    loop {
        let job = look(ctx, mailbox, id).await?;
        if job.processed > told {
            told = job.processed;
            tell(&job);
        }
        if job.status.is_over() {
            // Deletes what was uploaded.
            run::step(&ctx.app, job.clone()).await?;
            return Ok(job);
        }
        if job.processed == expected {
            match run::step(&ctx.app, job).await {
                Ok(n) => expected += i64::try_from(n)?,
                // Another that ended it has deleted the file, which was being read here.
                Err(_) if look(ctx, mailbox, id).await?.status.is_over() => {}
                Err(error) => return Err(error.into()),
            }
        } else {
            expected = job.processed;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn look(ctx: &OpCtx, mailbox: &str, id: &str) -> domain::Result<Import> {
    let (address, id) = (mailbox.to_owned(), id.to_owned());
    let work = async move |tx: &Tx, ctx: &OpCtx| get(tx, ctx, &address, &id).await;
    ctx.app.query(ctx, work).await
}

fn tell(job: &Import) {
    out::say(format_args!(
        "{} read: {} new, {} there already, {} refused",
        job.processed,
        job.imported,
        job.duplicates,
        job.failed + job.rejected
    ));
}
