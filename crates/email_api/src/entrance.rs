//! The outermost layer: which API is meant, request id, key, address, rate; then the handler; then the
//! body of a refusal and one log line.

use std::net::IpAddr;
use std::sync::Arc;

use app::email::keys::{Caller, authenticate};
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, Uri};
use axum::middleware::Next;
use axum::response::IntoResponse;
use domain::id::RequestId;
use domain::{Error, ErrorCode, Result};
use tower_service::Service as _;
use web::limits::{Exhausted, Rate};
use web::origin;

use crate::refusal::{self, Refusal};
use crate::{EmailApi, routes};

/// Where the e-mail API lies among the paths that both APIs share.
const OURS: &[&str] = &[
    "/api/whoami",
    "/api/v1/api-keys",
    "/api/v1/contacts",
    "/api/v1/domains",
    "/api/v1/identities",
    "/api/v1/mail/contact-rules",
    "/api/v1/mail/mailboxes",
    "/api/v1/message-sends",
    "/api/v1/notes",
    "/api/v1/signing-keys",
    "/api/v1/webhooks",
    "/api/openapi-email.json",
    "/files/imports",
    "/files/messages",
];

/// Puts the e-mail API beside another: its own paths, and all that a caller with an `X-API-Key` asks for,
/// are answered here; the rest over there. A final slash makes no difference here, and is never redirected
/// (email-api.md R-1).
pub fn beside(api: EmailApi, other: Router) -> Router {
    let ours = routes::router(api);
    let dispatch = async move |mut request: Request| {
        let mut router = if is_ours(&request) {
            without_slash(&mut request);
            ours.clone()
        } else {
            other.clone()
        };
        router.call(request).await
    };
    Router::new().fallback(dispatch)
}

fn is_ours(request: &Request) -> bool {
    let path = request.uri().path();
    let below = |start: &str| {
        path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    request.headers().contains_key("x-api-key") || OURS.iter().any(|start| below(start))
}

fn without_slash(request: &mut Request) {
    let uri = request.uri();
    let path = uri.path();
    let Some(shorter) = path.strip_suffix('/').filter(|shorter| !shorter.is_empty()) else {
        return;
    };
    let text = match uri.query() {
        Some(query) => format!("{shorter}?{query}"),
        None => shorter.to_owned(),
    };
    if let Ok(uri) = text.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

/// Admits the caller and finishes the response.
pub(crate) async fn guarded(
    State(api): State<EmailApi>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let started = tokio::time::Instant::now();
    let id = RequestId::new(api.app.ids.as_ref(), api.app.clock.now());
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let method = request.method().clone();
    let from = origin::client_address(&api.trusted_proxies, &request);
    let admitted = admit(&api, request.headers(), from, id).await;
    let who = admitted.as_ref().ok().map(|caller| caller.key.key.id);
    let response = match admitted {
        Err(error) => Refusal(error).into_response(),
        Ok(caller) => {
            request.extensions_mut().insert(Arc::new(caller));
            next.run(request).await
        }
    };
    let code = refusal::of(&response).map(Error::code);
    if let Some(error @ Error::Internal { .. }) = refusal::of(&response) {
        tracing::error!(request_id = %id, error = refusal::chain(error), "request failed");
    }
    let mut response = refusal::write(response);
    dress(response.headers_mut(), id);
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    let route = route.as_deref().unwrap_or("unmatched");
    tracing::info!(
        http.method = %method,
        http.route = route,
        http.status = status,
        request_id = %id,
        key.id = who.map(tracing::field::display),
        error.code = code.map(ErrorCode::as_str),
        duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "{method} {route} answered {status}"
    );
    let labels = [("method", method.to_string()), ("route", route.to_owned())];
    metrics::histogram!("postroom_http_request_duration_seconds", &labels).record(elapsed);
    response
}

/// Key, address, rate: in this order, before any route is looked at.
async fn admit(
    api: &EmailApi,
    headers: &HeaderMap,
    from: Option<IpAddr>,
    id: RequestId,
) -> Result<Caller> {
    let now = api.app.clock.now();
    if let Some(wait) = from.and_then(|ip| api.limits.is_shut_out(ip, now)) {
        return Err(too_many("this address has sent too many bad API keys", wait));
    }
    let key = headers.get("x-api-key").and_then(|value| value.to_str().ok());
    let admitted = match key {
        Some(key) => authenticate(&api.app, key.trim(), from).await,
        None => Err(Error::refused(ErrorCode::ApiKeyMissing, "Missing API key")),
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
    api.uses.note(caller.key.key.id, caller.key.key.last_used_at, now);
    let settings = &caller.ctx.partner.settings;
    let rate = Rate {
        burst: settings.rate_burst.max(1),
        per_window: settings.rate_per_10s.max(1),
        window: domain::seconds(10),
    };
    let counted = api.limits.call(caller.ctx.partner.id, true, rate, now);
    counted.map_err(|wait| {
        metrics::counter!("postroom_rate_limited_total").increment(1);
        too_many("this organization calls too often", wait)
    })?;
    Ok(caller)
}

fn too_many(message: &str, wait: Exhausted) -> Error {
    Error::refused(ErrorCode::RateLimited, message).retry_after(wait.retry_after)
}

/// Headers that every response carries.
fn dress(headers: &mut HeaderMap, id: RequestId) {
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert("x-request-id", value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
