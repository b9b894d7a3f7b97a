//! Checking a signature, and saying in words why it fails.
//!
//! Two verifiers live here: the careful one that the command line uses, for all schemes, and a copy
//! of the seed's in its exact behaviour, faults included, so that tests prove what a partner who
//! pasted it will see. Making signatures is in [`crate::signature`].

mod claim;

use claim::Claim;
use domain::Timestamp;
use domain::endpoint::KeyMode;
use subtle::ConstantTimeEq;

use crate::ed25519::{NotAKey, PUBLIC_PREFIX, PublicKey};
use crate::signature::{KeyProblem, Secret, keyed, mac, push_hex};

/// Seconds by which the signed time may differ from the receiver's clock, either way.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a signature is not accepted. Each text says what to look at next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    #[error(
        "the request has no signature header; read the raw header before the framework drops it"
    )]
    Missing,
    #[error("the signature header has no t=<unix seconds> part")]
    NoTimestamp,
    #[error("the signature header has no v1= part")]
    NoSignature,
    #[error("this signature covers the {0} header as well; give its value")]
    NoHeader(&'static str),
    #[error("the signature is not base64 text of the right length")]
    NotBase64,
    #[error("no v1= part is 64 lower-case hexadecimal characters")]
    NotHex,
    #[error(
        "the signature is right but the request is {seconds} seconds old; check the clock, or refuse a replay"
    )]
    Stale { seconds: i64 },
    #[error("the signature is right but its time is {seconds} seconds ahead; check the clock")]
    Early { seconds: i64 },
    #[error(
        "the signature is right without the newline at the end of the body; compare the exact bytes that arrived"
    )]
    TrailingNewline,
    #[error(
        "the signature is right with the key mode {right}, not with {used}: the key is {}", key_of(*.right)
    )]
    WrongKeyMode { used: KeyMode, right: KeyMode },
    #[error("{0}")]
    Key(#[from] KeyProblem),
    #[error("{0}")]
    PublicKey(#[from] NotAKey),
    #[error("a public key checks v1a, signatures, and there is none; set the endpoint's ed25519")]
    NoPairSignature,
    #[error(
        "no v1a, signature is of this key; use the raw body bytes, and a key that the endpoint has now"
    )]
    PairMismatch,
    #[error("the signature is of Ed25519; give the endpoint's public key, whpk_…, for the secret")]
    NeedsPublicKey,
    #[error(
        "the signature does not match in any key mode; use the raw body bytes, and the secret of this endpoint"
    )]
    Mismatch,
}

/// What arrived, as a receiver has it. The partner scheme needs neither id nor timestamp.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrived<'a> {
    /// The value of the signature header.
    pub signature: Option<&'a str>,
    /// `webhook-id`; in the e-mail scheme the request id.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`; in the e-mail scheme its own timestamp header.
    pub timestamp: Option<&'a str>,
    /// The exact bytes.
    pub body: &'a [u8],
}

/// Checks the value of a `…-Signature` header against the exact bytes of the body, with the whole text
/// of the secret as the key.
///
/// Any `v1=` part may match, so a rotation needs no care. The time is judged last: a stale request
/// is told apart from a forged one.
pub fn verify(
    secret: &Secret,
    header: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureProblem> {
    let arrived = Arrived { signature: header, body, ..Arrived::default() };
    verify_any(secret, Some(KeyMode::Raw), &arrived, now)
}

/// Checks a signature of any of the schemes, which its form tells apart.
///
/// Where the secret is a public key, `whpk_…`, the `v1a,` signatures are checked with it, and otherwise
/// the others. Without a mode the key is the scheme's usual one. Where another mode would have been right, the
/// problem says so.
pub fn verify_any(
    secret: &Secret,
    mode: Option<KeyMode>,
    arrived: &Arrived<'_>,
    now: Timestamp,
) -> Result<(), SignatureProblem> {
    let claim = Claim::read(arrived)?;
    if secret.reveal().starts_with(PUBLIC_PREFIX) {
        let key = PublicKey::parse(secret.reveal())?;
        return claim.judge_pair(&key, arrived.body).and_then(|()| judge_time(claim.seconds, now));
    }
    if claim.has_pairs_only() {
        return Err(SignatureProblem::NeedsPublicKey);
    }
    let mode = mode.unwrap_or(claim.usual);
    let key = secret.key(mode)?;
    let body = arrived.body;
    if !claim.holds(&key, body) {
        let right = KeyMode::ALL.iter().find(|other| {
            secret.key(**other).is_ok_and(|other| other != key && claim.holds(&other, body))
        });
        if let Some(right) = right {
            return Err(SignatureProblem::WrongKeyMode { used: mode, right: *right });
        }
        let shorter = body.strip_suffix(b"\n").map(|b| b.strip_suffix(b"\r").unwrap_or(b));
        return Err(match shorter {
            Some(shorter) if claim.holds(&key, shorter) => SignatureProblem::TrailingNewline,
            _ => SignatureProblem::Mismatch,
        });
    }
    judge_time(claim.seconds, now)
}

fn judge_time(seconds: i64, now: Timestamp) -> Result<(), SignatureProblem> {
    match now.seconds().saturating_sub(seconds) {
        age if age > TOLERANCE_SECONDS => Err(SignatureProblem::Stale { seconds: age }),
        age if age < -TOLERANCE_SECONDS => {
            Err(SignatureProblem::Early { seconds: age.saturating_neg() })
        }
        _ => Ok(()),
    }
}

/// The seed's verifier compares texts of different lengths, and Node throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seed's verifier throws: its first v1= part is not 64 bytes long")]
pub struct SeedThrows;

/// Answers as `verifyInnbocksWebhook` of seed 001 does: the header is split at commas, each part
/// trimmed, and only the first part that begins with `v1=` is read. No time is checked.
pub fn verify_as_seed(
    body: &[u8],
    timestamp: &str,
    header: Option<&str>,
    secret: &Secret,
) -> Result<bool, SeedThrows> {
    let received = header
        .and_then(|text| text.split(',').map(str::trim).find_map(|part| part.strip_prefix("v1=")));
    match received {
        None | Some("") => Ok(false),
        Some(hex) if hex.len() != 64 => Err(SeedThrows),
        Some(hex) => Ok(hex.as_bytes().ct_eq(expected(secret, timestamp, body).as_bytes()).into()),
    }
}

/// What the key is made of, for people.
const fn key_of(mode: KeyMode) -> &'static str {
    match mode {
        KeyMode::Decoded => "the base64 text after whsec_, decoded",
        KeyMode::Ascii => "the text after whsec_ as it stands",
        KeyMode::AsciiWithPrefix | KeyMode::Raw => "the whole text of the secret, whsec_ included",
    }
}

fn expected(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    let key = keyed(secret.reveal().as_bytes());
    push_hex(&mut hex, mac(key, &[timestamp, "."], body));
    hex
}

#[cfg(test)]
mod tests;
