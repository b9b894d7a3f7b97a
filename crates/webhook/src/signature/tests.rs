//! The vectors of each scheme, and what a secret can be.

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

fn ring(text: &str, modes: KeyModes) -> Keyring {
    Keyring::new(Key::new(&secret(text), modes).unwrap())
}

/// Both schemes with one mode.
fn both(mode: KeyMode) -> KeyModes {
    KeyModes { partner: mode, standard: mode }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(domain::seconds(seconds))
}

#[test]
fn the_partner_scheme_gives_the_vector_of_the_field_specification() {
    let keys = ring("whsec_test_0123456789abcdef", both(KeyMode::AsciiWithPrefix));
    let body = br#"{"id":"evt_01TEST","type":"mail.arrived"}"#;
    assert_eq!(
        partner(&keys, at(1_767_225_600), body),
        "t=1767225600,v1=3e3ebe2835b7f6ca8812677355fd13f0870a3a2cc00571b0b332f9b0c5489ad9"
    );
}

#[test]
fn case_22_the_partner_scheme_gives_the_vectors_of_the_engine_in_each_key_mode() {
    let body = br#"{"test": 2432232314}"#;
    let whole = "2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964";
    for (mode, hex) in [
        (KeyMode::Ascii, "fa563f291d632f1bb64880fd7c283362344fb0672729918bb67642d71edeae63"),
        (KeyMode::Decoded, "e96203c6de850e7dc1fde7489ef6140b402d3a5a64fe250cd2eef9830fac1cef"),
        (KeyMode::AsciiWithPrefix, whole),
        (KeyMode::Raw, whole),
    ] {
        let header = partner(&ring(LONG_KNOWN, both(mode)), at(1_614_265_330), body);
        assert_eq!(header, format!("t=1614265330,v1={hex}"), "{mode}");
    }
}

#[test]
fn case_22_the_standard_scheme_gives_the_vectors_of_its_specification_and_of_other_key_modes() {
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let whole = "TcxlhK9b6UD6iVI1ZU2tTqp8PEVfYRseNNfa6b+LcUg=";
    for (mode, base64) in [
        (KeyMode::Decoded, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        (KeyMode::Ascii, "ELhqG0Ku1gwOc1f4jyKdp3SFGFLAOdJ9bvpWLciCakI="),
        (KeyMode::AsciiWithPrefix, whole),
        (KeyMode::Raw, whole),
    ] {
        let keys = ring(LONG_KNOWN, both(mode));
        let header = standard(&keys, id, at(1_614_265_330), br#"{"test": 2432232314}"#);
        assert_eq!(header, format!("v1,{base64}"), "{mode}");
    }
}

#[test]
fn case_22_the_email_scheme_gives_the_vectors_its_sdks_accept() {
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
        let secret = secret(key);
        let bytes = secret.key(EMAIL_KEY_MODE).unwrap();
        let header = email(&bytes, request_id, at(seconds), body.as_bytes());
        assert_eq!(header, format!("sha256={hex}"), "{key}");
    }
}

#[test]
fn during_a_rotation_the_current_key_signs_first_and_the_other_beside_it() {
    let modes = KeyModes::default();
    let [old, new] =
        ["whsec_b2xk", "whsec_bmV3"].map(|text| Key::new(&secret(text), modes).unwrap());
    let both = Keyring::new(old.clone()).and(new.clone());
    let alone = |key: &Key| partner(&Keyring::new(key.clone()), at(7), b"{}")[4..].to_owned();
    assert_eq!(partner(&both, at(7), b"{}"), format!("t=7,{},{}", alone(&old), alone(&new)));

    let alone = |key: &Key| standard(&Keyring::new(key.clone()), "evt_1", at(7), b"{}");
    assert_eq!(standard(&both, "evt_1", at(7), b"{}"), format!("{} {}", alone(&old), alone(&new)));
}

#[test]
fn at_most_four_keys_sign() {
    let key = Key::new(&secret("k"), both(KeyMode::Raw)).unwrap();
    let keys = (0..9).fold(Keyring::new(key.clone()), |keys, _| keys.and(key.clone()));
    assert_eq!(partner(&keys, at(7), b"").matches("v1=").count(), LIVE_KEYS_MAX);
}

#[test]
fn case_49_a_new_secret_is_32_bytes_behind_the_prefix_and_never_printed_by_debug() {
    let new = Secret::generate(&Counting);
    assert_eq!(new.reveal(), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_eq!(new.key(KeyMode::Decoded).unwrap().len(), SECRET_BYTES);
    assert_eq!(format!("{new:?}"), "Secret(hidden)");
    let keys = Keyring::new(Key::new(&new, KeyModes::default()).unwrap());
    assert_eq!(format!("{keys:?}"), "Keyring { keys: [Key(hidden)], next: None }");
}

#[test]
fn sk2_a_key_of_a_mailbox_is_43_characters_of_base64url_which_are_the_key_themselves() {
    struct High;
    impl Ids for High {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xff);
        }
    }
    let new = Secret::generate_for_email(&High);
    let characters = format!("{}8", "_".repeat(42));
    assert_eq!(new.reveal(), format!("whsec_{characters}"));
    assert_eq!(new.key(EMAIL_KEY_MODE).unwrap(), characters.as_bytes());
}

