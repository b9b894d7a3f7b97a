//! Reading what a request claims: signatures of one scheme, and the text before the body that they cover.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::endpoint::{KeyMode, KeyModes};
use subtle::ConstantTimeEq;

use super::{Arrived, SignatureProblem as P};
use crate::ed25519::{PublicKey, SIGNATURE_BYTES};
use crate::signature::{EMAIL_KEY_MODE, keyed, mac};

/// Signatures of one kind in a header that are looked at; four keys are live at most.
const SIGNATURES_MAX: usize = 8;

pub(super) struct Claim {
    /// Ends with the full stop before the body.
    before: String,
    signatures: Vec<[u8; 32]>,
    /// Of Ed25519.
    pairs: Vec<[u8; SIGNATURE_BYTES]>,
    pub(super) seconds: i64,
    /// How keys of the scheme are made where nobody says otherwise.
    pub(super) usual: KeyMode,
}

impl Claim {
    pub(super) fn read(arrived: &Arrived<'_>) -> Result<Self, P> {
        let header = arrived.signature.ok_or(P::Missing)?.trim();
        if header.starts_with("v1,") || header.starts_with("v1a,") {
            standard(header, arrived)
        } else if let Some(hex) = header.strip_prefix("sha256=") {
            let (before, seconds) = named(arrived)?;
            let signatures = hexes([hex].into_iter())?;
            let (pairs, usual) = (Vec::new(), EMAIL_KEY_MODE);
            Ok(Self { before, signatures, pairs, seconds, usual })
        } else {
            partner(header)
        }
    }

    pub(super) fn holds(&self, key: &[u8], body: &[u8]) -> bool {
        let expected = mac(keyed(key), &[&self.before], body);
        self.signatures.iter().any(|found| bool::from(found.ct_eq(&expected)))
    }

    pub(super) fn has_pairs_only(&self) -> bool {
        self.signatures.is_empty() && !self.pairs.is_empty()
    }

    pub(super) fn judge_pair(&self, key: &PublicKey, body: &[u8]) -> Result<(), P> {
        if self.pairs.is_empty() {
            return Err(P::NoPairSignature);
        }
        let holds = |body: &[u8]| {
            let message = [self.before.as_bytes(), body].concat();
            self.pairs.iter().any(|signature| key.verifies(&message, signature))
        };
        match body.strip_suffix(b"\n").map(|b| b.strip_suffix(b"\r").unwrap_or(b)) {
            _ if holds(body) => Ok(()),
            Some(shorter) if holds(shorter) => Err(P::TrailingNewline),
            _ => Err(P::PairMismatch),
        }
    }
}

fn partner(header: &str) -> Result<Claim, P> {
    let parts = || header.split(',').map(str::trim);
    let stamp = parts().find_map(|part| part.strip_prefix("t=")).ok_or(P::NoTimestamp)?;
    let seconds = stamp.parse().map_err(|_| P::NoTimestamp)?;
    let mut found = parts().filter_map(|part| part.strip_prefix("v1=")).peekable();
    found.peek().ok_or(P::NoSignature)?;
    let usual = KeyModes::default().partner;
    let (before, signatures) = (format!("{stamp}."), hexes(found)?);
    Ok(Claim { before, signatures, pairs: Vec::new(), seconds, usual })
}

fn standard(header: &str, arrived: &Arrived<'_>) -> Result<Claim, P> {
    let (before, seconds) = named(arrived)?;
    let signatures: Vec<[u8; 32]> = decoded(header, "v1,");
    let pairs: Vec<[u8; SIGNATURE_BYTES]> = decoded(header, "v1a,");
    if signatures.is_empty() && pairs.is_empty() {
        return Err(P::NotBase64);
    }
    Ok(Claim { before, signatures, pairs, seconds, usual: KeyModes::default().standard })
}

fn decoded<const N: usize>(header: &str, version: &str) -> Vec<[u8; N]> {
    let parts = header.split(' ').filter_map(|part| part.strip_prefix(version));
    let bytes = parts.filter_map(|text| BASE64_STANDARD.decode(text).ok()?.try_into().ok());
    bytes.take(SIGNATURES_MAX).collect()
}

/// The text of the schemes that sign an id and a timestamp of their own headers.
fn named(arrived: &Arrived<'_>) -> Result<(String, i64), P> {
    let id = arrived.id.ok_or(P::NoHeader("id"))?;
    let stamp = arrived.timestamp.ok_or(P::NoHeader("timestamp"))?;
    let seconds = stamp.parse().map_err(|_| P::NoTimestamp)?;
    Ok((format!("{id}.{stamp}."), seconds))
}

fn hexes<'a>(found: impl Iterator<Item = &'a str>) -> Result<Vec<[u8; 32]>, P> {
    let read: Vec<_> = found.filter_map(lower_hex).take(SIGNATURES_MAX).collect();
    if read.is_empty() { Err(P::NotHex) } else { Ok(read) }
}

fn lower_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
