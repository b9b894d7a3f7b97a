//! Client certificates: which are taken, and what a receiver that demands one gets to see.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use domain::endpoint::ClientIdentity;
use domain::{Timestamp, days};
use http::HeaderMap;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use webhook::identity::{Identity, IdentityProblem};
use webhook::outcome::{ErrorKind, Outcome};
use webhook::sender::{DEADLINE, Request, Sender};

use crate::receiver::{follow, ok};
use crate::tls::{demanding, trusting};

/// An authority for client certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Authority { issuer: Issuer::new(params, key), certificate }
}

impl Authority {
    /// A certificate and its key, in PEM, good for these years.
    fn issue(&self, name: &str, from: i32, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        (made.pem(), key.serialize_pem())
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").unwrap()
}

fn given(certificate: &str, private_key: &str) -> ClientIdentity {
    ClientIdentity { certificate: certificate.to_owned(), private_key: private_key.to_owned() }
}

fn read(certificate: &str, key: &str) -> Result<Identity, IdentityProblem> {
    Identity::read(&given(certificate, key), now()).map(|(identity, _)| identity)
}

async fn send(sender: &Sender, url: &str, identity: Option<Identity>) -> Outcome {
    let mut target = sender.guard().check_webhook(url).unwrap();
    if let Some(identity) = identity {
        target = target.with_identity(identity);
    }
    let (headers, body) = (HeaderMap::new(), Bytes::from_static(b"{}"));
    sender
        .send(&Request { target: &target, headers: &headers, body: &body, deadline: DEADLINE })
        .await
}

#[tokio::test]
async fn a_receiver_that_demands_a_certificate_gets_the_endpoints_own() {
    let authority = authority();
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let (acceptor, root) = demanding(&[], clients.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://hooks.example.com:{}/", listener.local_addr().unwrap().port());
    let shown = Arc::<Mutex<Vec<Vec<u8>>>>::default();
    let seen = shown.clone();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
            let certificates = tls.get_ref().1.peer_certificates().unwrap();
            seen.lock().unwrap().push(certificates[0].to_vec());
            tokio::spawn(
                async move { follow(&mut tls, vec![ok(), ok()], &Mutex::default()).await },
            );
        }
    });
    let sender = trusting(&root);
    let mut identities = Vec::new();
    for name in ["first", "second"] {
        let (certificate, key) = authority.issue(name, 2020, 2040);
        // A file often holds more than was asked for.
        let identity = read(&format!("{key}\n{certificate}"), &key).unwrap();
        identities.push(Identity::from_text(identity.to_text().to_owned()));
    }

    let nobody = send(&sender, &url, None).await;
    assert_eq!(nobody.error, Some(ErrorKind::Tls), "{:?}", nobody.detail);

    // Each has connections of its own, which are kept for it alone.
    for reused in [false, true] {
        for identity in &identities {
            let outcome = send(&sender, &url, Some(identity.clone())).await;
            assert_eq!((outcome.error, outcome.reused), (None, reused), "{:?}", outcome.detail);
        }
    }
    let shown = shown.lock().unwrap().clone();
    assert_eq!(shown.len(), 2);
    assert_ne!(shown[0], shown[1]);
    assert_eq!(send(&sender, &url, None).await.error, Some(ErrorKind::Tls));
}

#[test]
fn a_certificate_is_shown_by_its_name_fingerprint_and_end() {
    let authority = authority();
    let (certificate, key) = authority.issue("acme webhooks", 2020, 2040);
    let (identity, shown) = Identity::read(&given(&certificate, &key), now()).unwrap();
    assert!(shown.subject.contains("CN=acme webhooks"), "{}", shown.subject);
    assert_eq!(shown.fingerprint.len(), 64);
    assert_eq!(shown.expires_at, Timestamp::parse("2040-01-01T00:00:00Z").unwrap());
    assert!(!format!("{identity:?}").contains("PRIVATE"));

    // A chain is as good as the first of it that expires.
    let (above, _) = authority.issue("above", 2020, 2030);
    let chain = format!("{certificate}{above}");
    let (_, shown) = Identity::read(&given(&chain, &key), now()).unwrap();
    assert_eq!(shown.expires_at, Timestamp::parse("2030-01-01T00:00:00Z").unwrap());
    assert!(shown.subject.contains("CN=acme webhooks"));

    let (endless, key) = authority.issue("endless", 2020, 9999);
    let (_, shown) = Identity::read(&given(&endless, &key), now()).unwrap();
    assert_eq!(shown.expires_at.to_string(), "9999-01-01T00:00:00.000Z");
}

#[test]
fn what_can_not_work_is_refused_with_the_reason() {
    let authority = authority();
    let (certificate, key) = authority.issue("acme", 2020, 2040);
    let (other, other_key) = authority.issue("other", 2020, 2040);
    let problem = |certificate: &str, key: &str| read(certificate, key).unwrap_err();
    assert_eq!(problem("hello", &key), IdentityProblem::NoCertificate);
    assert_eq!(problem(&key, &key), IdentityProblem::NoCertificate);
    assert_eq!(problem(&certificate, "hello"), IdentityProblem::NoKey);
    assert_eq!(problem(&certificate, &certificate), IdentityProblem::NoKey);
    assert_eq!(problem(&certificate, &other_key), IdentityProblem::OtherKey);
    assert_eq!(problem(&format!("{other}{certificate}"), &key), IdentityProblem::OtherKey);
    assert_eq!(problem(&certificate.repeat(9), &key), IdentityProblem::Chain);
    assert_eq!(problem(&certificate.repeat(40), &key), IdentityProblem::LongCertificate);
    assert_eq!(problem(&certificate, &key.repeat(80)), IdentityProblem::LongKey);
    let encrypted = key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE");
    assert_eq!(problem(&certificate, &encrypted), IdentityProblem::EncryptedKey);

    let nonsense = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(problem(nonsense, &key), IdentityProblem::Certificate(_)));
    let nonsense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert!(matches!(problem(&certificate, nonsense), IdentityProblem::Key(_)));

    let (expired, key) = authority.issue("acme", 2020, 2026);
    let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    assert_eq!(problem(&expired, &key), IdentityProblem::Expired(at));
    assert!(Identity::read(&given(&expired, &key), at.plus(-days(1))).is_ok());
    let (early, key) = authority.issue("acme", 2027, 2030);
    assert!(matches!(problem(&early, &key), IdentityProblem::Early(_)));
}
