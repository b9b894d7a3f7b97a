//! A forward proxy of the operator's: asked to connect to an address that was vetted here, never to a name.
//!
//! So the proxy decides nothing. Only one that is configured is used; those that the environment names
//! are not. Vetting is in [`crate::guard`], TLS and HTTP through the proxy are in `connect`. Source:
//! webhooks.md 5.9 point 5; RFC 9110 section 9.3.6, RFC 1928, RFC 1929.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::outcome::{ErrorKind, Failure};

/// Bytes of a proxy's answer.
const ANSWER_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a user name and of a password, by SOCKS.
const CREDENTIAL_BYTES_MAX: usize = 255;

/// Words of SOCKS 5.
const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Why a proxy's URL is of no use.
#[derive(Debug, thiserror::Error)]
#[error(
    "a proxy is written http://host:port or socks5://host:port, with user:password@ before the host if it asks"
)]
pub struct ProxyProblem;

/// A proxy that the operator set; its `Debug` shows no password.
#[derive(Clone)]
pub struct Proxy {
    kind: Kind,
    host: Arc<str>,
    port: u16,
    /// User name and password.
    credentials: Option<(Arc<str>, Arc<str>)>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Http,
    Socks5,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} proxy {}:{}", self.kind, self.host, self.port)
    }
}

impl Proxy {
    pub fn parse(text: &str) -> Result<Self, ProxyProblem> {
        let url = Url::parse(text).map_err(|_| ProxyProblem)?;
        let (kind, usual) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5, 1080),
            _ => return Err(ProxyProblem),
        };
        let (host, port) = (url.host_str().ok_or(ProxyProblem)?, url.port().unwrap_or(usual));
        let rest = (url.path(), url.query(), url.fragment());
        if host.is_empty() || !matches!(rest, ("" | "/", None, None)) {
            return Err(ProxyProblem);
        }
        let credentials = match (url.username(), url.password().unwrap_or_default()) {
            ("", "") => None,
            (user, password) => Some((credential(user)?, credential(password)?)),
        };
        // An IPv6 address stands in brackets in a URL only.
        let host = host.trim_matches(['[', ']']).into();
        Ok(Self { kind, host, port, credentials })
    }

    /// A connection to this address through the proxy. The caller sets the time limit.
    ///
    /// A proxy that can't be reached or does not know us is our own fault, which no receiver pays for.
    pub(crate) async fn connect(&self, to: SocketAddr) -> Result<TcpStream, Failure> {
        let mut tcp =
            TcpStream::connect((&*self.host, self.port)).await.map_err(|e| self.broken(&e))?;
        let refusal = match self.kind {
            Kind::Http => self.ask_http(&mut tcp, to).await,
            Kind::Socks5 => self.ask_socks(&mut tcp, to).await,
        };
        match refusal.map_err(|error| self.broken(&error))? {
            None => Ok(tcp),
            Some(Refusal::OfUs(said)) => Err(self.failure(ErrorKind::Internal, &said)),
            Some(Refusal::OfTarget(said)) => Err(self.failure(ErrorKind::Connect, &said)),
        }
    }

    async fn ask_http(&self, tcp: &mut TcpStream, to: SocketAddr) -> io::Result<Option<Refusal>> {
        let who = self.credentials.as_ref().map(|(user, password)| {
            let token = STANDARD.encode(format!("{user}:{password}"));
            format!("Proxy-Authorization: Basic {token}\r\n")
        });
        let who = who.unwrap_or_default();
        let ask = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{who}\r\n");
        tcp.write_all(ask.as_bytes()).await?;
        let mut answer = Vec::with_capacity(256);
        // The other end says nothing before we do, so that the answer is all that comes.
        while !answer.ends_with(b"\r\n\r\n") {
            if tcp.read_buf(&mut answer).await? == 0 || answer.len() > ANSWER_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).into_owned();
        let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        Ok(match status.and_then(|status| status.parse::<u16>().ok()) {
            Some(200..=299) => None,
            Some(401 | 407) => Some(Refusal::OfUs(line)),
            Some(_) => Some(Refusal::OfTarget(line)),
            None => return Err(io::ErrorKind::InvalidData.into()),
        })
    }

    async fn ask_socks(&self, tcp: &mut TcpStream, to: SocketAddr) -> io::Result<Option<Refusal>> {
        let method = if self.credentials.is_some() { PASSWORD } else { NO_CREDENTIALS };
        tcp.write_all(&[VERSION, 1, method]).await?;
        let mut chosen = [0; 2];
        tcp.read_exact(&mut chosen).await?;
        if chosen != [VERSION, method] {
            return Ok(Some(Refusal::OfUs("it wants to be told otherwise who asks".to_owned())));
        }
        if let Some((user, password)) = &self.credentials {
            let mut ask = vec![1];
            for text in [user, password] {
                ask.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
                ask.extend(text.as_bytes());
            }
            tcp.write_all(&ask).await?;
            let mut known = [0; 2];
            tcp.read_exact(&mut known).await?;
            if known[1] != 0 {
                return Ok(Some(Refusal::OfUs("it refuses the user name or password".to_owned())));
            }
        }
        let mut ask = vec![VERSION, CONNECT, 0];
        match to.ip() {
            IpAddr::V4(ip) => ask.extend([&[IPV4][..], &ip.octets()].concat()),
            IpAddr::V6(ip) => ask.extend([&[IPV6][..], &ip.octets()].concat()),
        }
        ask.extend(to.port().to_be_bytes());
        tcp.write_all(&ask).await?;
        let mut head = [0; 4];
        tcp.read_exact(&mut head).await?;
        // Where the proxy connects from, which is of no interest.
        let length = match head[3] {
            IPV4 => 4,
            IPV6 => 16,
            NAME => usize::from(tcp.read_u8().await?),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut from = vec![0; length + 2];
        tcp.read_exact(&mut from).await?;
        let refused = || Refusal::OfTarget(format!("it answers with code {}", head[1]));
        Ok((head[1] != 0).then(refused))
    }

    fn broken(&self, error: &io::Error) -> Failure {
        self.failure(ErrorKind::Internal, &error.to_string())
    }

    fn failure(&self, kind: ErrorKind, said: &str) -> Failure {
        Failure::new(kind, format!("{self:?}: {said}"))
    }
}

