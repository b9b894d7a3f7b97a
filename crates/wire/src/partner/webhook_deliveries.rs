//! The log of deliveries on the wire (postal.md 4.9). Asking for one again is in [`super::redelivery`].

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One event on its way to one endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// The same in every attempt and replay.
    #[schema(examples("whd_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_delivery$")]
    pub object: String,
    /// What it carries.
    pub event_id: String,
    /// What the event says happened.
    pub event_type: String,
    /// Where it goes.
    pub endpoint_id: String,
    /// The address as of the newest attempt.
    pub url: String,
    /// pending, retrying, succeeded, failed or cancelled.
    pub status: String,
    /// How often it was tried.
    pub attempt_count: i64,
    /// When it is tried again; null when it is not.
    #[schema(format = DateTime, required = true)]
    pub next_attempt_at: Option<String>,
    /// What keeps it from being sent now: `schedule` (its next try is later), `retry_after` (the receiver asked to be
    /// left alone), `breaker` (the receiver is down, and asked by one delivery at a time) or `endpoint` (which is
    /// paused, or was switched off because it failed). Null when it is due and goes when its turn comes, also while the
    /// host that it shares with many endpoints is down and they take turns asking it; and when it is not owed.
    #[schema(required = true, examples("breaker"))]
    pub held_by: Option<String>,
    /// Until when; null while nobody can say. Where several things hold it, both are of the one that does so longest.
    /// After a breaker's time one delivery asks, and the others follow once it is answered.
    #[schema(format = DateTime, required = true)]
    pub held_until: Option<String>,
    /// When the receiver answered 2xx.
    #[schema(format = DateTime, required = true)]
    pub delivered_at: Option<String>,
    /// How the newest attempt ended; null before the first.
    #[schema(required = true)]
    pub last_response: Option<LastResponse>,
    /// Every attempt, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
    /// The event exactly as it was sent.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// When it was made; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// How the newest attempt ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LastResponse {
    /// What the receiver answered; null when it did not.
    #[schema(required = true)]
    pub status_code: Option<i64>,
    /// Until the answer, or until it was given up.
    pub duration_ms: i64,
    /// Why there was no answer; null when there was one.
    #[schema(required = true)]
    pub error: Option<String>,
    /// The beginning of the body.
    #[schema(required = true)]
    pub body_excerpt: Option<String>,
}

/// One try to deliver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryAttempt {
    /// 1 for the first.
    pub n: i64,
    /// When it began.
    #[schema(format = DateTime)]
    pub at: String,
    /// What the receiver answered; null when it did not.
    #[schema(required = true)]
    pub status_code: Option<i64>,
    /// Until the answer, or until it was given up.
    pub duration_ms: i64,
    /// Why there was no answer; null when there was one.
    #[schema(required = true)]
    pub error: Option<String>,
    /// The number of the endpoint's key that signed first; null when nothing was sent.
    #[schema(required = true)]
    pub key: Option<i64>,
    /// How long its parts took; null when nothing was sent.
    #[schema(required = true)]
    pub phases: Option<AttemptPhases>,
    /// What the receiver answered beside status and body, all of it shown as it came, cookies too. `location`, where a
    /// 3xx points to, stands first. What goes beyond 8 KiB in all is left out; empty when there was no answer.
    pub response_headers: Vec<ResponseHeader>,
}

/// A header of a receiver's answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResponseHeader {
    /// In lower case; a name can come several times.
    #[schema(examples("content-type"))]
    pub name: String,
    /// Bytes that are no UTF-8 are shown as U+FFFD.
    #[schema(examples("text/plain"))]
    pub value: String,
}

/// How long the parts of a try took, in microseconds. Null is what did not come to its end, and of the first three
/// also what a kept connection saved.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttemptPhases {
    /// Looking up the name.
    #[schema(required = true)]
    pub dns_us: Option<i64>,
    /// Until the connection stood.
    #[schema(required = true)]
    pub connect_us: Option<i64>,
    /// The handshake after it.
    #[schema(required = true)]
    pub tls_us: Option<i64>,
    /// Until all of the request was written; null on HTTP/2, where it is part of `head_us`.
    #[schema(required = true)]
    pub write_us: Option<i64>,
    /// From then to the status and the headers of the answer.
    #[schema(required = true)]
    pub head_us: Option<i64>,
    /// From then to its end.
    #[schema(required = true)]
    pub body_us: Option<i64>,
}

/// A page of deliveries, newest first.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveryList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<WebhookDelivery>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}
