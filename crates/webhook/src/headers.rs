//! The header list of one attempt at a partner's endpoint, or at a mailbox's subscription.
//!
//! Signatures come from [`crate::signature`]; `Host`, `Content-Length` and what else belongs to the
//! connection are added by the sender. Field names: seed 001 "Webhooks", postal.md 5.2, seed 002, the
//! Standard Webhooks specification, and webhooks.md 5.10.

use domain::Timestamp;
use domain::event::{Audience, EventType};
use domain::id::{DeliveryId, EventId, Uuid};
use domain::trace::TraceParent;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::custom::CustomHeaders;
use crate::signature::{self, Keyring};

/// The prefix that the seed's receivers look for.
pub const DEFAULT_PREFIX: &str = "X-Innbocks-";
/// The prefix that the receivers of seed 002 look for.
pub const DEFAULT_EMAIL_PREFIX: &str = "X-Inkbox-";
/// Characters of a prefix: `X-`, a brand and a dash, with room to spare.
pub const PREFIX_CHARS_MAX: usize = 40;
/// Characters of an install's name in `User-Agent`.
pub const INSTALL_CHARS_MAX: usize = 40;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const WEBHOOK_ATTEMPT: HeaderName = HeaderName::from_static("webhook-attempt");
const WEBHOOK_EVENT_TYPE: HeaderName = HeaderName::from_static("webhook-event-type");
const WEBHOOK_REPLAY: HeaderName = HeaderName::from_static("webhook-replay");
const ORIGINAL_ID: HeaderName = HeaderName::from_static("original-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Why a setting cannot be used in headers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    #[error(
        "webhook header prefix {0:?} is not usable: letters, digits and dashes, a dash at the end, at most {PREFIX_CHARS_MAX} characters, and not a name that HTTP itself uses"
    )]
    Prefix(String),
    #[error(
        "install name {0:?} cannot stand in User-Agent: use 1 to {INSTALL_CHARS_MAX} letters, digits and dashes"
    )]
    Install(String),
}

/// The names and fixed values of an install's webhook headers, worked out once at start.
#[derive(Clone, Debug)]
pub struct Headers {
    user_agent: HeaderValue,
    event_id: HeaderName,
    event_type: HeaderName,
    delivery_id: HeaderName,
    delivery_attempt: HeaderName,
    timestamp: HeaderName,
    signature: HeaderName,
    signature_next: HeaderName,
    email_request_id: HeaderName,
    email_timestamp: HeaderName,
    email_signature: HeaderName,
}

/// What the headers of one attempt tell about it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub event_id: EventId,
    pub event_type: EventType,
    /// The same in every attempt.
    pub delivery_id: DeliveryId,
    /// Counted from 1.
    pub number: u32,
    /// When the attempt starts; it is signed.
    pub at: Timestamp,
    pub keys: &'a Keyring,
    pub custom: &'a CustomHeaders,
    /// The stored bytes, which are also the bytes sent.
    pub body: &'a [u8],
    /// Somebody asked for it to be sent again.
    pub is_replay: bool,
    /// The event that this one tells again under a new id.
    pub original_id: Option<EventId>,
    /// The span that this attempt is, in the trace of the request that caused the event.
    pub trace: Option<TraceParent>,
}

impl Headers {
    /// Takes the prefixes of the two halves' headers, such as [`DEFAULT_PREFIX`] and
    /// [`DEFAULT_EMAIL_PREFIX`], and the install's name for `User-Agent`.
    pub fn new(prefix: &str, email_prefix: &str, install: &str) -> Result<Self, HeaderProblem> {
        let (lower, email) = (checked(prefix)?, checked(email_prefix)?);
        if !(1..=INSTALL_CHARS_MAX).contains(&install.len()) || !is_word(install) {
            return Err(HeaderProblem::Install(install.to_owned()));
        }
        let named = |prefix: &str, suffix: &str| {
            HeaderName::try_from(format!("{prefix}{suffix}")).expect("letters, digits and dashes")
        };
        let name = |suffix: &str| named(&lower, suffix);
        Ok(Self {
            user_agent: value(format!("{install}-webhooks/1")),
            event_id: name("event-id"),
            event_type: name("event-type"),
            delivery_id: name("delivery-id"),
            delivery_attempt: name("delivery-attempt"),
            timestamp: name("timestamp"),
            signature: name("signature"),
            signature_next: name("signature-next"),
            email_request_id: named(&email, "request-id"),
            email_timestamp: named(&email, "timestamp"),
            email_signature: named(&email, "signature"),
        })
    }

