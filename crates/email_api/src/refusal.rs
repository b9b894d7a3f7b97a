//! Refusals on the wire: `{"detail": …}`, in the shape by which the clients know them (email-api.md 1.7).
//!
//! A handler returns the error as it is; the outermost layer writes it down.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use domain::{Error, ErrorCode, Fact, Field};
use serde_json::{Map, Value, json};

use crate::answer::JSON;

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
struct Unwritten(Arc<Error>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let mut response = status(self.0.code()).into_response();
        response.extensions_mut().insert(Unwritten(Arc::new(self.0)));
        response
    }
}

/// The status of a code; most codes of the Partner API never reach this one.
fn status(code: ErrorCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::InvalidParameter => StatusCode::BAD_REQUEST,
        E::ApiKeyMissing
        | E::ApiKeyMalformed
        | E::ApiKeyUnknown
        | E::ApiKeyRevoked
        | E::ApiKeyExpired => StatusCode::UNAUTHORIZED,
        E::StorageLimitExceeded | E::BillingInactive => StatusCode::PAYMENT_REQUIRED,
        E::InsufficientScope | E::IpNotAllowed | E::PartnerSuspended | E::RecipientBlocked => {
            StatusCode::FORBIDDEN
        }
        E::NotFound | E::RouteNotFound => StatusCode::NOT_FOUND,
        E::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        E::Conflict
        | E::HandleUnavailable
        | E::RuleExists
        | E::RedundantGrant
        | E::DraftGenerationConflict
        | E::DraftSendInProgress
        | E::DraftDeliveryUncertain
        | E::ImportInFlight
        | E::IdempotencyInProgress
        | E::IdempotencyKeyReused
        | E::DeliveryUnderWay
        | E::DeliveryNotOwed
        | E::EndpointNotEnabled => StatusCode::CONFLICT,
        E::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        E::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        E::RateLimited | E::ImportQuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        E::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        E::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Writes the body of a refused response.
pub(crate) fn write(response: Response<Body>) -> Response<Body> {
    let Some(Unwritten(error)) = response.extensions().get::<Unwritten>().cloned() else {
        return response;
    };
    let body = json!({ "detail": detail(&error) });
    let (mut head, _) = response.into_parts();
    head.status = status(error.code());
    head.headers.insert(header::CONTENT_TYPE, JSON);
    if let Error::Refused { retry_after: Some(seconds), .. } = error.as_ref() {
        head.headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body.to_string()))
}

/// The same as a layer around what asks for no key.
pub(crate) async fn written(response: Response<Body>) -> Response<Body> {
    write(response)
}

fn detail(error: &Error) -> Value {
    let Error::Refused { code, message, fields, facts, .. } = error else {
        // What went wrong inside is in the log under the request id, never here.
        return json!("Internal server error");
    };
    if status(*code) == StatusCode::UNPROCESSABLE_ENTITY && !fields.is_empty() {
        return fields.iter().map(field).collect();
    }
    let facts: Map<String, Value> =
        facts.iter().map(|(name, fact)| ((*name).to_owned(), shown(fact))).collect();
    object(*code, message, facts)
}

/// An object where the clients look into one, else the sentence.
fn object(code: ErrorCode, message: &str, mut facts: Map<String, Value>) -> Value {
    match code {
        // The clients know this one by its own key.
        ErrorCode::RuleExists => {}
        ErrorCode::HandleUnavailable => {
            facts.insert("code".to_owned(), json!(code.as_str()));
            facts.insert("error".to_owned(), json!(code.as_str()));
        }
        ErrorCode::RedundantGrant => {
            facts.insert("error".to_owned(), json!(code.as_str()));
            facts.insert("detail".to_owned(), json!(message));
        }
        ErrorCode::StorageLimitExceeded
        | ErrorCode::RecipientBlocked
        | ErrorCode::DraftGenerationConflict
        | ErrorCode::DraftSendInProgress
        | ErrorCode::DraftDeliveryUncertain
        | ErrorCode::ImportInFlight
        | ErrorCode::ImportQuotaExceeded
        | ErrorCode::IdempotencyKeyReused
        | ErrorCode::IdempotencyInProgress => {
            facts.insert("error".to_owned(), json!(code.as_str()));
        }
        _ => return json!(message),
    }
    facts.insert("message".to_owned(), json!(message));
    Value::Object(facts)
}

fn shown(fact: &Fact) -> Value {
    match fact {
        Fact::Text(text) => json!(text),
        Fact::Number(number) => json!(number),
        Fact::None => Value::Null,
    }
}

/// One wrong field in the form of the reference.
fn field(field: &Field) -> Value {
    let mut place = vec![json!("body")];
    place.extend(field.param.split('/').map(|part| match part.parse::<u64>() {
        Ok(index) => json!(index),
        Err(_) => json!(part),
    }));
    json!({"type": field.code, "loc": place, "msg": field.message, "input": null})
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
