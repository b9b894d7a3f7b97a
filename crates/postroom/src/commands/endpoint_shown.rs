//! How `postroom endpoint` shows endpoints, their keys, and a secret that was just made.

use app::endpoints::keys::LiveKey;
use app::endpoints::{CreatedEndpoint, Endpoint};
use serde_json::{Value, json};

use crate::out;

pub(super) const COLUMNS: &[&str] = &["id", "status", "url", "event_types", "disabled_reason"];
pub(super) const DETAILS: &[&str] = &[
    "id",
    "status",
    "disabled_reason",
    "failing_since",
    "url",
    "description",
    "event_types",
    "filter",
    "rate_per_second",
    "burst",
    "max_in_flight",
    "order",
    "timeout_ms",
    "retry_schedule",
    "key_mode",
    "standard_key_mode",
    "ed25519",
    "keys",
    "park_after",
    "self_heal",
    "disable_on_gone",
    "headers",
    "client_certificate",
    "switches_at",
    "failures",
    "last_success_at",
    "created_at",
    "updated_at",
];

/// The secret alone on standard output, what it is for on standard error.
pub(super) fn reveal(json: bool, made: &CreatedEndpoint) {
    let mut value = shown(&made.endpoint);
    if json {
        value["keys"] = shown_keys(&made.keys);
        value["secret"] = json!(made.secret.reveal());
        out::line(value);
        return;
    }
    out::say(format_args!("{} signs requests to {} with:", made.endpoint.id, made.endpoint.url));
    out::line(made.secret.reveal());
    out::say("Keep the secret: it is not shown again.");
}

pub(super) fn shown_keys(keys: &[LiveKey]) -> Value {
    let shown = |key: &LiveKey| {
        json!({
            "number": key.number, "standing": key.standing.as_str(), "public_key": key.public_key,
            "created_at": key.created_at.to_string(),
            "expires_at": key.expires_at.map(|at| at.to_string()),
        })
    };
    keys.iter().map(shown).collect()
}

pub(super) fn shown(e: &Endpoint) -> Value {
    let types: Vec<&str> = match e.event_types.as_slice() {
        [] => vec!["*"],
        types => types.iter().map(|t| t.as_str()).collect(),
    };
    json!({
        "id": e.id.to_string(),
        "livemode": e.livemode,
        "url": e.url,
        "description": e.description,
        "event_types": types,
        "filter": e.filter.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
        "status": e.status.as_str(),
        "disabled_reason": e.disabled_reason,
        "failing_since": e.first_failure_at.map(|at| at.to_string()),
        "rate_per_second": e.settings.rate_per_second,
        "burst": e.settings.burst,
        "max_in_flight": e.settings.max_in_flight,
        "order": e.settings.order.as_str(),
        "timeout_ms": e.settings.timeout_ms,
        "retry_schedule": e.settings.retry_schedule,
        "key_mode": e.settings.key_modes.partner.as_str(),
        "standard_key_mode": e.settings.key_modes.standard.as_str(),
        "ed25519": e.settings.ed25519,
        "park_after": e.settings.park_after,
        "self_heal": e.settings.self_heal,
        "disable_on_gone": e.settings.disable_on_gone,
        "headers": e.header_names,
        "client_certificate": e.certificate.as_ref().map(|c| json!({
            "subject": c.subject,
            "fingerprint": c.fingerprint,
            "expires_at": c.expires_at.to_string(),
        })),
        "failures": e.failures,
        "last_success_at": e.last_success_at.map(|at| at.to_string()),
        "created_at": e.created_at.to_string(),
        "updated_at": e.updated_at.to_string(),
    })
}
