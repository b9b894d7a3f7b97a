//! What can go wrong with stored bytes, told so that an operator knows what to do.
//!
//! Why a photo is refused is in [`crate::picture::Refused`]: that is about the sender, this is about us.

use std::io;
use std::path::{Path, PathBuf};

use crate::{BLOB_BYTES_MAX, Key};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{key} is {size_bytes} bytes, over the limit of {BLOB_BYTES_MAX} bytes for one blob")]
    TooLarge { key: Key, size_bytes: u64 },
    /// Also a quota that is used up. Retrying helps once there is room again.
    #[error("no space left for {}; free some or move the blob directory to a larger disk", path.display())]
    DiskFull {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("not allowed to use {}; give the user that runs the server read and write access to it", path.display())]
    NotAllowed {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("could not {doing} {}", path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("a put that the test asked to fail")]
    FailedOnRequest,
    #[error("this build has no S3 support; build it with `--features s3` or keep blobs on disk")]
    S3NotBuilt,
    #[error("could not {doing}")]
    S3 {
        doing: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the work on a blob was stopped before it ended")]
    Stopped,
}

impl Error {
    /// Tells the two faults that an operator can mend apart from the rest.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotAllowed { path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        Self::internal("working with stored bytes", error)
    }
}
