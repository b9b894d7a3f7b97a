//! The receiver of the webhook workloads: it does as little as a receiver can, and notes when bytes came.
//!
//! It knows that every body is [`BODY_BYTES`] long and begins with the number of its event, so that it
//! need not read a delivery to answer it. One signature in [`VERIFY_EVERY`] is checked, as a receiver
//! would check each.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use webhook::signature::Secret;
use webhook::verify::verify_as_seed;

use crate::client::{find, header};
use crate::meter::micros;

/// Bytes of each payload: what an event of ours has, about.
pub(super) const BODY_BYTES: usize = 1024;
/// Of so many deliveries one is verified.
const VERIFY_EVERY: u32 = 64;
/// Where the number of the event stands in a body, in ten digits.
const NUMBER_AT: std::ops::Range<usize> = 6..16;
/// A head is shorter than this.
const HEAD_BYTES_MAX: usize = 4096;
/// How often somebody who waits looks again.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// How an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Manner {
    Well,
    /// Not at all.
    Hanging,
    /// With 503.
    Down,
    /// Well, after [`SLOW`].
    Slow,
}

/// How long a slow endpoint takes.
const SLOW: Duration = Duration::from_millis(10);

/// See the module.
#[derive(Clone)]
pub(super) struct Sink {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    began: Instant,
    /// When the first byte of an event came, in microseconds since `began`; 0 while it has not.
    came: Vec<AtomicU32>,
    manners: Vec<AtomicU8>,
    secrets: Mutex<Vec<Option<Secret>>>,
    n_taken: AtomicUsize,
    n_refused: AtomicUsize,
    n_hanging: AtomicUsize,
    trouble: Mutex<Option<anyhow::Error>>,
}

/// The body of an event.
pub(super) fn body(n: u32) -> Bytes {
    let start = format!(r#"{{"n":"{n:010}","type":"mail.arrived","data":""#);
    let mut body = start.into_bytes();
    body.resize(BODY_BYTES - 2, b'x');
    body.extend(b"\"}");
    Bytes::from(body)
}

impl Sink {
    /// Listens for as many endpoints, and for events of numbers below `events`.
    pub(super) async fn start(endpoints: usize, events: u32) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        let port = listener.local_addr()?.port();
        let mut came = Vec::new();
        came.resize_with(usize::try_from(events)?, AtomicU32::default);
        let mut manners = Vec::new();
        manners.resize_with(endpoints, AtomicU8::default);
        let shared = Arc::new(Shared {
            began: Instant::now(),
            came,
            manners,
            secrets: Mutex::new((0..endpoints).map(|_| None).collect()),
            n_taken: AtomicUsize::new(0),
            n_refused: AtomicUsize::new(0),
            n_hanging: AtomicUsize::new(0),
            trouble: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&accepting)));
            }
        });
        Ok(Self { port, shared })
    }

    /// The address of an endpoint: each has a host of its own, as receivers do.
    pub(super) fn url(&self, endpoint: usize) -> String {
        let host =
            SocketAddr::from(([127, 1, low(endpoint / 250), low(endpoint % 250) + 1], self.port));
        format!("http://{host}/{endpoint}")
    }

    pub(super) fn know(&self, endpoint: usize, secret: Secret) {
        let mut secrets = self.shared.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets[endpoint] = Some(secret);
    }

    pub(super) fn behave(&self, endpoints: std::ops::Range<usize>, manner: Manner) {
        for endpoint in endpoints {
            self.shared.manners[endpoint].store(manner as u8, Ordering::Relaxed);
        }
    }

    /// The moment from which times are counted.
    pub(super) fn began(&self) -> Instant {
        self.shared.began
    }

    /// When an event first came.
    pub(super) fn came(&self, n: u32) -> Option<u32> {
        let at = self.shared.came.get(n as usize)?.load(Ordering::Acquire);
        (at > 0).then_some(at)
    }

    /// Deliveries that were answered well; and those that were not.
    pub(super) fn n_taken(&self) -> usize {
        self.shared.n_taken.load(Ordering::Acquire)
    }

    pub(super) fn n_refused(&self) -> usize {
        self.shared.n_refused.load(Ordering::Acquire)
    }

    pub(super) fn n_hanging(&self) -> usize {
        self.shared.n_hanging.load(Ordering::Acquire)
    }

    /// Waits until so many were taken in all; fails after `patience`.
    pub(super) async fn wait_for(&self, n: usize, patience: Duration) -> anyhow::Result<()> {
        let until = Instant::now() + patience;
        while self.n_taken() < n {
            ensure!(Instant::now() < until, "{} of {n} deliveries came", self.n_taken());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.check()
    }

    /// Fails when a delivery was not as it should be.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        trouble.map_or(Ok(()), Err)
    }
}

fn low(n: usize) -> u8 {
    u8::try_from(n).unwrap_or(u8::MAX)
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    if let Err(error) = exchange(&mut stream, &shared).await {
        // A connection that the sender cut off is its right: an attempt has a deadline.
        if error.downcast_ref::<std::io::Error>().is_none() {
            shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

async fn exchange(stream: &mut TcpStream, shared: &Shared) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4 << 10);
    let mut came = None;
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        let at = *came.get_or_insert_with(|| micros(shared.began.elapsed()));
        let Some(end) = find(&buffer, b"\r\n\r\n") else {
            ensure!(buffer.len() < HEAD_BYTES_MAX, "a head has no end");
            continue;
        };
        let Some(body) = buffer.get(end + 4..end + 4 + BODY_BYTES) else { continue };
        let head = std::str::from_utf8(&buffer[..end])?;
        let (endpoint, n) = take(shared, head, body)?;
        came = None;
        let answer: &[u8] = match shared.manners[endpoint].load(Ordering::Relaxed) {
            m if m == Manner::Hanging as u8 => {
                shared.n_hanging.fetch_add(1, Ordering::AcqRel);
                while stream.read_buf(&mut buffer).await? > 0 {}
                return Ok(());
            }
            m if m == Manner::Down as u8 => {
                shared.n_refused.fetch_add(1, Ordering::AcqRel);
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
            }
            m => {
                if let Some(slot) = shared.came.get(n as usize) {
                    // The first arrival counts.
                    let _ =
                        slot.compare_exchange(0, at.max(1), Ordering::AcqRel, Ordering::Relaxed);
                }
                if m == Manner::Slow as u8 {
                    tokio::time::sleep(SLOW).await;
                }
                shared.n_taken.fetch_add(1, Ordering::AcqRel);
                b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
            }
        };
        stream.write_all(answer).await?;
        buffer.clear();
    }
}

/// The endpoint and the event of a delivery.
fn take(shared: &Shared, head: &str, body: &[u8]) -> anyhow::Result<(usize, u32)> {
    let path = head.split(' ').nth(1).context("a path")?;
    let endpoint: usize = path[1..].parse()?;
    let n: u32 = std::str::from_utf8(&body[NUMBER_AT])?.parse()?;
    if n.is_multiple_of(VERIFY_EVERY) {
        let stamp = header(head, "x-innbocks-timestamp").context("a timestamp")?;
        let signature = header(head, "x-innbocks-signature");
        let secrets = shared.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.get(endpoint).context("a known endpoint")?;
        let Some(secret) = secret else { bail!("an endpoint without a secret") };
        ensure!(verify_as_seed(body, stamp, signature, secret)?, "a signature does not hold");
    }
    Ok((endpoint, n))
}
