//! Certificates: trusted through an operator's own root, refused otherwise, and by name.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use webhook::guard::Resolver;
use webhook::outcome::{ErrorKind, Outcome, Phases};
use webhook::sender::{DEADLINE, Request, Sender};
use webhook::tls::read_roots;

use crate::receiver::{follow, ok};
use crate::sending::loopback;

pub(crate) struct Loopback;
impl Resolver for Loopback {
    fn resolve(&self, _: String, port: u16) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]) })
    }
}

/// A certificate for `hooks.example.com`, as a receiver shows it, and the root that vouches for it.
pub(crate) fn certified(protocols: &[&[u8]]) -> (TlsAcceptor, Vec<u8>) {
    demanding(protocols, WebPkiClientVerifier::no_client_auth())
}

/// The same for a receiver that looks at the certificates of its clients.
pub(crate) fn demanding(
    protocols: &[&[u8]],
    clients: Arc<dyn ClientCertVerifier>,
) -> (TlsAcceptor, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["hooks.example.com".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), certificate.to_vec())
}

/// A sender that finds every name on loopback and trusts this root.
pub(crate) fn trusting(root: &[u8]) -> Sender {
    Sender::new(loopback().with_resolver(Loopback), read_roots(root).unwrap()).unwrap()
}

/// A receiver for `hooks.example.com`; gives its port and the certificate.
async fn receiver() -> (u16, Vec<u8>) {
    let (acceptor, root) = certified(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                follow(&mut tls, vec![ok(), ok()], &Mutex::default()).await;
            }
        }
    });
    (port, root)
}

async fn send(sender: &Sender, url: &str) -> Outcome {
    let target = sender.guard().check_webhook(url).unwrap();
    let (headers, body) = (HeaderMap::new(), Bytes::from_static(b"{}"));
    sender
        .send(&Request { target: &target, headers: &headers, body: &body, deadline: DEADLINE })
        .await
}

#[tokio::test]
async fn an_operators_own_root_is_trusted_and_its_connections_are_kept() {
    let (port, root) = receiver().await;
    let guard = loopback().with_resolver(Loopback);
    let sender = Sender::new(guard, read_roots(&root).unwrap()).unwrap();
    for reused in [false, true] {
        let outcome = send(&sender, &format!("https://hooks.example.com:{port}/")).await;
        assert_eq!((outcome.error, outcome.reused), (None, reused), "{:?}", outcome.detail);
        let Phases { dns, connect, tls, .. } = outcome.phases;
        assert_eq!([dns, connect, tls].map(|phase| phase.is_none()), [reused; 3]);
    }
}

#[tokio::test]
async fn case_15_an_unknown_root_and_a_wrong_name_are_tls_failures() {
    let (port, root) = receiver().await;
    let guard = loopback().with_resolver(Loopback);
    let strict = Sender::new(guard.clone(), Vec::new()).unwrap();
    let outcome = send(&strict, &format!("https://hooks.example.com:{port}/")).await;
    assert_eq!(outcome.error, Some(ErrorKind::Tls));

    let trusting = Sender::new(guard, read_roots(&root).unwrap()).unwrap();
    for url in [format!("https://other.example.com:{port}/"), format!("https://127.0.0.1:{port}/")]
    {
        assert_eq!(send(&trusting, &url).await.error, Some(ErrorKind::Tls), "{url}");
    }
}

#[test]
fn roots_are_read_from_pem_and_anything_else_is_explained() {
    assert!(read_roots(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").is_ok());
    assert!(read_roots(b"not a certificate").unwrap_err().to_string().contains("PEM"));
}
