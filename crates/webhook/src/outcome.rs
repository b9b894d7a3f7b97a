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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Phases {
    /// As they are stored: each one more than its microseconds, or 0 for `None`, in groups of seven bits, the lowest
    /// first, of which all but the last have the high bit set. Nothing where there is no phase at all.
    pub fn to_bytes(self) -> Option<Vec<u8>> {
        if self == Self::default() {
            return None;
        }
        let Self { dns, connect, tls, write, head, body } = self;
        let mut bytes = Vec::with_capacity(STORED_BYTES_USUAL);
        for phase in [dns, connect, tls, write, head, body] {
            let mut left = phase.map_or(0, |micros| micros.max(0).unsigned_abs().saturating_add(1));
            while left >= 0x80 {
                bytes.push(0x80 | low_seven(left));
                left >>= 7;
            }
            bytes.push(low_seven(left));
        }
        Some(bytes)
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut bytes = bytes.iter();
        let mut next = || {
            let mut value = 0_u64;
            for shift in (0..u64::BITS).step_by(7) {
                let byte = *bytes.next()?;
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    return Some(value.checked_sub(1).and_then(|micros| micros.try_into().ok()));
                }
            }
            None
        };
        let (dns, connect, tls) = (next()?, next()?, next()?);
        let (write, head, body) = (next()?, next()?, next()?);
        bytes.next().is_none().then_some(Self { dns, connect, tls, write, head, body })
    }
}

/// Room for six phases, of which three last milliseconds.
const STORED_BYTES_USUAL: usize = 16;

fn low_seven(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
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
    /// `name: value` lines, lossy; those that would go beyond [`crate::sender::HEADERS_KEPT_BYTES_MAX`] are left out.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_read_as_they_were_stored_and_anything_else_is_refused() {
        let usual =
            Phases { write: Some(88), head: Some(51_270), body: Some(0), ..Phases::default() };
        let longest = Some(i64::MAX - 1);
        let (dns, connect, tls) = (longest, longest, Some(1));
        for phases in
            [usual, Phases { dns, connect, tls, write: longest, head: longest, body: longest }]
        {
            assert_eq!(Phases::from_bytes(&phases.to_bytes().unwrap()), Some(phases));
        }
        assert_eq!(usual.to_bytes().unwrap().len(), 8);
        assert_eq!(Phases::default().to_bytes(), None);
        for bytes in [&[][..], &[0; 5], &[0; 7], &[0xff; 64], &[0, 0, 0, 0, 0, 0x80]] {
            assert_eq!(Phases::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
