//! What one attempt holds of a connection: all of it on HTTP/1.1, one place among others on HTTP/2.
//!
//! Also what an HTTP/2 error says: whether the request was processed, and whether the peer speaks the
//! protocol at all. What follows from that is [`crate::sender`]'s.

use std::error::Error;
use std::net::IpAddr;

use bytes::Bytes;
use h2::Reason;
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue};
use http::uri::{Authority, Parts, Scheme};
use http::{Method, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::connect::Link;
use crate::sender::Request;
use crate::shared::Seat;
use crate::target::Target;

/// See the module.
pub(crate) enum Line {
    Alone(Link),
    Among(Seat),
}

impl Line {
    pub(crate) fn ip(&self) -> IpAddr {
        match self {
            Self::Alone(link) => link.ip,
            Self::Among(seat) => seat.ip(),
        }
    }

    /// Response bytes that ever came in, after decryption: tells whether a failed request was answered
    /// at all.
    pub(crate) fn received(&self) -> u64 {
        match self {
            Self::Alone(link) => link.meter.received(),
            Self::Among(seat) => seat.received(),
        }
    }

    /// When the last byte of the request was written; unknown where others write too.
    pub(crate) fn written_at(&self) -> Option<Instant> {
        match self {
            Self::Alone(link) => Some(link.meter.written_at()),
            Self::Among(_) => None,
        }
    }

    pub(crate) async fn send(
        &mut self,
        request: &Request<'_>,
    ) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Alone(link) => {
                let headers = headers(request, Some(&request.target.authority));
                link.http.send_request(post(request, headers, request.target.path.clone())).await
            }
            Self::Among(seat) => {
                seat.send(post(request, headers(request, None), absolute(request.target))).await
            }
        }
    }
}

/// `Host` stands first, and nothing may be compressed: what is kept of the answer is its bytes.
fn headers(request: &Request<'_>, host: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 3);
    if let Some(host) = host {
        headers.insert(HOST, host.clone());
    }
    headers.extend(request.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

fn post(request: &Request<'_>, headers: HeaderMap, uri: Uri) -> http::Request<Full<Bytes>> {
    let mut post = http::Request::new(Full::new(request.body.clone()));
    *post.method_mut() = Method::POST;
    *post.uri_mut() = uri;
    *post.headers_mut() = headers;
    post
}

/// HTTP/2 takes scheme and host from the URI; it is only spoken over TLS.
fn absolute(target: &Target) -> Uri {
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Authority::try_from(target.authority.as_bytes()).ok();
    parts.path_and_query = target.path.path_and_query().cloned();
    Uri::from_parts(parts).unwrap_or_else(|_| target.path.clone())
}

/// Whether the peer certainly did not process the request (RFC 9113 section 8.7): it never went out, the
/// stream was refused, or its number is above the last one that a closing peer took.
pub(crate) fn is_unprocessed(error: &hyper::Error) -> bool {
    let Some(cause) = http2(error) else { return error.is_canceled() };
    let is_named =
        matches!(cause.reason(), Some(Reason::REFUSED_STREAM | Reason::HTTP_1_1_REQUIRED));
    // The library ends a stream by GOAWAY only where its number is above the peer's last.
    cause.is_remote() && (cause.is_go_away() || is_named)
}

/// Whether the peer broke the rules of HTTP/2, or says that we did.
pub(crate) fn is_misspoken(error: &hyper::Error) -> bool {
    http2(error).and_then(h2::Error::reason).is_some_and(|reason| {
        matches!(
            reason,
            Reason::PROTOCOL_ERROR
                | Reason::FLOW_CONTROL_ERROR
                | Reason::SETTINGS_TIMEOUT
                | Reason::STREAM_CLOSED
                | Reason::FRAME_SIZE_ERROR
                | Reason::COMPRESSION_ERROR
                | Reason::INADEQUATE_SECURITY
                | Reason::HTTP_1_1_REQUIRED
        )
    })
}

/// Whether we reset the stream, because an answer contradicts itself: as by a body that is not as long as
/// its head says.
pub(crate) fn is_wrong_answer(error: &hyper::Error) -> bool {
    http2(error).is_some_and(|cause| cause.is_reset() && cause.is_library())
}

/// Whether a single stream ended by a frame of the peer or of ours; its connection goes on, or closes in
/// order.
pub(crate) fn is_of_stream(error: &hyper::Error) -> bool {
    http2(error).is_some_and(|cause| cause.is_reset() || cause.is_remote())
}

fn http2(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}
