//! Where a request came from, which trace it belongs to, and under which name it found this install.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::header::{self, HeaderMap};
use domain::trace::TraceParent;
use ipnet::IpNet;

/// The caller's address: the peer's, or what a trusted proxy says of it.
pub fn client_address(trusted_proxies: &[IpNet], request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    let trusted = |ip: &IpAddr| trusted_proxies.iter().any(|net| net.contains(ip));
    if !trusted(&peer) {
        return Some(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").iter();
    let hops = forwarded.filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    let hops: Vec<IpAddr> = hops.filter_map(|hop| hop.trim().parse().ok()).collect();
    // From the right: the first address that no proxy of ours put there.
    Some(hops.into_iter().rev().find(|ip| !trusted(ip)).unwrap_or(peer))
}

/// The caller's trace context; two of them are as good as none.
pub fn trace(headers: &HeaderMap) -> Option<TraceParent> {
    let mut sent = headers.get_all("traceparent").iter();
    let only = sent.next().filter(|_| sent.next().is_none())?;
    TraceParent::parse(only.to_str().ok()?)
}

/// The origin that the caller asked, so that a white-label host shows itself.
pub fn base(public_url: &str, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok());
    let plain = |h: &&str| h.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    match host.filter(plain) {
        Some(host) => {
            let scheme = public_url.split("://").next().unwrap_or("https");
            format!("{scheme}://{host}")
        }
        None => public_url.to_owned(),
    }
}
