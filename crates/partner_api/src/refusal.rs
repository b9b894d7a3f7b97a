//! Refusals on the wire: one error, two envelopes, the same status.
//!
//! A handler returns the error as it is. The outermost layer writes it down, because only that layer
//! knows the request id and which media type the caller prefers.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use domain::{Error, ErrorCode, Field};
use serde_json::{Map, Value, json};

/// An error on its way to the outermost layer.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The error, carried in the extensions of a response that has no body yet.
#[derive(Clone)]
pub(crate) struct Unwritten(std::sync::Arc<Error>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let mut response = status(self.0.code()).into_response();
        response.extensions_mut().insert(Unwritten(std::sync::Arc::new(self.0)));
        response
    }
}

/// The status of every code (shared/README, postal.md 4.4).
pub(crate) const fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::InvalidJson
        | E::InvalidParameter
        | E::UnknownParameter
        | E::CursorInvalid
        | E::IdempotencyKeyInvalid
        | E::IdempotencyKeyRequired => StatusCode::BAD_REQUEST,
        E::ApiKeyMissing
        | E::ApiKeyMalformed
        | E::ApiKeyUnknown
        | E::ApiKeyRevoked
        | E::ApiKeyExpired => StatusCode::UNAUTHORIZED,
        E::BillingInactive | E::InsufficientPrepayBalance | E::StorageLimitExceeded => {
            StatusCode::PAYMENT_REQUIRED
        }
        E::InsufficientScope | E::IpNotAllowed | E::PartnerSuspended | E::RecipientBlocked => {
            StatusCode::FORBIDDEN
        }
        E::CustomerNotFound
        | E::MailNotFound
        | E::MailboxNotFound
        | E::NotFound
        | E::RouteNotFound => StatusCode::NOT_FOUND,
        E::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        E::IdempotencyInProgress
        | E::FieldLocked
        | E::ExternalCustomerIdExists
        | E::CustomerInactive
        | E::ComplianceNotApproved
        | E::MailboxNotActive
        | E::MailboxUnavailable
        | E::NoMailboxAvailable
        | E::MailNotActionable
        | E::ActionConflict
        | E::AlreadyScanned
        | E::ServiceNotOffered
        | E::ConfirmationRequired
        | E::LegalHold
        | E::MailNotDeletable
        | E::MailNotPartnerCreated
        | E::EndpointNotEnabled
        | E::DeliveryUnderWay
        | E::DeliveryNotOwed
        | E::RecoveryEnded
        | E::Conflict
        | E::HandleUnavailable
        | E::RuleExists
        | E::RedundantGrant
        | E::DraftGenerationConflict
        | E::DraftSendInProgress
        | E::DraftDeliveryUncertain
        | E::ImportInFlight => StatusCode::CONFLICT,
        E::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        E::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::IdempotencyKeyReused
        | E::ValidationFailed
        | E::UnknownField
        | E::FieldNotWritable
        | E::PhotoUrlNotAllowed
        | E::ForwardingAddressRequired
        | E::AddressUndeliverable => StatusCode::UNPROCESSABLE_ENTITY,
        E::RateLimited | E::ImportQuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        E::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        E::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The family that `error.type` names.
const fn family(code: ErrorCode, status: StatusCode) -> &'static str {
    match (code, status.as_u16()) {
        (
            ErrorCode::IdempotencyInProgress
            | ErrorCode::IdempotencyKeyReused
            | ErrorCode::IdempotencyKeyInvalid
            | ErrorCode::IdempotencyKeyRequired,
            _,
        ) => "idempotency",
        (_, 401) => "authentication",
        (_, 402 | 409 | 412) => "conflict",
        (_, 403) => "permission",
        (_, 404) => "not_found",
        (_, 429) => "rate_limit",
        (_, 500..) => "server",
        _ => "invalid_request",
    }
}

