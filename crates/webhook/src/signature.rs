//! Signatures over the stored bytes of a payload, in the three forms that receivers verify.
//!
//! Checking a signature, and saying why it fails, is in [`crate::verify`]. Sealing secrets at rest is
//! not here: a [`Secret`] exists in memory only while an attempt is made. The recipes are those of
//! seed 001 (partner), seed 002 (e-mail) and the Standard Webhooks specification.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::endpoint::{KeyMode, KeyModes};
use domain::{Ids, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ed25519::KeyPair;

/// What secrets begin with, so that a scanner can recognise a leaked one.
pub const SECRET_PREFIX: &str = "whsec_";
/// Random bytes in a new secret: as many as HMAC-SHA256 can use.
pub const SECRET_BYTES: usize = 32;
/// Bytes of text in a secret that somebody brings along; 64 random bytes and the prefix fit.
pub const SECRET_TEXT_BYTES_MAX: usize = 128;
/// Bytes of a key, once made from its secret, for an endpoint that is saved (Standard Webhooks). A key
/// that is text may be longer, because the text of 64 bytes is.
pub const KEY_BYTES: RangeInclusive<usize> = 24..=64;
/// How the verifiers of seed 002's SDKs read a secret.
pub const EMAIL_KEY_MODE: KeyMode = KeyMode::Ascii;
/// Keys that sign at once while one replaces another (webhooks.md 5.11).
pub const LIVE_KEYS_MAX: usize = 4;

/// A signing secret, as the receiver was shown it.
///
/// Invariant: between 1 and [`SECRET_TEXT_BYTES_MAX`] visible ASCII characters. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text cannot be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is 1 to {SECRET_TEXT_BYTES_MAX} visible ASCII characters")]
pub struct NotASecret;

impl Secret {
    /// Draws a new secret: the prefix and 32 random bytes in padded base64.
    pub fn generate(ids: &dyn Ids) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        ids.fill(&mut bytes);
        Self(format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(bytes)))
    }

    /// Draws a signing key of a mailbox: the prefix and 32 random bytes in 43 characters of base64url (email-api.md
    /// SK-2). Its verifiers decode nothing, so that only [`EMAIL_KEY_MODE`] makes a key of it.
    pub fn generate_for_email(ids: &dyn Ids) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        ids.fill(&mut bytes);
        Self(format!("{SECRET_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Takes up a secret that was stored or brought along.
    pub fn parse(text: impl Into<String>) -> Result<Self, NotASecret> {
        let text = text.into();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > SECRET_TEXT_BYTES_MAX || !visible {
            return Err(NotASecret);
        }
        Ok(Self(text))
    }

    /// The text itself: to seal it, or to show it once to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key of a signature; `raw` always gives one.
    pub fn key(&self, mode: KeyMode) -> Result<Cow<'_, [u8]>, KeyProblem> {
        let text = self.0.as_str();
        let bare = text.strip_prefix(SECRET_PREFIX);
        match mode {
            KeyMode::Decoded => BASE64_STANDARD
                .decode(bare.unwrap_or(text))
                .map(Cow::Owned)
                .map_err(|_| KeyProblem::NotBase64),
            KeyMode::Ascii => Ok(bare.unwrap_or(text).as_bytes().into()),
            KeyMode::AsciiWithPrefix if bare.is_none() => Err(KeyProblem::NoPrefix),
            KeyMode::AsciiWithPrefix | KeyMode::Raw => Ok(text.as_bytes().into()),
        }
    }

    /// The key of a signature, for an endpoint that is to be saved: one that could be guessed is refused.
    pub fn strong_key(&self, mode: KeyMode) -> Result<Cow<'_, [u8]>, KeyProblem> {
        let key = self.key(mode)?;
        let bytes = key.len();
        if bytes < *KEY_BYTES.start() || (mode == KeyMode::Decoded && bytes > *KEY_BYTES.end()) {
            return Err(KeyProblem::Size { mode, bytes });
        }
        Ok(key)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Why a secret gives no key in a mode. Each text says which mode would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("the secret is not base64 and can't be decoded; use ascii or raw")]
    NotBase64,
    #[error("the secret does not begin with {SECRET_PREFIX}; use ascii or raw")]
    NoPrefix,
    #[error(
        "with {mode} the secret gives a key of {bytes} bytes; a key has {} to {}", KEY_BYTES.start(), KEY_BYTES.end()
    )]
    Size { mode: KeyMode, bytes: usize },
}

/// A secret made ready to sign: what HMAC does with a key alone is done once.
#[derive(Clone)]
pub struct Key {
    partner: Hmac<Sha256>,
    standard: Hmac<Sha256>,
    pair: Option<Arc<KeyPair>>,
}

