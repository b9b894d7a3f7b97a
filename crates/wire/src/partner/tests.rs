//! What a body's schema promises is what is read: no more, no less.

use std::collections::BTreeSet;

use domain::{Date, Error, ErrorCode, Result, Timestamp};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{actions, customers, mail, mailboxes, test_helpers, webhook_bodies, webhook_keys};
use crate::samples::bodies;

/// Reads a body and drops what it says.
type Read = fn(Value) -> Result<()>;

/// A schema with the function that reads it, and where in the body it stands.
struct Body {
    name: String,
    schema: Value,
    read: Read,
    at: &'static str,
}

fn body<T: ToSchema>(at: &'static str, read: Read) -> Body {
    Body { name: T::name().into_owned(), schema: json!(T::schema()), read, at }
}

fn create_customer(body: Value) -> Result<()> {
    let today = Date::parse("2026-11-20").unwrap();
    customers::CreateCustomer::read(body, today).map(drop)
}

fn create_mail(body: Value) -> Result<()> {
    let now = Timestamp::parse("2026-11-20T16:00:00Z").unwrap();
    mail::CreateMail::read(body, now).map(drop)
}

fn bodies() -> Vec<Body> {
    let forward: Read = |b| actions::ForwardRequest::read(b).map(drop);
    let pickup: Read = |b| actions::PickupRequest::read(b).map(drop);
    let update: Read = |b| customers::UpdateCustomer::read(b).map(drop);
    let deactivate: Read = |b| customers::DeactivateCustomer::read(b).map(drop);
    vec![
        body::<customers::CustomerCreate>("", create_customer),
        body::<customers::MailboxChoiceBody>("mailbox", create_customer),
        body::<customers::RecipientBody>("recipients/0", create_customer),
        body::<mailboxes::AddressBody>("forwarding_address", create_customer),
        body::<customers::CustomerUpdate>("", update),
        body::<customers::MailboxChoiceBody>("mailbox", update),
        body::<mailboxes::AddressBody>("forwarding_address", update),
        body::<customers::CustomerDeactivate>("", deactivate),
        body::<customers::RemailBody>("remail", deactivate),
        body::<mail::MailCreate>("", create_mail),
        body::<mail::PhotoWithKind>("photos/0", create_mail),
        body::<mail::DimensionsBody>("dimensions", create_mail),
        body::<actions::ScanBody>("", |b| actions::ScanRequest::read(b).map(drop)),
        body::<actions::ForwardBody>("", forward),
        body::<mailboxes::AddressBody>("address", forward),
        body::<actions::CustomsBody>("customs", forward),
        body::<actions::CustomsItem>("customs/items/0", forward),
        body::<actions::ShredBody>("", |b| actions::ShredRequest::read(b).map(drop)),
        body::<actions::PickupBody>("", pickup),
        body::<actions::Window>("window", pickup),
        body::<actions::PickupPerson>("pickup_person", pickup),
        body::<webhook_bodies::WebhookEndpointCreate>("", |b| {
            webhook_bodies::CreateEndpoint::read(b).map(drop)
        }),
        body::<webhook_bodies::WebhookEndpointUpdate>("", |b| {
            webhook_bodies::UpdateEndpoint::read(b).map(drop)
        }),
        body::<webhook_keys::WebhookSecretRotate>("", |b| {
            webhook_keys::read_new_secret(b).map(drop)
        }),
        body::<webhook_keys::WebhookSecretSwitch>("", |b| webhook_keys::read_switch(b).map(drop)),
        body::<webhook_keys::WebhookSecretRevoke>("", |b| {
            webhook_keys::RevokeSecret::read(b).map(drop)
        }),
        body::<webhook_bodies::WebhookEndpointTest>("", |b| {
            webhook_bodies::TestEndpoint::read(b).map(drop)
        }),
        body::<test_helpers::TestClockAdvance>("", |b| {
            test_helpers::AdvanceClock::read(b).map(drop)
        }),
        body::<test_helpers::TestComplianceWalk>("", |b| {
            test_helpers::WalkCompliance::read(b).map(drop)
        }),
        body::<test_helpers::TestActionCompletion>("", |b| {
            test_helpers::CompleteAction::read(b).map(drop)
        }),
        body::<test_helpers::TestMailArrival>("", |b| {
            test_helpers::SimulateMail::read(b).map(drop)
        }),
    ]
}

/// A body in which `members` stand at a path such as `customs/items/0`.
fn nested(at: &str, members: Value) -> Value {
    at.rsplit('/').filter(|part| !part.is_empty()).fold(members, |inner, part| match part {
        "0" => json!([inner]),
        name => json!({name: inner}),
    })
}

fn refused(read: Read, body: Value) -> Vec<domain::Field> {
    match read(body) {
        Err(Error::Refused { fields, .. }) => fields,
        other => panic!("a refusal, not {other:?}"),
    }
}

/// A name that is near to none.
const FOREIGN: &str = "zzzzzzzzzzzz";

#[test]
fn a_schema_names_exactly_the_members_that_are_read() {
    for Body { name, schema, read, at } in bodies() {
        let fields = refused(read, nested(at, json!({FOREIGN: 1})));
        let unknown = fields.iter().find(|f| f.param.ends_with(FOREIGN)).unwrap();
        let (_, known) = unknown.message.split_once("there are ").unwrap();
        let known: BTreeSet<&str> = known.split(", ").collect();
        let properties = schema["properties"].as_object().unwrap();
        let named: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(known, named, "{name} at {at:?}");
    }
}

