//! Opening a connection: resolve, vet, connect to exactly the vetted address, TLS, HTTP.
//!
//! Keeping connections is in `pool` and `shared`; what travels over them is in [`crate::sender`] and
//! [`crate::fetch`]. Proxy variables of the environment are not read; an operator's proxy is
//! [`crate::proxy`].

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Host;

use crate::guard::Guard;
use crate::outcome::{ErrorKind, Failure, Phases};
use crate::proxy::Proxy;
use crate::shared::Connection;
use crate::stream::{Meter, Metered, Stream};
use crate::target::Target;
use crate::tls::{HTTP_2, Offer, RootProblem, Tls};

/// Budgets of the three phases, each inside the attempt's own deadline (webhooks.md 5.8).
const DNS_WAIT_MAX: Duration = Duration::from_secs(2);
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
const TLS_WAIT_MAX: Duration = Duration::from_secs(5);
/// Addresses of a name that are tried in turn, sharing the time to connect.
const ADDRESSES_TRIED_MAX: usize = 4;
/// Bytes of a response's head.
pub(crate) const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Too many open files, in the process and on the machine (POSIX `EMFILE`, `ENFILE`).
const OUT_OF_DESCRIPTORS: [i32; 2] = [24, 23];

pub(crate) struct Connector {
    pub(crate) guard: Guard,
    tls: Tls,
}

/// A connection of the protocol that the receiver chose.
pub(crate) enum Opened {
    Http1(Link),
    Http2(Connection),
}

/// An open connection that can carry one request at a time.
pub(crate) struct Link {
    pub(crate) http: SendRequest<Full<Bytes>>,
    pub(crate) ip: IpAddr,
    pub(crate) meter: Arc<Meter>,
}

impl Link {
    async fn start(stream: Stream, ip: IpAddr) -> Result<Self, Failure> {
        let meter = Arc::new(Meter::new(Instant::now()));
        let io = TokioIo::new(Metered { stream, meter: meter.clone() });
        let (http, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(io)
            .await
            .map_err(|error| Failure::new(ErrorKind::Protocol, error.to_string()))?;
        // It ends when the link is dropped or the peer closes; its errors reach whoever is waiting
        // for an answer.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self { http, ip, meter })
    }

    /// A link over a pipe, for tests of what keeps links. It is open while the other end lives.
    #[cfg(test)]
    pub(crate) async fn over_pipe(opened: Instant) -> (Self, tokio::io::DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(64);
        let (http, connection) = http1::handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(async move { drop(connection.await) });
        let ip = IpAddr::from([127, 0, 0, 1]);
        (Self { http, ip, meter: Arc::new(Meter::new(opened)) }, theirs)
    }
}

impl Connector {
    pub(crate) fn new(
        guard: Guard,
        extra_roots: Vec<CertificateDer<'static>>,
    ) -> Result<Self, RootProblem> {
        Ok(Self { guard, tls: Tls::new(extra_roots)? })
    }

    /// Opens a connection on which the receiver may choose HTTP/2.
    pub(crate) async fn open(
        &self,
        target: &Target,
        phases: &mut Phases,
    ) -> Result<Opened, Failure> {
        let (stream, ip) = self.dial(target, Offer::Both, phases).await?;
        match &stream {
            Stream::Tls(tls) if tls.get_ref().1.alpn_protocol() == Some(HTTP_2) => {
                Connection::start(stream, ip).await.map(Opened::Http2)
            }
            Stream::Tls(_) | Stream::Plain(_) => Link::start(stream, ip).await.map(Opened::Http1),
        }
    }

    pub(crate) async fn open_http1(
        &self,
        target: &Target,
        phases: &mut Phases,
    ) -> Result<Link, Failure> {
        let (stream, ip) = self.dial(target, Offer::Http1, phases).await?;
        Link::start(stream, ip).await
    }