    /// The signature of the partner scheme, among headers of a partner's event that were made here.
    pub fn signature<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        headers.get(&self.signature).and_then(|value| value.to_str().ok())
    }

    /// Signs an attempt and lists its headers, in the order in which they are shown to people.
    pub fn of(&self, attempt: &Attempt<'_>) -> HeaderMap {
        if attempt.event_type.audience() == Audience::Mailbox {
            return self.of_mailbox(attempt);
        }
        let Attempt { at, keys, body, .. } = *attempt;
        let event_id = attempt.event_id.to_string();
        let partner = signature::partner(keys, at, body);
        let standard = signature::standard(keys, &event_id, at, body);
        let seconds = value(at.seconds().to_string());
        let event_id = value(event_id);

        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(self.event_id.clone(), event_id.clone());
        headers
            .insert(self.event_type.clone(), HeaderValue::from_static(attempt.event_type.as_str()));
        headers.insert(self.delivery_id.clone(), value(attempt.delivery_id.to_string()));
        headers.insert(self.delivery_attempt.clone(), HeaderValue::from(attempt.number));
        headers.insert(self.timestamp.clone(), seconds.clone());
        headers.insert(self.signature.clone(), value(partner));
        if let Some(next) = signature::partner_next(keys, at, body) {
            headers.insert(self.signature_next.clone(), value(next));
        }
        // The event's id, not the delivery's: it is what a receiver removes duplicates by.
        headers.insert(WEBHOOK_ID, event_id);
        headers.insert(WEBHOOK_TIMESTAMP, seconds);
        headers.insert(WEBHOOK_SIGNATURE, value(standard));
        if let Some(original) = attempt.original_id {
            headers.insert(ORIGINAL_ID, value(original.to_string()));
        }
        finish(headers, attempt)
    }

    /// What a subscription of a mailbox is sent (email-api.md 12.1). The request id stays the same over the
    /// attempts of one delivery; a replay is a delivery of its own.
    fn of_mailbox(&self, attempt: &Attempt<'_>) -> HeaderMap {
        let Attempt { at, keys, body, .. } = *attempt;
        let (request_id, event_id) = (Uuid(attempt.delivery_id.0).to_string(), attempt.event_id);
        let event_id = format!("evt_{}", Uuid(event_id.0).simple());
        let seconds = value(at.seconds().to_string());
        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let signature = signature::email_of(keys, &request_id, at, body);
        headers.insert(self.email_signature.clone(), value(signature));
        headers.insert(self.email_request_id.clone(), value(request_id));
        headers.insert(self.email_timestamp.clone(), seconds.clone());
        headers.insert(WEBHOOK_SIGNATURE, value(signature::standard(keys, &event_id, at, body)));
        headers.insert(WEBHOOK_ID, value(event_id));
        headers.insert(WEBHOOK_TIMESTAMP, seconds);
        finish(headers, attempt)
    }
}

fn finish(mut headers: HeaderMap, attempt: &Attempt<'_>) -> HeaderMap {
    headers.insert(WEBHOOK_ATTEMPT, HeaderValue::from(attempt.number));
    headers.insert(WEBHOOK_EVENT_TYPE, HeaderValue::from_static(attempt.event_type.as_str()));
    if attempt.is_replay {
        headers.insert(WEBHOOK_REPLAY, HeaderValue::from_static("1"));
    }
    if let Some(trace) = attempt.trace {
        headers.insert(TRACEPARENT, value(trace.to_string()));
    }
    // None of these names is ours: `crate::custom` refused those.
    headers.extend(attempt.custom.map().iter().map(|(n, v)| (n.clone(), v.clone())));
    headers
}

/// A prefix that can be used, in lower case.
fn checked(prefix: &str) -> Result<String, HeaderProblem> {
    // `Webhook-` would collide with the Standard Webhooks names that are sent as well.
    let reserved = ["webhook-", "content-", "x-forwarded-"];
    let lower = prefix.to_ascii_lowercase();
    if !(2..=PREFIX_CHARS_MAX).contains(&prefix.len())
        || !is_word(prefix)
        || prefix.starts_with('-')
        || !prefix.ends_with('-')
        || reserved.contains(&lower.as_str())
    {
        return Err(HeaderProblem::Prefix(prefix.to_owned()));
    }
    Ok(lower)
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Ids, numbers and signatures are visible ASCII by construction.
fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("visible ASCII")
}

#[cfg(test)]
mod tests;
