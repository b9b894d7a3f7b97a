//! A receiver over TLS that lets nobody in without a client certificate of its own authority.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Bytes of a request that are read; one of ours is smaller.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Takes one request on a connection and answers 200.
pub struct MutualReceiver {
    addr: SocketAddr,
    /// The root that vouches for the receiver, in DER.
    pub root: Vec<u8>,
    authority: Issuer<'static, KeyPair>,
    n_received: Arc<AtomicUsize>,
}

impl MutualReceiver {
    pub async fn start() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let above = params.self_signed(&key).expect("a certificate");
        let authority = Issuer::new(params, key);

        let mut trusted = RootCertStore::empty();
        trusted.add(above.der().clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider));
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a receiver");
        let own_key =
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports them")
            .with_client_cert_verifier(clients.build().expect("a verifier"))
            .with_single_cert(vec![own.cert.der().clone()], own_key)
            .expect("a pair");

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let n_received = Arc::<AtomicUsize>::default();
        let root = own.cert.der().to_vec();
        let count = Arc::clone(&n_received);
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), count));
        Self { addr, root, authority, n_received }
    }

    pub fn url(&self) -> String {
        format!("https://{}/hooks", self.addr)
    }

    /// A certificate that it lets in, and its key, in PEM.
    pub fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(Vec::new()).expect("no names");
        let made = params.signed_by(&key, &self.authority).expect("a certificate");
        (made.pem(), key.serialize_pem())
    }

    /// Requests that came in from somebody with a certificate.
    pub fn n_received(&self) -> usize {
        self.n_received.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, n_received: Arc<AtomicUsize>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
        let mut request = Vec::new();
        // The payload ends where its JSON does.
        while !request.ends_with(b"}") && request.len() < REQUEST_BYTES_MAX {
            if tls.read_buf(&mut request).await.unwrap_or(0) == 0 {
                break;
            }
        }
        n_received.fetch_add(1, Ordering::SeqCst);
        let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        drop(tls.write_all(answer).await);
        drop(tls.shutdown().await);
    }
}
