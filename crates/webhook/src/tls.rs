//! The TLS settings of every connection out: ring, the Mozilla roots, and an operator's own.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};

/// What protocols are called when one is chosen during the handshake (ALPN, RFC 7301).
pub(crate) const HTTP_1: &[u8] = b"http/1.1";
pub(crate) const HTTP_2: &[u8] = b"h2";
/// Sessions remembered so that a new connection costs two thirds of a full handshake.
const SESSIONS_KEPT_MAX: usize = 1024;

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

/// The configuration that offers both protocols. Its clones share the sessions that they resume.
pub(crate) fn client_config(
    extra: Vec<CertificateDer<'static>>,
) -> Result<ClientConfig, RootProblem> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra {
        roots.add(root).map_err(RootProblem::Certificate)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    config.resumption = rustls::client::Resumption::in_memory_sessions(SESSIONS_KEPT_MAX);
    Ok(config)
}
