//! The install's data key and what is made from it: digests, sealed values, signed links.
//!
//! One 32-byte key, which lies in the database sealed for a master key; see [`slots`]. Each use and each tenant
//! has a key of its own, derived with HMAC-SHA256 over a label, so that none can stand in for another.

pub mod slots;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use domain::id::PartnerId;
use domain::{Ids, Timestamp};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub use self::slots::MasterKey;

/// Bytes of a key, the master's or the data's.
pub const KEY_BYTES: usize = 32;

const NONCE_BYTES: usize = 24;

/// The key that this install's values are sealed with; its `Debug` says nothing.
pub struct DataKey {
    keys: [u8; 32],
    seals: Sealer,
    tenants: [u8; 32],
    links: [u8; 32],
    receipts: [u8; 32],
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

/// A sealed value that this install's key does not open.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value does not open with this install's secret key")]
pub struct NotOurs;

impl DataKey {
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        let derive = |label: &str| mac(key, &[label.as_bytes()]);
        Self {
            keys: derive("postroom api keys 1"),
            seals: Sealer::new(derive("postroom seals 1")),
            tenants: derive("postroom tenants 1"),
            links: derive("postroom links 1"),
            receipts: derive("postroom receipts 1"),
        }
    }

    /// What is stored of an API key: equal keys have equal digests, and a stolen table is useless
    /// without the master key.
    pub fn key_digest(&self, key: &str) -> [u8; 32] {
        mac(&self.keys, &[key.as_bytes()])
    }

    /// Seals a secret for a place: what was sealed for one row does not open for another, nor for another
    /// tenant. `None` is the install itself.
    pub fn seal(
        &self,
        ids: &dyn Ids,
        tenant: Option<PartnerId>,
        place: &str,
        secret: &[u8],
    ) -> Bytes {
        match tenant {
            Some(tenant) => self.sealer_of(tenant).seal(ids, place, secret),
            None => self.seals.seal(ids, place, secret),
        }
    }

    /// Opens what [`DataKey::seal`] sealed for the same tenant and place, or what was sealed for the place before
    /// tenants had keys of their own.
    pub fn open(
        &self,
        tenant: Option<PartnerId>,
        place: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, NotOurs> {
        let opened = tenant.and_then(|t| self.sealer_of(t).open(place, sealed).ok());
        opened.map_or_else(|| self.seals.open(place, sealed), Ok)
    }

    fn sealer_of(&self, tenant: PartnerId) -> Sealer {
        Sealer::new(mac(&self.tenants, &[&tenant.0]))
    }

    /// A link path with its end and its proof: `/files/pho_…?expires=…&signature=…`.
    pub fn sign_link(&self, path: &str, expires: Timestamp) -> String {
        let expires = expires.seconds();
        format!("{path}?expires={expires}&signature={}", self.link_proof(path, expires))
    }

    /// True while a signed link is untouched and its time is not over.
    pub fn link_is_good(&self, path: &str, expires: i64, signature: &str, now: Timestamp) -> bool {
        let proof = self.link_proof(path, expires);
        now.seconds() < expires && bool::from(proof.as_bytes().ct_eq(signature.as_bytes()))
    }

    /// The proof that a receipt is this install's, and unchanged.
    pub fn sign_receipt(&self, document: &[u8]) -> [u8; 32] {
        mac(&self.receipts, &[document])
    }

    pub fn receipt_is_good(&self, document: &[u8], proof: &[u8]) -> bool {
        bool::from(self.sign_receipt(document).ct_eq(proof))
    }

    fn link_proof(&self, path: &str, expires: i64) -> String {
        let proof = mac(&self.links, &[path.as_bytes(), b"?", expires.to_string().as_bytes()]);
        URL_SAFE_NO_PAD.encode(&proof[..16])
    }
}

/// One key that seals.
struct Sealer(XChaCha20Poly1305);

impl Sealer {
    fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(key)))
    }

    fn seal(&self, ids: &dyn Ids, place: &str, secret: &[u8]) -> Bytes {
        let mut nonce = [0; NONCE_BYTES];
        ids.fill(&mut nonce);
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        // Encryption fails only for messages of hundreds of gigabytes.
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed].concat().into()
    }

    fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, NotOurs> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES).ok_or(NotOurs)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| NotOurs)?;
        let payload = Payload { msg: body, aad: place.as_bytes() };
        self.0.decrypt(&XNonce::from(nonce), payload).map_err(|_| NotOurs)
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length.
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Ids for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    #[test]
    fn a_sealed_value_opens_in_its_place_and_for_its_tenant_only() {
        let (key, other) = (DataKey::new(&[1; 32]), DataKey::new(&[2; 32]));
        let (one, two) = (Some(PartnerId([1; 16])), Some(PartnerId([2; 16])));
        let sealed = key.seal(&Sevens, one, "endpoint/1", b"whsec_x");
        assert_eq!(key.open(one, "endpoint/1", &sealed).unwrap(), b"whsec_x");
        assert!(key.open(one, "endpoint/2", &sealed).is_err());
        assert!(key.open(two, "endpoint/1", &sealed).is_err());
        assert!(key.open(None, "endpoint/1", &sealed).is_err());
        assert!(other.open(one, "endpoint/1", &sealed).is_err());
    }

    #[test]
    fn what_was_sealed_before_tenants_had_keys_still_opens_in_its_place() {
        let key = DataKey::new(&[1; 32]);
        let sealed = key.seal(&Sevens, None, "endpoint/1", b"whsec_x");
        assert_eq!(key.open(Some(PartnerId([1; 16])), "endpoint/1", &sealed).unwrap(), b"whsec_x");
    }

    #[test]
    fn a_link_is_good_until_it_expires_and_while_nobody_changed_it() {
        let key = DataKey::new(&[1; 32]);
        let end = Timestamp::from_micros(1_000_000_000);
        let link = key.sign_link("/files/pho_1", end);
        let signature = link.rsplit_once("signature=").unwrap().1;
        assert!(key.link_is_good("/files/pho_1", 1000, signature, end.plus(-1_000_000)));
        assert!(!key.link_is_good("/files/pho_1", 1000, signature, end));
        assert!(!key.link_is_good("/files/pho_2", 1000, signature, end.plus(-1_000_000)));
        assert!(!key.link_is_good("/files/pho_1", 1001, signature, end.plus(-1_000_000)));
    }
}
