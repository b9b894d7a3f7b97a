//! Answers on the wire, and the form in which one is kept beside an idempotency key: a line with the
//! status, then the body.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde::Serialize;

/// The media type of every answer.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 with a body.
pub(crate) fn ok(body: &impl Serialize) -> Response<Body> {
    respond(&render(StatusCode::OK, body))
}

/// 201 with a body.
pub(crate) fn created(body: &impl Serialize) -> Response<Body> {
    respond(&render(StatusCode::CREATED, body))
}

/// 204.
pub(crate) fn gone() -> Response<Body> {
    StatusCode::NO_CONTENT.into_response()
}

/// An answer that can be kept.
pub(crate) fn render(status: StatusCode, body: &impl Serialize) -> Bytes {
    let mut bytes = format!("{}\n", status.as_u16()).into_bytes();
    // Our shapes have string keys and no failing serialisers.
    bytes.extend(serde_json::to_vec(body).unwrap_or_default());
    bytes.into()
}

/// Turns an answer, new or kept, into a response.
pub(crate) fn respond(answer: &Bytes) -> Response<Body> {
    let end = answer.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let status = StatusCode::from_bytes(&answer[..end]).unwrap_or(StatusCode::OK);
    let mut response = Response::new(Body::from(answer.slice((end + 1).min(answer.len())..)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}
