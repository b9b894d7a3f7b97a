//! One whole example of each object: for the OpenAPI document, for sample events, for tests.
//!
//! They tell of one customer, Jane Smith of the seed, and of her mail. Tests hold every example
//! against the schema of its object, member by member.

pub mod bodies;

use domain::event::EventType;
use serde_json::{Value, json};

use crate::partner::mail::MailSummary;
use crate::partner::webhooks::WebhookEventType;

/// The moment of the examples, and one day on.
pub const AT: &str = "2026-11-20T15:04:05.123Z";
pub const NEXT_DAY: &str = "2026-11-21T15:04:05.123Z";
/// The window of the pickup.
pub const WINDOW: (&str, &str) = ("2026-11-23T16:00:00.000Z", "2026-11-23T17:00:00.000Z");

pub const ACTION: &str = "act_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const CERTIFICATE: &str = "crt_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const CUSTOMER: &str = "cus_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const DELIVERY: &str = "whd_01kb3v7m2zq8e4x5n6p7r8s9ta";
/// Of the private key whose bytes count from 0.
const PUBLIC_KEY: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
pub const ENDPOINT: &str = "whe_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const EVENT: &str = "evt_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const FORM: &str = "frm_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const KEY: &str = "key_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const LOCATION: &str = "loc_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const MAIL: &str = "mail_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const MAILBOX: &str = "mbx_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const PARTNER: &str = "ptn_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const PHOTO: &str = "pho_01kb3v7m2zq8e4x5n6p7r8s9ta";
pub const REQUEST: &str = "req_01kb3v7m2zq8e4x5n6p7r8s9ta";

pub const FORWARD_TRACKING: &str = "9400111899223100001234";

pub fn tracking_url() -> String {
    format!("https://tools.usps.com/go/TrackConfirmAction?tLabels={FORWARD_TRACKING}")
}

/// A mailbox: reserved until the form is approved, or active.
pub fn mailbox(active: bool) -> Value {
    json!({
        "id": MAILBOX, "object": "mailbox", "customer_id": CUSTOMER,
        "status": if active { "active" } else { "reserved" }, "pmb_number": "302",
        "designator": "PMB", "usable": active,
        "location": {"id": LOCATION, "name": "Downtown", "timezone": "America/Chicago"},
        "address": {"line1": "4521 Commerce Blvd", "line2": "PMB 302", "city": "Austin", "state": "TX",
            "postal_code": "78745-1234", "country": "US"},
        "formatted_address": ["Jane Smith", "4521 Commerce Blvd PMB 302", "Austin, TX 78745-1234"],
        "formatted_alternatives":
            [["Jane Smith", "PMB 302", "4521 Commerce Blvd", "Austin, TX 78745-1234"]],
        "assigned_at": AT, "reserved_until": (!active).then_some("2027-02-18T15:04:05.123Z"),
        "opened_on": active.then_some("2026-11-25"), "closed_on": null, "remail_until": null,
    })
}

/// A customer as an event of this type would show it; `customer.created` is the plain one.
pub fn customer(told_by: EventType) -> Value {
    let activated = told_by != EventType::CustomerCreated;
    let verified = told_by == EventType::CustomerVerified;
    json!({
        "id": CUSTOMER, "object": "customer", "livemode": false,
        "external_customer_id": "crm_customer_123", "email": "jane@example.com", "name": "Jane Smith",
        "phone": "+15555555555", "business_name": null, "service_type": null,
        "status": if activated { "active" } else { "invited" },
        "compliance_status": if verified { "approved" } else { "pending_form" }, "prepay": true,
        "billing": {"mode": "external_prepay", "status": "active", "prepay": true, "paid_through": null,
            "plan_id": null},
        "mailbox": mailbox(false),
        "onboarding_url":
            (!activated).then_some("https://mail.brand.example/invite/0f3a5c7e9b1d2f4a6c8e0b2d4f6a8c0e"),
        "locale": "en-US", "metadata": {"crm_owner": "sales_7"}, "tags": ["pilot"],
        "created_at": AT, "updated_at": AT, "invited_at": AT, "activated_at": activated.then_some(AT),
        "verified_at": verified.then_some(AT), "mailbox_active_at": null,
        "deactivation_scheduled_at": null, "deactivated_at": null, "deactivation_reason": null,
        "remail_until": null,
    })
}