    async fn dial(
        &self,
        target: &Target,
        offer: Offer,
        phases: &mut Phases,
    ) -> Result<(Stream, IpAddr), Failure> {
        let began = Instant::now();
        let vetted = timeout(DNS_WAIT_MAX, self.guard.resolve(target))
            .await
            .map_err(|_| Failure::new(ErrorKind::Dns, "the name was not resolved within 2 s"))??;
        phases.dns = target.address().is_none().then(|| micros(began.elapsed()));
        let began = Instant::now();
        let (tcp, address) = connect(&vetted, self.guard.proxy.as_ref()).await?;
        phases.connect = Some(micros(began.elapsed()));
        // A small post must not wait for the acknowledgement of the one before it.
        tcp.set_nodelay(true).map_err(|error| failed(ErrorKind::Connect, &error))?;
        let stream = if target.tls {
            let tls = self.tls.connector(target.identity.as_ref(), offer);
            // It was judged when it was saved.
            let tls =
                tls.map_err(|problem| Failure::new(ErrorKind::Internal, problem.to_string()))?;
            let began = Instant::now();
            let tls = shake_hands(&tls, target, tcp).await?;
            phases.tls = Some(micros(began.elapsed()));
            Stream::Tls(Box::new(tls))
        } else {
            Stream::Plain(tcp)
        };
        Ok((stream, address.ip()))
    }
}

pub(crate) fn micros(took: Duration) -> i64 {
    i64::try_from(took.as_micros()).unwrap_or(i64::MAX)
}

async fn shake_hands(
    tls: &TlsConnector,
    target: &Target,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let name = match &target.host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))?,
        Host::Ipv4(ip) => ServerName::from(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => ServerName::from(IpAddr::V6(*ip)),
    };
    timeout(TLS_WAIT_MAX, tls.connect(name, tcp))
        .await
        .map_err(|_| Failure::new(ErrorKind::Tls, "no TLS handshake within 5 s"))?
        .map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))
}

/// Connects to the first address that accepts. The peer must be the vetted address itself.
async fn connect(
    vetted: &[SocketAddr],
    proxy: Option<&Proxy>,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let tried = vetted.len().clamp(1, ADDRESSES_TRIED_MAX);
    let share = CONNECT_WAIT_MAX / u32::try_from(tried).unwrap_or(1);
    let mut last = Failure::new(ErrorKind::Connect, "no address to connect to");
    for address in &vetted[..tried.min(vetted.len())] {
        let connected = async {
            match proxy {
                Some(proxy) => proxy.connect(*address).await,
                None => connect_to(*address).await,
            }
        };
        match timeout(share, connected).await {
            Err(_) => {
                last = Failure::new(ErrorKind::Connect, format!("{address} does not answer"));
            }
            Ok(Err(failure)) if failure.kind == ErrorKind::Connect => last = failure,
            Ok(Err(failure)) => return Err(failure),
            Ok(Ok(tcp)) => return Ok((tcp, *address)),
        }
    }
    Err(last)
}

async fn connect_to(address: SocketAddr) -> Result<TcpStream, Failure> {
    let failed = |error: io::Error| failed(ErrorKind::Connect, &error);
    let tcp = TcpStream::connect(address).await.map_err(failed)?;
    let peer = tcp.peer_addr().map_err(failed)?;
    if (peer.ip(), peer.port()) != (address.ip(), address.port()) {
        let detail = format!("connected to {peer} instead of {address}");
        return Err(Failure::new(ErrorKind::Blocked, detail));
    }
    Ok(tcp)
}

/// Tells the receiver's failures from our own lack of means.
pub(crate) fn failed(kind: ErrorKind, error: &io::Error) -> Failure {
    let ours = matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::AddrNotAvailable)
        || error.raw_os_error().is_some_and(|code| OUT_OF_DESCRIPTORS.contains(&code));
    Failure::new(if ours { ErrorKind::Internal } else { kind }, error.to_string())
}
