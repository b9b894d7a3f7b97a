//! Answers on the wire, in a form that can be kept and told again.
//!
//! What a use-case's answer is rendered to is one byte string: a line of JSON with status and
//! headers, then the body. It is kept beside the idempotency key and turned into a response here.

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The first line of a rendered answer.
#[derive(Default, Serialize, Deserialize)]
struct Head {
    status: u16,
    location: Option<String>,
    etag: Option<String>,
}

/// Renders 200 with a body.
pub(crate) fn ok(body: &impl Serialize, etag: Option<String>) -> Bytes {
    render(&Head { status: 200, location: None, etag }, body)
}

/// Renders 201 with a body and the place of what was made.
pub(crate) fn created(body: &impl Serialize, location: String, etag: Option<String>) -> Bytes {
    render(&Head { status: 201, location: Some(location), etag }, body)
}

fn render(head: &Head, body: &impl Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(head).unwrap_or_default();
    bytes.push(b'\n');
    // Our shapes have string keys and no failing serialisers.
    bytes.extend(serde_json::to_vec(body).unwrap_or_default());
    bytes.into()
}

/// The entity tag of a thing's version.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Turns a rendered answer into a response.
pub(crate) fn respond(answer: &Bytes) -> Response<Body> {
    let (head, body) = split(answer);
    let mut response = Response::new(Body::from(answer.slice_ref(body)));
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    let mut set = |name: HeaderName, value: Option<String>| {
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
            headers.insert(name, value);
        }
    };
    set(header::LOCATION, head.location);
    set(header::ETAG, head.etag);
    response
}

/// The media type of every answer.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Says that an answer was given before, and to which request.
pub(crate) fn mark_replay(response: &mut Response<Body>, original: &str) {
    let headers = response.headers_mut();
    headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    if let Ok(value) = HeaderValue::from_str(original) {
        headers.insert("original-request-id", value);
    }
}

/// What a write would have answered. The id of what would have been made is left out and a new secret
/// is not shown, because neither was given out (developer-experience.md rule 52).
pub(crate) fn dry_run(answer: &Bytes) -> Response<Body> {
    let (head, body) = split(answer);
    let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
    if let Some(map) = body.as_object_mut() {
        if head.status == 201 {
            map.remove("id");
        }
        if let Some(secret) = map.get_mut("secret") {
            *secret = Value::Null;
        }
        map.insert("dry_run".to_owned(), true.into());
    }
    respond(&ok(&body, None))
}

fn split(answer: &Bytes) -> (Head, &[u8]) {
    let line = answer.iter().position(|b| *b == b'\n').unwrap_or(0);
    let head = serde_json::from_slice(&answer[..line]).unwrap_or_default();
    (head, &answer[(line + 1).min(answer.len())..])
}
