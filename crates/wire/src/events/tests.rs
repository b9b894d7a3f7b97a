//! Payloads keep their bound and their shape.

use super::*;
use domain::id::KeyId;

fn envelope() -> Envelope {
    Envelope {
        id: EventId([1; 16]),
        kind: EventType::MailArrived,
        livemode: true,
        created_at: Timestamp::from_micros(1_700_000_000_123_456),
        sequence: 17,
        request_id: Some(RequestId([2; 16])),
        idempotency_key: Some("inbound_mail_789".to_owned()),
    }
}

fn subject(object: Value) -> Subject {
    Subject {
        customer_id: CustomerId([3; 16]),
        external_customer_id: Some("crm_customer_123".to_owned()),
        mail_id: Some(MailId([4; 16])),
        action_id: None,
        object,
        extra: extra::members(&extra::MailArrived { performed_by: None }),
        previous: None,
    }
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn an_event_has_the_envelope_of_the_specification() {
    let event = read(&envelope().render(subject(json!({"object": "mail"}))));
    assert_eq!(event["id"], EventId([1; 16]).to_string());
    assert_eq!((&event["object"], &event["type"]), (&json!("event"), &json!("mail.arrived")));
    assert_eq!(event["created_at"], "2023-11-14T22:13:20.123Z");
    assert_eq!(event["request"]["idempotency_key"], "inbound_mail_789");
    assert_eq!(event["data"]["customer_id"], CustomerId([3; 16]).to_string());
    for null in ["action_id", "previous_attributes", "performed_by"] {
        assert_eq!(event["data"].get(null), Some(&Value::Null), "{null}");
    }
    assert_eq!(event["data"].get("truncated"), None);
}

#[test]
fn an_event_of_staff_names_no_request() {
    let staff = Envelope { request_id: None, idempotency_key: None, ..envelope() };
    assert_eq!(read(&staff.render(subject(json!({}))))["request"], Value::Null);
}

#[test]
fn case_44_a_payload_that_is_too_large_loses_its_actions_first() {
    let action = json!({"id": KeyId([5; 16]).to_string(), "notes": "x".repeat(1000)});
    let object = json!({"id": "mail_1", "actions": vec![action; 100], "metadata": {"a": "b"}});
    let bytes = envelope().render(subject(object));
    assert!(bytes.len() <= PAYLOAD_BYTES_MAX);
    let event = read(&bytes);
    assert_eq!(event["data"]["truncated"], true);
    assert_eq!(event["data"]["object"].get("actions"), None);
    assert_eq!(event["data"]["object"]["metadata"]["a"], "b");
}

#[test]
fn case_44_a_payload_of_large_metadata_still_fits() {
    let metadata: Map<String, Value> =
        (0..50).map(|n| (format!("n{n}"), json!("\u{1F4EB}".repeat(500)))).collect();
    let bytes = envelope().render(subject(json!({"id": "mail_1", "metadata": metadata})));
    assert!(bytes.len() <= PAYLOAD_BYTES_MAX);
    let event = read(&bytes);
    assert_eq!(
        (&event["data"]["truncated"], &event["data"]["object"]["metadata"]),
        (&json!(true), &json!({}))
    );
}