/// A form that waits for a reviewer.
pub fn compliance() -> Value {
    json!({
        "object": "compliance", "customer_id": CUSTOMER, "status": "pending_review",
        "mailbox_ready": false,
        "form_1583": {"id": FORM, "status": "submitted", "edition": "2024-06", "revision": 1,
            "service_type": "business", "signed_at": AT, "submitted_at": AT, "approved_at": null,
            "rejected_at": null},
        "identity": {
            "photo_id": {"status": "accepted", "type": "passport", "expires_on": "2031-05-01"},
            "address_id": {"status": "uploaded", "type": "current_lease", "expires_on": null}},
        "notarization": {"status": "completed", "method": "remote_online_notary", "completed_at": AT},
        "review": {"decision": null, "reasons": [], "decided_at": null, "sla_due_at": NEXT_DAY},
        "requirements": {"currently_due": ["review"], "eventually_due": [], "past_due": [],
            "current_deadline": null, "errors": []},
        "history": [{"status": "pending_form", "at": AT}, {"status": "pending_notary", "at": AT},
            {"status": "pending_review", "at": AT}],
        "updated_at": AT,
    })
}

/// The package of the seed, just arrived.
pub fn mail() -> Value {
    json!({
        "id": MAIL, "object": "mail", "livemode": false, "customer_id": CUSTOMER,
        "external_customer_id": "crm_customer_123", "mailbox_id": MAILBOX, "location_id": LOCATION,
        "type": "package", "subtype": null, "status": "arrived",
        "photos": [{"id": PHOTO, "kind": "front", "url": null, "thumbnail_url": null,
            "content_type": null, "status": "pending"}],
        "performed_by": "warehouse_user_42", "created_via": "partner_api", "carrier": "ups",
        "tracking_number": "1Z9999999999999999", "sender_name": "Acme Supply",
        "addressed_to": "Jane Smith", "accountable": "none", "flags": [], "weight_g": 1200,
        "dimensions_mm": {"length": 300, "width": 200, "height": 100}, "received_at": AT,
        "free_storage_until": "2026-12-20", "scan": null, "actions": [],
        "available_actions": ["forward", "pickup"], "warnings": [],
        "external_mail_id": null, "metadata": {}, "created_at": AT, "updated_at": AT,
        "deleted_at": null,
    })
}

/// What a deletion answers.
pub fn mail_deleted() -> Value {
    json!({"id": MAIL, "object": "mail", "deleted": true})
}

/// The mail item beside an action of this kind and status.
pub(crate) fn mail_summary(action: Option<(&str, &str)>) -> MailSummary {
    let status = match action {
        Some(("scan", "completed")) => "scanned",
        Some(("forward", "completed")) => "forwarded",
        Some(("shred", "completed")) => "shredded",
        Some(("scan", _)) => "scan_requested",
        Some(("forward", _)) => "forward_requested",
        Some(("shred", _)) => "shred_requested",
        Some(("pickup", "scheduled")) => "pickup_scheduled",
        Some(("pickup", _)) => "pickup_requested",
        Some(_) | None => "arrived",
    };
    MailSummary {
        id: MAIL.to_owned(),
        object: "mail".to_owned(),
        kind: "letter".to_owned(),
        status: status.to_owned(),
        tracking_number: None,
        external_mail_id: None,
    }
}