#[test]
fn a_schema_requires_exactly_the_members_without_which_a_body_is_refused() {
    for Body { name, schema, read, at } in bodies() {
        if name == "TestClockAdvance" {
            // Either of two members, which a list of required ones can't say.
            continue;
        }
        // At home an address needs a state and a code; abroad it shows what is always needed.
        let empty = if name == "AddressBody" { json!({"country": "DE"}) } else { json!({}) };
        let fields = match read(nested(at, empty)) {
            Ok(()) => Vec::new(),
            Err(Error::Refused { fields, .. }) => fields,
            Err(other) => panic!("{other}"),
        };
        let below = |param: &str| match at {
            "" => Some(param.to_owned()),
            at => param.strip_prefix(&format!("{at}/")).map(ToOwned::to_owned),
        };
        let missing: BTreeSet<String> = fields.iter().filter_map(|f| below(&f.param)).collect();
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(missing, required, "{name} at {at:?}");
    }
}

#[test]
fn every_member_of_every_schema_has_a_bound_or_a_closed_meaning() {
    let mut unbounded = BTreeSet::new();
    for Body { name, schema, .. } in bodies() {
        for (member, property) in schema["properties"].as_object().unwrap() {
            let is = |word: &str| match &property["type"] {
                Value::String(own) => own == word,
                Value::Array(types) => types.contains(&json!(word)),
                _ => false,
            };
            let has = |names: &[&str]| names.iter().any(|n| property.get(n).is_some());
            let bounded = (is("string") && has(&["maxLength", "format"]))
                || (is("integer") && has(&["minimum"]) && has(&["maximum"]))
                || (is("array") && has(&["maxItems"]))
                || (is("object") && has(&["maxProperties"]))
                || is("boolean")
                || has(&["oneOf", "$ref"]);
            if !bounded {
                unbounded.insert(format!("{name}.{member}: {property}"));
            }
        }
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

/// Holds an example against its schema, and reads it.
#[track_caller]
fn is_read<T: ToSchema>(read: Read, sample: Value) {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    let schemas: Map<String, Value> = found.into_iter().map(|(n, s)| (n, json!(s))).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{}", T::name()), "components": {"schemas": schemas},
    });
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&sample).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "{}: {problems:?}", T::name());
    read(sample).unwrap();
}

#[test]
fn the_examples_of_bodies_hold_against_their_schemas_and_are_read() {
    is_read::<customers::CustomerCreate>(create_customer, bodies::customer_create());
    is_read::<customers::CustomerCreate>(create_customer, bodies::customer_create_full());
    let read: Read = |b| customers::UpdateCustomer::read(b).map(drop);
    is_read::<customers::CustomerUpdate>(read, bodies::customer_update());
    is_read::<customers::CustomerUpdate>(read, json!({}));
    let read: Read = |b| customers::DeactivateCustomer::read(b).map(drop);
    is_read::<customers::CustomerDeactivate>(read, bodies::customer_deactivate());
    is_read::<mail::MailCreate>(create_mail, bodies::mail_create());
    is_read::<mail::MailCreate>(create_mail, bodies::mail_create_full());
    let read: Read = |b| actions::ScanRequest::read(b).map(drop);
    is_read::<actions::ScanBody>(read, bodies::scan_request());
    let read: Read = |b| actions::ForwardRequest::read(b).map(drop);
    is_read::<actions::ForwardBody>(read, bodies::forward_request());
    let read: Read = |b| actions::ShredRequest::read(b).map(drop);
    is_read::<actions::ShredBody>(read, bodies::shred_request());
    let read: Read = |b| actions::PickupRequest::read(b).map(drop);
    is_read::<actions::PickupBody>(read, bodies::pickup_request());
    let read: Read = |b| webhook_bodies::CreateEndpoint::read(b).map(drop);
    is_read::<webhook_bodies::WebhookEndpointCreate>(read, bodies::webhook_endpoint_create());
    let read: Read = |b| webhook_bodies::UpdateEndpoint::read(b).map(drop);
    is_read::<webhook_bodies::WebhookEndpointUpdate>(read, bodies::webhook_endpoint_update());
    let read: Read = |b| webhook_keys::read_new_secret(b).map(drop);
    is_read::<webhook_keys::WebhookSecretRotate>(read, bodies::webhook_secret_rotate());
    let read: Read = |b| webhook_keys::read_switch(b).map(drop);
    is_read::<webhook_keys::WebhookSecretSwitch>(read, bodies::webhook_secret_switch());
    let read: Read = |b| webhook_keys::RevokeSecret::read(b).map(drop);
    is_read::<webhook_keys::WebhookSecretRevoke>(read, bodies::webhook_secret_revoke());
    let read: Read = |b| webhook_bodies::TestEndpoint::read(b).map(drop);
    is_read::<webhook_bodies::WebhookEndpointTest>(read, bodies::webhook_endpoint_test());
    let read: Read = |b| test_helpers::AdvanceClock::read(b).map(drop);
    is_read::<test_helpers::TestClockAdvance>(read, bodies::test_clock_advance());
    let read: Read = |b| test_helpers::WalkCompliance::read(b).map(drop);
    is_read::<test_helpers::TestComplianceWalk>(read, bodies::test_compliance_walk());
    let read: Read = |b| test_helpers::CompleteAction::read(b).map(drop);
    is_read::<test_helpers::TestActionCompletion>(read, bodies::test_action_completion());
    let read: Read = |b| test_helpers::SimulateMail::read(b).map(drop);
    is_read::<test_helpers::TestMailArrival>(read, bodies::test_mail_arrival());
}

#[test]
fn a_body_of_a_post_refuses_what_only_the_house_writes_as_unknown() {
    let fields =
        refused(create_customer, json!({"email": "a@b.co", "name": "A", "status": "active"}));
    assert_eq!(
        (fields[0].param.as_str(), fields[0].code),
        ("status", ErrorCode::UnknownField.as_str())
    );
}
