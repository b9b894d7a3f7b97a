//! One whole example of each type of event: for the document, for the test button of an endpoint.

use domain::event::{Audience, EventType};
use serde_json::{Value, json};

use super::{API_VERSION, extra, operator_sample};
use crate::partner::actions::{Charge, Window};
use crate::samples::{self, AT};

/// The payload of an event of this type, as a receiver would get it.
pub fn sample(kind: EventType) -> Value {
    if let Some(sample) = operator_sample::sample(kind) {
        return sample;
    }
    if kind.audience() == Audience::Mailbox {
        return crate::email::events::sample(kind);
    }
    let (mail_id, action_id) = match kind.category() {
        "customer" => (None, None),
        _ if action_of(kind).is_none() => (Some(samples::MAIL), None),
        _ => (Some(samples::MAIL), Some(samples::ACTION)),
    };
    let mut data = json!({
        "customer_id": samples::CUSTOMER, "external_customer_id": "crm_customer_123",
        "mail_id": mail_id, "action_id": action_id,
        "object": object(kind), "previous_attributes": previous(kind),
    });
    for (name, value) in members(kind) {
        data[name] = value;
    }
    json!({
        "id": samples::EVENT, "object": "event", "type": kind.as_str(), "api_version": API_VERSION,
        "livemode": false, "created_at": AT, "sequence": 17,
        "request": {"id": samples::REQUEST, "idempotency_key": "inbound_mail_789"}, "data": data,
    })
}

/// The kind and status of the action that an event tells of.
const fn action_of(kind: EventType) -> Option<(&'static str, &'static str)> {
    match kind {
        EventType::MailScanRequested => Some(("scan", "requested")),
        EventType::MailScanned => Some(("scan", "completed")),
        EventType::MailForwardRequested => Some(("forward", "requested")),
        EventType::MailForwarded => Some(("forward", "completed")),
        EventType::MailShredRequested => Some(("shred", "scheduled")),
        EventType::MailShredded => Some(("shred", "completed")),
        EventType::MailPickupRequested => Some(("pickup", "requested")),
        EventType::MailPickupScheduled => Some(("pickup", "scheduled")),
        EventType::CustomerCreated
        | EventType::CustomerActivated
        | EventType::CustomerVerified
        | EventType::CustomerForm1583StatusUpdated
        | EventType::MailArrived
        | EventType::PackageArrived
        | EventType::EndpointCreated
        | EventType::EndpointUpdated
        | EventType::EndpointDeleted
        | EventType::EndpointEnabled
        | EventType::EndpointDisabled
        | EventType::EndpointFailing
        | EventType::EndpointDisableWarning
        | EventType::EndpointRecovered
        | EventType::DeliveryExhausted
        | EventType::DeliveryRecovered
        | EventType::RecoveryFinished
        | EventType::BacklogDropped
        | EventType::SecretRotated
        | EventType::CertificateExpiring
        | EventType::QuotaReached
        | EventType::MessageReceived
        | EventType::MessageSent
        | EventType::MessageForwarded
        | EventType::MessageDelivered
        | EventType::MessageBounced
        | EventType::MessageFailed => None,
    }
}

fn object(kind: EventType) -> Value {
    if let Some((kind, status)) = action_of(kind) {
        return samples::action(kind, status);
    }
    match kind {
        EventType::CustomerForm1583StatusUpdated => samples::compliance(),
        EventType::MailArrived | EventType::PackageArrived => samples::mail(),
        _ => samples::customer(kind),
    }
}

fn previous(kind: EventType) -> Value {
    match kind {
        EventType::CustomerActivated => json!({"status": "invited"}),
        EventType::CustomerVerified => json!({"compliance_status": "pending_review"}),
        EventType::CustomerForm1583StatusUpdated => json!({"status": "pending_notary"}),
        _ => Value::Null,
    }
}

fn members(kind: EventType) -> Vec<(&'static str, Value)> {
    let text = |t: &str| t.to_owned();
    let mail = || samples::mail_summary(action_of(kind));
    let window = || Window { start: text(samples::WINDOW.0), end: text(samples::WINDOW.1) };
    let performed_by = Some(text("warehouse_user_42"));
    match kind {
        EventType::CustomerCreated => {
            extra::members(&extra::CustomerCreated { source: text("api") })
        }
        EventType::CustomerActivated => {
            extra::members(&extra::CustomerActivated { activated_via: text("invite") })
        }
        EventType::CustomerVerified => extra::members(&extra::CustomerVerified {
            verified_at: text(AT),
            form_id: text(samples::FORM),
        }),
        EventType::CustomerForm1583StatusUpdated => extra::members(&extra::ComplianceUpdated {
            status: text("pending_review"),
            previous_status: text("pending_notary"),
            reasons: Vec::new(),
        }),
        EventType::MailArrived => extra::members(&extra::MailArrived { performed_by }),
        EventType::PackageArrived => extra::members(&extra::PackageArrived {
            performed_by,
            tracking_number: Some(text("1Z9999999999999999")),
            carrier: Some(text("ups")),
        }),
        EventType::MailScanRequested => extra::members(&extra::ScanRequested { mail: mail() }),
        EventType::MailScanned => {
            extra::members(&extra::Scanned { mail: mail(), pages: 2, document_url: None })
        }
        EventType::MailForwardRequested => extra::members(&extra::ForwardRequested {
            mail: mail(),
            ship_to: extra::ShipTo { city: text("Denver"), state: text("CO"), country: text("US") },
        }),
        EventType::MailForwarded => extra::members(&extra::Forwarded {
            mail: mail(),
            carrier: Some(text("usps")),
            service: Some(text("priority")),
            tracking_number: Some(text(samples::FORWARD_TRACKING)),
            tracking_url: Some(samples::tracking_url()),
            charge: Charge {
                amount_minor: Some(1245),
                currency: text("USD"),
                source: text("prepay"),
            },
        }),
        EventType::MailShredRequested => extra::members(&extra::ShredRequested {
            mail: mail(),
            not_before: Some(text(samples::NEXT_DAY)),
        }),
        EventType::MailShredded => extra::members(&extra::Shredded {
            mail: mail(),
            certificate_id: text(samples::CERTIFICATE),
        }),
        EventType::MailPickupRequested => {
            extra::members(&extra::PickupRequested { mail: mail(), window: Some(window()) })
        }
        EventType::MailPickupScheduled => extra::members(&extra::PickupScheduled {
            mail: mail(),
            window: window(),
            location: extra::PickupLocation { id: text(samples::LOCATION), name: text("Downtown") },
        }),
        // Those of operators have a whole sample of their own. That nothing is missing here, a test shows.
        _ => Vec::new(),
    }
}
