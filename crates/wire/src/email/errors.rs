//! The body of a refusal, for the document. It is written in `email_api::refusal`.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What every refused call answers.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    /// A sentence; or a list of what is wrong with the body; or an object that a program can act on, which
    /// has `message` and mostly `error`.
    pub detail: Value,
}
