//! Each way in which a signature fails has its own explanation.

use super::*;
use domain::endpoint::KeyModes;

use crate::ed25519::KeyPair;
use crate::signature::{EMAIL_KEY_MODE, Key, Keyring, email, partner, standard};

const BODY: &[u8] = br#"{"id":"evt_01TEST","type":"mail.arrived"}"#;
const SIGNATURE: &str = "3e3ebe2835b7f6ca8812677355fd13f0870a3a2cc00571b0b332f9b0c5489ad9";
const STAMP: &str = "1767225600";

fn secret() -> Secret {
    Secret::parse("whsec_test_0123456789abcdef").unwrap()
}

fn check(header: &str, body: &[u8], seconds: i64) -> Result<(), SignatureProblem> {
    verify(&secret(), Some(header), body, Timestamp::from_micros(domain::seconds(seconds)))
}

/// Both schemes with one mode.
fn both(mode: KeyMode) -> KeyModes {
    KeyModes { partner: mode, standard: mode }
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
    let key = |secret| Key::new(secret, both(KeyMode::Raw)).unwrap();
    let keys = Keyring::new(key(&old)).and(key(&new));
    let body = "{\"name\":\"Zoë\"}".as_bytes();
    let header = partner(&keys, Timestamp::from_micros(domain::seconds(7)), body);
    assert_eq!(verify_as_seed(body, "7", Some(&header), &old), Ok(true));
    assert_eq!(verify_as_seed(body, "7", Some(&header), &new), Ok(false));
}

const LONG_KNOWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_wrong_key_mode_is_named_in_every_scheme() {
    use KeyMode::{Ascii, AsciiWithPrefix, Decoded, Raw};
    let secret = Secret::parse(LONG_KNOWN).unwrap();
    let now = Timestamp::from_micros(domain::seconds(7));
    for signed in [Decoded, Ascii, AsciiWithPrefix] {
        let keys = Keyring::new(Key::new(&secret, both(signed)).unwrap());
        let headers = [
            partner(&keys, now, BODY),
            standard(&keys, "evt_1", now, BODY),
            email(&secret.key(signed).unwrap(), "evt_1", now, BODY),
        ];
        for header in &headers {
            let arrived = Arrived {
                signature: Some(header),
                id: Some("evt_1"),
                timestamp: Some("7"),
                body: BODY,
            };
            let said = |mode| verify_any(&secret, mode, &arrived, now);
            for used in [Decoded, Ascii, AsciiWithPrefix] {
                let wrong = SignatureProblem::WrongKeyMode { used, right: signed };
                let verdict = if used == signed { Ok(()) } else { Err(wrong) };
                assert_eq!(said(Some(used)), verdict, "{header}");
            }
            let usual = match &header[..3] {
                "t=7" => AsciiWithPrefix,
                "v1," => Decoded,
                _ => EMAIL_KEY_MODE,
            };
            assert_eq!(said(None).is_ok(), usual == signed, "{header}");
            assert_eq!(said(Some(Raw)).is_ok(), signed == AsciiWithPrefix, "{header}");
        }
    }
    let wrong = SignatureProblem::WrongKeyMode { used: Decoded, right: Ascii }.to_string();
    assert!(wrong.contains("the text after whsec_ as it stands"), "{wrong}");
    let plain = Secret::parse("an-old-secret").unwrap();
    let arrived = Arrived { signature: Some("t=7,v1=0"), body: BODY, ..Arrived::default() };
    assert_eq!(verify_any(&plain, None, &arrived, now), Err(SignatureProblem::NotHex));
}

#[test]
fn what_is_missing_or_misshapen_in_the_other_schemes_is_named() {
    use SignatureProblem as P;
    let secret = Secret::parse(LONG_KNOWN).unwrap();
    let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let base = Arrived {
        signature: Some(good),
        id: Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        timestamp: Some("1614265330"),
        body: br#"{"test": 2432232314}"#,
    };
    let said = |arrived: &Arrived<'_>| {
        verify_any(&secret, None, arrived, Timestamp::from_micros(domain::seconds(1_614_265_330)))
    };
    assert_eq!(said(&base), Ok(()));
    let two = format!("v1,{} {good}", "A".repeat(43) + "=");
    assert_eq!(said(&Arrived { signature: Some(&two), ..base }), Ok(()));
    assert_eq!(said(&Arrived { id: None, ..base }), Err(P::NoHeader("id")));
    assert_eq!(said(&Arrived { timestamp: None, ..base }), Err(P::NoHeader("timestamp")));
    assert_eq!(said(&Arrived { timestamp: Some("soon"), ..base }), Err(P::NoTimestamp));
    assert_eq!(said(&Arrived { id: Some("msg_2"), ..base }), Err(P::Mismatch));
    assert_eq!(said(&Arrived { signature: Some("v1,g0hM"), ..base }), Err(P::NotBase64));
    assert_eq!(said(&Arrived { signature: Some("sha256=ab"), ..base }), Err(P::NotHex));
    let stale = Timestamp::from_micros(domain::seconds(1_614_265_330 + 400));
    assert_eq!(verify_any(&secret, None, &base, stale), Err(P::Stale { seconds: 400 }));
}

#[test]
fn a_public_key_checks_the_signatures_of_ed25519() {
    use SignatureProblem as P;
    let secret = Secret::parse(LONG_KNOWN).unwrap();
    let pair = |byte: u8| {
        struct Same(u8);
        impl domain::Ids for Same {
            fn fill(&self, buffer: &mut [u8]) {
                buffer.fill(self.0);
            }
        }
        KeyPair::generate(&Same(byte))
    };
    let now = Timestamp::from_micros(domain::seconds(7));
    let key = || Key::new(&secret, KeyModes::default()).unwrap();
    let keys = Keyring::new(key().with_pair(pair(1))).and(key().with_pair(pair(2)));
    let header = standard(&keys, "evt_1", now, BODY);
    let arrived = |signature| Arrived {
        signature: Some(signature),
        id: Some("evt_1"),
        timestamp: Some("7"),
        body: BODY,
    };
    let said = |key: &str, arrived: &Arrived<'_>| {
        verify_any(&Secret::parse(key).unwrap(), None, arrived, now)
    };
    let public = pair(2).public().to_string();
    assert_eq!(said(&public, &arrived(&header)), Ok(()));
    assert_eq!(said(LONG_KNOWN, &arrived(&header)), Ok(()));
    let stranger = pair(3).public().to_string();
    assert_eq!(said(&stranger, &arrived(&header)), Err(P::PairMismatch));
    let longer = [BODY, b"\n"].concat();
    let with_line = Arrived { body: &longer, ..arrived(&header) };
    assert_eq!(said(&public, &with_line), Err(P::TrailingNewline));
    let of_pairs = header.split(' ').filter(|part| part.starts_with("v1a,")).collect::<Vec<_>>();
    let joined = of_pairs.join(" ");
    assert_eq!(said(LONG_KNOWN, &arrived(&joined)), Err(P::NeedsPublicKey));
    assert_eq!(said(&public, &arrived(of_pairs[1])), Ok(()));
    let of_secrets = standard(&Keyring::new(key()), "evt_1", now, BODY);
    assert_eq!(said(&public, &arrived(&of_secrets)), Err(P::NoPairSignature));
    assert!(matches!(said("whpk_AAAA", &arrived(&header)), Err(P::PublicKey(_))));
    let late = Timestamp::from_micros(domain::seconds(7 + 301));
    let stale = verify_any(&Secret::parse(public).unwrap(), None, &arrived(&header), late);
    assert_eq!(stale, Err(P::Stale { seconds: 301 }));
}
