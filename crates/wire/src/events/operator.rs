//! What an operator hears about the webhooks of its partners (webhooks.md 5.16), for each type of event.
//!
//! The envelope is that of all events; `data` names the partner and shows the endpoint as it is now. One
//! whole example of each type is in `operator_sample`. Who tells of what is `app::notices`.

use domain::event::EventType;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Envelope;

/// Whose endpoint it is about. Some types have further members, described with each type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OperatorEventData {
    /// Whose endpoint it is.
    #[schema(examples("ptn_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub partner_id: String,
    /// The partner's short name, which commands take.
    #[schema(examples("acme"))]
    pub partner_slug: String,
    /// The endpoint it is about; null where it is about the partner.
    #[schema(required = true, examples("whe_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub endpoint_id: Option<String>,
    /// The endpoint as it was then, or the partner.
    #[schema(value_type = Object)]
    pub object: Value,
}

/// A partner's endpoint. Filter, settings, headers and secrets are the partner's business.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndpointState {
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^webhook_endpoint$")]
    pub object: String,
    /// False in the test world.
    pub livemode: bool,
    /// Where it is.
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
    /// When it was made; UTC, to the millisecond.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A partner, where a whole partner is meant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartnerState {
    pub id: String,
    /// Says what kind of object this is.
    #[schema(pattern = "^partner$")]
    pub object: String,
    /// The short name, which commands take.
    pub slug: String,
    pub name: String,
    /// sandbox, live, suspended or closed.
    pub status: String,
}

/// Of types that say everything with the endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NothingMore {}

/// Of `endpoint.updated`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndpointUpdated {
    /// What changed: url, description, event_types, filter, settings, headers. New ones may be added.
    pub changed: Vec<String>,
}

/// Of `endpoint.deleted`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EndpointDeleted {
    /// Deliveries that it was still owed.
    pub cancelled: i64,
}

/// Of `endpoint.failing` and `endpoint.recovered`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FailureStreak {
    /// When the first attempt of the streak failed.
    #[schema(format = DateTime)]
    pub failing_since: String,
    /// Attempts that failed in it.
    pub failures: i64,
}

/// Of `endpoint.disable_warning`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisableWarning {
    /// When the first attempt of the streak failed.
    #[schema(format = DateTime)]
    pub failing_since: String,
    /// Attempts that failed in it.
    pub failures: i64,
    /// The earliest moment at which the endpoint is switched off.
    #[schema(format = DateTime)]
    pub disabled_from: String,
}

/// Of `delivery.exhausted`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryExhausted {
    /// It can be retried or recovered for as long as it is kept.
    #[schema(examples("whd_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub delivery_id: String,
    /// What it carries.
    #[schema(examples("evt_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub event_id: String,
    /// What that event says happened.
    #[schema(examples("mail.arrived"))]
    pub event_type: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What came back last; null when there was no answer.
    #[schema(required = true)]
    pub status_code: Option<i64>,
    /// Why there was no answer; null when there was one.
    #[schema(required = true)]
    pub error: Option<String>,
}

/// Of `delivery.recovered`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryRecovered {
    #[schema(examples("whd_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub delivery_id: String,
    /// What it carries.
    #[schema(examples("evt_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub event_id: String,
    /// What that event says happened.
    #[schema(examples("mail.arrived"))]
    pub event_type: String,
    /// How often it was tried.
    pub attempts: i64,
}

/// Of `recovery.finished`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecoveryFinished {
    #[schema(examples("rcv_01kb3v7m2zq8e4x5n6p7r8s9ta"))]
    pub recovery_id: String,
    /// finished, or cancelled.
    #[schema(examples("finished"))]
    pub recovery_status: String,
    /// Deliveries that were found when it was asked for.
    pub matched: i64,
    /// Deliveries that are owed again.
    pub moved: i64,
}

/// Of `backlog.dropped`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BacklogDropped {
    /// Deliveries that were given up; a recovery brings them back while they are kept.
    pub dropped: i64,
    /// Why: held too long, too many, or not wanted when the endpoint was resumed.
    pub reason: String,
}

/// Of `secret.rotated`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecretRotated {
    /// drawn: there is a new secret; switched: it signs first from now on; revoked:
    /// one or all ended at once. New ones may be added.
    #[schema(examples("drawn"))]
    pub step: String,
}

/// Of `certificate.expiring`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CertificateExpiring {
    /// Whom the certificate names.
    #[schema(examples("CN=acme-hooks"))]
    pub certificate_subject: String,
    /// Its SHA-256 in hexadecimal, as the endpoint shows it.
    pub certificate_fingerprint: String,
    /// When it ends; receivers that demand one refuse it from then on.
    #[schema(format = DateTime)]
    pub certificate_expires_at: String,
}