/// Writes the body of a refused response. `base` is the origin that the caller asked.
pub(crate) fn write(
    response: Response<Body>,
    request_id: &str,
    base: &str,
    accept: &HeaderMap,
) -> Response<Body> {
    let Some(Unwritten(error)) = response.extensions().get::<Unwritten>().cloned() else {
        return response;
    };
    let code = error.code();
    let status = status(code);
    let doc_url = format!("{base}/developers/errors#{code}");
    let (body, media) = if prefers_problem(accept) {
        (problem(&error, status, request_id, &doc_url), "application/problem+json")
    } else {
        (envelope(&error, status, request_id, &doc_url), "application/json; charset=utf-8")
    };
    let (mut head, _) = response.into_parts();
    head.status = status;
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            head.headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, media);
    set(header::LINK, &format!("<{doc_url}>; rel=\"describedby\""));
    set(
        header::HeaderName::from_static("x-should-retry"),
        if code.is_retryable() { "true" } else { "false" },
    );
    if status == StatusCode::UNAUTHORIZED {
        set(header::WWW_AUTHENTICATE, "Bearer");
    }
    if let Error::Refused { retry_after: Some(seconds), .. } = error.as_ref() {
        set(header::RETRY_AFTER, &seconds.to_string());
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body.to_string()))
}

fn parts(error: &Error) -> (String, Option<&str>, &[Field]) {
    match error {
        Error::Refused { message, fix, fields, .. } => (message.clone(), fix.as_deref(), fields),
        // What went wrong inside is in the log under the request id, never here.
        Error::Internal { .. } => {
            ("something went wrong on our side; nothing was changed".to_owned(), None, &[])
        }
    }
}

fn details(fields: &[Field]) -> Value {
    let detail = |f: &Field| {
        json!({
            "param": f.param.replace('/', "."), "field": format!("/{}", f.param),
            "code": f.code, "message": f.message,
        })
    };
    Value::Array(fields.iter().map(detail).collect())
}

fn envelope(error: &Error, status: StatusCode, request_id: &str, doc_url: &str) -> Value {
    let (message, fix, fields) = parts(error);
    let code = error.code();
    let mut body = Map::new();
    body.insert("code".into(), json!(code.as_str()));
    body.insert("message".into(), json!(message));
    body.insert("request_id".into(), json!(request_id));
    body.insert("type".into(), json!(family(code, status)));
    if let Some(first) = fields.first() {
        body.insert("param".into(), json!(first.param.split('/').next()));
        body.insert("details".into(), details(fields));
    }
    if let Some(fix) = fix {
        body.insert("fix".into(), json!(fix));
    }
    body.insert("doc_url".into(), json!(doc_url));
    body.insert("retryable".into(), json!(code.is_retryable()));
    json!({ "error": body })
}

/// RFC 9457.
fn problem(error: &Error, status: StatusCode, request_id: &str, doc_url: &str) -> Value {
    let (message, fix, fields) = parts(error);
    let mut title = error.code().as_str().replace('_', " ");
    title.get_mut(..1).map(str::make_ascii_uppercase);
    let mut body = json!({
        "type": doc_url, "title": title, "status": status.as_u16(), "detail": message,
        "instance": request_id, "code": error.code().as_str(), "request_id": request_id,
    });
    if let Some(map) = body.as_object_mut() {
        if let Some(fix) = fix {
            map.insert("fix".into(), json!(fix));
        }
        if !fields.is_empty() {
            map.insert("errors".into(), details(fields));
        }
    }
    body
}

fn prefers_problem(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|media| media.trim().starts_with("application/problem+json"))
}

/// The whole chain of an internal error, for the log.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let _ = write!(text, ": {inner}");
        cause = inner.source();
    }
    text
}

/// The error behind a response that was not written yet.
pub(crate) fn of(response: &Response<Body>) -> Option<&Error> {
    response.extensions().get::<Unwritten>().map(|u| u.0.as_ref())
}

/// Both bodies of an error, for the document's examples.
pub(crate) fn samples(error: &Error) -> (Value, Value) {
    let (id, doc) =
        ("req_01kb3v7m2zq8e4x5n6p7r8s9ta", format!("/developers/errors#{}", error.code()));
    let status = status(error.code());
    (envelope(error, status, id, &doc), problem(error, status, id, &doc))
}
