//! How each type of event is described in the OpenAPI document: one named schema a type.
//!
//! The generic `Event` of the event log is in `partner::events`; here its `type` becomes a constant
//! and its `data` the members of the type.

use domain::event::{Audience, EventType};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::operator::{self, EndpointState, OperatorEventData, PartnerState};
use super::{extra, sample};
use crate::email::events::EventMessage;
use crate::partner::actions::MailAction;
use crate::partner::compliance::Compliance;
use crate::partner::customers::Customer;
use crate::partner::events::{Event, EventData};
use crate::partner::mail::Mail;

/// The name of the schema of a type's payload, and one whole example.
pub fn documented(kind: EventType) -> (String, Value) {
    (format!("{}Event", pascal(kind)), sample(kind))
}

/// The operation of a receiver: `receiveMailArrived`.
pub fn operation_id(kind: EventType) -> String {
    format!("receive{}", pascal(kind))
}

/// The schemas of the payloads that partners hear and of everything that they mention, by the name of their
/// component.
pub fn schemas() -> Map<String, Value> {
    schemas_of(Audience::Partner, &json!(<EventData as utoipa::PartialSchema>::schema()))
}

/// The same of the payloads that operators hear, which are no part of the Partner API.
pub fn operator_schemas() -> Map<String, Value> {
    let common = json!(<OperatorEventData as utoipa::PartialSchema>::schema());
    let mut schemas = schemas_of(Audience::Operator, &common);
    schemas.insert("EventData".to_owned(), common);
    schemas
}

/// `common` is what `data` always has.
fn schemas_of(audience: Audience, common: &Value) -> Map<String, Value> {
    let mut found = Vec::new();
    <Event as ToSchema>::schemas(&mut found);
    let mut schemas = Map::new();
    for kind in audience.types() {
        let part = part(*kind);
        found.extend(part.mentioned);
        let name = pascal(*kind);
        schemas.insert(format!("{name}EventData"), data(*kind, common, &part.extra, &part.object));
        schemas.insert(format!("{name}Event"), envelope(*kind, &name));
    }
    for (name, schema) in found {
        schemas.entry(name).or_insert_with(|| json!(schema));
    }
    schemas
}

/// What is particular to a type.
struct Part {
    extra: Value,
    /// The name of the schema of `data.object`.
    object: String,
    mentioned: Vec<(String, RefOr<Schema>)>,
}

fn part(kind: EventType) -> Part {
    match kind {
        EventType::CustomerCreated => of::<extra::CustomerCreated, Customer>(),
        EventType::CustomerActivated => of::<extra::CustomerActivated, Customer>(),
        EventType::CustomerVerified => of::<extra::CustomerVerified, Customer>(),
        EventType::CustomerForm1583StatusUpdated => of::<extra::ComplianceUpdated, Compliance>(),
        EventType::MailArrived => of::<extra::MailArrived, Mail>(),
        EventType::PackageArrived => of::<extra::PackageArrived, Mail>(),
        EventType::MailScanRequested => of::<extra::ScanRequested, MailAction>(),
        EventType::MailScanned => of::<extra::Scanned, MailAction>(),
        EventType::MailForwardRequested => of::<extra::ForwardRequested, MailAction>(),
        EventType::MailForwarded => of::<extra::Forwarded, MailAction>(),
        EventType::MailShredRequested => of::<extra::ShredRequested, MailAction>(),
        EventType::MailShredded => of::<extra::Shredded, MailAction>(),
        EventType::MailPickupRequested => of::<extra::PickupRequested, MailAction>(),
        EventType::MailPickupScheduled => of::<extra::PickupScheduled, MailAction>(),
        EventType::EndpointCreated | EventType::EndpointEnabled | EventType::EndpointDisabled => {
            of::<operator::NothingMore, EndpointState>()
        }
        EventType::EndpointUpdated => of::<operator::EndpointUpdated, EndpointState>(),
        EventType::EndpointDeleted => of::<operator::EndpointDeleted, EndpointState>(),
        EventType::EndpointFailing | EventType::EndpointRecovered => {
            of::<operator::FailureStreak, EndpointState>()
        }
        EventType::EndpointDisableWarning => of::<operator::DisableWarning, EndpointState>(),
        EventType::DeliveryExhausted => of::<operator::DeliveryExhausted, EndpointState>(),
        EventType::DeliveryRecovered => of::<operator::DeliveryRecovered, EndpointState>(),
        EventType::RecoveryFinished => of::<operator::RecoveryFinished, EndpointState>(),
        EventType::BacklogDropped => of::<operator::BacklogDropped, EndpointState>(),
        EventType::SecretRotated => of::<operator::SecretRotated, EndpointState>(),
        EventType::CertificateExpiring => of::<operator::CertificateExpiring, EndpointState>(),
        EventType::QuotaReached => of::<operator::QuotaReached, PartnerState>(),
        // Its envelope is another one, `crate::email::events`; the thing that it tells of is this.
        EventType::MessageReceived
        | EventType::MessageSent
        | EventType::MessageForwarded
        | EventType::MessageDelivered
        | EventType::MessageBounced
        | EventType::MessageFailed => of::<operator::NothingMore, EventMessage>(),
    }
}

fn of<Extra: ToSchema, Object: ToSchema>() -> Part {
    let mut mentioned = vec![(Object::name().into_owned(), Object::schema())];
    Object::schemas(&mut mentioned);
    Extra::schemas(&mut mentioned);
    Part { extra: json!(Extra::schema()), object: Object::name().into_owned(), mentioned }
}

fn envelope(kind: EventType, name: &str) -> Value {
    let mut schema = json!(<Event as utoipa::PartialSchema>::schema());
    schema["description"] = kind.description().into();
    schema["properties"]["type"] = json!({"type": "string", "const": kind.as_str()});
    schema["properties"]["data"] = json!({"$ref": format!("#/components/schemas/{name}EventData")});
    schema
}

/// The common members of `data` and those of the type.
fn data(kind: EventType, common: &Value, extra: &Value, object: &str) -> Value {
    let mut schema = common.clone();
    schema["description"] = format!("What {kind} tells.").into();
    schema["properties"]["object"] = json!({
        "description": "The thing as it was when this happened.",
        "allOf": [{"$ref": format!("#/components/schemas/{object}")}],
    });
    for (name, property) in extra["properties"].as_object().into_iter().flatten() {
        schema["properties"][name] = property.clone();
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.extend(extra["required"].as_array().into_iter().flatten().cloned());
    }
    schema
}

/// `mail.scan_requested` as `MailScanRequested`.
fn pascal(kind: EventType) -> String {
    let word = |w: &str| {
        let (first, rest) = w.split_at(w.len().min(1));
        first.to_uppercase() + rest
    };
    kind.as_str().split(['.', '_']).map(word).collect()
}