/// What a proxy would not do.
enum Refusal {
    /// Serve us.
    OfUs(String),
    /// Connect to where we want.
    OfTarget(String),
}

/// A part of a URL, without its escapes.
fn credential(escaped: &str) -> Result<Arc<str>, ProxyProblem> {
    let text =
        percent_encoding::percent_decode_str(escaped).decode_utf8().map_err(|_| ProxyProblem)?;
    if text.len() > CREDENTIAL_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(ProxyProblem);
    }
    Ok(text.as_ref().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_from_a_url_and_shown_without_its_password() {
        for (text, shown) in [
            ("http://proxy.example.com:3128", "Http proxy proxy.example.com:3128"),
            ("http://ann:s%40cret@proxy.example.com/", "Http proxy proxy.example.com:80"),
            ("socks5://127.0.0.1", "Socks5 proxy 127.0.0.1:1080"),
            ("http://[fd00::1]:3128", "Http proxy fd00::1:3128"),
        ] {
            assert_eq!(format!("{:?}", Proxy::parse(text).unwrap()), shown);
        }
        let proxy = Proxy::parse("http://ann:s%40cret@proxy.example.com/").unwrap();
        assert_eq!(proxy.credentials.unwrap().1.as_ref(), "s@cret");
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        let long = format!("socks5://{}@proxy", "x".repeat(256));
        for text in [
            "",
            "proxy:3128",
            "https://proxy:3128",
            "http://proxy/path",
            "socks5://",
            "ftp://proxy",
            &long,
        ] {
            assert!(Proxy::parse(text).is_err(), "{text}");
        }
    }
}
