//! Event types, endpoints and the log of deliveries on the wire (postal.md 4.9).

use std::collections::BTreeMap;

use domain::Result;
use domain::endpoint::{ClientIdentity, Settings, SettingsChange};
use domain::event::EventType;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::webhook_keys::{SECRET_CHARS, WebhookKey};
use super::{endpoint_settings as settings, shapes};
use crate::reader::{Fields, Patch};

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

/// A new receiver of events.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what CreateEndpoint::read takes")]
pub struct WebhookEndpointCreate {
    /// https, on a public address.
    #[schema(max_length = 2048, examples("https://crm.example.com/hooks/postroom"))]
    url: String,
    /// The partner's own note.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Types of the catalogue; absent, or a single `*`, is all of them.
    #[schema(max_items = 20)]
    event_types: Option<Vec<String>>,
    /// Requests a second at most; null is as fast as it answers.
    #[schema(minimum = 1, maximum = 10_000)]
    rate_per_second: Option<i64>,
    /// Requests that may go out at once after a quiet time; null is one second's worth.
    #[schema(minimum = 1, maximum = 100_000)]
    burst: Option<i64>,
    /// Requests under way at a time; null lets its answers decide.
    #[schema(minimum = 1, maximum = 32)]
    max_in_flight: Option<i64>,
    /// none, key (events of one customer follow one another) or strict (all do).
    #[schema(max_length = 40, examples("key"))]
    order: Option<String>,
    /// From looking up the name to the last byte of the answer; default 15000.
    #[schema(minimum = 3_000, maximum = 30_000)]
    timeout_ms: Option<i64>,
    /// Seconds before each try after the first, a week at most each; null is the default schedule.
    #[schema(min_items = 1, max_items = 20, examples(json!([10, 60, 3600])))]
    retry_schedule: Option<Vec<i64>>,
    /// What of the secret is the key of the v1= signature: decoded, ascii, ascii_with_prefix or raw;
    /// default ascii_with_prefix.
    #[schema(max_length = 40, examples("ascii_with_prefix"))]
    key_mode: Option<String>,
    /// What of the secret is the key of the Standard Webhooks signature; default decoded.
    #[schema(max_length = 40, examples("decoded"))]
    standard_key_mode: Option<String>,
    /// Whether webhook-signature has a v1a, signature of Ed25519 behind the v1, one; default false.
    ed25519: Option<bool>,
    /// A secret that the receiver already verifies with; absent, one is drawn. It must give a key of
    /// 24 bytes or more in both key modes.
    #[schema(min_length = 24, max_length = 128)]
    secret: Option<String>,
    /// In an order: tries after which a delivery is given up so that those behind it go on; null is all of the
    /// schedule.
    #[schema(minimum = 1, maximum = 20)]
    park_after: Option<i64>,
    /// Switched off because it failed, it is asked once an hour, and taken back after three answers; default
    /// false.
    self_heal: Option<bool>,
    /// Headers that each request carries, such as Authorization; their values are not shown again.
    #[schema(schema_with = shapes::headers)]
    headers: Option<BTreeMap<String, String>>,
    /// What is shown to a receiver that asks for a certificate; neither is shown again.
    client_certificate: Option<WebhookClientCertificateInput>,
}

/// A client certificate and its private key.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what endpoint_settings::certificate takes")]
pub struct WebhookClientCertificateInput {
    /// PEM: the certificate, then those that vouch for it, at most 8.
    #[schema(min_length = 1, max_length = 16_384, examples("-----BEGIN CERTIFICATE-----\nMIIB…"))]
    certificate: String,
    /// PEM, without a passphrase: RSA of at least 2048 bits, P-256, P-384 or Ed25519.
    #[schema(min_length = 1, max_length = 8_192, examples("-----BEGIN PRIVATE KEY-----\nMIGH…"))]
    private_key: String,
}

/// A read [`WebhookEndpointCreate`]. The URL and the secret were not judged yet.
#[derive(Clone)]
pub struct CreateEndpoint {
    pub url: String,
    pub description: Option<String>,
    /// Empty is all of them.
    pub event_types: Vec<EventType>,
    pub settings: Settings,
    pub headers: Vec<(String, String)>,
    pub secret: Option<String>,
    pub certificate: Option<ClientIdentity>,
}

const TYPES_MAX: usize = 20;

impl CreateEndpoint {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let read = Self {
            url: f.text("url", 1..=2048),
            description: f.opt_text("description", 0..=200),
            event_types: event_types(&mut f).unwrap_or_default(),
            settings: settings::read(&mut f),
            headers: settings::headers(&mut f),
            secret: f.opt_text("secret", SECRET_CHARS),
            certificate: settings::certificate(&mut f),
        };
        f.finish()?;
        Ok(read)
    }
}

