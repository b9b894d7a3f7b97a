//! What the database can answer instead of rows.

use domain::ErrorCode;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The queue of units is full; nothing was done. Try again shortly.
    #[error("the database queue is full")]
    Busy,
    /// The database can't be reached or could not commit; nothing was done, unless its connection broke as it committed.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A unique or foreign key refused the row, also when the unit was run a second time.
    #[error("a constraint refused the row: {0}")]
    Conflict(String),
    /// A stored value does not mean anything to us.
    #[error("stored data is inconsistent: {0}")]
    Inconsistent(String),
    #[error("statement failed: {message} [{sql}]")]
    Statement { sql: String, message: String },
    /// A unit of work awaited something other than the database.
    #[error("a unit of work awaited something that is not the database")]
    ForeignAwait,
    #[error("a unit of work panicked")]
    Panicked,
    /// Asked for by a test.
    #[error("a fault was injected")]
    Injected,
}

impl From<Error> for domain::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Busy | Error::Unavailable(_) => {
                tracing::warn!(%error, "the database refused a unit of work");
                Self::refused(
                    ErrorCode::TemporarilyUnavailable,
                    "the service is busy; nothing was changed",
                )
                .fix("send the same request again after the time in Retry-After")
                .retry_after(1)
            }
            other => Self::internal("working with the database", other),
        }
    }
}
