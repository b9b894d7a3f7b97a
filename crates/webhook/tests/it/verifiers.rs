//! Verifiers that share no code with ours, in Python and in JavaScript, written from the specifications of
//! the three schemes: the seeds', and Standard Webhooks.
//!
//! Where an interpreter is missing its test says so and proves nothing.

use std::process::Command;

use domain::Timestamp;
use domain::endpoint::KeyModes;
use webhook::signature::{EMAIL_KEY_MODE, Key, Keyring, Secret, email, partner, standard};

const OLD: &str = "whsec_b2xkLW9sZC1vbGQtb2xkLW9sZC1vbGQtb2xk";
const NEW: &str = "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3";
const SECONDS: i64 = 1_767_225_600;
const BODY: &str = "{\"id\": \"evt_1\",\n \"name\":\"Zoë\"}";

/// Takes secret, time, id, body and the three headers; prints which of them verify. As the seed's verifier
/// does, the first one looks at the first `v1=` only.
const PYTHON: &str = r#"
import base64, hashlib, hmac, sys
secret, at, id, body, partner, email, standard = sys.argv[1:]
def mac(key, text): return hmac.new(key, text.encode(), hashlib.sha256)
first = partner.split("v1=")[1].split(",")[0]
bare = secret.removeprefix("whsec_")
said = [
    hmac.compare_digest(mac(secret.encode(), f"{at}.{body}").hexdigest(), first),
    hmac.compare_digest("sha256=" + mac(bare.encode(), f"{id}.{at}.{body}").hexdigest(), email),
    any(hmac.compare_digest(mac(base64.b64decode(bare), f"{id}.{at}.{body}").digest(), base64.b64decode(s[3:]))
        for s in standard.split(" ") if s.startswith("v1,")),
]
print(",".join(str(s).lower() for s in said))
"#;

const JAVASCRIPT: &str = r"
const { createHmac } = require('node:crypto');
const [secret, at, id, body, partner, email, standard] = process.argv.slice(1);
const mac = (key, text, form) => createHmac('sha256', key).update(text).digest(form);
const bare = secret.replace(/^whsec_/, '');
console.log([
  partner.match(/v1=([0-9a-f]{64})/)[1] === mac(secret, `${at}.${body}`, 'hex'),
  email === 'sha256=' + mac(bare, `${id}.${at}.${body}`, 'hex'),
  standard.split(' ').includes('v1,' + mac(Buffer.from(bare, 'base64'), `${id}.${at}.${body}`, 'base64')),
].join());
";

/// What a verifier with this secret says of the three headers that these keys make; nothing where the
/// program is not installed.
fn said(program: [&str; 3], secret: &str, keys: &[&str]) -> Option<String> {
    let (at, id) = (Timestamp::from_micros(domain::seconds(SECONDS)), "evt_1");
    let read = |text: &str| Secret::parse(text).unwrap();
    let key = |text: &str| Key::new(&read(text), KeyModes::default()).unwrap();
    let ring = keys[1..].iter().fold(Keyring::new(key(keys[0])), |ring, text| ring.and(key(text)));
    let secret_of_email = read(keys[0]);
    let email_key = secret_of_email.key(EMAIL_KEY_MODE).unwrap();
    let headers = [
        partner(&ring, at, BODY.as_bytes()),
        email(&email_key, id, at, BODY.as_bytes()),
        standard(&ring, id, at, BODY.as_bytes()),
    ];
    let [name, flag, code] = program;
    let ran = Command::new(name)
        .args([flag, code, secret, &SECONDS.to_string(), id, BODY])
        .args(headers)
        .env("PYTHONUTF8", "1")
        .output();
    let Ok(ran) = ran else {
        eprintln!("SKIPPED: {name} is not installed, so nothing was verified by it");
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8(ran.stdout).unwrap().trim().to_owned())
}

/// The Standard Webhooks header carries all live keys; the other two are read for the one that comes first.
fn rotates(program: [&str; 3]) {
    for (secret, keys, verdict) in [
        (OLD, &[OLD][..], "true,true,true"),
        (NEW, &[OLD], "false,false,false"),
        (OLD, &[OLD, NEW], "true,true,true"),
        (NEW, &[OLD, NEW], "false,false,true"),
        (NEW, &[NEW, OLD], "true,true,true"),
        (OLD, &[NEW, OLD], "false,false,true"),
        (NEW, &[NEW], "true,true,true"),
        (OLD, &[NEW], "false,false,false"),
    ] {
        let Some(said) = said(program, secret, keys) else { return };
        assert_eq!(said, verdict, "{secret} of {keys:?}");
    }
}

#[test]
fn case_21_case_22_python_verifies_all_three_schemes_before_during_and_after_a_rotation() {
    rotates(["python3", "-c", PYTHON]);
}

#[test]
fn case_21_case_22_javascript_verifies_all_three_schemes_before_during_and_after_a_rotation() {
    rotates(["node", "-e", JAVASCRIPT]);
}
