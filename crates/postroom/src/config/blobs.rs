//! Where photos and scans are kept: a folder, or a bucket.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use blob::{Blobs, Key, S3AccessKey, S3Config};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    pub path: PathBuf,
    pub s3_bucket: String,
    pub s3_region: String,
    pub s3_endpoint: String,
    pub s3_prefix: String,
    pub s3_access_key_id: String,
    pub s3_secret_access_key: String,
    pub s3_secret_access_key_file: PathBuf,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Storage")
    }
}

impl Storage {
    /// Opens the bucket when one is named, else the folder.
    pub fn open(&self) -> anyhow::Result<Blobs> {
        if self.s3_bucket.is_empty() {
            return Blobs::disk(&self.path).context("opening the blob folder");
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let prefix = some(&self.s3_prefix)
            .map(|text| Key::parse(&text).map_err(|e| anyhow!("storage.s3_prefix {text:?}: {e}")));
        let access_key = match some(&self.s3_access_key_id) {
            Some(id) => Some(S3AccessKey { id, secret: self.secret_access_key()? }),
            None => None,
        };
        let config = S3Config {
            bucket: self.s3_bucket.clone(),
            region: self.s3_region.clone(),
            endpoint: some(&self.s3_endpoint),
            prefix: prefix.transpose()?,
            access_key,
        };
        Blobs::s3(config).context("opening the bucket")
    }

    /// The place as a person calls it.
    pub fn place(&self) -> String {
        match self.s3_bucket.as_str() {
            "" => self.path.display().to_string(),
            bucket => format!("s3://{bucket}"),
        }
    }

    /// False when the folder was not made yet.
    pub fn is_there(&self) -> bool {
        !self.s3_bucket.is_empty() || self.path.exists()
    }

    fn secret_access_key(&self) -> anyhow::Result<String> {
        let path = &self.s3_secret_access_key_file;
        if path.as_os_str().is_empty() {
            return Ok(self.s3_secret_access_key.clone());
        }
        let text = std::fs::read_to_string(path);
        Ok(text.with_context(|| format!("reading {}", path.display()))?.trim().to_owned())
    }
}
