//! What an attempt came to, in the words that are stored and shown.
//!
//! How it came to that is in [`crate::sender`]; what follows from it is in [`crate::ladder`].

use std::net::IpAddr;

use crate::ladder::Class;
use crate::retry_after::RetryAfter;

domain::words! {
    /// Why an attempt failed. The words are shown to tenants and tell nothing about our network.
    pub enum ErrorKind {
        /// The name has no address, or its servers do not answer within two seconds.
        Dns = "dns",
        /// Nobody accepts connections there.
        Connect = "connect",
        /// The handshake fails: certificate, name or version.
        Tls = "tls",
        /// The deadline of the whole attempt passed.
        Timeout = "timeout",
        /// The answer is not readable HTTP, is too large in its head, or breaks off.
        Protocol = "protocol",
        /// An answer outside 2xx and 3xx.
        Status = "status",
        /// A 3xx answer, which is never followed.
        Redirect = "redirect",
        /// The address guard refuses the address.
        Blocked = "blocked",
        /// Our own fault, such as having no file descriptor left.
        Internal = "internal",
    }
}

/// What stopped an attempt or a fetch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Failure {
    pub kind: ErrorKind,
    /// For operators and logs only: it may name addresses.
    pub detail: String,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// How long the parts of an attempt took, in microseconds; `None` for what did not come to an end, and the
/// first three also where a kept connection served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    /// Looking up the name; a literal address needs none.
    pub dns: Option<i64>,
    pub connect: Option<i64>,
    pub tls: Option<i64>,
    /// Until the last byte of the request was written; on HTTP/2, where others write too, part of the head.
    pub write: Option<i64>,
    /// From then to the answer's head.
    pub head: Option<i64>,
    pub body: Option<i64>,
}

/// What an attempt came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The answer's status, when its head arrived in time.
    pub status: Option<u16>,
    /// `None` exactly when the webhook was delivered.
    pub error: Option<ErrorKind>,
    /// What happened, for operators and logs only: it may name addresses.
    pub detail: Option<String>,
    pub duration_micros: i64,
    pub phases: Phases,
    /// The address that was connected to.
    pub ip: Option<IpAddr>,
    /// The connection had served an earlier attempt.
    pub reused: bool,
    /// A kept connection turned out dead, and the request was sent again on a new one.
    pub reconnected: bool,
    pub retry_after: Option<RetryAfter>,
    /// `name: value` lines, lossy, cut at [`crate::sender::HEADERS_KEPT_BYTES_MAX`].
    pub response_headers: String,
    /// The start of the body as it came, at most [`crate::sender::BODY_KEPT_BYTES_MAX`].
    pub response_body: Vec<u8>,
}

impl Outcome {
    /// The class that [`crate::ladder::Ladder::decide`] takes.
    pub fn class(&self) -> Class {
        match (self.error, self.status) {
            (None | Some(ErrorKind::Status | ErrorKind::Redirect), Some(status)) => {
                Class::of_status(status, self.retry_after)
            }
            (Some(error), _) => Class::of_error(error),
            (None, None) => Class::Internal,
        }
    }
}