/// Of `quota.reached`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotaReached {
    /// 80: most of it; 100: all of it, and optional events are no longer sent.
    pub percent: i64,
    /// Bytes of payloads that are stored.
    pub stored_bytes: i64,
    /// Bytes of payloads that may be.
    pub quota_bytes: i64,
}

/// What there is to tell an operator.
#[derive(Clone, Debug)]
pub enum Notice {
    EndpointCreated,
    EndpointUpdated(EndpointUpdated),
    EndpointDeleted(EndpointDeleted),
    EndpointEnabled,
    EndpointDisabled,
    EndpointFailing(FailureStreak),
    EndpointDisableWarning(DisableWarning),
    EndpointRecovered(FailureStreak),
    DeliveryExhausted(DeliveryExhausted),
    DeliveryRecovered(DeliveryRecovered),
    RecoveryFinished(RecoveryFinished),
    BacklogDropped(BacklogDropped),
    SecretRotated(SecretRotated),
    CertificateExpiring(CertificateExpiring),
    QuotaReached(QuotaReached),
}

impl Notice {
    pub const fn kind(&self) -> EventType {
        match self {
            Self::EndpointCreated => EventType::EndpointCreated,
            Self::EndpointUpdated(_) => EventType::EndpointUpdated,
            Self::EndpointDeleted(_) => EventType::EndpointDeleted,
            Self::EndpointEnabled => EventType::EndpointEnabled,
            Self::EndpointDisabled => EventType::EndpointDisabled,
            Self::EndpointFailing(_) => EventType::EndpointFailing,
            Self::EndpointDisableWarning(_) => EventType::EndpointDisableWarning,
            Self::EndpointRecovered(_) => EventType::EndpointRecovered,
            Self::DeliveryExhausted(_) => EventType::DeliveryExhausted,
            Self::DeliveryRecovered(_) => EventType::DeliveryRecovered,
            Self::RecoveryFinished(_) => EventType::RecoveryFinished,
            Self::BacklogDropped(_) => EventType::BacklogDropped,
            Self::SecretRotated(_) => EventType::SecretRotated,
            Self::CertificateExpiring(_) => EventType::CertificateExpiring,
            Self::QuotaReached(_) => EventType::QuotaReached,
        }
    }

    /// The members of `data` that only its type has.
    pub(super) fn extra(&self) -> Value {
        match self {
            Self::EndpointCreated | Self::EndpointEnabled | Self::EndpointDisabled => json!({}),
            Self::EndpointUpdated(extra) => json!(extra),
            Self::EndpointDeleted(extra) => json!(extra),
            Self::EndpointFailing(extra) | Self::EndpointRecovered(extra) => json!(extra),
            Self::EndpointDisableWarning(extra) => json!(extra),
            Self::DeliveryExhausted(extra) => json!(extra),
            Self::DeliveryRecovered(extra) => json!(extra),
            Self::RecoveryFinished(extra) => json!(extra),
            Self::BacklogDropped(extra) => json!(extra),
            Self::SecretRotated(extra) => json!(extra),
            Self::CertificateExpiring(extra) => json!(extra),
            Self::QuotaReached(extra) => json!(extra),
        }
    }
}

/// What a notice is about.
#[derive(Clone, Debug)]
pub struct About {
    pub partner_id: String,
    pub partner_slug: String,
    pub thing: Thing,
}

/// What the notice shows.
#[derive(Clone, Debug)]
pub enum Thing {
    Endpoint(EndpointState),
    Partner(PartnerState),
}

impl Envelope {
    /// The body that every delivery of a notice sends. Every member is bounded, and so is the whole.
    pub fn render_notice(self, about: About, notice: &Notice) -> Vec<u8> {
        let data = data(about, notice.extra());
        self.around(&data).to_string().into_bytes()
    }
}

pub(super) fn data(about: About, extra: Value) -> Value {
    let About { partner_id, partner_slug, thing } = about;
    let (endpoint_id, object) = match thing {
        Thing::Endpoint(endpoint) => (Some(endpoint.id.clone()), json!(endpoint)),
        Thing::Partner(partner) => (None, json!(partner)),
    };
    let mut data = json!(OperatorEventData { partner_id, partner_slug, endpoint_id, object });
    if let (Value::Object(data), Value::Object(extra)) = (&mut data, extra) {
        data.extend(extra);
    }
    data
}
