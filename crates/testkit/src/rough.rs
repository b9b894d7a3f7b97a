//! A receiver that misbehaves as a test tells it to, byte by byte, over TLS where it has a certificate.
//!
//! One that behaves, and reads what it is sent, is [`crate::Receiver`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How often a dripping receiver writes a byte.
const DRIP_EVERY: Duration = Duration::from_millis(20);

/// A thing that it does once it has read a request. After the last of them it waits for the next request.
#[derive(Clone, Debug)]
pub enum Act {
    Write(Vec<u8>),
    /// Writes this again and again until the sender has gone.
    Forever(Vec<u8>),
    /// Writes a byte now and then until the sender has gone.
    Drip,
    /// Does nothing until the sender has gone.
    Hang,
    Close,
    Reset,
}

impl Act {
    pub fn write(text: impl Into<Vec<u8>>) -> Self {
        Self::Write(text.into())
    }

    /// A whole answer with this status line, these header lines, each ended by `\r\n`, and a body.
    pub fn answer(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::write(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"))
    }
}

/// A certificate, self-signed, and its key.
pub struct Certificate {
    pub pem: String,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// For a name or an address, from the beginning of 2020 to that of a year.
    pub fn new(name: &str, until: i32) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], key)
            .expect("a certificate and its key");
        Self { pem: made.pem(), config: Arc::new(config) }
    }
}

/// See the module.
pub struct Rough {
    pub addr: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Rough {
    /// Follows a script for each request, in their order over all connections; then the last again.
    pub async fn start(scripts: Vec<Vec<Act>>) -> Self {
        Self::listen(scripts, None).await
    }

    pub async fn start_tls(scripts: Vec<Vec<Act>>, certificate: &Certificate) -> Self {
        Self::listen(scripts, Some(TlsAcceptor::from(Arc::clone(&certificate.config)))).await
    }

    async fn listen(scripts: Vec<Vec<Act>>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let requests = Arc::new(AtomicUsize::new(0));
        let (scripts, seen) = (Arc::new(scripts), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, tls.clone(), Arc::clone(&scripts), Arc::clone(&seen)));
            }
        });
        Self { addr, requests }
    }

    /// Requests that were read whole.
    pub fn n_requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut tcp: TcpStream,
    tls: Option<TlsAcceptor>,
    scripts: Arc<Vec<Vec<Act>>>,
    seen: Arc<AtomicUsize>,
) {
    match tls {
        None => {
            if follow(&mut tcp, &scripts, &seen).await {
                tcp.set_zero_linger().expect("an open socket");
            }
        }
        Some(tls) => {
            if let Ok(mut stream) = tls.accept(tcp).await {
                follow(&mut stream, &scripts, &seen).await;
            }
        }
    }
}

/// Answers requests until it closes or the sender has gone; true when the end is a reset.
async fn follow(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    scripts: &[Vec<Act>],
    seen: &AtomicUsize,
) -> bool {
    while read_request(stream).await {
        let n = seen.fetch_add(1, Ordering::SeqCst);
        for act in &scripts[n.min(scripts.len() - 1)] {
            match act {
                Act::Write(bytes) => {
                    if stream.write_all(bytes).await.is_err() || stream.flush().await.is_err() {
                        return false;
                    }
                }
                Act::Forever(bytes) => while stream.write_all(bytes).await.is_ok() {},
                Act::Drip => {
                    let mut tick = tokio::time::interval(DRIP_EVERY);
                    while stream.write_all(b"x").await.is_ok() && stream.flush().await.is_ok() {
                        tick.tick().await;
                    }
                }
                Act::Hang => while read_request(stream).await {},
                Act::Close => return false,
                Act::Reset => return true,
            }
        }
    }
    false
}

/// True once a whole request was read; false when the sender has gone.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |text| text.parse().expect("a length"));
            if bytes.len() >= end + 4 + length {
                return true;
            }
        }
        if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
            return false;
        }
    }
}
