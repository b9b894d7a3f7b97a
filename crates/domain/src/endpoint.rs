//! Settings of a webhook endpoint: how fast, how many at once, in what order, how patiently,
//! signed with which reading of its secret.
//!
//! Custom headers are judged in `webhook::custom`, client certificates in `webhook::identity`, URLs in
//! `webhook::guard`; the rows are in `storage::endpoints`. Source: webhooks.md 5.7, 5.8, 5.11, 5.12, 5.14.

use std::ops::RangeInclusive;

use crate::{Field, days, seconds};

/// Requests a second.
pub const RATE: RangeInclusive<i64> = 1..=10_000;
/// Requests that may go out at once after a quiet time.
pub const BURST: RangeInclusive<i64> = 1..=100_000;
/// Requests under way at a time.
pub const MAX_IN_FLIGHT: RangeInclusive<i64> = 1..=32;
/// Milliseconds from looking up the name to the last byte of the answer, and the default.
pub const TIMEOUT_MS: RangeInclusive<i64> = 3_000..=30_000;
pub const TIMEOUT_MS_DEFAULT: i64 = 15_000;
/// Delays of an endpoint's own retry schedule.
pub const RETRIES_MAX: usize = 20;
/// Seconds of one delay: a week at most. A delay of nothing would hammer a receiver that is down.
pub const RETRY_DELAY: RangeInclusive<i64> = 1..=days(7) / seconds(1);
/// Tries after which a delivery that others wait for makes way.
pub const PARK_AFTER: RangeInclusive<i64> = 1..=20;
/// Custom headers.
pub const HEADERS_MAX: usize = 20;
/// Characters of a header's name, and of its value: a token of an identity provider fits.
pub const HEADER_NAME_CHARS_MAX: usize = 64;
pub const HEADER_VALUE_CHARS_MAX: usize = 4096;
/// Characters of a client certificate with those that vouch for it, and of its private key: twice what RSA
/// keys of 4,096 bits need.
pub const CERTIFICATE_CHARS_MAX: usize = 16 * 1024;
pub const PRIVATE_KEY_CHARS_MAX: usize = 8 * 1024;

crate::words! {
    /// What waits for what. `key` keeps the order of a customer's events, `strict` that of all.
    pub enum Order { None = "none", Key = "key", Strict = "strict" }
}

crate::words! {
    /// What of a secret's text is the key of a signature; senders disagree (webhooks.md 5.11).
    pub enum KeyMode {
        /// The bytes that the base64 text after `whsec_` stands for.
        Decoded = "decoded",
        /// The text after `whsec_`.
        Ascii = "ascii",
        /// The text, which begins with `whsec_`.
        AsciiWithPrefix = "ascii_with_prefix",
        /// The text as it stands, whatever it begins with.
        Raw = "raw",
    }
}

/// The key of each signature that a request to an endpoint carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyModes {
    /// Of the `v1=` signature, in the header that has the install's prefix.
    pub partner: KeyMode,
    /// Of the `v1,` signature of Standard Webhooks.
    pub standard: KeyMode,
}

impl Default for KeyModes {
    /// As the verifier of seed 001 reads a secret, and the libraries of Standard Webhooks.
    fn default() -> Self {
        Self { partner: KeyMode::AsciiWithPrefix, standard: KeyMode::Decoded }
    }
}

/// A client certificate and its key as somebody gave them, in PEM; its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    pub certificate: String,
    pub private_key: String,
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientIdentity")
    }
}

/// How an endpoint wants to be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `None` is as fast as it answers.
    pub rate_per_second: Option<i64>,
    /// `None` is one second's worth of the rate.
    pub burst: Option<i64>,
    /// `None` lets its answers decide.
    pub max_in_flight: Option<i64>,
    pub order: Order,
    pub timeout_ms: i64,
    /// Seconds before each try after the first; `None` is the ladder of `webhook::ladder`.
    pub retry_schedule: Option<Vec<i64>>,
    pub key_modes: KeyModes,
    /// Signs with an Ed25519 key pair beside the secret.
    pub ed25519: bool,
    /// In an order: tries after which a delivery is given up, so that those behind it go on. `None` lets
    /// them wait until the schedule is at its end.
    pub park_after: Option<i64>,
    /// An endpoint that was switched off because it failed is asked once an hour, and taken back.
    pub self_heal: bool,
    /// An answer of 410 switches it off at once. Otherwise 410 is one refusal among others.
    pub disable_on_gone: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_per_second: None,
            burst: None,
            max_in_flight: None,
            order: Order::None,
            timeout_ms: TIMEOUT_MS_DEFAULT,
            retry_schedule: None,
            key_modes: KeyModes::default(),
            ed25519: false,
            park_after: None,
            self_heal: false,
            disable_on_gone: true,
        }
    }
}

