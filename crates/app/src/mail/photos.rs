//! Photos of mail: judged when they are named, fetched afterwards by a task.

use std::time::Duration;

use domain::id::PhotoId;
use domain::mail::{Photo, PhotoKind};
use domain::{Error, Result, Timestamp, minutes};
use storage::Tx;
use storage::mail::{self as rows, NewPhoto, StoredPhoto};

use crate::{App, OpCtx};

/// Times that a photo is tried before it counts as failed.
pub const TRIES_MAX: i64 = 5;
/// How long the addresses of all photos of one request may take to find out.
const VET_TIMEOUT: Duration = Duration::from_secs(1);

/// The photo that is too large in the test world, where nobody fetches it
/// (developer-experience.md rule 68).
const OVERSIZE_URL: &str = "https://example.com/photo/oversize.jpg";

/// A photo that a partner names.
#[derive(Clone, Debug)]
pub struct PhotoUrl {
    pub url: String,
    pub kind: PhotoKind,
    /// Why its address may not be fetched from, when that is known already.
    pub blocked: Option<String>,
}

/// Looks up the addresses behind the URLs, outside of any transaction.
///
/// Only an address that may not be used blocks: a name that can't be resolved now is accepted, and
/// the fetch, which judges the address again, will fail and be tried again.
pub async fn vet(app: &App, photos: Vec<(String, PhotoKind)>) -> Vec<PhotoUrl> {
    let mut vetted: Vec<PhotoUrl> =
        photos.into_iter().map(|(url, kind)| PhotoUrl { url, kind, blocked: None }).collect();
    let _ = tokio::time::timeout(VET_TIMEOUT, async {
        for photo in &mut vetted {
            // What is no URL for a photo is refused by the use-case, in its place among the guards.
            if let Ok(target) = app.guard.check_photo(&photo.url) {
                photo.blocked = app.guard.vet(&target).await.err();
            }
        }
    })
    .await;
    vetted
}

/// Photos to fetch now, each with the tries made so far.
pub async fn due(app: &App, limit: i64) -> Result<Vec<(Photo, i64)>> {
    let now = app.clock.now();
    app.db
        .read(async move |tx: &Tx| rows::photo_due(tx, now, limit).await)
        .await
        .map_err(Error::from)
}

/// Fails the magic photo of the test world at once, as a fetch would in the end.
pub(super) async fn rehearse(tx: &Tx, ctx: &OpCtx, photos: &[NewPhoto]) -> Result<()> {
    let is_magic = |photo: &&NewPhoto| !ctx.livemode() && photo.url == OVERSIZE_URL;
    for photo in photos.iter().filter(is_magic) {
        rows::photo_failed(tx, photo.id, "the file is too large", None).await?;
    }
    Ok(())
}

/// What became of a fetch.
#[derive(Clone, Debug)]
pub enum Fetched {
    Stored { blob: String, thumbnail: Option<String>, content_type: String },
    Failed { why: String, tries: i64 },
}

/// Writes down what became of a fetch. A failed one is tried again after 1, 4, 9 and 16 minutes.
pub async fn settle(app: &App, id: PhotoId, fetched: Fetched) -> Result<()> {
    let now = app.clock.now();
    let unit = async move |tx: &Tx| match &fetched {
        Fetched::Stored { blob, thumbnail, content_type } => {
            let stored = StoredPhoto { blob, thumbnail: thumbnail.as_deref(), content_type };
            rows::photo_stored(tx, id, &stored).await
        }
        Fetched::Failed { why, tries } => rows::photo_failed(tx, id, why, again(now, *tries)).await,
    };
    app.db.write(unit).await.map_err(Error::from)
}

fn again(now: Timestamp, tries: i64) -> Option<Timestamp> {
    let tries = tries + 1;
    (tries < TRIES_MAX).then(|| now.plus(minutes(tries * tries)))
}

/// The stored photo behind a signed link.
pub async fn find(app: &App, id: PhotoId) -> Result<Option<Photo>> {
    app.db.read(async move |tx: &Tx| rows::photo_find(tx, id).await).await.map_err(Error::from)
}

impl App {
    /// The bytes behind a key that was read from a row.
    pub async fn photo_bytes(&self, key: &str) -> Result<Option<bytes::Bytes>> {
        let key = blob::Key::parse(key).map_err(|e| Error::internal("reading a photo", e))?;
        self.blobs.get(&key).await.map_err(Into::into)
    }
}
