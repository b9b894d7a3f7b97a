//! Signatures over the stored bytes of a payload, in the three forms that receivers verify.
//!
//! Checking a signature, and saying why it fails, is in [`crate::verify`]. Sealing secrets at rest is
//! not here: a [`Secret`] exists in memory only while an attempt is made. The recipes are those of
//! seed 001 (partner), seed 002 (e-mail) and the Standard Webhooks specification.

use std::fmt::{self, Write as _};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Ids, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What secrets begin with, so that a scanner can recognise a leaked one.
pub const SECRET_PREFIX: &str = "whsec_";
/// Random bytes in a new secret: as many as HMAC-SHA256 can use.
pub const SECRET_BYTES: usize = 32;
/// Bytes of text in a secret that somebody brings along; 64 random bytes and the prefix fit.
pub const SECRET_TEXT_BYTES_MAX: usize = 128;
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

    fn without_prefix(&self) -> &str {
        self.0.strip_prefix(SECRET_PREFIX).unwrap_or(&self.0)
    }

    /// The key that Standard Webhooks libraries use. A secret brought along whose text is not base64
    /// is used as it stands: nothing else could be agreed with its receiver.
    fn decoded(&self) -> Vec<u8> {
        let text = self.without_prefix();
        BASE64_STANDARD.decode(text).unwrap_or_else(|_| text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// The live keys of an endpoint: one, or several while a rotation lasts.
///
/// Invariant: between 1 and [`LIVE_KEYS_MAX`] keys, the receiver's current one first. The order
/// matters because the seed's verifier reads only the first `v1=`.
#[derive(Clone, Debug)]
pub struct Keyring(Vec<Secret>);

impl Keyring {
    pub fn new(current: Secret) -> Self {
        Self(vec![current])
    }

    /// Adds a key that signs beside the current one; beyond the limit it is left out.
    #[must_use]
    pub fn and(mut self, other: Secret) -> Self {
        if self.0.len() < LIVE_KEYS_MAX {
            self.0.push(other);
        }
        self
    }
}

/// The partner scheme: `t=<seconds>,v1=<hex>`, one `v1` a live key.
///
/// The key is the whole text of the secret, prefix included, since the seed's verifier hands it to
/// HMAC as it was given.
pub fn partner(keys: &Keyring, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.seconds().to_string();
    let mut header = format!("t={seconds}");
    for secret in &keys.0 {
        header.push_str(",v1=");
        push_hex(&mut header, partner_mac(secret, &seconds, body));
    }
    header
}

/// The e-mail scheme: `sha256=<hex>` over request id, seconds and body.
///
/// It has room for one signature, so the caller names the key. The key is the text after the prefix,
/// as the verifiers of seed 002's SDKs take it.
pub fn email(secret: &Secret, request_id: &str, at: Timestamp, body: &[u8]) -> String {
    let key = secret.without_prefix().as_bytes();
    let mut header = String::with_capacity(7 + 64);
    header.push_str("sha256=");
    push_hex(&mut header, mac(key, &[request_id, ".", &at.seconds().to_string(), "."], body));
    header
}

/// The Standard Webhooks scheme: `v1,<base64>`, a space between the signatures of several live keys.
pub fn standard(keys: &Keyring, id: &str, at: Timestamp, body: &[u8]) -> String {
    let seconds = at.seconds().to_string();
    let mut header = String::with_capacity(48 * keys.0.len());
    for secret in &keys.0 {
        header.push_str(if header.is_empty() { "v1," } else { " v1," });
        let bytes = mac(&secret.decoded(), &[id, ".", &seconds, "."], body);
        BASE64_STANDARD.encode_string(bytes, &mut header);
    }
    header
}

/// The bytes behind one `v1` of the partner scheme; `seconds` is the text that travels in the header.
pub(crate) fn partner_mac(secret: &Secret, seconds: &str, body: &[u8]) -> [u8; 32] {
    mac(secret.0.as_bytes(), &[seconds, "."], body)
}

pub(crate) fn push_hex(text: &mut String, bytes: [u8; 32]) {
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
}

fn mac(key: &[u8], before: &[&str], body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in before {
        mac.update(part.as_bytes());
    }
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_KNOWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    struct Counting;
    impl Ids for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            for (byte, value) in buffer.iter_mut().zip(0..) {
                *byte = value;
            }
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(domain::seconds(seconds))
    }

    #[test]
    fn the_partner_scheme_gives_the_vector_of_the_field_specification() {
        let keys = Keyring::new(secret("whsec_test_0123456789abcdef"));
        let body = br#"{"id":"evt_01TEST","type":"mail.arrived"}"#;
        assert_eq!(
            partner(&keys, at(1_767_225_600), body),
            "t=1767225600,v1=3e3ebe2835b7f6ca8812677355fd13f0870a3a2cc00571b0b332f9b0c5489ad9"
        );
    }

    #[test]
    fn the_partner_scheme_gives_the_vectors_of_the_engine_for_other_readings_of_a_key() {
        let body = br#"{"test": 2432232314}"#;
        let ascii = Keyring::new(secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(
            partner(&ascii, at(1_614_265_330), body),
            "t=1614265330,v1=fa563f291d632f1bb64880fd7c283362344fb0672729918bb67642d71edeae63"
        );
        let mut decoded = String::new();
        push_hex(&mut decoded, mac(&secret(LONG_KNOWN).decoded(), &["1614265330", "."], body));
        assert_eq!(decoded, "e96203c6de850e7dc1fde7489ef6140b402d3a5a64fe250cd2eef9830fac1cef");
    }

    #[test]
    fn the_standard_scheme_gives_the_vector_of_its_specification() {
        let keys = Keyring::new(secret(LONG_KNOWN));
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let header = standard(&keys, id, at(1_614_265_330), br#"{"test": 2432232314}"#);
        assert_eq!(header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_email_scheme_gives_the_vectors_its_sdks_accept() {
        let vectors = [
            (
                LONG_KNOWN,
                "req_01J0000000000000000000TEST",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "bc605d59e26699a32369e40a3c86ab3bb7c4cdd2d39ee43c95e77c6a453f621a",
            ),
            (
                "whsec_k",
                "req-1",
                1_700_000_000,
                r#"{"a":1}"#,
                "a7bc761ae287be7ffc9c7bc74ff6cde78721322dfcd530923c8035ab38d307bc",
            ),
            (
                "k",
                "req-1",
                1_700_000_000,
                r#"{"a":1}"#,
                "a7bc761ae287be7ffc9c7bc74ff6cde78721322dfcd530923c8035ab38d307bc",
            ),
            (
                "whsec_dGVzdA==",
                "5a1c0f3e-0000-4000-8000-000000000001",
                1_751_371_200,
                r#"{"s":"ж"}"#,
                "a75480c06d2195c9ba7232b49ead205046c2e1a643647e7a73e931849cdb4ea6",
            ),
            (
                "plainkey",
                "r",
                1,
                "",
                "943704f03944471a3150690ebe75b236574ff226b1490aa0c459c8ae2915922e",
            ),
        ];
        for (key, request_id, seconds, body, hex) in vectors {
            let header = email(&secret(key), request_id, at(seconds), body.as_bytes());
            assert_eq!(header, format!("sha256={hex}"), "{key}");
        }
    }

    #[test]
    fn during_a_rotation_the_current_key_signs_first_and_the_other_beside_it() {
        let (old, new) = (secret("whsec_b2xk"), secret("whsec_bmV3"));
        let both = Keyring::new(old.clone()).and(new.clone());
        let alone = |s: &Secret| partner(&Keyring::new(s.clone()), at(7), b"{}")[4..].to_owned();
        assert_eq!(partner(&both, at(7), b"{}"), format!("t=7,{},{}", alone(&old), alone(&new)));

        let alone = |s: &Secret| standard(&Keyring::new(s.clone()), "evt_1", at(7), b"{}");
        assert_eq!(
            standard(&both, "evt_1", at(7), b"{}"),
            format!("{} {}", alone(&old), alone(&new))
        );
    }

    #[test]
    fn at_most_four_keys_sign() {
        let mut keys = Keyring::new(secret("k"));
        for _ in 0..9 {
            keys = keys.and(secret("k"));
        }
        assert_eq!(partner(&keys, at(7), b"").matches("v1=").count(), LIVE_KEYS_MAX);
    }

    #[test]
    fn case_49_a_new_secret_is_32_bytes_behind_the_prefix_and_never_printed_by_debug() {
        let new = Secret::generate(&Counting);
        assert_eq!(new.reveal(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        assert_eq!(new.decoded().len(), SECRET_BYTES);
        assert_eq!(format!("{:?}", Keyring::new(new)), "Keyring([Secret(hidden)])");
    }

    #[test]
    fn a_text_that_is_empty_long_or_not_visible_is_no_secret() {
        let long = "k".repeat(SECRET_TEXT_BYTES_MAX + 1);
        for text in ["", "two words", "line\n", "schlüssel", &long] {
            assert_eq!(Secret::parse(text), Err(NotASecret), "{text}");
        }
    }
}
