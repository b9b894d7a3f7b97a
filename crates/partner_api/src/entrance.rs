//! The outermost layer: request id, size, key, address, rate; then the handler; then what every
//! response carries, the body of a refusal, and one log line.

use std::net::IpAddr;
use std::sync::Arc;

use app::authenticate::{Caller, authenticate};
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Response;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::IntoResponse;
use domain::id::RequestId;
use domain::{Error, ErrorCode, Result};
use web::limits::{Exhausted, Left, Rate};
use web::origin;

use crate::PartnerApi;
use crate::call::{BODY_BYTES_MAX, too_large};
use crate::refusal::{self, Refusal};
use crate::rehearsal::rehearse;

/// The only value of `Api-Version`; the path carries the major version.
pub(crate) const API_VERSION: &str = "2026-11-21";
/// Characters of a caller's own request id that are echoed.
const CLIENT_ID_CHARS_MAX: usize = 128;

/// Makes the request id, admits the caller, and finishes the response.
pub(crate) async fn guarded(
    State(api): State<PartnerApi>,
    request: Request,
    next: Next,
) -> Response<Body> {
    through(api, request, next, true).await
}

/// The same for what is public: no key, no rate.
pub(crate) async fn open(
    State(api): State<PartnerApi>,
    request: Request,
    next: Next,
) -> Response<Body> {
    through(api, request, next, false).await
}

async fn through(
    api: PartnerApi,
    mut request: Request,
    next: Next,
    guarded: bool,
) -> Response<Body> {
    let started = tokio::time::Instant::now();
    let id = RequestId::new(api.app.ids.as_ref(), api.app.clock.now());
    let shown = id.to_string();
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let method = request.method().clone();
    let headers = request.headers().clone();
    let base = base_of(&api, &headers);
    let from = origin::client_address(&api.trusted_proxies, &request);
    let admitted = if guarded { admit(&api, &headers, from, id).await } else { Ok(None) };
    let mut rate = None;
    let mut who = None;
    let mut response = match admitted {
        Err(error) => Refusal(error).into_response(),
        Ok(None) => next.run(request).await,
        Ok(Some((caller, left))) => {
            who = Some((caller.ctx.partner.id, caller.key.id));
            rate = Some((left, rate_of(&caller)));
            request.extensions_mut().insert(Arc::new(caller));
            next.run(request).await
        }
    };
    let code = refusal::of(&response).map(Error::code);
    if let Some(error @ Error::Internal { .. }) = refusal::of(&response) {
        tracing::error!(request_id = shown, error = refusal::chain(error), "request failed");
    }
    response = refusal::write(response, &shown, &base, &headers);
    dress(&mut response, &shown, &headers, rate);
    let status = response.status().as_u16();
    let route = route.as_deref().unwrap_or("unmatched");
    let elapsed = started.elapsed();
    tracing::info!(
        http.method = %method,
        http.route = route,
        http.status = status,
        request_id = shown,
        partner.id = who.map(|w| tracing::field::display(w.0)),
        key.id = who.map(|w| tracing::field::display(w.1)),
        error.code = code.map(ErrorCode::as_str),
        duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "{method} {route} answered {status}"
    );
    count(method.as_str(), route, status, elapsed);
    response
}

fn count(method: &str, route: &str, status: u16, elapsed: std::time::Duration) {
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("postroom_http_requests_total", &labels).increment(1);
    metrics::histogram!("postroom_http_request_duration_seconds", &labels[..2]).record(elapsed);
}

/// Size, key, address, rate: in this order, before any route is looked at.
async fn admit(
    api: &PartnerApi,
    headers: &HeaderMap,
    from: Option<IpAddr>,
    id: RequestId,
) -> Result<Option<(Caller, Left)>> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|n: usize| n > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let now = api.app.clock.now();
    if let Some(wait) = from.and_then(|ip| api.limits.is_shut_out(ip, now)) {
        return Err(too_many("this address has sent too many bad API keys", wait));
    }
    let admitted = match bearer(headers) {
        Ok(key) => authenticate(&api.app, key, from).await,
        Err(error) => Err(error),
    };
    let mut caller = admitted.inspect_err(|error| {
        let bad = matches!(error.code(), ErrorCode::ApiKeyMalformed | ErrorCode::ApiKeyUnknown);
        if let Some(ip) = from.filter(|_| bad) {
            // The refusal that is on its way says enough; the count matters for the next call.
            let _ = api.limits.bad_key(ip, now);
        }
    })?;
    caller.ctx.request_id = Some(id);
    caller.ctx.trace = origin::trace(headers);
    api.uses.note(caller.key.id, caller.key.last_used_at, now);
    let (partner, livemode) = (caller.ctx.partner.id, caller.ctx.livemode());
    let left = api.limits.call(partner, livemode, rate_of(&caller), now);
    let left = left.map_err(|wait| {
        metrics::counter!("postroom_rate_limited_total").increment(1);
        too_many("this partner calls too often", wait)
    })?;
    rehearse(&caller.ctx, headers).await?;
    Ok(Some((caller, left)))
}

/// The partner's own rate; the test world has half of it.
fn rate_of(caller: &Caller) -> Rate {
    let settings = &caller.ctx.partner.settings;
    let half = if caller.ctx.livemode() { 1 } else { 2 };
    Rate {
        burst: (settings.rate_burst / half).max(1),
        per_window: (settings.rate_per_10s / half).max(1),
        window: domain::seconds(10),
    }
}

fn too_many(message: &str, wait: Exhausted) -> Error {
    Error::refused(ErrorCode::RateLimited, message)
        .fix("wait for the seconds in Retry-After, then go on more slowly")
        .retry_after(wait.retry_after)
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let missing = || {
        Error::refused(ErrorCode::ApiKeyMissing, "this call needs an API key")
            .fix("send the header Authorization: Bearer ib_live_…")
    };
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let malformed = || {
        Error::refused(ErrorCode::ApiKeyMalformed, "the Authorization header is not a bearer key")
            .fix("send the header Authorization: Bearer ib_live_…")
    };
    let (scheme, key) =
        value.to_str().map_err(|_| malformed())?.split_once(' ').ok_or_else(malformed)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key.trim()) } else { Err(malformed()) }
}

/// The origin that the caller asked.
pub(crate) fn base_of(api: &PartnerApi, headers: &HeaderMap) -> String {
    origin::base(&api.app.public_url, headers)
}

/// Headers that every response carries.
fn dress(response: &mut Response<Body>, id: &str, asked: &HeaderMap, rate: Option<(Left, Rate)>) {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", id);
    set("api-version", API_VERSION);
    set("x-content-type-options", "nosniff");
    if let Some(client) = asked.get("x-request-id").and_then(|v| v.to_str().ok())
        && (1..=CLIENT_ID_CHARS_MAX).contains(&client.len())
    {
        set("x-client-request-id", client);
    }
    if let Some((left, rate)) = rate {
        let window = rate.window / domain::seconds(1);
        set("ratelimit-policy", &format!("\"partner\";q={};w={window}", rate.per_window));
        set("ratelimit", &format!("\"partner\";r={};t={}", left.remaining, left.full_in));
        set("ratelimit-limit", &rate.burst.to_string());
        set("ratelimit-remaining", &left.remaining.to_string());
        set("ratelimit-reset", &left.full_in.to_string());
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