/// An action of this kind, `requested`, `scheduled` or `completed`.
pub fn action(kind: &str, status: &str) -> Value {
    let done = status == "completed";
    let window = json!({"start": WINDOW.0, "end": WINDOW.1});
    let itemised = json!({"postage": 945, "handling": 300, "materials": 0, "insurance": 0});
    let forward = kind == "forward";
    json!({
        "id": ACTION, "object": "mail_action", "mail_id": MAIL, "customer_id": CUSTOMER, "kind": kind,
        "status": status, "requested_by": {"type": "partner_api", "id": KEY}, "options": options(kind),
        "quote": forward.then(|| json!({"amount_minor": 1245, "currency": "USD", "carrier": "usps",
            "service": "priority", "estimated_days": 3, "expires_at": NEXT_DAY, "itemised": itemised})),
        "shipment": (forward && done).then(|| json!({"carrier": "usps", "service": "priority",
            "tracking_number": FORWARD_TRACKING, "tracking_url": tracking_url()})),
        "pickup": (kind == "pickup").then(|| json!({"window": window})),
        "scan": (kind == "scan" && done).then(|| json!({"pages": 2})),
        "depends_on": null, "not_before": (kind == "shred").then_some(NEXT_DAY), "due_at": NEXT_DAY,
        "reason_code": null,
        "charge": {"amount_minor": forward.then_some(1245), "currency": "USD", "source": "prepay"},
        "warnings": [], "requested_at": AT, "scheduled_at": (status == "scheduled").then_some(AT),
        "started_at": done.then_some(NEXT_DAY), "completed_at": done.then_some(NEXT_DAY),
        "cancelled_at": null,
    })
}

fn options(kind: &str) -> Value {
    match kind {
        "scan" => {
            json!({"pages": "all", "color": false, "duplex": true, "ocr": true, "rescan": false,
            "contents_photo": false, "priority": "standard"})
        }
        "forward" => json!({"service_level": "cheapest", "priority": "standard",
            "address": {"name": "Jane Smith", "line1": "1 Main St", "line2": null, "city": "Denver",
                "state": "CO", "postal_code": "80202", "country": "US"}}),
        "shred" => json!({"after_scan": false, "confirm_sensitive": false, "priority": "standard"}),
        _ => json!({"window": {"start": WINDOW.0, "end": WINDOW.1}, "priority": "standard"}),
    }
}

pub fn webhook_event_type() -> Value {
    json!(WebhookEventType::new(EventType::MailArrived))
}

/// An endpoint as it is listed; `secret` is what its creation alone shows.
pub fn webhook_endpoint(secret: Option<&str>) -> Value {
    json!({
        "id": ENDPOINT, "object": "webhook_endpoint", "livemode": false,
        "url": "https://crm.example.com/hooks/postroom", "description": "CRM", "event_types": ["*"],
        "filter": {"prefix": {"external_customer_id": "crm_"}},
        "status": "enabled", "disabled_reason": null, "failing_since": null, "rate_per_second": null,
        "burst": null, "max_in_flight": null, "order": "none", "timeout_ms": 15_000, "retry_schedule": null,
        "key_mode": "ascii_with_prefix", "standard_key_mode": "decoded", "ed25519": true, "keys": [webhook_key()],
        "park_after": null, "self_heal": false, "disable_on_gone": true,
        "headers": {"authorization": "[redacted]"},
        "client_certificate": {
            "subject": "CN=acme webhooks,O=Acme", "fingerprint": "5f".repeat(32), "expires_at": "2027-11-20T15:04:05.000Z",
        },
        "secret": secret, "created_at": AT, "updated_at": AT,
    })
}

fn webhook_key() -> Value {
    json!({
        "number": 1, "standing": "current", "public_key": PUBLIC_KEY, "created_at": AT, "expires_at": null,
    })
}

pub fn webhook_public_keys() -> Value {
    json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": format!("{ENDPOINT}.1"),
        "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg", "whpk": PUBLIC_KEY,
    }]})
}

pub fn webhook_endpoint_deleted() -> Value {
    json!({"id": ENDPOINT, "object": "webhook_endpoint", "deleted": true})
}

/// A delivery that succeeded at the first attempt.
pub fn webhook_delivery() -> Value {
    json!({
        "id": DELIVERY, "object": "webhook_delivery", "event_id": EVENT, "event_type": "mail.arrived",
        "endpoint_id": ENDPOINT, "url": "https://crm.example.com/hooks/postroom",
        "status": "succeeded", "attempt_count": 1, "next_attempt_at": null, "held_by": null, "held_until": null,
        "delivered_at": AT,
        "last_response": {"status_code": 200, "duration_ms": 84, "error": null, "body_excerpt": "ok"},
        "attempts": [{
            "n": 1, "at": AT, "status_code": 200, "duration_ms": 84, "error": null, "key": 1, "phases": {
                "dns_us": 1210, "connect_us": 9840, "tls_us": 21430, "write_us": 88, "head_us": 51270, "body_us": 160,
            },
            "response_headers": [{"name": "content-type", "value": "text/plain"}],
        }],
        "payload": crate::events::sample(EventType::MailArrived), "created_at": AT,
    })
}

