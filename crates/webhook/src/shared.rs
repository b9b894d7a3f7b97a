//! HTTP/2 connections, each shared by attempts to one origin.
//!
//! Times come in from the caller. Connections that carry one request at a time are kept in `pool`;
//! who may not be asked for HTTP/2 is remembered in `fallback`. Source: webhooks.md 5.8.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex as Door;
use tokio::time::{Duration, Instant};

use crate::connect::HEAD_BYTES_MAX;
use crate::outcome::{ErrorKind, Failure};
use crate::pool::{AGE_MAX, IDLE_MAX};
use crate::stream::{Meter, Metered, Stream};

/// Attempts on one connection at a time, also where a receiver bears more.
const STREAMS_MAX: usize = 64;
/// Connections that are kept in all; with those of the pool 4,096.
const CONNECTIONS_MAX: usize = 1024;
/// Bytes of one answer's body, and of all on a connection, that may come before they are read: what is
/// read of a body at most, and so much for a quarter of the streams.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Bytes of a request's body that wait on a stream for the receiver to take them.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Streams that a connection remembers after they were reset, and how many faulty ones it bears before
/// it ends: a receiver that only breaks answers off costs no more than this.
const RESET_STREAMS_MAX: usize = STREAMS_MAX;

/// An open connection that carries many requests at a time.
pub(crate) struct Connection {
    http: SendRequest<Full<Bytes>>,
    ip: IpAddr,
    meter: Arc<Meter>,
    /// Streams that the receiver bears at a time.
    streams_max: Arc<AtomicUsize>,
    n_streams: AtomicUsize,
    has_answered: AtomicBool,
    /// When its last stream ended, in microseconds since it was opened.
    used_micros: AtomicU64,
}

impl Connection {
    pub(crate) async fn start(stream: Stream, ip: IpAddr) -> Result<Self, Failure> {
        let meter = Arc::new(Meter::new(Instant::now()));
        Self::over(Metered { stream, meter: meter.clone() }, ip, meter).await
    }

    async fn over(
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        ip: IpAddr,
        meter: Arc<Meter>,
    ) -> Result<Self, Failure> {
        let (http, mut connection) = http2::Builder::new(TokioExecutor::new())
            .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .initial_max_send_streams(STREAMS_MAX)
            .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
            .max_concurrent_reset_streams(RESET_STREAMS_MAX)
            .max_local_error_reset_streams(RESET_STREAMS_MAX)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| Failure::new(ErrorKind::Protocol, error.to_string()))?;
        let streams_max = Arc::new(AtomicUsize::new(STREAMS_MAX));
        let limit = streams_max.clone();
        // It ends when the connection is dropped or the peer closes; its errors reach whoever is waiting
        // for an answer.
        tokio::spawn(async move {
            let ended = std::future::poll_fn(|cx| {
                let polled = Pin::new(&mut connection).poll(cx);
                let theirs = connection.current_max_send_streams();
                limit.store(theirs.clamp(1, STREAMS_MAX), Ordering::Relaxed);
                polled
            });
            drop(ended.await);
        });
        Ok(Self {
            http,
            ip,
            meter,
            streams_max,
            n_streams: AtomicUsize::new(0),
            has_answered: AtomicBool::new(false),
            used_micros: AtomicU64::new(0),
        })
    }

    /// Whether it may take a further stream.
    fn has_room(&self, now: Instant) -> bool {
        self.is_usable(now)
            && self.n_streams.load(Ordering::Relaxed) < self.streams_max.load(Ordering::Relaxed)
    }

    fn is_usable(&self, now: Instant) -> bool {
        now.duration_since(self.meter.opened) < AGE_MAX
            && !self.http.is_closed()
            && (!self.is_idle() || now.duration_since(self.used()) < IDLE_MAX)
    }

    fn is_idle(&self) -> bool {
        self.n_streams.load(Ordering::Relaxed) == 0
    }

    fn used(&self) -> Instant {
        self.meter.opened + Duration::from_micros(self.used_micros.load(Ordering::Relaxed))
    }
}

