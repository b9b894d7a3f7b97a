//! The examples of the OpenAPI document: for each schema the sample that `wire` proves against it.

use domain::event::EventType;
use serde_json::{Value, json};
use wire::samples::{self, bodies};

/// The whole example of an object, a list or a body by the name of its schema.
pub(crate) fn of(schema: &str) -> Option<Value> {
    let customer = || samples::customer(EventType::CustomerCreated);
    let list = |path: &str, item: &Value| samples::list(&format!("/api/v1/{path}"), item);
    Some(match schema {
        "BillingUsage" => samples::billing_usage(),
        "Compliance" => samples::compliance(),
        "Customer" => customer(),
        "CustomerList" => list("customers", &customer()),
        "Event" => wire::events::sample(EventType::MailArrived),
        "EventList" => list("events", &wire::events::sample(EventType::MailArrived)),
        "EventReplay" => samples::event_replay(),
        "Mail" => samples::mail(),
        "MailAction" => samples::action("scan", "requested"),
        "MailDeleted" => samples::mail_deleted(),
        "MailList" => list("customers/ext:crm_customer_123/mail", &samples::mail()),
        "Mailbox" => samples::mailbox(true),
        "Me" => samples::me(),
        "TestClock" => samples::test_clock(),
        "WebhookDeliveryList" => list("webhook-deliveries", &samples::webhook_delivery()),
        "WebhookDeliveryRetry" => samples::webhook_delivery_retry(),
        "WebhookEndpoint" => samples::webhook_endpoint(None),
        "WebhookEndpointDeleted" => samples::webhook_endpoint_deleted(),
        "WebhookEndpointHold" => samples::webhook_endpoint_hold(),
        "WebhookEndpointList" => list("webhook-endpoints", &samples::webhook_endpoint(None)),
        "WebhookEndpointTested" => tested(),
        "WebhookRecovery" => samples::webhook_recovery(),
        "WebhookEventTypeList" => list("webhook-events", &samples::webhook_event_type()),
        "CustomerCreate" => bodies::customer_create(),
        "CustomerDeactivate" => bodies::customer_deactivate(),
        "CustomerUpdate" => bodies::customer_update(),
        "EventReplayCreate" => bodies::event_replay_create(),
        "ForwardBody" => bodies::forward_request(),
        "MailCreate" => bodies::mail_create(),
        "PickupBody" => bodies::pickup_request(),
        "ScanBody" => bodies::scan_request(),
        "ShredBody" => bodies::shred_request(),
        "TestActionCompletion" => bodies::test_action_completion(),
        "TestClockAdvance" => bodies::test_clock_advance(),
        "TestComplianceWalk" => bodies::test_compliance_walk(),
        "TestWebhookTrigger" => json!({"type": "package.arrived"}),
        "TestWebhookTriggered" => triggered(),
        "TestMailArrival" => bodies::test_mail_arrival(),
        "WebhookEndpointCreate" => bodies::webhook_endpoint_create(),
        "WebhookEndpointPause" => bodies::webhook_endpoint_pause(),
        "WebhookEndpointResume" => bodies::webhook_endpoint_resume(),
        "WebhookEndpointTest" => bodies::webhook_endpoint_test(),
        "WebhookEndpointUpdate" => bodies::webhook_endpoint_update(),
        "WebhookPublicKeys" => samples::webhook_public_keys(),
        "WebhookSecretRevoke" => bodies::webhook_secret_revoke(),
        "WebhookSecretSwitch" => bodies::webhook_secret_switch(),
        "WebhookSecretRotate" => bodies::webhook_secret_rotate(),
        "WebhookRecoveryCreate" => bodies::webhook_recovery_create(),
        _ => return None,
    })
}

fn tested() -> Value {
    json!({
        "object": "webhook_test", "event_id": "evt_01kb3v7m2zq8e4x5n6p7r8s9ta",
        "delivery_id": "whd_01kb3v7m2zq8e4x5n6p7r8s9ta", "endpoint_id": "whe_01kb3v7m2zq8e4x5n6p7r8s9ta",
        "type": "mail.scanned",
    })
}

fn triggered() -> Value {
    json!({
        "object": "webhook_trigger", "event_id": "evt_01kb3v7m2zq8e4x5n6p7r8s9ta", "type": "package.arrived",
        "delivery_ids": ["whd_01kb3v7m2zq8e4x5n6p7r8s9ta"],
    })
}

/// Gives the content of a body or an answer its example, unless a handler wrote one of its own.
pub(crate) fn attach(holder: &mut Value) {
    let Some(content) = holder.pointer_mut("/content/application~1json") else { return };
    if content.get("examples").is_some() || content.get("example").is_some() {
        return;
    }
    let reference = content.pointer("/schema/$ref").and_then(Value::as_str).unwrap_or_default();
    let name = reference.rsplit('/').next().unwrap_or_default();
    if let Some(example) = of(name) {
        content["examples"] = json!({"sample": {"value": example}});
    }
}
