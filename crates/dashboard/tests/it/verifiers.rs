//! That the verifiers in the guide accept what the delivery engine signs, where their language is at hand.

use std::process::Command;

use domain::Timestamp;
use domain::endpoint::{KeyMode, KeyModes};
use webhook::signature::{Key, Keyring, Secret, partner};

const GUIDE: &str = include_str!("../../../../docs/guides/webhooks.md");
const SECONDS: i64 = 1_767_225_600;
const BODY: &str = r#"{"id":"evt_01TEST","name":"Zoë","type":"mail.arrived"}"#;

/// The code blocks of a language, in their order.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    GUIDE
        .split(opening.as_str())
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("\n```")?.0))
        .collect()
}

/// A header of the engine for two live secrets, of which `whsec_b` is the one that the receiver has.
fn header() -> String {
    let modes = KeyModes { partner: KeyMode::Raw, standard: KeyMode::Raw };
    let key = |text: &str| Key::new(&Secret::parse(text).unwrap(), modes).unwrap();
    let keys = Keyring::new(key("whsec_a")).and(key("whsec_b"));
    partner(&keys, Timestamp::from_micros(domain::seconds(SECONDS)), BODY.as_bytes())
}

/// Runs a program; nothing when it is not installed.
fn run(program: &str, file: &str, code: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    std::fs::write(&path, code).unwrap();
    let output = Command::new(program).arg(&path).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_guide_verifies_in_six_languages() {
    for language in ["js", "python", "ruby", "php", "go", "rust"] {
        let found = blocks(language);
        let verifies = found.iter().any(|code| code.to_lowercase().contains("hmac"));
        assert!(verifies, "{language}");
    }
}

#[test]
fn the_javascript_verifier_accepts_what_the_engine_signs_and_nothing_else() {
    let verifier =
        blocks("js").into_iter().find(|code| code.contains("verifyWebhook(rawBody")).unwrap();
    let (header, body) = (header(), serde_json::json!(BODY));
    let code = format!(
        "{verifier}
const [header, body] = ['{header}', Buffer.from({body})];
const say = (...more) => verifyWebhook(...more);
console.log([
  say(body, header, 'whsec_b', {SECONDS}), say(body, header, 'whsec_a', {SECONDS} + 300),
  say(body, header, 'whsec_c', {SECONDS}), say(body, header, 'whsec_b', {SECONDS} + 301),
  say(Buffer.from('{{}}'), header, 'whsec_b', {SECONDS}), say(body, undefined, 'whsec_b', {SECONDS}),
  say(body, 't={SECONDS},v1=short', 'whsec_b', {SECONDS}), say(body, 't=soon,v1=', 'whsec_b', {SECONDS}),
].join());"
    );
    if let Some(said) = run("node", "verify.mjs", &code) {
        assert_eq!(said.trim(), "true,true,false,false,false,false,false,false");
    }
}

#[test]
fn the_short_javascript_form_accepts_the_secret_that_signs_first() {
    let verifier =
        blocks("js").into_iter().find(|code| code.contains("verifyInnbocksWebhook")).unwrap();
    let (header, body) = (header(), serde_json::json!(BODY));
    let code = format!(
        "{verifier}
console.log([
  verifyInnbocksWebhook({body}, '{SECONDS}', '{header}', 'whsec_a'),
  verifyInnbocksWebhook({body}, '{SECONDS}', '{header}', 'whsec_b'),
].join());"
    );
    if let Some(said) = run("node", "short.mjs", &code) {
        assert_eq!(said.trim(), "true,false");
    }
}

#[test]
fn the_python_verifier_accepts_what_the_engine_signs_and_nothing_else() {
    let verifier =
        blocks("python").into_iter().find(|code| code.contains("def verify_webhook")).unwrap();
    let (header, body) = (header(), serde_json::json!(BODY));
    let code = format!(
        "{verifier}

header, body = '{header}', {body}.encode()
print([int(said) for said in (
    verify_webhook(body, header, 'whsec_b', {SECONDS}), verify_webhook(body, header, 'whsec_a', {SECONDS} + 300),
    verify_webhook(body, header, 'whsec_c', {SECONDS}), verify_webhook(body, header, 'whsec_b', {SECONDS} + 301),
    verify_webhook(b'{{}}', header, 'whsec_b', {SECONDS}), verify_webhook(body, None, 'whsec_b', {SECONDS}),
    verify_webhook(body, 't={SECONDS},v1=sh\\u00f6rt', 'whsec_b', {SECONDS}),
    verify_webhook(body, 't=soon,v1=', 'whsec_b', {SECONDS}),
)])"
    );
    if let Some(said) = run("python3", "verify.py", &code) {
        assert_eq!(said.trim(), "[1, 1, 0, 0, 0, 0, 0, 0]");
    }
}
