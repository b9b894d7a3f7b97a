//! What callers send to make, change and try endpoints (postal.md 4.9).
//!
//! How an endpoint is shown is in [`super::webhooks`]; the settings that both bodies share are read in
//! [`super::endpoint_settings`].

use std::collections::BTreeMap;

use domain::Result;
use domain::endpoint::{ClientIdentity, Settings, SettingsChange};
use domain::event::{Audience, EventType};
use domain::filter::Filter;
use serde_json::Value;
use utoipa::ToSchema;

use super::webhook_keys::{NUMBER_MAX, SECRET_CHARS};
use super::{endpoint_settings as settings, filter, shapes};
use crate::reader::{Fields, Patch};

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
    /// Types of the catalogue, or categories of them such as `mail.*`; absent, or a single `*`, is all of them.
    #[schema(max_items = 20)]
    event_types: Option<Vec<String>>,
    #[schema(schema_with = shapes::filter)]
    filter: Option<Value>,
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
    /// Whether an answer of 410 switches it off at once; false lets 410 be tried again like any other refusal.
    /// Default true.
    disable_on_gone: Option<bool>,
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
    pub filter: Option<Filter>,
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
            filter: f.opt_value("filter").and_then(|value| read_filter(&mut f, &value)),
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
            let mut found = word.map(EventType::named).unwrap_or_default();
            found.retain(|kind| kind.audience() == Audience::Partner);
            if found.is_empty() {
                let rule = "there is no such event type; GET /webhook-events lists them";
                f.problem(at, "invalid", rule);
            }
            Some(Some(found))
        }
    })?;
    if list.contains(&None) {
        return Some(Vec::new());
    }
    Some(list.into_iter().flatten().flatten().collect())
}

fn read_filter(f: &mut Fields, value: &Value) -> Option<Filter> {
    match filter::read("filter", value) {
        Ok(read) => Some(read),
        Err(problems) => {
            for p in problems {
                f.problem(&p.param, p.code, p.message);
            }
            None
        }
    }
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
    /// Types of the catalogue, or categories of them such as `mail.*`; a single `*` is all of them.
    #[schema(max_items = 20)]
    event_types: Option<Vec<String>>,
    #[schema(schema_with = shapes::filter)]
    filter: Option<Value>,
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
    /// Whether an answer of 410 switches it off at once; false lets 410 be tried again like any other refusal.
    /// Default true.
    disable_on_gone: Option<bool>,
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
    pub filter: Patch<Filter>,
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
            filter: f.patch("filter", |f, value| read_filter(f, &value)),
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

/// Which sample to send, and what signs it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents what TestEndpoint::read takes")]
pub struct WebhookEndpointTest {
    /// A type of the catalogue; default mail.arrived.
    #[serde(rename = "type")]
    #[schema(max_length = 40, examples("mail.arrived"))]
    kind: Option<String>,
    /// The number of the one key that signs it, such as the `next` one of a rotation; absent, all of them sign.
    #[schema(minimum = 1, maximum = 1_000_000, examples(2))]
    key: Option<i64>,
}

/// A read [`WebhookEndpointTest`].
#[derive(Clone, Copy)]
pub struct TestEndpoint {
    pub kind: EventType,
    pub key: Option<i64>,
}

impl TestEndpoint {
    pub fn read(body: Value) -> Result<Self> {
        let mut f = Fields::new(body)?;
        let types = "an event type of GET /webhook-events";
        let kind = f.opt_parsed("type", EventType::parse_for_partner, types);
        let key = f.opt_integer("key", 1..=NUMBER_MAX);
        f.finish()?;
        Ok(Self { kind: kind.unwrap_or(EventType::MailArrived), key })
    }
}
