//! An address to send to, read from a URL once and known to be one that may be tried.
//!
//! What a URL must look like is decided here; which addresses its name may resolve to is decided by
//! [`crate::guard`] each time a connection is opened.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use url::{Host, Position, Url};

use crate::identity::Identity;

/// Bytes of a URL: what common servers accept.
pub const URL_BYTES_MAX: usize = 2048;

/// Ports above 1023 where something listens that must not be talked to by accident: file shares,
/// container and cluster control, databases, caches, queues, desktops (webhooks.md 5.9 point 1).
const PORTS_DENIED: [u16; 23] = [
    1433, 1521, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 6379, 6443, 8086, 9042,
    9092, 9200, 9300, 10250, 11211, 15672, 27017,
];

/// Endings of names that only a private network knows (RFC 6761, RFC 6762, RFC 8375, ICANN 2024).
const PRIVATE_ENDINGS: [&str; 4] = [".local", ".internal", ".localhost", ".home.arpa"];

/// Why a URL is refused, in a sentence for the person who typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("the URL is longer than {URL_BYTES_MAX} characters; use a shorter one")]
    TooLong,
    #[error("this is not a complete URL; write it as https://host/path")]
    NotAUrl,
    #[error("the URL must begin with https://")]
    NotHttps,
    #[error("the URL must not contain a user name or password; put a secret into the path instead")]
    Credentials,
    #[error("port {0} is not allowed; use 443, or one above 1023 that no database or cache uses")]
    Port(u16),
    #[error("the host name must not end with a dot; remove it")]
    TrailingDot,
    #[error("{0} is not a public host name; use a name with a public domain")]
    PrivateName(String),
    #[error("this is Postroom's own address; use that of your receiver")]
    Own,
    #[error("{ip} is {reason}; use a public address")]
    Address { ip: IpAddr, reason: &'static str },
}

/// Where a request goes. Made only by [`crate::guard::Guard`], so that none skips its rules.
#[derive(Clone, Debug)]
pub struct Target {
    url: Url,
    pub(crate) tls: bool,
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// Scheme, host and port.
    origin: Arc<str>,
    /// What connections are shared by: the origin, and the certificate that they show.
    pub(crate) key: Arc<str>,
    pub(crate) identity: Option<Identity>,
    /// The value of `Host`.
    pub(crate) authority: HeaderValue,
    /// Path and query, as they stand in the request line.
    pub(crate) path: Uri,
}

impl Target {
    /// The URL in its normal form.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Scheme, host and port, which endpoints may share.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Shows a client certificate to whoever asks for it there. Connections that show another, or none,
    /// are not used.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.key = format!("{}#{}", self.origin, identity.id()).into();
        self.identity = Some(identity);
        self
    }

    /// Whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Reads the `Location` of a redirect, which may be relative to this target.
    pub(crate) fn join(&self, location: &str) -> Option<String> {
        self.url.join(location).ok().map(String::from)
    }

    /// The literal address in the URL, if it has no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Domain(_) => None,
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
        }
    }

    /// Reads a URL with the WHATWG parser, which also unmasks octal, hexadecimal and short IPv4 forms.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlProblem> {
        if text.len() > URL_BYTES_MAX {
            return Err(UrlProblem::TooLong);
        }
        let url = Url::parse(text).map_err(|_| UrlProblem::NotAUrl)?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlProblem::NotHttps),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlProblem::Credentials);
        }
        let host = url.host().ok_or(UrlProblem::NotAUrl)?.to_owned();
        let port = url.port_or_known_default().ok_or(UrlProblem::NotAUrl)?;
        if !matches!(port, 80 | 443 | 1024..) || PORTS_DENIED.contains(&port) {
            return Err(UrlProblem::Port(port));
        }
        if matches!(&host, Host::Domain(name) if name.ends_with('.')) {
            return Err(UrlProblem::TrailingDot);
        }
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let origin: Arc<str> = url[..Position::AfterPort].into();
        Ok(Self {
            tls,
            host,
            port,
            key: origin.clone(),
            origin,
            identity: None,
            authority: HeaderValue::from_str(authority).map_err(|_| UrlProblem::NotAUrl)?,
            path: path.parse().map_err(|_| UrlProblem::NotAUrl)?,
            url,
        })
    }

    /// Refuses a name that means nothing, or something else, outside a private network.
    pub(crate) fn require_public_name(&self) -> Result<(), UrlProblem> {
        match &self.host {
            Host::Domain(name)
                if !name.contains('.') || PRIVATE_ENDINGS.iter().any(|end| name.ends_with(end)) =>
            {
                Err(UrlProblem::PrivateName(name.clone()))
            }
            Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => Ok(()),
        }
    }
}