impl Key {
    pub fn new(secret: &Secret, modes: KeyModes) -> Result<Self, KeyProblem> {
        let ready = |mode| secret.key(mode).map(|key| keyed(&key));
        Ok(Self { partner: ready(modes.partner)?, standard: ready(modes.standard)?, pair: None })
    }

    /// Signs with a key pair as well.
    #[must_use]
    pub fn with_pair(self, pair: KeyPair) -> Self {
        Self { pair: Some(Arc::new(pair)), ..self }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(hidden)")
    }
}

/// The live keys of an endpoint: one, or several while a rotation lasts.
///
/// Invariant: between 1 and [`LIVE_KEYS_MAX`] keys, the receiver's current one first. The order
/// matters because the seed's verifier reads only the first `v1=`.
#[derive(Clone, Debug)]
pub struct Keyring {
    keys: Vec<Key>,
    /// The place of the key that waits for its switch.
    next: Option<usize>,
}

impl Keyring {
    pub fn new(current: Key) -> Self {
        Self { keys: vec![current], next: None }
    }

    /// Adds a key that signs beside the current one; beyond the limit it is left out.
    #[must_use]
    pub fn and(mut self, other: Key) -> Self {
        if self.keys.len() < LIVE_KEYS_MAX {
            self.keys.push(other);
        }
        self
    }

    /// Adds the key that the current one will be replaced by.
    #[must_use]
    pub fn and_next(self, next: Key) -> Self {
        let place = self.keys.len();
        let all = self.and(next);
        Self { next: (place < all.keys.len()).then_some(place), ..all }
    }

    /// The key at a place by itself; `None` when there is none.
    #[must_use]
    pub fn only(&self, place: usize) -> Option<Self> {
        self.keys.get(place).cloned().map(Self::new)
    }
}

/// The partner scheme: `t=<seconds>,v1=<hex>`, one `v1` a live key.
///
/// The key is the whole text of the secret, prefix included, unless its endpoint says otherwise: the
/// seed's verifier hands it to HMAC as it was given.
pub fn partner(keys: &Keyring, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.seconds().to_string();
    let mut header = format!("t={seconds}");
    for key in &keys.keys {
        header.push_str(",v1=");
        push_hex(&mut header, mac(key.partner.clone(), &[&seconds, "."], body));
    }
    header
}

/// The partner scheme by the key that waits for its switch, for a receiver that reads one signature only; `None`
/// when no key waits.
pub fn partner_next(keys: &Keyring, at: Timestamp, body: &[u8]) -> Option<String> {
    keys.only(keys.next?).map(|next| partner(&next, at, body))
}

/// The e-mail scheme: `sha256=<hex>` over request id, seconds and body.
///
/// It has room for one signature, so the caller names the key, which the verifiers of seed 002's SDKs
/// read as [`EMAIL_KEY_MODE`] does.
pub fn email(key: &[u8], request_id: &str, at: Timestamp, body: &[u8]) -> String {
    email_by(keyed(key), request_id, at, body)
}

/// The same by the current key of a subscription, whose mode for the partner scheme is [`EMAIL_KEY_MODE`].
pub fn email_of(keys: &Keyring, request_id: &str, at: Timestamp, body: &[u8]) -> String {
    email_by(keys.keys[0].partner.clone(), request_id, at, body)
}

fn email_by(key: Hmac<Sha256>, request_id: &str, at: Timestamp, body: &[u8]) -> String {
    let mut header = String::with_capacity(7 + 64);
    header.push_str("sha256=");
    let before = [request_id, ".", &at.seconds().to_string(), "."];
    push_hex(&mut header, mac(key, &before, body));
    header
}

/// The Standard Webhooks scheme: `v1,<base64>`, and where a key has a pair also `v1a,<base64>` over the
/// same bytes; a space between the signatures of several live keys.
pub fn standard(keys: &Keyring, id: &str, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.seconds().to_string();
    let mut header = String::with_capacity(144 * keys.keys.len());
    for key in &keys.keys {
        header.push_str(if header.is_empty() { "v1," } else { " v1," });
        let bytes = mac(key.standard.clone(), &[id, ".", &seconds, "."], body);
        BASE64_STANDARD.encode_string(bytes, &mut header);
    }
    // Behind the others, because there are verifiers that look at the first part only.
    for pair in keys.keys.iter().filter_map(|key| key.pair.as_ref()) {
        header.push_str(" v1a,");
        let bytes = pair.sign(&[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
        BASE64_STANDARD.encode_string(bytes, &mut header);
    }
    header
}

pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// What a key says of a text in parts and a body.
pub(crate) fn mac(mut mac: Hmac<Sha256>, before: &[&str], body: &[u8]) -> [u8; 32] {
    for part in before {
        mac.update(part.as_bytes());
    }
    mac.update(body);
    mac.finalize().into_bytes().into()
}

pub(crate) fn push_hex(text: &mut String, bytes: [u8; 32]) {
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
}

#[cfg(test)]
mod tests;
