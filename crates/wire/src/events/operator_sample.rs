//! One whole example of each type of event that an operator hears: an endpoint of Acme that fails.

use domain::event::EventType;
use serde_json::{Value, json};

use super::operator::{
    About, BacklogDropped, CertificateExpiring, DeliveryExhausted, DeliveryRecovered,
    DisableWarning, EndpointDeleted, EndpointState, EndpointUpdated, FailureStreak, Notice,
    PartnerState, QuotaReached, RecoveryFinished, SecretRotated, Thing, data,
};
use crate::samples::{self, AT};

/// The example; `None` for a type that partners hear.
pub(super) fn sample(kind: EventType) -> Option<Value> {
    Some(json!({
        "id": samples::EVENT, "object": "event", "type": kind.as_str(), "api_version": super::API_VERSION,
        "livemode": false, "created_at": AT, "sequence": 0,
        "request": {"id": samples::REQUEST, "idempotency_key": "crm_endpoint_create"},
        "data": data(about(kind), notice(kind)?.extra()),
    }))
}

fn about(kind: EventType) -> About {
    let (status, disabled_reason) = match kind {
        EventType::EndpointDisabled | EventType::BacklogDropped => {
            ("disabled_failing", Some("24 attempts failed since 2026-11-17T15:04:05.123Z"))
        }
        _ => ("enabled", None),
    };
    let (partner_id, partner_slug) = (samples::PARTNER.to_owned(), "acme".to_owned());
    if kind == EventType::QuotaReached {
        let thing = Thing::Partner(PartnerState {
            id: partner_id.clone(),
            object: "partner".to_owned(),
            slug: partner_slug.clone(),
            name: "Acme Mail".to_owned(),
            status: "live".to_owned(),
        });
        return About { partner_id, partner_slug, thing };
    }
    About {
        partner_id,
        partner_slug,
        thing: Thing::Endpoint(EndpointState {
            id: samples::ENDPOINT.to_owned(),
            object: "webhook_endpoint".to_owned(),
            livemode: false,
            url: "https://crm.example.com/hooks/postroom".to_owned(),
            description: None,
            event_types: vec!["*".to_owned()],
            status: status.to_owned(),
            disabled_reason: disabled_reason.map(ToOwned::to_owned),
            created_at: AT.to_owned(),
            updated_at: AT.to_owned(),
        }),
    }
}

fn notice(kind: EventType) -> Option<Notice> {
    let text = |t: &str| t.to_owned();
    let streak = || FailureStreak { failing_since: text(AT), failures: 10 };
    Some(match kind {
        EventType::EndpointCreated => Notice::EndpointCreated,
        EventType::EndpointUpdated => {
            Notice::EndpointUpdated(EndpointUpdated { changed: vec![text("url")] })
        }
        EventType::EndpointDeleted => Notice::EndpointDeleted(EndpointDeleted { cancelled: 3 }),
        EventType::EndpointEnabled => Notice::EndpointEnabled,
        EventType::EndpointDisabled => Notice::EndpointDisabled,
        EventType::EndpointFailing => Notice::EndpointFailing(streak()),
        EventType::EndpointDisableWarning => Notice::EndpointDisableWarning(DisableWarning {
            failing_since: text(AT),
            failures: 19,
            disabled_from: text("2026-11-23T15:04:05.123Z"),
        }),
        EventType::EndpointRecovered => Notice::EndpointRecovered(streak()),
        EventType::DeliveryExhausted => Notice::DeliveryExhausted(exhausted()),
        EventType::DeliveryRecovered => Notice::DeliveryRecovered(recovered()),
        EventType::RecoveryFinished => Notice::RecoveryFinished(RecoveryFinished {
            recovery_id: text("rcv_01kb3v7m2zq8e4x5n6p7r8s9ta"),
            recovery_status: text("finished"),
            matched: 1280,
            moved: 1277,
        }),
        EventType::BacklogDropped => Notice::BacklogDropped(BacklogDropped {
            dropped: 214,
            reason: text("held for 7 days for an endpoint that took nothing"),
        }),
        EventType::SecretRotated => Notice::SecretRotated(SecretRotated { step: text("drawn") }),
        EventType::CertificateExpiring => Notice::CertificateExpiring(CertificateExpiring {
            certificate_subject: text("CN=acme-hooks"),
            certificate_fingerprint: "5e".repeat(32),
            certificate_expires_at: text("2026-12-04T15:04:05.000Z"),
        }),
        EventType::QuotaReached => Notice::QuotaReached(QuotaReached {
            percent: 80,
            stored_bytes: 858_993_459,
            quota_bytes: 1_073_741_824,
        }),
        EventType::MessageReceived
        | EventType::MessageSent
        | EventType::MessageForwarded
        | EventType::MessageDelivered
        | EventType::MessageBounced
        | EventType::MessageFailed
        | EventType::CustomerCreated
        | EventType::CustomerActivated
        | EventType::CustomerVerified
        | EventType::CustomerForm1583StatusUpdated
        | EventType::MailArrived
        | EventType::PackageArrived
        | EventType::MailScanRequested
        | EventType::MailScanned
        | EventType::MailForwardRequested
        | EventType::MailForwarded
        | EventType::MailShredRequested
        | EventType::MailShredded
        | EventType::MailPickupRequested
        | EventType::MailPickupScheduled => return None,
    })
}

fn exhausted() -> DeliveryExhausted {
    DeliveryExhausted {
        delivery_id: samples::DELIVERY.to_owned(),
        event_id: samples::EVENT.to_owned(),
        event_type: "mail.arrived".to_owned(),
        attempts: 12,
        status_code: Some(500),
        error: None,
    }
}

fn recovered() -> DeliveryRecovered {
    DeliveryRecovered {
        delivery_id: samples::DELIVERY.to_owned(),
        event_id: samples::EVENT.to_owned(),
        event_type: "mail.arrived".to_owned(),
        attempts: 13,
    }
}