/// A place on a connection for one attempt. Dropping it before its answer has ended resets its stream.
pub(crate) struct Seat {
    connection: Arc<Connection>,
    shelf: Arc<Shelf>,
    /// What the connection had received when the seat was taken.
    before: u64,
    is_answered: bool,
}

impl Seat {
    pub(crate) fn ip(&self) -> IpAddr {
        self.connection.ip
    }

    /// Bytes that ever came in on the connection, for whichever stream.
    pub(crate) fn received(&self) -> u64 {
        self.connection.meter.received()
    }

    pub(crate) async fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let answer = self.connection.http.clone().send_request(request).await;
        self.is_answered = answer.is_ok();
        self.connection.has_answered.fetch_or(self.is_answered, Ordering::Relaxed);
        answer
    }

    /// Whether the connection ever brought an answer, to whichever request.
    pub(crate) fn has_answered(&self) -> bool {
        self.connection.has_answered.load(Ordering::Relaxed)
    }

    /// Lets no further attempt join the connection. It closes when those on it have ended.
    pub(crate) fn retire(&self) {
        self.shelf.remove(&self.connection);
    }
}

impl Drop for Seat {
    /// A connection on which nothing came in since the request went out may lead nowhere: a machine in
    /// between has forgotten it. Nobody else has to wait for his deadline to find out.
    fn drop(&mut self) {
        if !self.is_answered && self.received() == self.before {
            self.retire();
        }
        let used = self.connection.meter.opened.elapsed().as_micros();
        let used = u64::try_from(used).unwrap_or(u64::MAX);
        self.connection.used_micros.store(used, Ordering::Relaxed);
        self.connection.n_streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connections to one origin that speaks HTTP/2.
pub(crate) struct Shelf {
    connections: Mutex<Vec<Arc<Connection>>>,
    /// Held while a connection is opened, so that those who come meanwhile share it.
    pub(crate) door: Door<()>,
}

impl Shelf {
    /// Takes a place on the first connection that has one: the fewest are kept busy.
    pub(crate) fn join(self: &Arc<Self>, now: Instant) -> Option<Seat> {
        let connections = self.connections();
        let connection = connections.iter().find(|c| c.has_room(now))?.clone();
        // Counted under the lock, so that two do not take the last place.
        connection.n_streams.fetch_add(1, Ordering::Relaxed);
        drop(connections);
        let before = connection.meter.received();
        Some(Seat { connection, shelf: self.clone(), before, is_answered: false })
    }

    fn remove(&self, connection: &Arc<Connection>) {
        self.connections().retain(|kept| !Arc::ptr_eq(kept, connection));
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All shelves, by origin. An origin that has one is known to speak HTTP/2.
#[derive(Default)]
pub(crate) struct Shared(Mutex<HashMap<Arc<str>, Arc<Shelf>>>);

impl Shared {
    pub(crate) fn find(&self, origin: &str) -> Option<Arc<Shelf>> {
        self.shelves().get(origin).cloned()
    }

    /// Takes a place on a new connection, or on one that somebody else opened meanwhile.
    pub(crate) fn add(&self, origin: &Arc<str>, new: Connection, now: Instant) -> Seat {
        let shelf = {
            let mut shelves = self.shelves();
            let count: usize = shelves.values().map(|shelf| shelf.connections().len()).sum();
            if count >= CONNECTIONS_MAX {
                evict_idle(&shelves);
            }
            let shelf = shelves.entry(origin.clone()).or_insert_with(|| {
                let (connections, door) = (Mutex::default(), Door::new(()));
                Arc::new(Shelf { connections, door })
            });
            shelf.clone()
        };
        if let Some(seat) = shelf.join(now) {
            return seat;
        }
        let connection = Arc::new(new);
        connection.n_streams.fetch_add(1, Ordering::Relaxed);
        shelf.connections().push(connection.clone());
        Seat { connection, shelf, before: 0, is_answered: false }
    }

    /// Lets nobody join a connection to this origin any more.
    pub(crate) fn forget(&self, origin: &str) {
        if let Some(shelf) = self.shelves().remove(origin) {
            shelf.connections().clear();
        }
    }

    /// Forgets that an origin shares, unless there is a connection to it.
    pub(crate) fn forget_empty(&self, origin: &str) {
        let mut shelves = self.shelves();
        if shelves.get(origin).is_some_and(|shelf| shelf.connections().is_empty()) {
            shelves.remove(origin);
        }
    }

    /// Closes what has waited or served too long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.shelves().retain(|_, shelf| {
            let mut connections = shelf.connections();
            connections.retain(|connection| connection.is_usable(now));
            !connections.is_empty()
        });
    }

    fn shelves(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Shelf>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connection that has been idle longest. Busy ones are bounded by the attempts under way.
fn evict_idle(shelves: &HashMap<Arc<str>, Arc<Shelf>>) {
    let idle = shelves.values().filter_map(|shelf| {
        let connections = shelf.connections();
        let oldest = connections.iter().filter(|c| c.is_idle()).min_by_key(|c| c.used())?;
        Some((oldest.used(), shelf, oldest.clone()))
    });
    if let Some((_, shelf, oldest)) = idle.min_by_key(|(used, ..)| *used) {
        shelf.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::DuplexStream;

    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    /// Adds a connection over a pipe, which is open while the other end lives.
    async fn add(shared: &Shared, origin: &str) -> (Seat, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(1024);
        let ip = IpAddr::from([127, 0, 0, 1]);
        let connection =
            Connection::over(ours, ip, Arc::new(Meter::new(Instant::now()))).await.unwrap();
        (shared.add(&origin.into(), connection, Instant::now()), theirs)
    }

    fn join(shared: &Shared, now: Instant) -> Option<Seat> {
        let mut seat = shared.find("https://a.example.com")?.join(now)?;
        // What nothing came in on would be retired.
        seat.is_answered = true;
        Some(seat)
    }

    #[tokio::test]
    async fn a_connection_is_not_joined_after_15_idle_seconds_or_5_minutes_of_life() {
        let shared = Shared::default();
        let (mut seat, _end) = add(&shared, "https://a.example.com").await;
        seat.is_answered = true;
        let opened = seat.connection.meter.opened;
        assert!(join(&shared, opened + AGE_MAX - TICK).is_some());
        assert!(join(&shared, opened + AGE_MAX).is_none());
        drop(seat);

        let used = Instant::now();
        assert!(join(&shared, used + IDLE_MAX - TICK).is_some());
        let used = Instant::now();
        assert!(join(&shared, used + IDLE_MAX).is_none());
        shared.sweep(used + IDLE_MAX);
        assert!(shared.find("https://a.example.com").is_none());
    }

    #[tokio::test]
    async fn a_busy_connection_survives_a_sweep_and_a_retired_one_is_not_joined() {
        let shared = Shared::default();
        let (seat, _end) = add(&shared, "https://a.example.com").await;
        shared.sweep(Instant::now() + IDLE_MAX);
        assert!(join(&shared, Instant::now()).is_some());
        seat.retire();
        assert!(join(&shared, Instant::now()).is_none());
    }

    #[tokio::test]
    async fn beyond_the_limit_the_connection_that_is_idle_longest_is_closed() {
        let shared = Shared::default();
        let mut ends = Vec::new();
        for number in 0..=CONNECTIONS_MAX {
            let (mut seat, end) = add(&shared, &format!("https://{number}.example.com")).await;
            seat.is_answered = true;
            ends.push(end);
        }
        let has = |number: usize| {
            let shelf = shared.find(&format!("https://{number}.example.com")).unwrap();
            !shelf.connections().is_empty()
        };
        let kept = (0..=CONNECTIONS_MAX).filter(|number| has(*number)).count();
        assert_eq!(kept, CONNECTIONS_MAX);
        assert!(has(CONNECTIONS_MAX));
    }
}
