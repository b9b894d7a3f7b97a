//! Which headers an attempt carries, and which settings are refused.

use domain::endpoint::KeyModes;

use super::*;
use crate::signature::{Key, Secret};
use crate::verify::{verify, verify_as_seed};

#[test]
fn an_attempt_carries_both_signature_families_over_the_same_bytes() {
    let secret = Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let key = Key::new(&secret, KeyModes::default()).unwrap();
    let at = Timestamp::from_micros(1_767_225_600_999_999);
    let attempt = Attempt {
        event_id: EventId([1; 16]),
        event_type: EventType::MailArrived,
        delivery_id: DeliveryId([2; 16]),
        number: 3,
        at,
        keys: &Keyring::new(key),
        custom: &CustomHeaders::default(),
        body: b"{}",
        is_replay: false,
        original_id: None,
        trace: None,
    };
    let headers =
        Headers::new(DEFAULT_PREFIX, DEFAULT_EMAIL_PREFIX, "postroom").unwrap().of(&attempt);
    let text = |name: &str| headers[name].to_str().unwrap();

    assert_eq!(text("Content-Type"), "application/json; charset=utf-8");
    assert_eq!(text("User-Agent"), "postroom-webhooks/1");
    assert_eq!(text("X-Innbocks-Event-Id"), EventId([1; 16]).to_string());
    assert_eq!(text("X-Innbocks-Event-Type"), "mail.arrived");
    assert_eq!(text("X-Innbocks-Delivery-Id"), DeliveryId([2; 16]).to_string());
    assert_eq!(text("X-Innbocks-Delivery-Attempt"), "3");
    assert_eq!(text("X-Innbocks-Timestamp"), "1767225600");
    assert_eq!(text("webhook-timestamp"), "1767225600");
    assert_eq!(text("webhook-id"), text("X-Innbocks-Event-Id"));
    assert_eq!(text("webhook-event-type"), "mail.arrived");
    assert_eq!(text("webhook-attempt"), "3");

    let signed = Some(text("X-Innbocks-Signature"));
    assert_eq!(verify(&secret, signed, b"{}", at), Ok(()));
    assert_eq!(verify_as_seed(b"{}", "1767225600", signed, &secret), Ok(true));
    assert!(text("webhook-signature").starts_with("v1,"));
    assert_eq!(headers.len(), 13);
}

#[test]
fn an_event_of_a_mailbox_carries_the_headers_of_seed_002() {
    let secret = Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let modes = KeyModes { partner: signature::EMAIL_KEY_MODE, ..KeyModes::default() };
    let at = Timestamp::from_micros(1_767_225_600_999_999);
    let attempt = Attempt {
        event_id: EventId([1; 16]),
        event_type: EventType::MessageReceived,
        delivery_id: DeliveryId([2; 16]),
        number: 1,
        at,
        keys: &Keyring::new(Key::new(&secret, modes).unwrap()),
        custom: &CustomHeaders::default(),
        body: b"{}",
        is_replay: false,
        original_id: None,
        trace: None,
    };
    let headers = Headers::new(DEFAULT_PREFIX, DEFAULT_EMAIL_PREFIX, "postroom").unwrap();
    let headers = headers.of(&attempt);
    let text = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(text("X-Inkbox-Request-ID"), "02020202-0202-0202-0202-020202020202");
    assert_eq!(text("X-Inkbox-Timestamp"), "1767225600");
    let key = secret.key(signature::EMAIL_KEY_MODE).unwrap();
    let signed = signature::email(&key, text("X-Inkbox-Request-ID"), at, b"{}");
    assert_eq!(text("X-Inkbox-Signature"), signed);
    assert_eq!(text("webhook-id"), "evt_01010101010101010101010101010101");
    assert_eq!(text("webhook-event-type"), "message.received");
    assert_eq!(text("webhook-attempt"), "1");
    assert!(text("webhook-signature").starts_with("v1,"));
    assert!(!headers.contains_key("x-innbocks-signature"));
}

#[test]
fn a_white_label_prefix_renames_the_partner_headers_only() {
    let secret = Secret::parse("whsec_b2xk").unwrap();
    let key = Key::new(&secret, KeyModes::default()).unwrap();
    let attempt = Attempt {
        event_id: EventId([1; 16]),
        event_type: EventType::MailArrived,
        delivery_id: DeliveryId([2; 16]),
        number: 1,
        at: Timestamp::default(),
        keys: &Keyring::new(key),
        custom: &CustomHeaders::default(),
        body: b"{}",
        is_replay: false,
        original_id: None,
        trace: None,
    };
    let headers = Headers::new("Acme-Mail-", DEFAULT_EMAIL_PREFIX, "acme").unwrap().of(&attempt);
    assert!(headers.contains_key("acme-mail-signature"));
    assert!(headers.contains_key("webhook-signature"));
    assert!(!headers.contains_key("x-innbocks-signature"));
}

#[test]
fn settings_that_could_break_a_header_are_refused() {
    let long = format!("{}-", "x".repeat(PREFIX_CHARS_MAX));
    for prefix in
        ["", "-", "X-Acme", "X Acme-", "X:-", "X-\r\n-", "Webhook-", "Content-", "Ä-", &long]
    {
        let refused = Headers::new(prefix, DEFAULT_EMAIL_PREFIX, "acme").map(|_| ());
        assert_eq!(refused, Err(HeaderProblem::Prefix(prefix.to_owned())));
    }
    for install in ["", "acme/2", "acme\n", "my acme"] {
        let refused = Headers::new(DEFAULT_PREFIX, DEFAULT_EMAIL_PREFIX, install).map(|_| ());
        assert_eq!(refused, Err(HeaderProblem::Install(install.to_owned())));
    }
}
