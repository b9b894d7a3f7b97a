//! Blobs in a bucket of S3 or of a service that speaks it (MinIO, R2, Ceph).
//!
//! Only in builds with the feature `s3`, which brings an HTTP client and a TLS stack. Certificates
//! are checked against those that the system trusts.

use std::fmt;

/// Where the bucket is and who asks.
#[derive(Clone)]
pub struct S3Config {
    pub bucket: String,
    /// Such as `eu-central-1`. Most other services take any word here.
    pub region: String,
    /// The URL of another service than Amazon. `http:` is for one on the same machine or network.
    pub endpoint: Option<String>,
    /// Puts every key under this one, for a bucket that holds other things too.
    pub prefix: Option<crate::Key>,
    /// `None` asks the machine's own role for keys (instance, container or web identity).
    pub access_key: Option<S3AccessKey>,
}

/// A pair of keys of the service.
#[derive(Clone)]
pub struct S3AccessKey {
    pub id: String,
    pub secret: String,
}

/// Without the access key, which must not reach a log.
impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "s3")]
pub(crate) use bucket::S3;

#[cfg(test)]
#[cfg(feature = "s3")]
mod tests;

#[cfg(feature = "s3")]
mod bucket {
    use std::time::Duration;

    use bytes::Bytes;
    use object_store::aws::{AmazonS3, AmazonS3Builder};
    use object_store::path::Path;
    use object_store::{ClientOptions, Error as StoreError, ObjectStoreExt, RetryConfig};

    use super::S3Config;
    use crate::{BLOB_BYTES_MAX, Error, Key, Result};

    /// For connecting, and for a whole request: 64 MiB in a minute are 1.1 MiB a second.
    const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
    const REQUEST_DEADLINE: Duration = Duration::from_mins(1);

    /// Retries are short: whoever puts a blob is a task that is tried again anyway.
    const RETRIES_MAX: usize = 3;
    const RETRY_DEADLINE: Duration = Duration::from_secs(90);

    #[derive(Debug)]
    pub(crate) struct S3 {
        store: AmazonS3,
        prefix: Option<Key>,
    }

    impl S3 {
        pub(crate) fn open(config: S3Config) -> Result<Self> {
            // The HTTP client takes the process's TLS provider. Fails when one is set: then that
            // one serves.
            drop(rustls::crypto::ring::default_provider().install_default());
            let http = config.endpoint.as_ref().is_some_and(|url| url.starts_with("http:"));
            let client = ClientOptions::new()
                .with_connect_timeout(CONNECT_DEADLINE)
                .with_timeout(REQUEST_DEADLINE)
                .with_allow_http(http);
            let retry = RetryConfig {
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_DEADLINE,
                ..RetryConfig::default()
            };
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(&config.bucket)
                .with_region(config.region)
                // One blob is deleted at a time, and not every service knows how to delete many.
                .with_disable_bulk_delete(true)
                .with_client_options(client)
                .with_retry(retry);
            if let Some(endpoint) = config.endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            if let Some(key) = config.access_key {
                builder = builder.with_access_key_id(key.id).with_secret_access_key(key.secret);
            }
            let doing = || format!("set up the S3 bucket {}", config.bucket);
            let store = builder.build().map_err(|e| failed(doing(), e))?;
            Ok(Self { store, prefix: config.prefix })
        }

        pub(crate) async fn put(&self, key: &Key, bytes: Bytes) -> Result<()> {
            match self.store.put(&self.path(key), bytes.into()).await {
                Ok(_) => Ok(()),
                Err(error) => Err(failed(format!("put {key} to S3"), error)),
            }
        }

        pub(crate) async fn get(&self, key: &Key) -> Result<Option<Bytes>> {
            let doing = || format!("get {key} from S3");
            let found = match self.store.get(&self.path(key)).await {
                Ok(found) => found,
                Err(StoreError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(failed(doing(), error)),
            };
            if found.meta.size > BLOB_BYTES_MAX as u64 {
                return Err(Error::TooLarge { key: key.clone(), size_bytes: found.meta.size });
            }
            found.bytes().await.map(Some).map_err(|e| failed(doing(), e))
        }

        pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
            match self.store.delete(&self.path(key)).await {
                Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
                Err(error) => Err(failed(format!("delete {key} from S3"), error)),
            }
        }

        fn path(&self, key: &Key) -> Path {
            match &self.prefix {
                Some(prefix) => Path::from(format!("{prefix}/{key}")),
                None => Path::from(key.as_str()),
            }
        }
    }

    fn failed(doing: String, source: StoreError) -> Error {
        Error::S3 { doing, source: source.into() }
    }
}
