//! Bringing mail along from another house: a job, its file, and how far it is (email-api.md 6.12).

use crate::id::{EmailMailboxId, ImportId, PartnerId};
use crate::{Timestamp, days, minutes};

/// Jobs that an organization may begin within [`QUOTA_SPAN`].
pub const JOBS_MAX: i64 = 20;
/// Microseconds.
pub const QUOTA_SPAN: i64 = days(1);
/// How long a link to upload to is good, in microseconds.
pub const UPLOAD_LIFE: i64 = minutes(5);
/// How long a job waits for its file, in microseconds; meanwhile the mailbox can have no other.
pub const UPLOAD_WAIT: i64 = days(1);
/// Bytes of a file.
pub const UPLOAD_BYTES_MAX: i64 = 1 << 30;
/// Messages of a file.
pub const MESSAGES_MAX: i64 = 100_000;
/// Addresses that were the mailbox's elsewhere.
pub const ADDRESSES_MAX: usize = 20;
/// Bytes of the parts in which a file is kept, but for the last.
pub const CHUNK_BYTES: usize = 4 << 20;

crate::words! {
    /// What a file is; `auto` looks at how it begins.
    pub enum ImportFormat { Auto = "auto", Mbox = "mbox", Eml = "eml", Zip = "zip" }
}

crate::words! {
    pub enum ImportStatus {
        PendingUpload = "pending_upload",
        Queued = "queued",
        Running = "running",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

impl ImportStatus {
    pub const fn is_over(self) -> bool {
        match self {
            Self::PendingUpload | Self::Queued | Self::Running => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes of an mbox, or entries of an archive, that are before it.
    pub at: i64,
    /// Messages of the file before it.
    pub before: i64,
    /// Bytes that the entries of an archive before it unpacked to.
    pub unpacked: i64,
}

/// One job.
#[derive(Clone, Debug)]
pub struct Import {
    pub no: i64,
    pub id: ImportId,
    pub partner_id: PartnerId,
    pub mailbox_id: EmailMailboxId,
    pub status: ImportStatus,
    pub format: ImportFormat,
    /// In lower case; mail from these was sent from here.
    pub addresses: Option<Vec<String>>,
    pub mark_as_read: bool,
    /// Names the parts of the file that is being uploaded, or was.
    pub upload: Option<[u8; 16]>,
    /// Bytes of the file; `None` until all of it is there.
    pub upload_size: Option<i64>,
    /// Messages of the file that were dealt with.
    pub processed: i64,
    /// Where reading goes on; what was dealt with behind it is passed over.
    pub place: Place,
    pub imported: i64,
    pub duplicates: i64,
    pub failed: i64,
    pub rejected: i64,
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

impl Import {
    /// Ends the job.
    pub fn end(&mut self, status: ImportStatus, error: Option<String>, now: Timestamp) {
        self.status = status;
        self.error = error;
        self.updated_at = now;
        self.finished_at = Some(now);
    }
}
