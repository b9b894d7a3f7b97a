//! Taking in the file of a job, part by part, so that no more than one part is in memory.
//!
//! The name of the parts is in the row before the first is written: whatever becomes of the upload, they
//! are found and deleted.

use blob::{Blobs, Key};
use bytes::{Bytes, BytesMut};
use domain::email::import::{CHUNK_BYTES, Import, ImportStatus, UPLOAD_BYTES_MAX};
use domain::id::{ImportId, Uuid};
use domain::{Error, ErrorCode, Result};
use storage::Tx;
use storage::email::imports as rows;

use super::{conflict, no_import};
use crate::App;

/// An upload under way.
pub struct Upload {
    app: App,
    id: ImportId,
    name: [u8; 16],
    part: BytesMut,
    n_parts: i64,
    size: i64,
}

impl Upload {
    /// Begins one for a job, whose link was checked before. What was uploaded earlier counts no more.
    pub async fn begin(app: &App, id: &str) -> Result<Self> {
        let id = ImportId::parse(id).ok_or_else(no_import)?;
        let name = app.ids.uuid(app.clock.now());
        let unit = async move |tx: &Tx| {
            let mut job = rows::find_by_id_locked(tx, id).await?.ok_or_else(no_import)?;
            must_wait(&job)?;
            let before = (job.upload.replace(name), job.upload_size.take());
            rows::update(tx, &job).await?;
            Ok::<_, Error>(before)
        };
        let (before, size) = app.db.write(unit).await?;
        if let Some(before) = before {
            delete(&app.blobs, &before, size).await?;
        }
        Ok(Self { app: app.clone(), id, name, part: BytesMut::new(), n_parts: 0, size: 0 })
    }

    /// Takes the next bytes.
    pub async fn push(&mut self, mut bytes: Bytes) -> Result<()> {
        self.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        if self.size > UPLOAD_BYTES_MAX {
            let message = "a file to import has at most 1 GiB; split it";
            return Err(Error::refused(ErrorCode::PayloadTooLarge, message));
        }
        while !bytes.is_empty() {
            let room = CHUNK_BYTES - self.part.len();
            self.part.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.part.len() == CHUNK_BYTES {
                self.put().await?;
            }
        }
        Ok(())
    }

    async fn put(&mut self) -> Result<()> {
        let part = self.part.split().freeze();
        let stored = self.app.blobs.put(&key(&self.name, self.n_parts)?, part).await;
        stored.map_err(|error| Error::internal("storing a part of an upload", error))?;
        self.n_parts += 1;
        Ok(())
    }

    /// Ends it: the job has its file, unless another upload began after this one.
    pub async fn finish(mut self) -> Result<()> {
        if !self.part.is_empty() {
            self.put().await?;
        }
        let (id, name, size) = (self.id, self.name, self.size);
        let now = self.app.clock.now();
        let unit = async move |tx: &Tx| {
            let mut job = rows::find_by_id_locked(tx, id).await?.ok_or_else(no_import)?;
            must_wait(&job)?;
            if job.upload != Some(name) {
                return Err(conflict("another upload of this import began after this one"));
            }
            job.upload_size = Some(size);
            job.updated_at = now;
            rows::update(tx, &job).await.map_err(Error::from)
        };
        let done = self.app.db.write(unit).await;
        if done.is_err() {
            delete(&self.app.blobs, &name, Some(size)).await?;
        }
        done
    }
}

fn must_wait(job: &Import) -> Result<()> {
    match job.status {
        ImportStatus::PendingUpload => Ok(()),
        status => Err(conflict(&format!("the import is {status} and takes no file"))),
    }
}

/// The key of one part.
pub(super) fn key(name: &[u8; 16], part: i64) -> Result<Key> {
    let text = format!("import/{}/{part}", Uuid(*name).simple());
    Key::parse(&text).map_err(|error| Error::internal("naming a part of an upload", error))
}

/// Deletes the parts of a file; all that there can be where its size is not known.
pub(super) async fn delete(blobs: &Blobs, name: &[u8; 16], size: Option<i64>) -> Result<()> {
    let bytes = size.unwrap_or(UPLOAD_BYTES_MAX);
    let n_parts = bytes.unsigned_abs().div_ceil(CHUNK_BYTES as u64);
    for part in 0..i64::try_from(n_parts).unwrap_or(i64::MAX) {
        let deleted = blobs.delete(&key(name, part)?).await;
        deleted.map_err(|error| Error::internal("deleting a part of an upload", error))?;
    }
    Ok(())
}