/// Absent is `None`; `["*"]` is the empty list, which means all.
pub(super) fn event_types(f: &mut Fields) -> Option<Vec<EventType>> {
    let list = f.opt_list("event_types", TYPES_MAX, |f, at, item| match item.as_str() {
        Some("*") => Some(None),
        word => {
            let found = word.and_then(EventType::parse_for_partner);
            if found.is_none() {
                let rule = "there is no such event type; GET /webhook-events lists them";
                f.problem(at, "invalid", rule);
            }
            found.map(Some)
        }
    })?;
    if list.contains(&None) { Some(Vec::new()) } else { Some(list.into_iter().flatten().collect()) }
}

/// Changes of an endpoint. Absent leaves a field as it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what UpdateEndpoint::read takes")]
pub struct WebhookEndpointUpdate {
    /// https, on a public address.
    #[schema(max_length = 2048)]
    url: Option<String>,
    /// The partner's own note; null takes it away.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Types of the catalogue; a single `*` is all of them.
    #[schema(max_items = 20)]
    event_types: Option<Vec<String>>,
    /// enabled or disabled.
    #[schema(max_length = 40, examples("disabled"))]
    status: Option<String>,
    /// Requests a second at most; null is as fast as it answers.
    #[schema(minimum = 1, maximum = 10_000)]
    rate_per_second: Option<i64>,
    /// Requests that may go out at once after a quiet time; null is one second's worth.
    #[schema(minimum = 1, maximum = 100_000)]
    burst: Option<i64>,
    /// Requests under way at a time; null lets its answers decide.
    #[schema(minimum = 1, maximum = 32)]
    max_in_flight: Option<i64>,
    /// none, key (events of one customer follow one another) or strict (all do).
    #[schema(max_length = 40, examples("key"))]
    order: Option<String>,
    /// From looking up the name to the last byte of the answer; default 15000.
    #[schema(minimum = 3_000, maximum = 30_000)]
    timeout_ms: Option<i64>,
    /// Seconds before each try after the first, a week at most each; null is the default schedule.
    #[schema(min_items = 1, max_items = 20, examples(json!([10, 60, 3600])))]
    retry_schedule: Option<Vec<i64>>,
    /// What of the secret is the key of the v1= signature: decoded, ascii, ascii_with_prefix or raw;
    /// default ascii_with_prefix.
    #[schema(max_length = 40, examples("ascii_with_prefix"))]
    key_mode: Option<String>,
    /// What of the secret is the key of the Standard Webhooks signature; default decoded.
    #[schema(max_length = 40, examples("decoded"))]
    standard_key_mode: Option<String>,
    /// Whether webhook-signature has a v1a, signature of Ed25519 behind the v1, one; default false.
    ed25519: Option<bool>,
    /// In an order: tries after which a delivery is given up so that those behind it go on; null is all of the
    /// schedule.
    #[schema(minimum = 1, maximum = 20)]
    park_after: Option<i64>,
    /// Switched off because it failed, it is asked once an hour, and taken back after three answers; default
    /// false.
    self_heal: Option<bool>,
    /// All headers that each request carries from now on; null takes them away.
    #[schema(schema_with = shapes::headers)]
    headers: Option<BTreeMap<String, String>>,
    /// What is shown to a receiver that asks for a certificate; null takes it away.
    client_certificate: Option<WebhookClientCertificateInput>,
}

/// A read [`WebhookEndpointUpdate`].
#[derive(Clone, Debug, Default)]
pub struct UpdateEndpoint {
    pub url: Option<String>,
    pub description: Patch<String>,
    pub event_types: Option<Vec<EventType>>,
    pub enabled: Option<bool>,
    pub settings: SettingsChange,
    pub headers: Option<Vec<(String, String)>>,
    pub certificate: Patch<ClientIdentity>,
}

impl UpdateEndpoint {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let enabled = |text: &str| match text {
            "enabled" => Some(true),
            "disabled" => Some(false),
            _ => None,
        };
        let read = Self {
            url: f.opt_text("url", 1..=2048),
            description: f.patch_text("description", 0..=200),
            event_types: event_types(&mut f),
            enabled: f.opt_parsed("status", enabled, "enabled or disabled"),
            settings: settings::read_change(&mut f),
            headers: settings::changed_headers(&mut f),
            certificate: settings::changed_certificate(&mut f),
        };
        f.not_writable(&["id", "object", "livemode", "secret", "keys", "created_at", "updated_at"]);
        f.finish()?;
        Ok(read)
    }
}

/// Which sample to send.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what read_test_type takes")]
pub struct WebhookEndpointTest {
    /// A type of the catalogue; default mail.arrived.
    #[serde(rename = "type")]
    #[schema(max_length = 40, examples("mail.arrived"))]
    kind: Option<String>,
}

/// Reads a [`WebhookEndpointTest`].
pub fn read_test_type(body: Value) -> Result<EventType> {
    let mut f = Fields::new(body)?;
    let kind =
        f.opt_parsed("type", EventType::parse_for_partner, "an event type of GET /webhook-events");
    f.finish()?;
    Ok(kind.unwrap_or(EventType::MailArrived))
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
