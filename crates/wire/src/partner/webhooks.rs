//! Event types and endpoints as they are shown on the wire (postal.md 4.9).
//!
//! What callers send of endpoints is in [`super::webhook_bodies`], the log of deliveries in
//! [`super::webhook_deliveries`].

use std::collections::BTreeMap;

use domain::event::EventType;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::shapes;
use super::webhook_keys::WebhookKey;

/// An event type of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEventType {
    #[serde(rename = "type")]
    #[schema(examples("mail.arrived"))]
    pub kind: String,
    #[schema(pattern = "^webhook_event_type$")]
    pub object: String,
    pub description: String,
    /// Where its payload is described.
    pub schema_url: String,
    /// customer, mail or package.
    pub category: String,
}

impl WebhookEventType {
    pub fn new(kind: EventType) -> Self {
        Self {
            kind: kind.as_str().to_owned(),
            object: "webhook_event_type".to_owned(),
            description: kind.description().to_owned(),
            schema_url: format!("/api/openapi.json#/webhooks/{kind}"),
            category: kind.category().to_owned(),
        }
    }
}

/// All event types, in the order of the documentation.
#[derive(Serialize, ToSchema)]
pub struct WebhookEventTypeList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<WebhookEventType>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}

/// A receiver of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpoint {
    /// Opaque; use it in paths.
    #[schema(examples("whe_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_endpoint$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// https, on a public address.
    #[schema(examples("https://crm.example.com/hooks/postroom"))]
    pub url: String,
    /// The partner's own note.
    #[schema(required = true)]
    pub description: Option<String>,
    /// The types that it receives; a single `*` is all of the catalogue.
    pub event_types: Vec<String>,
    #[schema(schema_with = shapes::filter, required = true)]
    pub filter: Option<Value>,
    /// enabled, disabled, disabled_failing or paused.
    pub status: String,
    /// Why it is off or paused.
    #[schema(required = true)]
    pub disabled_reason: Option<String>,
    /// Since when every attempt has failed; null while it answers.
    #[schema(required = true, format = DateTime)]
    pub failing_since: Option<String>,
    /// Requests a second at most; null is as fast as it answers.
    #[schema(required = true)]
    pub rate_per_second: Option<i64>,
    /// Requests that may go out at once after a quiet time; null is one second's worth.
    #[schema(required = true)]
    pub burst: Option<i64>,
    /// Requests under way at a time; null lets its answers decide.
    #[schema(required = true)]
    pub max_in_flight: Option<i64>,
    /// none, key (events of one customer follow one another) or strict (all do).
    #[schema(examples("none"))]
    pub order: String,
    /// From looking up the name to the last byte of the answer.
    #[schema(examples(15_000))]
    pub timeout_ms: i64,
    /// Seconds before each try after the first; null is the default schedule.
    #[schema(required = true)]
    pub retry_schedule: Option<Vec<i64>>,
    /// What of the secret is the key of the v1= signature: decoded, ascii, ascii_with_prefix or raw.
    #[schema(examples("ascii_with_prefix"))]
    pub key_mode: String,
    /// What of the secret is the key of the Standard Webhooks signature.
    #[schema(examples("decoded"))]
    pub standard_key_mode: String,
    /// Whether webhook-signature has a v1a, signature of Ed25519 behind the v1, one.
    pub ed25519: bool,
    /// The keys that sign its requests today, the current one first; four at most.
    pub keys: Vec<WebhookKey>,
    /// In an order: tries after which a delivery is given up so that those behind it go on; null is all of the
    /// schedule.
    #[schema(required = true)]
    pub park_after: Option<i64>,
    /// Switched off because it failed, it is asked once an hour, and taken back after three answers.
    pub self_heal: bool,
    /// Whether an answer of 410 switches it off at once; false lets 410 be tried again like any other refusal.
    pub disable_on_gone: bool,
    /// Headers that each request carries, by their names in lower case; the values are not shown.
    pub headers: BTreeMap<String, String>,
    /// What is shown to a receiver that asks for a certificate; null is none.
    #[schema(required = true)]
    pub client_certificate: Option<WebhookClientCertificate>,
    /// The signing secret, whole; only when it was just made, null afterwards.
    #[schema(required = true)]
    pub secret: Option<String>,
    /// When it was made; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A client certificate as it is shown: neither itself nor its key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookClientCertificate {
    /// The name in it.
    #[schema(examples("CN=acme webhooks,O=Acme"))]
    pub subject: String,
    /// SHA-256 of the certificate, in hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub fingerprint: String,
    /// When it, or one that vouches for it, expires. Deliveries go on with it, and receivers will refuse them.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// A page of endpoints.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpointList {
    /// Says what kind of object this is.
    #[schema(pattern = "^list$")]
    pub object: String,
    pub data: Vec<WebhookEndpoint>,
    /// True when another page follows.
    pub has_more: bool,
    /// Send it as `cursor` for the next page; null on the last one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The list that this is a page of.
    pub url: String,
}

/// What deleting an endpoint answers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointDeleted {
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_endpoint$")]
    pub object: String,
    pub deleted: bool,
}

/// A test event on its way to one endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointTested {
    #[schema(pattern = "^webhook_test$")]
    pub object: String,
    pub event_id: String,
    pub delivery_id: String,
    pub endpoint_id: String,
    #[serde(rename = "type")]
    pub kind: String,
}
