//! What can go wrong, without a word about transports.
//!
//! Each API turns the same error into its own envelope. Texts are for clients and say what to do
//! next; `Internal` carries what we were doing and is never shown.

use crate::ErrorCode;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One refused field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it is: `email`, `photos/0`, `mailbox/pmb_number`.
    pub param: String,
    /// A stable word for what is wrong with it: `required`, `too_long`, `too_few`, `invalid`.
    pub code: &'static str,
    pub message: String,
}

impl Field {
    pub fn new(param: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { param: param.into(), code, message: message.into() }
    }
}

/// One fact beside a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Text(String),
    Number(i64),
    None,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is understood and refused; the code says why, and decides the status.
    #[error("{code}: {message}")]
    Refused {
        code: ErrorCode,
        message: String,
        /// The concrete next step for the caller.
        fix: Option<String>,
        fields: Vec<Field>,
        /// Seconds after which the same request may succeed.
        retry_after: Option<u32>,
        /// What a program needs to act on the refusal, by name: `existing_rule_id`, `limit_bytes`.
        facts: Vec<(&'static str, Fact)>,
    },
    /// Our fault. `doing` reads after "while": "storing the customer".
    #[error("failed while {doing}")]
    Internal {
        doing: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

impl Error {
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            fix: None,
            fields: Vec::new(),
            retry_after: None,
            facts: Vec::new(),
        }
    }

    pub fn internal(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { doing: doing.into(), source: Some(source.into()) }
    }

    /// Refuses the fields of a request, all at once.
    pub fn invalid(fields: Vec<Field>) -> Self {
        let message = match fields.as_slice() {
            [one] => one.message.clone(),
            many => format!("{} fields are not valid; see details", many.len()),
        };
        Self::Refused {
            code: ErrorCode::ValidationFailed,
            message,
            fix: None,
            fields,
            retry_after: None,
            facts: Vec::new(),
        }
    }

    /// Adds the next step; an internal error has none.
    #[must_use]
    pub fn fix(mut self, text: impl Into<String>) -> Self {
        if let Self::Refused { fix, .. } = &mut self {
            *fix = Some(text.into());
        }
        self
    }

    /// Names the field that the refusal is about.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>) -> Self {
        if let Self::Refused { fields, code, message, .. } = &mut self {
            fields.push(Field::new(name, code.as_str(), message.clone()));
        }
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        if let Self::Refused { retry_after, .. } = &mut self {
            *retry_after = Some(seconds);
        }
        self
    }

    /// Adds what a program needs to act on the refusal.
    #[must_use]
    pub fn fact(mut self, name: &'static str, fact: Fact) -> Self {
        if let Self::Refused { facts, .. } = &mut self {
            facts.push((name, fact));
        }
        self
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Internal { .. } => ErrorCode::InternalError,
        }
    }
}
