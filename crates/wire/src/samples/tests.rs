//! Every example holds against the schema of its object, and says all of it.

use std::collections::BTreeSet;

use domain::event::Audience;
use jsonschema::Validator;
use serde_json::Map;
use utoipa::ToSchema;

use super::*;
use crate::events;
use crate::partner::actions::{ForwardBody, MailAction, PickupBody, ScanBody, ShredBody};
use crate::partner::compliance::Compliance;
use crate::partner::customers::{
    Customer, CustomerCreate, CustomerDeactivate, CustomerList, CustomerUpdate,
};
use crate::partner::errors::{ErrorBody, Problem};
use crate::partner::mail::{Mail, MailCreate, MailDeleted, MailList};
use crate::partner::mailboxes::Mailbox;
use crate::partner::me::Me;
use crate::partner::recoveries::WebhookRecovery;
use crate::partner::redelivery::{EventReplay, WebhookDeliveryRetry, WebhookEndpointHold};
use crate::partner::usage::BillingUsage;
use crate::partner::webhook_bodies::{WebhookEndpointCreate, WebhookEndpointUpdate};
use crate::partner::webhook_deliveries::WebhookDelivery;
use crate::partner::webhook_keys::WebhookPublicKeys;
use crate::partner::webhooks::{WebhookEndpoint, WebhookEndpointDeleted, WebhookEventType};

/// The schemas of a type and of everything that it mentions, by name.
fn schemas_of<T: ToSchema>() -> Map<String, Value> {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    found.into_iter().map(|(name, schema)| (name, json!(schema))).collect()
}

fn validator(name: &str, schemas: &Map<String, Value>) -> Validator {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"), "components": {"schemas": schemas},
    });
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[track_caller]
fn holds(name: &str, schemas: &Map<String, Value>, sample: &Value) {
    let validator = validator(name, schemas);
    let problems: Vec<String> =
        validator.iter_errors(sample).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(problems.is_empty(), "{name}: {problems:#?}");
}

/// Holds a sample against its schema; its members are all that the schema names.
#[track_caller]
fn is_whole<T: ToSchema>(sample: &Value) {
    let (name, schemas) = (T::name(), schemas_of::<T>());
    holds(&name, &schemas, sample);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(sample), names(&schemas[&*name]["properties"]), "{name}");
}

#[test]
fn samples_say_all_that_their_schemas_name() {
    is_whole::<Customer>(&customer(EventType::CustomerCreated));
    is_whole::<Customer>(&customer(EventType::CustomerVerified));
    is_whole::<Mailbox>(&mailbox(true));
    is_whole::<Compliance>(&compliance());
    is_whole::<Mail>(&mail());
    is_whole::<MailDeleted>(&mail_deleted());
    for kind in ["scan", "forward", "shred", "pickup"] {
        for status in ["requested", "scheduled", "completed"] {
            is_whole::<MailAction>(&action(kind, status));
        }
    }
    is_whole::<WebhookEventType>(&webhook_event_type());
    is_whole::<WebhookEndpoint>(&webhook_endpoint(None));
    is_whole::<WebhookEndpoint>(&webhook_endpoint(Some("whsec_c2FtcGxl")));
    is_whole::<WebhookPublicKeys>(&webhook_public_keys());
    is_whole::<WebhookEndpointDeleted>(&webhook_endpoint_deleted());
    is_whole::<WebhookDelivery>(&webhook_delivery());
    is_whole::<WebhookDeliveryRetry>(&webhook_delivery_retry());
    is_whole::<EventReplay>(&event_replay());
    is_whole::<WebhookRecovery>(&webhook_recovery());
    is_whole::<WebhookEndpointHold>(&webhook_endpoint_hold());
    is_whole::<BillingUsage>(&billing_usage());
    is_whole::<Me>(&me());
    is_whole::<CustomerList>(&list("/api/v1/customers", &customer(EventType::CustomerCreated)));
    is_whole::<MailList>(&list("/api/v1/customers/cus_1/mail", &mail()));
}

#[test]
fn every_event_type_has_a_sample_that_holds_against_its_own_schema() {
    for (kinds, schemas) in [
        (Audience::Partner.types(), events::schemas()),
        (Audience::Operator.types(), events::operator_schemas()),
    ] {
        hold_against_their_own(kinds, &schemas);
    }
}

fn hold_against_their_own(kinds: &[EventType], schemas: &Map<String, Value>) {
    for kind in kinds {
        let (name, sample) = events::documented(*kind);
        holds(&name, schemas, &sample);
        let data = &schemas[&format!("{name}Data")];
        for (member, _) in sample["data"].as_object().unwrap() {
            assert!(data["properties"].get(member).is_some(), "{kind}: {member}");
        }
        for required in data["required"].as_array().unwrap() {
            assert!(sample["data"].get(required.as_str().unwrap()).is_some(), "{kind}: {required}");
        }
        let other = kinds.iter().find(|other| *other != kind).unwrap();
        let (other, _) = events::documented(*other);
        assert!(!validator(&other, schemas).is_valid(&sample), "{kind} passes for {other}");
    }
}

/// Rule 51: a boolean or a list is never null, and what may be absent is never null as well.
#[test]
fn no_answer_has_a_boolean_or_a_list_that_may_be_null() {
    let mut schemas = events::schemas();
    for more in [schemas_of::<BillingUsage>(), schemas_of::<Me>(), schemas_of::<WebhookDelivery>()]
    {
        schemas.extend(more);
    }
    for (name, schema) in &schemas {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            let types: Vec<&str> = property["type"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let nullable = types.contains(&"null");
            assert!(!(nullable && types.contains(&"boolean")), "{name}.{member}");
            assert!(!(nullable && types.contains(&"array")), "{name}.{member}");
            assert!(
                !nullable || required.contains(&json!(member)),
                "{name}.{member} is not required"
            );
        }
    }
}

/// Rule 16 of developer-experience 2.2: nothing is left to be guessed from its name.
#[test]
fn every_object_and_every_member_is_described() {
    let mut schemas = events::schemas();
    for more in [
        schemas_of::<BillingUsage>(),
        schemas_of::<Me>(),
        schemas_of::<WebhookDelivery>(),
        schemas_of::<WebhookEndpoint>(),
        schemas_of::<CustomerList>(),
        schemas_of::<MailList>(),
        schemas_of::<CustomerCreate>(),
        schemas_of::<CustomerUpdate>(),
        schemas_of::<CustomerDeactivate>(),
        schemas_of::<MailCreate>(),
        schemas_of::<ScanBody>(),
        schemas_of::<ForwardBody>(),
        schemas_of::<ShredBody>(),
        schemas_of::<PickupBody>(),
        schemas_of::<WebhookEndpointCreate>(),
        schemas_of::<WebhookEndpointUpdate>(),
        schemas_of::<ErrorBody>(),
        schemas_of::<Problem>(),
    ] {
        schemas.extend(more);
    }
    let described = |value: &Value| value["description"].as_str().is_some_and(|t| !t.is_empty());
    let mut bare = BTreeSet::new();
    for (name, schema) in &schemas {
        if !described(schema) {
            bare.insert(name.clone());
        }
        // The members of an event are described once, in the general one.
        for (member, property) in schema["properties"].as_object().into_iter().flatten() {
            let refers = property.get("$ref").is_some() || name.ends_with("Event");
            let of_some = property["oneOf"].as_array().is_some_and(|any| any.iter().any(described));
            if !refers && !of_some && !described(property) {
                bare.insert(format!("{name}.{member}"));
            }
        }
    }
    assert!(bare.is_empty(), "{bare:#?}");
}
