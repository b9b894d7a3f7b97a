//! The TLS settings of every connection out: ring, the Mozilla roots, and an operator's own.
//!
//! What an endpoint's client certificate must be is judged in [`crate::identity`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::identity::{Identity, IdentityProblem};

/// What protocols are called when one is chosen during the handshake (ALPN, RFC 7301).
pub(crate) const HTTP_1: &[u8] = b"http/1.1";
pub(crate) const HTTP_2: &[u8] = b"h2";
/// Sessions remembered so that a new connection costs two thirds of a full handshake.
const SESSIONS_KEPT_MAX: usize = 1024;
const SESSIONS_OF_ONE_MAX: usize = 16;
/// Client certificates kept ready. Beyond it all are made ready anew, when they are next needed.
const IDENTITIES_MAX: usize = 1024;

/// Why a root certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootProblem {
    #[error("reading extra root certificates: {0}; give PEM, or one certificate in DER")]
    Pem(String),
    #[error("an extra root certificate is not usable: {0}")]
    Certificate(rustls::Error),
}

/// Reads root certificates from a PEM bundle, or a single one from DER.
pub fn read_roots(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, RootProblem> {
    // DER begins with the tag of a sequence; PEM is text.
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateDer::from(bytes.to_vec())]);
    }
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let roots = roots.map_err(|error| RootProblem::Pem(error.to_string()))?;
    if roots.is_empty() {
        return Err(RootProblem::Pem("no certificate found".to_owned()));
    }
    Ok(roots)
}

/// Which protocols a receiver may choose from.
#[derive(Clone, Copy)]
pub(crate) enum Offer {
    Both,
    Http1,
}

/// The settings of all connections, and of those that show a certificate.
pub(crate) struct Tls {
    plain: Pair,
    /// By the identity's own name.
    certified: Mutex<HashMap<Arc<str>, Pair>>,
}

/// Settings that share the sessions that they resume.
#[derive(Clone)]
struct Pair {
    both: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
}

impl Tls {
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>) -> Result<Self, RootProblem> {
        let plain = Pair::of(client_config(extra_roots)?);
        Ok(Self { plain, certified: Mutex::default() })
    }

    pub(crate) fn connector(
        &self,
        identity: Option<&Identity>,
        offer: Offer,
    ) -> Result<TlsConnector, IdentityProblem> {
        let pair = match identity {
            Some(identity) => self.certified(identity)?,
            None => self.plain.clone(),
        };
        Ok(match offer {
            Offer::Both => pair.both.into(),
            Offer::Http1 => pair.http1.into(),
        })
    }

    fn certified(&self, identity: &Identity) -> Result<Pair, IdentityProblem> {
        let mut kept = self.certified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = kept.get(identity.id()) {
            return Ok(pair.clone());
        }
        let mut config = ClientConfig::clone(&self.plain.both);
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(identity.open()?));
        // Not shared: a resumed session vouches for the certificate that began it.
        config.resumption = Resumption::in_memory_sessions(SESSIONS_OF_ONE_MAX);
        let pair = Pair::of(config);
        if kept.len() >= IDENTITIES_MAX {
            kept.clear();
        }
        kept.insert(identity.id().clone(), pair.clone());
        Ok(pair)
    }
}

impl Pair {
    fn of(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        let both = Arc::new(config.clone());
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        Self { both, http1: Arc::new(config) }
    }
}

fn client_config(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, RootProblem> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra {
        roots.add(root).map_err(RootProblem::Certificate)?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(SESSIONS_KEPT_MAX);
    Ok(config)
}

pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}
