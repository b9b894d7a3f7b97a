//! Fetching the photos of mail: over the guarded connection, cleaned, stored, or tried again later.

use app::mail::photos::{Fetched, due, settle};
use blob::picture::{Clean, clean, inspect};
use blob::{Family, Key};
use bytes::Bytes;
use domain::mail::Photo;
use domain::{Error, Result};
use futures_util::StreamExt;
use futures_util::stream;
use sha2::{Digest, Sha256};
use webhook::fetch::PHOTO;

use crate::Tasks;

/// Photos under way at once: a large one takes some hundred MiB while it is cleaned.
const FETCHES_MAX: usize = 4;
/// Photos looked up at once.
const PAGE_ROWS: i64 = 64;

/// Fetches what is due now and counts it.
pub(crate) async fn run(tasks: &Tasks) -> Result<usize> {
    let page = due(&tasks.parts.app, PAGE_ROWS).await?;
    let count = page.len();
    let fetches = page.into_iter().map(|(photo, tries)| one(tasks, photo, tries));
    let mut ended = stream::iter(fetches).buffer_unordered(FETCHES_MAX);
    while let Some(outcome) = ended.next().await {
        outcome?;
    }
    Ok(count)
}

async fn one(tasks: &Tasks, photo: Photo, tries: i64) -> Result<()> {
    let fetched = match fetch(tasks, photo.source_url.as_deref().unwrap_or_default()).await {
        Ok(clean) => store(tasks, clean).await?,
        Err(why) => {
            tracing::info!(photo.id = %photo.id, why, "a photo was not fetched");
            Fetched::Failed { why, tries }
        }
    };
    settle(&tasks.parts.app, photo.id, fetched).await
}

/// The cleaned picture, or why there is none.
async fn fetch(tasks: &Tasks, url: &str) -> std::result::Result<Clean, String> {
    let fetched = tasks.parts.sender.fetch(url, PHOTO).await.map_err(|e| e.to_string())?;
    let work = move || {
        let kind = inspect(&fetched.bytes).map_err(|e| e.to_string())?;
        clean(kind, &fetched.bytes).map_err(|e| e.to_string())
    };
    // A decoder that panics ends its own thread's work, and the photo counts as damaged.
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err("the picture is damaged".to_owned()))
}

async fn store(tasks: &Tasks, clean: Clean) -> Result<Fetched> {
    let blob = put(tasks, Family::Photo, clean.bytes).await?;
    let thumbnail = match clean.thumbnail {
        Some(bytes) => Some(put(tasks, Family::Thumbnail, bytes).await?),
        None => None,
    };
    Ok(Fetched::Stored { blob, thumbnail, content_type: clean.kind.as_str().to_owned() })
}

async fn put(tasks: &Tasks, family: Family, bytes: Bytes) -> Result<String> {
    let key = Key::content(family, &Sha256::digest(&bytes).into());
    tasks.parts.app.blobs.put(&key, bytes).await.map_err(Error::from)?;
    Ok(key.as_str().to_owned())
}
