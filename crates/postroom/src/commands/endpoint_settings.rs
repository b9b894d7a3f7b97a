//! The flags of `postroom endpoint` that say how an endpoint is sent to, and with which secret.

use std::fs;
use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use domain::endpoint::{ClientIdentity, KeyMode, Order, Settings, SettingsChange};
use domain::filter::Filter;

use super::parse::one_of;

/// Bytes that are read of a line with a secret: more than any has.
const SECRET_LINE_BYTES_MAX: u64 = 1024;

/// How an endpoint is sent to.
#[derive(Args)]
pub(super) struct SettingFlags {
    /// Requests a second at most; none is as fast as it answers.
    #[arg(long, value_name = "N", value_parser = number)]
    rate: Option<Maybe<i64>>,
    /// Requests that may go out at once after a quiet time; none is one second's worth.
    #[arg(long, value_name = "N", value_parser = number)]
    burst: Option<Maybe<i64>>,
    /// Requests under way at a time; none lets its answers decide.
    #[arg(long, value_name = "N", value_parser = number)]
    max_in_flight: Option<Maybe<i64>>,
    /// What waits for what: key keeps the order of a customer's events, strict that of all.
    #[arg(long, value_parser = one_of!(Order))]
    order: Option<Order>,
    /// Milliseconds from looking up the name to the last byte of the answer.
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<i64>,
    /// Seconds before each try after the first, such as 10,60,3600; none is the default schedule.
    #[arg(long, value_name = "SECONDS", value_parser = numbers)]
    retry_schedule: Option<Maybe<Vec<i64>>>,
    /// What of the secret is the key of the v1= signature.
    #[arg(long, value_name = "MODE", value_parser = one_of!(KeyMode))]
    key_mode: Option<KeyMode>,
    /// What of the secret is the key of the Standard Webhooks signature.
    #[arg(long, value_name = "MODE", value_parser = one_of!(KeyMode))]
    standard_key_mode: Option<KeyMode>,
    /// Sign with Ed25519 as well, so that the receiver needs no secret.
    #[arg(long, value_name = "BOOL")]
    ed25519: Option<bool>,
    /// In an order: tries after which a delivery makes way for those behind it; none is all of the schedule.
    #[arg(long, value_name = "N", value_parser = number)]
    park_after: Option<Maybe<i64>>,
    /// Once it is switched off because it failed: ask it once an hour, and take it back after three answers.
    #[arg(long, value_name = "BOOL")]
    self_heal: Option<bool>,
    /// Switch it off as soon as it answers 410; false lets 410 be tried again like any other refusal.
    #[arg(long, value_name = "BOOL")]
    disable_on_gone: Option<bool>,
    /// A header that each request carries, such as "Authorization: Bearer …"; can be given several
    /// times. Together they replace those of before.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Take all headers away.
    #[arg(long, conflicts_with = "headers")]
    no_headers: bool,
    /// A PEM file with the certificate that is shown to a receiver that asks for one, and with those that
    /// vouch for it.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// A PEM file with its private key, which is sealed when it is stored.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
    /// Take the certificate away.
    #[arg(long, conflicts_with = "client_certificate")]
    no_client_certificate: bool,
}

/// A value, or the word none.
#[derive(Clone)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl SettingFlags {
    pub(super) fn settings(&self) -> Settings {
        self.change().over(&Settings::default())
    }

    pub(super) fn change(&self) -> SettingsChange {
        SettingsChange {
            rate_per_second: self.rate.clone().map(|n| n.0),
            burst: self.burst.clone().map(|n| n.0),
            max_in_flight: self.max_in_flight.clone().map(|n| n.0),
            order: self.order,
            timeout_ms: self.timeout_ms,
            retry_schedule: self.retry_schedule.clone().map(|n| n.0),
            key_mode: self.key_mode,
            standard_key_mode: self.standard_key_mode,
            ed25519: self.ed25519,
            park_after: self.park_after.clone().map(|n| n.0),
            self_heal: self.self_heal,
            disable_on_gone: self.disable_on_gone,
        }
    }

    pub(super) fn headers(&self) -> Option<Vec<(String, String)>> {
        (self.no_headers || !self.headers.is_empty()).then(|| self.headers.clone())
    }

    #[expect(clippy::option_option, reason = "absent stays, none is taken away")]
    pub(super) fn certificate(&self) -> anyhow::Result<Option<Option<ClientIdentity>>> {
        let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) else {
            return Ok(self.no_client_certificate.then_some(None));
        };
        let (certificate, private_key) = (read_file(certificate)?, read_file(key)?);
        Ok(Some(Some(ClientIdentity { certificate, private_key })))
    }
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

/// A secret that was given: as it stands, or from standard input, because a command line can be seen
/// by other users of the machine.
pub(super) fn brought(secret: Option<&str>) -> anyhow::Result<Option<String>> {
    if secret != Some("-") {
        return Ok(secret.map(ToOwned::to_owned));
    }
    let mut line = String::new();
    std::io::stdin().lock().take(SECRET_LINE_BYTES_MAX).read_line(&mut line)?;
    Ok(Some(line.trim().to_owned()))
}

fn number(text: &str) -> Result<Maybe<i64>, String> {
    if text == "none" {
        return Ok(Maybe(None));
    }
    text.parse().map(|n| Maybe(Some(n))).map_err(|_| "a whole number, or none".to_owned())
}

fn numbers(text: &str) -> Result<Maybe<Vec<i64>>, String> {
    if text == "none" {
        return Ok(Maybe(None));
    }
    let read: Result<Vec<i64>, _> = text.split(',').map(|word| word.trim().parse()).collect();
    read.map(|list| Maybe(Some(list)))
        .map_err(|_| "seconds with commas between, such as 10,60,3600, or none".to_owned())
}

/// The JSON of a filter, or the word none.
pub(super) fn filter(text: &str) -> Result<Maybe<Filter>, String> {
    if text == "none" {
        return Ok(Maybe(None));
    }
    let value =
        serde_json::from_str(text).map_err(|e| format!("a filter is JSON, or none: {e}"))?;
    wire::partner::filter::read("filter", &value).map(|read| Maybe(Some(read))).map_err(|wrong| {
        wrong.iter().map(|p| format!("{}: {}", p.param, p.message)).collect::<Vec<_>>().join("; ")
    })
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is written \"Name: value\"")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}
