//! Verifiers that share no code with ours, in Python, JavaScript and Go, written from the specifications of
//! the three schemes: the seeds', and Standard Webhooks.
//!
//! Where a language is missing its test says so and proves nothing.

use std::path::Path;
use std::process::Command;

use domain::Timestamp;
use domain::endpoint::KeyModes;
use webhook::ed25519::KeyPair;
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

/// The same, and nothing of the libraries but what comes with the language.
const GO: &str = r#"
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

func mac(key []byte, text string) []byte {
	made := hmac.New(sha256.New, key)
	made.Write([]byte(text))
	return made.Sum(nil)
}

func main() {
	secret, at, id, body := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	partner, email, standard := os.Args[5], os.Args[6], os.Args[7]
	bare := strings.TrimPrefix(secret, "whsec_")
	first := strings.Split(strings.Split(partner, "v1=")[1], ",")[0]
	heard, _ := hex.DecodeString(first)
	ofPartner := hmac.Equal(heard, mac([]byte(secret), at+"."+body))
	heard, _ = hex.DecodeString(strings.TrimPrefix(email, "sha256="))
	ofEmail := hmac.Equal(heard, mac([]byte(bare), id+"."+at+"."+body))
	key, _ := base64.StdEncoding.DecodeString(bare)
	ofStandard := false
	for _, part := range strings.Split(standard, " ") {
		heard, _ = base64.StdEncoding.DecodeString(strings.TrimPrefix(part, "v1,"))
		ofStandard = ofStandard || hmac.Equal(heard, mac(key, id+"."+at+"."+body))
	}
	fmt.Printf("%t,%t,%t\n", ofPartner, ofEmail, ofStandard)
}
"#;

/// Takes public key, time, id, body and the Standard Webhooks header; prints whether a `v1a` part verifies.
const PYTHON_ED25519: &str = r#"
import base64, sys
try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("absent")
    sys.exit()
public, at, id, body, header = sys.argv[1:]
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
def holds(signature):
    try:
        key.verify(base64.b64decode(signature), f"{id}.{at}.{body}".encode())
        return True
    except Exception:
        return False
print(str(any(holds(s[4:]) for s in header.split(" ") if s.startswith("v1a,"))).lower())
"#;

const JAVASCRIPT_ED25519: &str = r"
const { createPublicKey, verify } = require('node:crypto');
const [public_, at, id, body, header] = process.argv.slice(1);
const x = Buffer.from(public_.replace(/^whpk_/, ''), 'base64').toString('base64url');
const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
const message = Buffer.from(`${id}.${at}.${body}`);
console.log(header.split(' ').filter((s) => s.startsWith('v1a,'))
  .some((s) => verify(null, message, key, Buffer.from(s.slice(4), 'base64'))));
";

/// What a verifier with this secret says of the three headers that these keys make; nothing where the
/// program is not installed.
fn said(program: &[&str], secret: &str, keys: &[&str]) -> Option<String> {
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
    let name = program[0];
    let ran = Command::new(name)
        .args(&program[1..])
        .args([secret, &SECONDS.to_string(), id, BODY])
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
fn rotates(program: &[&str]) {
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

fn pair(first: u8) -> KeyPair {
    struct Rising(u8);
    impl domain::Ids for Rising {
        fn fill(&self, buffer: &mut [u8]) {
            for (byte, value) in buffer.iter_mut().zip(self.0..) {
                *byte = value;
            }
        }
    }
    KeyPair::generate(&Rising(first))
}

/// Any live pair satisfies a receiver, beside the secrets and whatever its place; a pair that is gone none.
fn rotates_pairs(program: [&str; 3]) {
    const ID: &str = "evt_1";
    let at = Timestamp::from_micros(domain::seconds(SECONDS));
    let key = |secret: &str, first: u8| {
        let secret = Secret::parse(secret).unwrap();
        Key::new(&secret, KeyModes::default()).unwrap().with_pair(pair(first))
    };
    let both = Keyring::new(key(OLD, 1)).and(key(NEW, 2));
    let header = standard(&both, ID, at, BODY.as_bytes());
    for (first, verdict) in [(1, "true"), (2, "true"), (3, "false")] {
        let public = pair(first).public().to_string();
        let [name, flag, code] = program;
        let ran = Command::new(name)
            .args([flag, code, &public, &SECONDS.to_string(), ID, BODY, &header])
            .env("PYTHONUTF8", "1")
            .output();
        let said = ran.ok().map(|ran| String::from_utf8(ran.stdout).unwrap().trim().to_owned());
        if said.is_none() || said.as_deref() == Some("absent") {
            eprintln!("SKIPPED: {name} has no Ed25519 here, so nothing was verified by it");
            return;
        }
        assert_eq!(said.as_deref(), Some(verdict), "the pair of {first}");
    }
}

#[test]
fn case_21_case_22_python_verifies_the_signatures_of_both_key_pairs_of_a_rotation() {
    rotates_pairs(["python3", "-c", PYTHON_ED25519]);
}

#[test]
fn case_21_case_22_javascript_verifies_the_signatures_of_both_key_pairs_of_a_rotation() {
    rotates_pairs(["node", "-e", JAVASCRIPT_ED25519]);
}

#[test]
fn case_21_case_22_python_verifies_all_three_schemes_before_during_and_after_a_rotation() {
    rotates(&["python3", "-c", PYTHON]);
}

#[test]
fn case_21_case_22_javascript_verifies_all_three_schemes_before_during_and_after_a_rotation() {
    rotates(&["node", "-e", JAVASCRIPT]);
}

#[test]
fn case_21_case_22_go_verifies_all_three_schemes_before_during_and_after_a_rotation() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, program) = (folder.join("verifier.go"), folder.join("verifier"));
    std::fs::write(&source, GO).unwrap();
    let built = Command::new("go").arg("build").arg("-o").args([&program, &source]).output();
    let Ok(built) = built else {
        eprintln!("SKIPPED: go is not installed, so nothing was verified by it");
        return;
    };
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    rotates(&[program.to_str().unwrap()]);
}
