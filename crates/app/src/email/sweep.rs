//! Taking out what deletion left: the messages and drafts of deleted identities, and large bytes that nothing refers to.

use blob::{Family, Key};
use domain::id::EmailMailboxId;
use domain::{Error, Result, Timestamp, minutes};
use storage::Tx;
use storage::email::{drafts, messages, raw, sweep as rows};

use crate::App;

/// Rows of one transaction, and such transactions in one run.
const PAGE_ROWS: i64 = 200;
const PAGES_MAX: usize = 50;
/// How long bytes that nothing needs are left alone, in microseconds.
const REST: i64 = minutes(10);

/// Counts what was taken out.
pub async fn run(app: &App) -> Result<usize> {
    let mut count = 0;
    for _ in 0..PAGES_MAX {
        let now = app.clock.now();
        let page = app.db.write(async move |tx: &Tx| {
            let Some((identity, mailbox)) = rows::unswept(tx).await? else { return Ok(None) };
            let page = rows::messages(tx, mailbox, PAGE_ROWS).await?;
            for message in &page {
                messages::delete(tx, message.no).await?;
                raw::release(tx, &message.raw, now).await?;
            }
            if !page.is_empty() {
                return Ok::<_, storage::Error>(Some(page.len()));
            }
            let n_drafts = take_drafts(tx, mailbox, now).await?;
            if n_drafts == 0 {
                rows::finish(tx, identity, mailbox, now).await?;
            }
            Ok(Some(n_drafts))
        });
        match page.await? {
            Some(n) => count += n + 1,
            None => break,
        }
    }
    Ok(count + collect(app).await?)
}

/// Takes a page of drafts out of a mailbox, and counts it.
async fn take_drafts(
    tx: &Tx,
    mailbox: EmailMailboxId,
    now: Timestamp,
) -> Result<usize, storage::Error> {
    let page = drafts::list(tx, mailbox, None, PAGE_ROWS).await?;
    for listed in &page {
        let found = drafts::find(tx, mailbox, listed.id).await?;
        for attachment in found.iter().flat_map(|draft| &draft.attachments) {
            raw::release(tx, &attachment.raw, now).await?;
        }
        drafts::delete(tx, listed.no).await?;
    }
    Ok(page.len())
}

/// Deletes the bytes of raw messages that no message has any more.
///
/// Whoever is about to need the same bytes says so before it puts them ([`raw::keep`]) and commits long before
/// [`REST`] is over.
async fn collect(app: &App) -> Result<usize> {
    let since = app.clock.now().plus(-REST);
    let page = app.db.read(async move |tx: &Tx| rows::garbage(tx, since, PAGE_ROWS).await).await?;
    let count = page.len();
    for sha256 in page {
        if !app.db.write(async move |tx: &Tx| rows::begin(tx, &sha256).await).await? {
            continue;
        }
        let deleted = app.blobs.delete(&Key::content(Family::Message, &sha256)).await;
        deleted.map_err(|error| Error::internal("deleting the bytes of a message", error))?;
        app.db.write(async move |tx: &Tx| rows::forget(tx, &sha256).await).await?;
    }
    Ok(count)
}