#[test]
fn a_text_that_is_empty_long_or_not_visible_is_no_secret() {
    let long = "k".repeat(SECRET_TEXT_BYTES_MAX + 1);
    for text in ["", "two words", "line\n", "schlüssel", &long] {
        assert_eq!(Secret::parse(text), Err(NotASecret), "{text}");
    }
}

#[test]
fn a_secret_that_somebody_brought_along_gives_a_key_only_in_the_modes_that_fit_it() {
    use KeyMode::{Ascii, AsciiWithPrefix, Decoded, Raw};
    let plain = secret("an-old-secret-of-the-receiver");
    assert_eq!(plain.strong_key(Decoded), Err(KeyProblem::NotBase64));
    assert_eq!(plain.strong_key(AsciiWithPrefix), Err(KeyProblem::NoPrefix));
    assert_eq!(plain.strong_key(Ascii).unwrap(), plain.reveal().as_bytes());
    assert_eq!(plain.strong_key(Raw).unwrap(), plain.reveal().as_bytes());

    let prefixed = secret("whsec_an-old-secret-of-the-receiver");
    assert_eq!(prefixed.strong_key(Decoded), Err(KeyProblem::NotBase64));
    assert_eq!(prefixed.strong_key(Ascii).unwrap(), plain.reveal().as_bytes());
    assert_eq!(prefixed.strong_key(AsciiWithPrefix), prefixed.strong_key(Raw));

    // 24 letters are a key, and so is what 32 of them stand for; what 24 stand for could be guessed.
    let letters = secret("abcdefghijklmnopqrstuvwx");
    assert_eq!(letters.strong_key(Ascii).unwrap().len(), *KEY_BYTES.start());
    assert_eq!(letters.strong_key(Decoded), Err(KeyProblem::Size { mode: Decoded, bytes: 18 }));
    assert_eq!(secret(LONG_KNOWN).strong_key(Decoded).unwrap().len(), *KEY_BYTES.start());
    let long = secret(&"A".repeat(88));
    assert_eq!(long.strong_key(Decoded), Err(KeyProblem::Size { mode: Decoded, bytes: 66 }));
    assert_eq!(long.strong_key(Ascii).unwrap().len(), 88);
}

#[test]
fn a_key_with_a_pair_signs_the_same_bytes_with_ed25519_behind_the_other_signatures() {
    let pair = || KeyPair::parse("whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let key = Key::new(&secret(LONG_KNOWN), KeyModes::default()).unwrap();
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let signed = |keys: &Keyring| standard(keys, id, at(1_614_265_330), br#"{"test": 2432232314}"#);
    let hmac = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let ed25519 = "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ==";
    assert_eq!(signed(&Keyring::new(key.clone().with_pair(pair()))), format!("{hmac} {ed25519}"));
    let keys = Keyring::new(key.clone().with_pair(pair())).and(key);
    assert_eq!(signed(&keys), format!("{hmac} {hmac} {ed25519}"));
}
