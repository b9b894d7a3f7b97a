//! Key pairs for signatures that a receiver checks without sharing a secret (Standard Webhooks, `v1a`).
//!
//! What is signed is in [`crate::signature`]; where a public key is served, in `partner_api`.

use std::fmt;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::Ids;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// What private keys begin with. They never leave the install; the prefix is for scanners of leaks.
pub const PRIVATE_PREFIX: &str = "whsk_";
/// What public keys begin with.
pub const PUBLIC_PREFIX: &str = "whpk_";
/// Bytes of a private key's seed, and of a public key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// A key pair; its `Debug` hides it.
pub struct KeyPair {
    seed: [u8; KEY_BYTES],
    pair: Ed25519KeyPair,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key of Ed25519 is {0} and the base64 text of {KEY_BYTES} bytes")]
pub struct NotAKey(&'static str);

impl KeyPair {
    pub fn generate(ids: &dyn Ids) -> Self {
        let mut seed = [0; KEY_BYTES];
        ids.fill(&mut seed);
        Self::of(seed)
    }

    /// Takes up a private key that was stored.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        read(text, PRIVATE_PREFIX).map(Self::of)
    }

    fn of(seed: [u8; KEY_BYTES]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed has 32 bytes");
        Self { seed, pair }
    }

    /// The private key as text: to seal it.
    pub fn reveal(&self) -> String {
        format!("{PRIVATE_PREFIX}{}", BASE64_STANDARD.encode(self.seed))
    }

    pub fn public(&self) -> PublicKey {
        let bytes = self.pair.public_key().as_ref().try_into();
        PublicKey(bytes.expect("a public key has 32 bytes"))
    }

    /// Signs parts that follow one another.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; SIGNATURE_BYTES] {
        let signature = self.pair.sign(&parts.concat());
        signature.as_ref().try_into().expect("a signature has 64 bytes")
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(hidden)")
    }
}

/// The half that everybody may know. Its text is `whpk_` and base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        read(text, PUBLIC_PREFIX).map(Self)
    }

    /// The member `x` of a JSON Web Key (RFC 8037).
    pub fn jwk_x(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", BASE64_STANDARD.encode(self.0))
    }
}

fn read(text: &str, prefix: &'static str) -> Result<[u8; KEY_BYTES], NotAKey> {
    let bare = text.strip_prefix(prefix);
    let bytes = bare.and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(NotAKey(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &str = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const PUBLIC: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

    #[test]
    fn case_49_a_pair_is_read_and_written_and_never_printed_by_debug() {
        let pair = KeyPair::parse(PRIVATE).unwrap();
        assert_eq!(pair.reveal(), PRIVATE);
        assert_eq!(pair.public().to_string(), PUBLIC);
        assert_eq!(PublicKey::parse(PUBLIC), Ok(pair.public()));
        assert_eq!(pair.public().jwk_x(), "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
        assert_eq!(format!("{pair:?}"), "KeyPair(hidden)");
    }

    #[test]
    fn a_text_with_another_prefix_or_length_is_no_key() {
        for text in
            ["", PRIVATE, "whpk_", "whpk_A6EHvw==", "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="]
        {
            assert_eq!(PublicKey::parse(text), Err(NotAKey(PUBLIC_PREFIX)), "{text}");
        }
        assert!(KeyPair::parse(PUBLIC).is_err());
    }

    #[test]
    fn a_signature_verifies_over_what_was_signed_only() {
        let pair = KeyPair::parse(PRIVATE).unwrap();
        let signature = pair.sign(&[b"one", b".two"]);
        assert!(pair.public().verifies(b"one.two", &signature));
        assert!(!pair.public().verifies(b"one.twa", &signature));
        assert!(!pair.public().verifies(b"one.two", &signature[1..]));
    }
}