pub fn webhook_delivery_retry() -> Value {
    json!({
        "object": "webhook_delivery_retry", "delivery_id": DELIVERY, "endpoint_id": ENDPOINT,
        "outcome": "moved", "due_at": AT,
    })
}

pub fn event_replay() -> Value {
    json!({
        "object": "event_replay", "event_id": EVENT, "original_id": null,
        "deliveries": [{"endpoint_id": ENDPOINT, "delivery_id": DELIVERY}],
        "left_out": [{"endpoint_id": "whe_01kb3v7m2zq8e4x5n6p7r8s9tb", "reason": "endpoint_not_enabled"}],
    })
}

pub fn webhook_recovery() -> Value {
    json!({
        "id": "rcv_01kb3v7m2zq8e4x5n6p7r8s9ta", "object": "webhook_recovery", "endpoint_id": ENDPOINT,
        "status": "running", "since": "2026-11-20T00:00:00.000Z", "until": AT, "event_types": ["*"],
        "matched": 1204, "moved": 500, "oldest_at": "2026-11-20T08:15:00.000Z", "newest_at": AT,
        "created_at": AT, "ended_at": null,
    })
}

pub fn webhook_endpoint_hold() -> Value {
    json!({
        "object": "webhook_endpoint_hold", "endpoint_id": ENDPOINT, "status": "paused", "backlog": 12,
        "dropped": 0,
    })
}

/// The month of postal.md 4.9.
pub fn billing_usage() -> Value {
    json!({
        "object": "billing_usage", "livemode": true, "partner_id": PARTNER, "period": "2026-11",
        "period_start": "2026-11-01T00:00:00-05:00", "period_end": "2026-12-01T00:00:00-06:00",
        "timezone": "America/Chicago", "status": "open", "as_of": AT,
        "count_method": "distinct_active", "active_mailboxes": 118, "billable_mailboxes": 121.0,
        "opening_active": 112, "activated": 9, "deactivated": 3, "closing_active": 118,
        "peak_active": 119, "mailbox_days": 2257,
        "by_location": [{"location_id": LOCATION, "active_mailboxes": 118}],
        "operations": {"mail_received": 431, "packages_received": 77, "scans_completed": 139,
            "forwards_completed": 58, "shreds_completed": 201, "pickups_completed": 22},
        "estimate": {"currency": "USD", "unit_price_minor": null, "subtotal_minor": null,
            "minimum_applied": false},
        "lines": {"object": "list", "data": [{"customer_id": CUSTOMER,
            "external_customer_id": "crm_customer_123", "customer_initials": "J.S.",
            "mailbox_id": MAILBOX, "pmb_number": "302", "location_id": LOCATION,
            "location_code": "ATX1", "active_from": AT, "active_to": null, "active_days": 1,
            "billable_units": 1.0, "unit_price_minor": null, "amount_minor": null}], "has_more": false, "next_cursor": null},
    })
}

pub fn me() -> Value {
    json!({
        "object": "me", "key_id": KEY, "key_name": "CRM", "livemode": false, "partner_id": PARTNER,
        "scopes": ["customers:read", "customers:write", "mail:read", "mail:write"],
        "partner_name": "Brand Mail", "api_version": "2026-11-21",
        "limits": {"requests_per_10s": 100, "burst": 200}, "expires_at": null,
    })
}

pub fn test_clock() -> Value {
    json!({"object": "test_clock", "now": AT, "ahead_seconds": 604_800})
}

/// A page that holds one object.
pub fn list(url: &str, item: &Value) -> Value {
    json!({"object": "list", "data": [item], "has_more": false, "next_cursor": null, "url": url})
}

#[cfg(test)]
mod tests;
