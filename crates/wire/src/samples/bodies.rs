//! Examples of request bodies: the shortest that is useful, and one with everything.
//!
//! Tests hold them against their schemas and read them back.

use serde_json::{Value, json};

use super::{MAIL, WINDOW};

/// The body of the seed.
pub fn customer_create() -> Value {
    json!({
        "external_customer_id": "crm_customer_123", "email": "jane@example.com", "name": "Jane Smith",
        "phone": "+15555555555", "prepay": true,
    })
}

pub fn customer_create_full() -> Value {
    json!({
        "external_customer_id": "crm_customer_124", "email": "joe@example.com", "name": "Joe Miller",
        "phone": "(555) 555-5556", "prepay": true, "paid_through": "2027-11-20", "first_name": "Joe",
        "last_name": "Miller", "business_name": "Miller LLC", "service_type": "business",
        "location_id": super::LOCATION,
        "mailbox": {"strategy": "first_free", "pool_id": "pool_01kb3v7m2zq8e4x5n6p7r8s9ta"},
        "plan_id": "gold", "forwarding_address": address(),
        "recipients": [{"name": "Miller LLC", "kind": "business"}], "send_invite": false,
        "locale": "en-US", "metadata": {"crm_owner": "sales_7"}, "tags": ["pilot"],
    })
}

pub fn address() -> Value {
    json!({
        "name": "Jane Smith", "line1": "1 Main St", "line2": "Apt 4", "city": "Denver", "state": "CO",
        "postal_code": "80202", "country": "US", "phone": "+15555555555",
    })
}

/// Removes one name of the metadata, clears the phone, sets the rest.
pub fn customer_update() -> Value {
    json!({
        "prepay": true, "paid_through": "2027-11-20", "phone": null, "tags": ["gold"],
        "metadata": {"crm_owner": null, "segment": "b"}, "notification_prefs": {"email": true},
    })
}

pub fn customer_deactivate() -> Value {
    json!({
        "reason": "moved", "note": "asked by phone", "effective_at": "2026-12-01T00:00:00Z",
        "remail": {"instruction": "forward", "address": address()}, "complete_open_actions": true,
    })
}

/// The body of the seed.
pub fn mail_create() -> Value {
    json!({
        "customer_id": super::CUSTOMER, "type": "package",
        "photos": ["https://example.com/package-front.jpg"], "performed_by": "warehouse_user_42",
        "tracking_number": "1Z9999999999999999",
    })
}

pub fn mail_create_full() -> Value {
    json!({
        "customer_id": super::CUSTOMER, "type": "box",
        "photos": ["https://example.com/front.jpg", {"url": "https://example.com/label.jpg", "kind": "label"}],
        "performed_by": "warehouse_user_42", "tracking_number": "1Z9999999999999999", "carrier": "ups",
        "sender_name": "Acme Supply", "addressed_to": "Jane Smith",
        "recipient_id": "rcp_01kb3v7m2zq8e4x5n6p7r8s9ta", "received_at": "2026-11-20T15:04:05Z",
        "weight_g": 1200, "dimensions": {"length": 300, "width": 200, "height": 100},
        "accountable": "signature", "flags": ["damaged"], "external_mail_id": "wh_789",
        "metadata": {"shelf": "B4"}, "location_id": super::LOCATION,
    })
}

pub fn scan_request() -> Value {
    json!({"pages": "1-4", "color": true, "ocr": true, "then": "hold", "priority": "expedited"})
}

pub fn forward_request() -> Value {
    json!({
        "address": address(), "service_level": "cheapest", "max_cost_minor": 2500,
        "signature": "direct", "consolidate_with": [MAIL], "notes": "leave at the door",
    })
}

pub fn shred_request() -> Value {
    json!({"confirm_sensitive": true, "requested_by_user": "agent_7"})
}

pub fn pickup_request() -> Value {
    json!({
        "window": {"start": WINDOW.0, "end": WINDOW.1}, "pickup_person": {"name": "Jane Smith"},
        "contact_phone": "+15555555555",
    })
}

pub fn webhook_endpoint_create() -> Value {
    json!({
        "url": "https://crm.example.com/hooks/postroom", "description": "CRM",
        "event_types": ["mail.arrived", "package.arrived"],
    })
}

pub fn webhook_endpoint_update() -> Value {
    json!({"event_types": ["*"], "status": "disabled"})
}

pub fn webhook_secret_rotate() -> Value {
    json!({"secret": "an-old-secret-of-the-receiver"})
}

pub fn webhook_secret_switch() -> Value {
    json!({"grace_seconds": 3600})
}

pub fn webhook_secret_revoke() -> Value {
    json!({"key": 1})
}

pub fn webhook_endpoint_test() -> Value {
    json!({"type": "package.arrived", "key": 2})
}

pub fn event_replay_create() -> Value {
    json!({"endpoint_id": super::ENDPOINT, "reissue": true})
}

pub fn webhook_endpoint_pause() -> Value {
    json!({"reason": "the CRM is being upgraded"})
}

pub fn webhook_endpoint_resume() -> Value {
    json!({"since": "2026-11-20T00:00:00Z"})
}

pub fn webhook_recovery_create() -> Value {
    json!({"since": "2026-11-20T00:00:00Z", "event_types": ["mail.arrived"]})
}

pub fn test_clock_advance() -> Value {
    json!({"seconds": 604_800})
}

pub fn test_compliance_walk() -> Value {
    json!({"status": "rejected", "reasons": ["id_expired"]})
}

pub fn test_action_completion() -> Value {
    json!({"outcome": "completed", "pages": 2})
}

pub fn test_mail_arrival() -> Value {
    json!({"customer_id": super::CUSTOMER, "type": "package", "tracking_number": "TEST-SCAN-OK"})
}
