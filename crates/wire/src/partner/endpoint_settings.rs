//! Reading the settings of an endpoint: pace, order, patience, custom headers.
//!
//! Bounds of single values are kept here, so that every problem of a body comes back at once; what
//! settings mean together, and which headers are allowed, is judged in `app`.

use domain::endpoint::{
    BURST, CERTIFICATE_CHARS_MAX, ClientIdentity, HEADERS_MAX, KeyMode, KeyModes, MAX_IN_FLIGHT,
    Order, PARK_AFTER, PRIVATE_KEY_CHARS_MAX, RATE, RETRIES_MAX, RETRY_DELAY, Settings,
    SettingsChange, TIMEOUT_MS,
};

use crate::reader::{Fields, Patch};

const ORDER_RULE: &str = "none, key or strict";
const MODE_RULE: &str = "decoded, ascii, ascii_with_prefix or raw";

pub(super) fn read(f: &mut Fields) -> Settings {
    let default = Settings::default();
    let mut mode = |name, default| f.opt_parsed(name, KeyMode::parse, MODE_RULE).unwrap_or(default);
    let key_modes = KeyModes {
        partner: mode("key_mode", default.key_modes.partner),
        standard: mode("standard_key_mode", default.key_modes.standard),
    };
    Settings {
        rate_per_second: f.opt_integer("rate_per_second", RATE),
        burst: f.opt_integer("burst", BURST),
        max_in_flight: f.opt_integer("max_in_flight", MAX_IN_FLIGHT),
        order: f.opt_parsed("order", Order::parse, ORDER_RULE).unwrap_or(default.order),
        timeout_ms: f.opt_integer("timeout_ms", TIMEOUT_MS).unwrap_or(default.timeout_ms),
        retry_schedule: f.opt_integers("retry_schedule", RETRIES_MAX, RETRY_DELAY),
        key_modes,
        ed25519: f.bool("ed25519", default.ed25519),
        park_after: f.opt_integer("park_after", PARK_AFTER),
        self_heal: f.opt_bool("self_heal").unwrap_or(default.self_heal),
        disable_on_gone: f.opt_bool("disable_on_gone").unwrap_or(default.disable_on_gone),
    }
}

/// `null` is the default again.
pub(super) fn read_change(f: &mut Fields) -> SettingsChange {
    let default = Settings::default();
    let order = f.patch_parsed("order", Order::parse, ORDER_RULE);
    let mut mode = |name, default| {
        let read = changed(f.patch_parsed(name, KeyMode::parse, MODE_RULE));
        read.map(|mode| mode.unwrap_or(default))
    };
    let key_mode = mode("key_mode", default.key_modes.partner);
    let standard_key_mode = mode("standard_key_mode", default.key_modes.standard);
    SettingsChange {
        rate_per_second: changed(f.patch_integer("rate_per_second", RATE)),
        burst: changed(f.patch_integer("burst", BURST)),
        max_in_flight: changed(f.patch_integer("max_in_flight", MAX_IN_FLIGHT)),
        order: changed(order).map(|order| order.unwrap_or(default.order)),
        timeout_ms: changed(f.patch_integer("timeout_ms", TIMEOUT_MS))
            .map(|ms| ms.unwrap_or(default.timeout_ms)),
        retry_schedule: changed(f.patch_integers("retry_schedule", RETRIES_MAX, RETRY_DELAY)),
        key_mode,
        standard_key_mode,
        ed25519: f.opt_bool("ed25519"),
        park_after: changed(f.patch_integer("park_after", PARK_AFTER)),
        self_heal: f.opt_bool("self_heal"),
        disable_on_gone: f.opt_bool("disable_on_gone"),
    }
}

pub(super) fn headers(f: &mut Fields) -> Vec<(String, String)> {
    f.opt_texts("headers", HEADERS_MAX).unwrap_or_default()
}

/// `null` takes them away.
pub(super) fn changed_headers(f: &mut Fields) -> Option<Vec<(String, String)>> {
    changed(f.patch_texts("headers", HEADERS_MAX)).map(Option::unwrap_or_default)
}

pub(super) fn certificate(f: &mut Fields) -> Option<ClientIdentity> {
    f.opt_object("client_certificate", identity)
}

/// `null` takes it away.
pub(super) fn changed_certificate(f: &mut Fields) -> Patch<ClientIdentity> {
    f.patch("client_certificate", |f, value| f.check_object("client_certificate", value, identity))
}

fn identity(f: &mut Fields) -> ClientIdentity {
    ClientIdentity {
        certificate: f.prose("certificate", CERTIFICATE_CHARS_MAX),
        private_key: f.prose("private_key", PRIVATE_KEY_CHARS_MAX),
    }
}

#[expect(
    clippy::option_option,
    reason = "absent stays, null is the default, and both differ from a value"
)]
fn changed<T>(patch: Patch<T>) -> Option<Option<T>> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(None),
        Patch::Set(value) => Some(Some(value)),
    }
}
