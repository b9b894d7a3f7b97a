//! The two bodies of a refusal, for the document. They are written in `partner_api::refusal`.

use serde::Serialize;
use utoipa::ToSchema;

/// What every refused call answers.
#[derive(Serialize, ToSchema)]
pub struct ErrorBody {
    /// Why the call was refused.
    pub error: ErrorObject,
}

/// Why a call was refused. `code`, `message` and `request_id` are always there.
#[derive(Serialize, ToSchema)]
pub struct ErrorObject {
    /// A stable word; /developers/errors explains each. New ones may be added.
    #[schema(examples("validation_failed"), max_length = 64)]
    pub code: String,
    /// A sentence for people; it may change.
    pub message: String,
    /// The request, as in the header X-Request-Id.
    pub request_id: String,
    /// The family of the code: invalid_request, authentication, permission, not_found, conflict,
    /// idempotency, rate_limit or server.
    #[serde(rename = "type")]
    #[schema(required = false)]
    pub kind: Option<String>,
    /// The first field or parameter that was refused.
    #[schema(required = false, nullable = false)]
    pub param: Option<String>,
    /// What to do about it.
    #[schema(required = false, nullable = false)]
    pub fix: Option<String>,
    /// Where the code is explained.
    #[schema(required = false, nullable = false)]
    pub doc_url: Option<String>,
    /// Every refused field.
    #[schema(required = false, nullable = false)]
    pub details: Option<Vec<ErrorDetail>>,
    /// True when the same request may succeed later without anybody changing anything.
    #[schema(required = false, nullable = false)]
    pub retryable: Option<bool>,
}

/// One refused field.
#[derive(Serialize, ToSchema)]
pub struct ErrorDetail {
    /// The field in words: `mailbox.pmb_number`.
    pub param: String,
    /// The field as a JSON Pointer: `/mailbox/pmb_number`.
    pub field: String,
    /// A stable word: required, invalid, too_long, too_few, unknown_field and others.
    pub code: String,
    /// A sentence for people; it may change.
    pub message: String,
}

/// The same in the shape of RFC 9457, for callers who accept application/problem+json.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A sentence for people; it may change.
    pub detail: String,
    /// The request.
    pub instance: String,
    /// A stable word, as in the other form of the error.
    pub code: String,
    /// The request, as in the header X-Request-Id.
    pub request_id: String,
    /// What to do about it.
    #[schema(required = false, nullable = false)]
    pub fix: Option<String>,
    /// Every refused field.
    #[schema(required = false, nullable = false)]
    pub errors: Option<Vec<ErrorDetail>>,
}
