//! Making one attempt: one POST, one deadline, one outcome.
//!
//! Whether and when to try again is [`crate::ladder`]'s; which headers are sent is
//! [`crate::headers`]'s. Nothing here retries, with one exception: a kept connection that turns out
//! dead before a single byte of an answer. Source: webhooks.md 5.8.

use std::io;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::Response;
use http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::time::{Duration, Instant, timeout_at};

use crate::connect::{Connector, Opened, micros};
use crate::fallback::Fallback;
use crate::guard::Guard;
use crate::line::{Line, is_misspoken, is_of_stream, is_unprocessed, is_wrong_answer};
use crate::outcome::{ErrorKind, Failure, Outcome, Phases};
use crate::pool::{IDLE_PER_HOST_MAX, Pool};
use crate::retry_after::RetryAfter;
use crate::shared::Shared;
use crate::target::Target;
use crate::tls::RootProblem;

/// The deadline of an attempt unless the endpoint has its own, and the bounds of the latter.
pub const DEADLINE: Duration = Duration::from_secs(15);
pub const DEADLINE_MIN: Duration = Duration::from_secs(3);
pub const DEADLINE_MAX: Duration = Duration::from_secs(30);
/// Bytes of an answer that are kept to be shown. Of the head that is a quarter of what is read (webhooks.md 5.8), and
/// as much as common proxies let through: attempts are the most numerous rows, and kept for a month.
pub const BODY_KEPT_BYTES_MAX: usize = 4 * 1024;
pub const HEADERS_KEPT_BYTES_MAX: usize = 8 * 1024;
const HEADERS_USUAL_BYTES: usize = 256;
/// Bytes of a body that are read to keep the connection; beyond them it is closed.
pub const BODY_READ_BYTES_MAX: usize = 64 * 1024;
/// How soon a kept connection must fail to count as dead before the request reached anybody.
pub const STALE_WAIT_MAX: Duration = Duration::from_millis(100);

const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// What to send, and where.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub target: &'a Target,
    /// Those of [`crate::headers`]; what belongs to the connection (`Host`, lengths) is added here.
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
    /// Covers name, connection, TLS, sending and the whole answer.
    pub deadline: Duration,
}

/// Sends webhooks and fetches photos. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Sender {
    pub(crate) connector: Arc<Connector>,
    kept: Arc<Kept>,
}

/// What outlives an attempt.
#[derive(Default)]
struct Kept {
    pool: Pool,
    shared: Shared,
    fallback: Fallback,
}

impl Sender {
    /// Must be called inside a Tokio runtime, on which idle connections are then closed in time.
    ///
    /// `extra_roots` are trusted beside the Mozilla roots; see [`crate::tls::read_roots`].
    pub fn new(
        guard: Guard,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, RootProblem> {
        let kept = Arc::new(Kept::default());
        tokio::spawn(sweep(Arc::downgrade(&kept)));
        Ok(Self { connector: Arc::new(Connector::new(guard, extra_roots)?), kept })
    }

    /// The rules that targets are checked by.
    pub fn guard(&self) -> &Guard {
        &self.connector.guard
    }

    /// Makes one attempt. Dropping the future closes its connection, or resets its stream on a shared one.
    pub async fn send(&self, request: &Request<'_>) -> Outcome {
        let started = Instant::now();
        let mut outcome = Outcome::default();
        let ended =
            timeout_at(started + request.deadline, self.attempt(request, &mut outcome)).await;
        let failure = match ended {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(Failure::new(ErrorKind::Timeout, waiting_for(&outcome))),
        };
        if let Some(failure) = failure {
            outcome.error = Some(failure.kind);
            outcome.detail = Some(failure.detail);
        }
        outcome.duration_micros = micros(started.elapsed());
        outcome
    }

    async fn attempt(&self, request: &Request<'_>, outcome: &mut Outcome) -> Result<(), Failure> {
        let target = request.target;
        let kept = self.kept(target).await;
        outcome.reused = kept.is_some();
        let mut line = match kept {
            Some(line) => line,
            None => self.open(target, &mut outcome.phases).await?,
        };
        outcome.ip = Some(line.ip());

        let (sent, before) = (Instant::now(), line.received());
        let mut answer = line.send(request).await;
        if let Err(error) = &answer {
            let is_stale =
                outcome.reused && line.received() == before && sent.elapsed() <= STALE_WAIT_MAX;
            if is_stale || is_unprocessed(error) {
                self.learn(target, &line, error);
                outcome.reconnected = true;
                line = self.open(target, &mut outcome.phases).await?;
                outcome.ip = Some(line.ip());
                answer = line.send(request).await;
            }
        }
        let answer = answer.map_err(|error| self.learn(target, &line, &error))?;
        let headed = Instant::now();
        let written = line.written_at().map(|at| at.clamp(sent, headed));
        outcome.phases.write = written.map(|at| micros(at - sent));
        outcome.phases.head = Some(micros(headed - written.unwrap_or(sent)));
        note_head(&answer, outcome);
        let is_whole = read_body(answer.into_body(), outcome).await;
        let is_whole = is_whole.map_err(|error| self.learn(target, &line, &error))?;
        outcome.phases.body = Some(micros(headed.elapsed()));
        match line {
            Line::Alone(link) if is_whole => {
                self.kept.pool.put(&target.key, link, Instant::now());
            }
            Line::Alone(_) | Line::Among(_) => {}
        }
        Ok(())
    }

    /// Opens a connection, or joins the one that somebody else is opening to an origin that shares.
    async fn open(&self, target: &Target, phases: &mut Phases) -> Result<Line, Failure> {
        let key = &target.key;
        let shelf = self.kept.shared.find(key);
        let _turn = match &shelf {
            Some(shelf) => {
                let turn = shelf.door.lock().await;
                if let Some(seat) = shelf.join(Instant::now()) {
                    return Ok(Line::Among(seat));
                }
                // Where the one before could not open any, nobody else waits for his turn.
                self.kept.shared.find(key).map(|_| turn)
            }
            None => None,
        };
        let opened = if target.tls && !self.kept.fallback.spares(key, Instant::now()) {
            self.connector.open(target, phases).await
        } else {
            self.connector.open_http1(target, phases).await.map(Opened::Http1)
        };
        match opened {
            Ok(Opened::Http2(new)) => {
                Ok(Line::Among(self.kept.shared.add(key, new, Instant::now())))
            }
            Ok(Opened::Http1(link)) => Ok(Line::Alone(link)),
            Err(failure) => {
                self.kept.shared.forget_empty(key);
                Err(failure)
            }
        }
    }

    /// A kept connection that has finished its last answer and is not closed, or a place on a shared one.
    async fn kept(&self, target: &Target) -> Option<Line> {
        for _ in 0..IDLE_PER_HOST_MAX {
            let Some(mut link) = self.kept.pool.take(&target.key, Instant::now()) else { break };
            if link.http.ready().await.is_ok() {
                return Some(Line::Alone(link));
            }
        }
        if !target.tls {
            return None;
        }
        self.kept.shared.find(&target.key)?.join(Instant::now()).map(Line::Among)
    }

    /// Takes from an error what concerns the next attempts on HTTP/2, and puts it into words.
    fn learn(&self, target: &Target, line: &Line, error: &hyper::Error) -> Failure {
        if let Line::Among(seat) = line {
            // A connection that ends before it brought any answer is no good either, for whatever reason:
            // some peers close on what they do not understand, and HTTP/1.1 costs nobody anything.
            if is_misspoken(error) || !(seat.has_answered() || is_of_stream(error)) {
                self.kept.fallback.spare(&target.key, Instant::now());
                self.kept.shared.forget(&target.key);
            } else if is_unprocessed(error) {
                seat.retire();
            }
        }
        broken(error)
    }
}

/// Closes idle connections for as long as a sender exists.
async fn sweep(kept: Weak<Kept>) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    loop {
        tick.tick().await;
        let Some(kept) = kept.upgrade() else { return };
        kept.pool.sweep(Instant::now());
        kept.shared.sweep(Instant::now());
    }
}

