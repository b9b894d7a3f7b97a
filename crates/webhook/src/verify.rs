//! Checking a partner signature, and saying in words why it fails.
//!
//! Two verifiers live here: the careful one that the command line and the documents use, and a copy
//! of the seed's in its exact behaviour, faults included, so that tests prove what a partner who
//! pasted it will see. Making signatures is in [`crate::signature`].

use domain::Timestamp;
use subtle::ConstantTimeEq;

use crate::signature::{Secret, partner_mac, push_hex};

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
        "the signature does not match; use the raw body bytes and the whole secret with its prefix"
    )]
    Mismatch,
}

/// Checks the value of a `…-Signature` header against the exact bytes of the body.
///
/// Any `v1=` part may match, so a rotation needs no care. The time is judged last: a stale request
/// is told apart from a forged one.
pub fn verify(
    secret: &Secret,
    header: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureProblem> {
    let header = header.ok_or(SignatureProblem::Missing)?;
    let parts = || header.split(',').map(str::trim);
    let stamp =
        parts().find_map(|part| part.strip_prefix("t=")).ok_or(SignatureProblem::NoTimestamp)?;
    let seconds: i64 = stamp.parse().map_err(|_| SignatureProblem::NoTimestamp)?;

    let signatures = || parts().filter_map(|part| part.strip_prefix("v1="));
    signatures().next().ok_or(SignatureProblem::NoSignature)?;
    if !signatures().any(is_lower_hex) {
        return Err(SignatureProblem::NotHex);
    }
    let matches = |body: &[u8]| {
        let expected = expected(secret, stamp, body);
        signatures().any(|found| bool::from(found.as_bytes().ct_eq(expected.as_bytes())))
    };
    if !matches(body) {
        let shorter = body.strip_suffix(b"\n").map(|b| b.strip_suffix(b"\r").unwrap_or(b));
        return Err(match shorter {
            Some(shorter) if matches(shorter) => SignatureProblem::TrailingNewline,
            _ => SignatureProblem::Mismatch,
        });
    }
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

fn expected(secret: &Secret, timestamp: &str, body: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    push_hex(&mut hex, partner_mac(secret, timestamp, body));
    hex
}

fn is_lower_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Keyring, partner};

    const BODY: &[u8] = br#"{"id":"evt_01TEST","type":"mail.arrived"}"#;
    const SIGNATURE: &str = "3e3ebe2835b7f6ca8812677355fd13f0870a3a2cc00571b0b332f9b0c5489ad9";
    const STAMP: &str = "1767225600";

    fn secret() -> Secret {
        Secret::parse("whsec_test_0123456789abcdef").unwrap()
    }

    fn check(header: &str, body: &[u8], seconds: i64) -> Result<(), SignatureProblem> {
        verify(&secret(), Some(header), body, Timestamp::from_micros(domain::seconds(seconds)))
    }

    fn seed(header: &str) -> Result<bool, SeedThrows> {
        verify_as_seed(BODY, STAMP, Some(header), &secret())
    }

    #[test]
    fn each_failure_has_its_own_explanation() {
        use SignatureProblem as P;
        let right = format!("t={STAMP},v1={SIGNATURE}");
        let now = 1_767_225_600;
        assert_eq!(check(&right, BODY, now + 300), Ok(()));
        assert_eq!(check(&right, BODY, now + 301), Err(P::Stale { seconds: 301 }));
        assert_eq!(check(&right, BODY, now - 301), Err(P::Early { seconds: 301 }));
        assert_eq!(check(&right, b"{}", now), Err(P::Mismatch));
        assert_eq!(check(&right, &[BODY, b"\r\n"].concat(), now), Err(P::TrailingNewline));
        assert_eq!(check(&format!("v1={SIGNATURE}"), BODY, now), Err(P::NoTimestamp));
        assert_eq!(check(&format!("t=soon,v1={SIGNATURE}"), BODY, now), Err(P::NoTimestamp));
        assert_eq!(check(&format!("t={STAMP}"), BODY, now), Err(P::NoSignature));
        assert_eq!(
            check(&right.to_uppercase().replace("T=", "t=").replace("V1=", "v1="), BODY, now),
            Err(P::NotHex)
        );
        assert_eq!(verify(&secret(), None, BODY, Timestamp::default()), Err(P::Missing));
    }

    #[test]
    fn any_of_two_signatures_satisfies_the_careful_verifier() {
        let other = "0".repeat(64);
        assert_eq!(
            check(&format!("t={STAMP}, v1={other}, v1={SIGNATURE}"), BODY, 1_767_225_600),
            Ok(())
        );
    }

    #[test]
    fn the_seeds_verifier_answers_each_variant_as_it_did_in_node() {
        let other = "0".repeat(64);
        let accepted = [
            format!("v1={SIGNATURE}"),
            format!("t={STAMP},v1={SIGNATURE}"),
            format!("t={STAMP}, v1={SIGNATURE}"),
            format!("v0=abc,v1={SIGNATURE}"),
            format!("v1={SIGNATURE},v1={other}"),
        ];
        for header in &accepted {
            assert_eq!(seed(header), Ok(true), "{header}");
        }
        let refused = [
            format!("v1={other},v1={SIGNATURE}"),
            format!("v1={}", SIGNATURE.to_uppercase()),
            format!("sha256={SIGNATURE}"),
            "v1=".to_owned(),
        ];
        for header in &refused {
            assert_eq!(seed(header), Ok(false), "{header}");
        }
        for header in
            ["v1=Pj6+KDW39sqIEmdzVf0T8IcKOizABXGwszL5sMVImtk=", &format!("v1=sha256={SIGNATURE}")]
        {
            assert_eq!(seed(header), Err(SeedThrows), "{header}");
        }
        assert_eq!(verify_as_seed(BODY, STAMP, None, &secret()), Ok(false));
    }

    #[test]
    fn the_seeds_verifier_accepts_what_we_sign_and_follows_the_current_key_in_a_rotation() {
        let (old, new) = (secret(), Secret::parse("whsec_bmV3").unwrap());
        let keys = Keyring::new(old.clone()).and(new.clone());
        let body = "{\"name\":\"Zoë\"}".as_bytes();
        let header = partner(&keys, Timestamp::from_micros(domain::seconds(7)), body);
        assert_eq!(verify_as_seed(body, "7", Some(&header), &old), Ok(true));
        assert_eq!(verify_as_seed(body, "7", Some(&header), &new), Ok(false));
    }
}