impl Settings {
    /// What is wrong with them, alone and together; each with the setting's name.
    pub fn problems(&self) -> Vec<Field> {
        let mut wrong = Vec::new();
        let mut check = |name: &str, value: Option<i64>, range: RangeInclusive<i64>| {
            if value.is_some_and(|n| !range.contains(&n)) {
                let (min, max) = range.into_inner();
                let rule = format!("{name} must be a whole number from {min} to {max}");
                wrong.push(Field::new(name, "invalid", rule));
            }
        };
        check("rate_per_second", self.rate_per_second, RATE);
        check("burst", self.burst, BURST);
        check("max_in_flight", self.max_in_flight, MAX_IN_FLIGHT);
        check("timeout_ms", Some(self.timeout_ms), TIMEOUT_MS);
        check("park_after", self.park_after, PARK_AFTER);
        for (i, delay) in self.retry_schedule.iter().flatten().enumerate() {
            check(&format!("retry_schedule/{i}"), Some(*delay), RETRY_DELAY);
        }
        if self.retry_schedule.as_ref().is_some_and(|s| !(1..=RETRIES_MAX).contains(&s.len())) {
            let rule = format!(
                "retry_schedule has 1 to {RETRIES_MAX} delays in seconds; null is the default one"
            );
            wrong.push(Field::new("retry_schedule", "invalid", rule));
        }
        if self.burst.is_some() && self.rate_per_second.is_none() {
            let rule = "burst means nothing without rate_per_second; set both, or both to null";
            wrong.push(Field::new("burst", "invalid", rule));
        }
        if self.park_after.is_some() && self.order == Order::None {
            let rule = "park_after means nothing without an order; set order to key or strict, or \
                        park_after to null";
            wrong.push(Field::new("park_after", "invalid", rule));
        }
        if self.order == Order::Strict && self.max_in_flight.is_some_and(|n| n > 1) {
            let rule = "strict order sends one at a time; set max_in_flight to 1 or null";
            wrong.push(Field::new("max_in_flight", "invalid", rule));
        }
        wrong
    }
}

/// Which settings to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SettingsChange {
    pub rate_per_second: Option<Option<i64>>,
    pub burst: Option<Option<i64>>,
    pub max_in_flight: Option<Option<i64>>,
    pub order: Option<Order>,
    pub timeout_ms: Option<i64>,
    pub retry_schedule: Option<Option<Vec<i64>>>,
    pub key_mode: Option<KeyMode>,
    pub standard_key_mode: Option<KeyMode>,
    pub ed25519: Option<bool>,
    pub park_after: Option<Option<i64>>,
    pub self_heal: Option<bool>,
    pub disable_on_gone: Option<bool>,
}

impl SettingsChange {
    /// The settings with the change made.
    #[must_use]
    pub fn over(&self, old: &Settings) -> Settings {
        Settings {
            rate_per_second: self.rate_per_second.unwrap_or(old.rate_per_second),
            burst: self.burst.unwrap_or(old.burst),
            max_in_flight: self.max_in_flight.unwrap_or(old.max_in_flight),
            order: self.order.unwrap_or(old.order),
            timeout_ms: self.timeout_ms.unwrap_or(old.timeout_ms),
            retry_schedule: self
                .retry_schedule
                .clone()
                .unwrap_or_else(|| old.retry_schedule.clone()),
            key_modes: KeyModes {
                partner: self.key_mode.unwrap_or(old.key_modes.partner),
                standard: self.standard_key_mode.unwrap_or(old.key_modes.standard),
            },
            ed25519: self.ed25519.unwrap_or(old.ed25519),
            park_after: self.park_after.unwrap_or(old.park_after),
            self_heal: self.self_heal.unwrap_or(old.self_heal),
            disable_on_gone: self.disable_on_gone.unwrap_or(old.disable_on_gone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: &SettingsChange) -> Vec<String> {
        let problems = change.over(&Settings::default()).problems();
        problems.into_iter().map(|problem| problem.param).collect()
    }

    #[test]
    fn each_setting_is_refused_beyond_its_bounds_and_taken_at_them() {
        let all = |n: &RangeInclusive<i64>, at: &dyn Fn(i64) -> SettingsChange| {
            let (min, max) = (*n.start(), *n.end());
            assert_eq!(wrong(&at(min)), [""; 0]);
            assert_eq!(wrong(&at(max)), [""; 0]);
            [wrong(&at(min - 1)), wrong(&at(max + 1))].concat()
        };
        let rate = |n| SettingsChange { rate_per_second: Some(Some(n)), ..Default::default() };
        assert_eq!(all(&RATE, &rate), ["rate_per_second"; 2]);
        let burst = |n| SettingsChange { burst: Some(Some(n)), ..rate(1) };
        assert_eq!(all(&BURST, &burst), ["burst"; 2]);
        let cap = |n| SettingsChange { max_in_flight: Some(Some(n)), ..Default::default() };
        assert_eq!(all(&MAX_IN_FLIGHT, &cap), ["max_in_flight"; 2]);
        let timeout = |n| SettingsChange { timeout_ms: Some(n), ..Default::default() };
        assert_eq!(all(&TIMEOUT_MS, &timeout), ["timeout_ms"; 2]);
        let ladder =
            |n| SettingsChange { retry_schedule: Some(Some(vec![5, n])), ..Default::default() };
        assert_eq!(all(&RETRY_DELAY, &ladder), ["retry_schedule/1"; 2]);
        let parked = |n| SettingsChange {
            order: Some(Order::Key),
            park_after: Some(Some(n)),
            ..Default::default()
        };
        assert_eq!(all(&PARK_AFTER, &parked), ["park_after"; 2]);
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused() {
        let change = SettingsChange { burst: Some(Some(5)), ..Default::default() };
        assert_eq!(wrong(&change), ["burst"]);
        let change = SettingsChange {
            order: Some(Order::Strict),
            max_in_flight: Some(Some(2)),
            ..Default::default()
        };
        assert_eq!(wrong(&change), ["max_in_flight"]);
        let change = SettingsChange { park_after: Some(Some(3)), ..Default::default() };
        assert_eq!(wrong(&change), ["park_after"]);
        for n in [0, RETRIES_MAX + 1] {
            let change =
                SettingsChange { retry_schedule: Some(Some(vec![60; n])), ..Default::default() };
            assert_eq!(wrong(&change), ["retry_schedule"]);
        }
    }
}
