//! Where requests may go: which URLs are accepted, and which addresses a name may lead to.
//!
//! The ranges themselves are in [`crate::address`]. Opening the connection, and checking that it
//! leads to the vetted address, is in `connect`. Source: webhooks.md 5.9.

mod self_test;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use url::{Host, Url};

use crate::address;
use crate::connect::failed;
use crate::outcome::{ErrorKind, Failure};
use crate::proxy::Proxy;
use crate::target::{Target, UrlProblem};

/// Turns a name into addresses. Tests put answers of their own in the place of the system's.
pub trait Resolver: Send + Sync {
    fn resolve(&self, name: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>>;
}

/// Asks the operating system, as any other program on the machine does.
struct System;

impl Resolver for System {
    fn resolve(&self, name: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// Where this install itself is reached. What it sent there would come back to it, again and again.
#[derive(Clone, Debug, Default)]
struct Own {
    /// Host and port of the public URL.
    public: Option<(Host<String>, u16)>,
    listen: Option<SocketAddr>,
}

impl Own {
    /// A server that listens on every address is met on each that the machine has. Those that a router
    /// in front translates to it are known by the name of the public URL alone.
    fn is(&self, address: SocketAddr) -> bool {
        let ip = address::effective(address.ip());
        self.listen.is_some_and(|own| {
            own.port() == address.port()
                && (own.ip() == ip || (own.ip().is_unspecified() && is_of_this_machine(ip)))
        })
    }
}

/// Asked of the operating system each time, because addresses come and go: it binds only to its own.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
}

/// The operator's rules about where this install may send.
///
/// By default: https only, public names and public addresses only. There are no exceptions per tenant.
#[derive(Clone)]
pub struct Guard {
    allow: Arc<[IpNet]>,
    plain_http: bool,
    own: Own,
    resolver: Arc<dyn Resolver>,
    pub(crate) proxy: Option<Proxy>,
}

impl Guard {
    /// `allow` lists networks of the operator's own that may be sent to although they are not public.
    /// Cloud metadata addresses stay refused inside them.
    pub fn new(allow: impl Into<Arc<[IpNet]>>) -> Self {
        let own = Own::default();
        let resolver = Arc::new(System);
        Self { allow: allow.into(), plain_http: false, own, resolver, proxy: None }
    }

    /// Also accepts webhook URLs without TLS.
    #[must_use]
    pub fn with_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Connects through a proxy to what was vetted here. The proxy itself may stand anywhere.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Refuses the addresses of this install, its public URL and where it listens, also inside `allow`.
    #[must_use]
    pub fn without_own(mut self, public_url: &str, listen: SocketAddr) -> Self {
        let public = Url::parse(public_url).ok();
        let public = public.and_then(|u| Some((u.host()?.to_owned(), u.port_or_known_default()?)));
        self.own = Own { public, listen: Some(listen) };
        self
    }

    #[must_use]
    pub fn with_resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Checks the URL of a webhook endpoint, when it is saved and again before it is used.
    pub fn check_webhook(&self, url: &str) -> Result<Target, UrlProblem> {
        let target = self.check(url)?;
        let plain = self.plain_http || self.is_listed_literal(&target);
        if target.tls || plain { Ok(target) } else { Err(UrlProblem::NotHttps) }
    }

    /// Checks the URL of a mail photo: https, save for a literal address that the operator listed.
    pub fn check_photo(&self, url: &str) -> Result<Target, UrlProblem> {
        let target = self.check(url)?;
        let plain = self.is_listed_literal(&target);
        if target.tls || plain { Ok(target) } else { Err(UrlProblem::NotHttps) }
    }

    fn check(&self, url: &str) -> Result<Target, UrlProblem> {
        let target = Target::parse(url)?;
        // An operator who lists networks has machines there with names of their own. What such a
        // name resolves to is vetted like any other answer.
        if self.allow.is_empty() {
            target.require_public_name()?;
        }
        if self
            .own
            .public
            .as_ref()
            .is_some_and(|own| (&own.0, own.1) == (&target.host, target.port))
        {
            return Err(UrlProblem::Own);
        }
        if let Some(ip) = target.address() {
            if self.own.is(SocketAddr::new(ip, target.port)) {
                return Err(UrlProblem::Own);
            }
            self.judge(ip).map_err(|reason| UrlProblem::Address { ip, reason })?;
        }
        Ok(target)
    }

    fn is_listed_literal(&self, target: &Target) -> bool {
        target.address().is_some_and(|ip| self.is_listed(ip))
    }

    fn is_listed(&self, ip: IpAddr) -> bool {
        let ip = address::effective(ip);
        !address::is_metadata(ip) && self.allow.iter().any(|net| net.contains(&ip))
    }

    /// Whether an address may be connected to; the error follows "is", see [`address::refusal`].
    pub fn judge(&self, ip: IpAddr) -> Result<(), &'static str> {
        match address::refusal(ip) {
            Some(reason) if !self.is_listed(ip) => Err(reason),
            Some(_) | None => Ok(()),
        }
    }

    /// Looks up a target now and says why it may not be connected to, for an answer that should not
    /// wait for the connection. A name that can't be resolved is no reason: it may be later.
    pub async fn vet(&self, target: &Target) -> Result<(), String> {
        match self.resolve(target).await {
            Err(failure) if failure.kind == ErrorKind::Blocked => Err(failure.detail),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Finds the addresses of a target, all of them allowed.
    ///
    /// One forbidden answer refuses the name, rather than being skipped: a name that answers both ways
    /// is either misconfigured or an attack. The caller sets the time limit.
    pub(crate) async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
        let found = match &target.host {
            Host::Ipv4(ip) => vec![SocketAddr::from((*ip, target.port))],
            Host::Ipv6(ip) => vec![SocketAddr::from((*ip, target.port))],
            Host::Domain(name) => {
                let found = self.resolver.resolve(name.clone(), target.port).await;
                found.map_err(|error| failed(ErrorKind::Dns, &error))?
            }
        };
        if found.is_empty() {
            return Err(Failure::new(ErrorKind::Dns, "the name has no address"));
        }
        for answer in &found {
            if self.own.is(*answer) {
                return Err(Failure::new(
                    ErrorKind::Blocked,
                    format!("{answer} is our own address"),
                ));
            }
            if let Err(reason) = self.judge(answer.ip()) {
                let detail = format!("{} is {reason}", answer.ip());
                return Err(Failure::new(ErrorKind::Blocked, detail));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