fn note_head(answer: &Response<Incoming>, outcome: &mut Outcome) {
    let status = answer.status();
    outcome.status = Some(status.as_u16());
    outcome.error = match status.as_u16() {
        200..=299 => None,
        300..=399 => Some(ErrorKind::Redirect),
        _ => Some(ErrorKind::Status),
    };
    let hint = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    outcome.retry_after = hint.and_then(RetryAfter::parse);
    outcome.response_headers.reserve(HEADERS_USUAL_BYTES);
    // Where a redirect leads is kept whatever stands before it.
    let is_place = |(name, _): &(&HeaderName, &HeaderValue)| **name == LOCATION;
    let places = answer.headers().iter().filter(is_place);
    let others = answer.headers().iter().filter(|header| !is_place(header));
    for (name, value) in places.chain(others) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let line = name.as_str().len() + value.len() + 3;
        if outcome.response_headers.len() + line > HEADERS_KEPT_BYTES_MAX {
            continue;
        }
        for part in [name.as_str(), ": ", &value, "\n"] {
            outcome.response_headers.push_str(part);
        }
    }
}

/// Reads the body and keeps its start; true when the connection can serve again.
///
/// A body that is too long or shorter than promised does not change the verdict of the status. One
/// that breaks off does: nobody knows what the receiver wanted to say.
async fn read_body(mut body: Incoming, outcome: &mut Outcome) -> hyper::Result<bool> {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if is_shorter_than_promised(&error) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let Some(data) = frame.data_ref() else { continue };
        let room = BODY_KEPT_BYTES_MAX - outcome.response_body.len();
        outcome.response_body.extend_from_slice(&data[..data.len().min(room)]);
        read += data.len();
        if read > BODY_READ_BYTES_MAX {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_shorter_than_promised(error: &hyper::Error) -> bool {
    is_wrong_answer(error)
        || std::error::Error::source(error)
            .and_then(|cause| cause.downcast_ref::<io::Error>())
            .is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

pub(crate) fn broken(error: &hyper::Error) -> Failure {
    let cause = std::error::Error::source(error);
    let detail = cause.map_or(error.to_string(), |cause| format!("{error}: {cause}"));
    let is_tls = cause
        .and_then(|cause| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref())
        .is_some_and(|cause| matches!(cause, rustls::Error::AlertReceived(_)));
    Failure::new(if is_tls { ErrorKind::Tls } else { ErrorKind::Protocol }, detail)
}

fn waiting_for(outcome: &Outcome) -> &'static str {
    match (outcome.ip, outcome.status) {
        (None, _) => "the deadline passed while connecting",
        (Some(_), None) => "the deadline passed while waiting for an answer",
        (Some(_), Some(_)) => "the deadline passed while reading the answer's body",
    }
}
