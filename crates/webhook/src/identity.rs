//! The client certificate that an endpoint's receiver asks for: read, judged, and opened for connections.
//!
//! It is judged when it is saved, so that sending never has to. Sealing it is `app`'s; the TLS settings
//! that show it are in [`crate::tls`]. Source: webhooks.md 5.8.

use std::fmt;
use std::sync::Arc;

use domain::Timestamp;
use domain::endpoint::{CERTIFICATE_CHARS_MAX, ClientIdentity, PRIVATE_KEY_CHARS_MAX};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use x509_cert::Certificate as Parsed;
use x509_cert::der::Decode;
use x509_cert::time::Time;

use crate::tls::provider;

/// Certificates of a chain.
const CHAIN_MAX: usize = 8;
/// The start of the year 9999: certificates that never expire name a time near its end (RFC 5280 section
/// 4.1.2.5), which does not exist in every zone.
const LAST_SECOND: i64 = 253_370_764_800;
/// Characters of a subject that are shown.
const SUBJECT_CHARS_MAX: usize = 200;

/// Why a certificate and its key can't be used, in a sentence for the person who gave them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    #[error("this holds no certificate; give PEM that begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    #[error("a certificate is longer than {CERTIFICATE_CHARS_MAX} characters")]
    LongCertificate,
    #[error("the certificate can't be read: {0}")]
    Certificate(String),
    #[error(
        "a chain has at most {CHAIN_MAX} certificates; give your own first, then those above it"
    )]
    Chain,
    #[error("the certificate expired at {0}; give a renewed one")]
    Expired(Timestamp),
    #[error("the certificate is not valid before {0}")]
    Early(Timestamp),
    #[error("this holds no private key; give PEM that begins with -----BEGIN PRIVATE KEY-----")]
    NoKey,
    #[error("a private key is longer than {PRIVATE_KEY_CHARS_MAX} characters")]
    LongKey,
    #[error(
        "the private key is encrypted; give it without a passphrase, it is sealed when it is stored"
    )]
    EncryptedKey,
    #[error(
        "the private key can't be used: {0}; give RSA of at least 2048 bits, P-256, P-384 or Ed25519"
    )]
    Key(String),
    #[error("the private key is not that of the first certificate")]
    OtherKey,
}

impl IdentityProblem {
    /// Whether it is the private key that is at fault, and not the certificate.
    pub fn is_of_key(&self) -> bool {
        match self {
            Self::NoKey | Self::LongKey | Self::EncryptedKey | Self::Key(_) | Self::OtherKey => {
                true
            }
            Self::NoCertificate
            | Self::LongCertificate
            | Self::Certificate(_)
            | Self::Chain
            | Self::Expired(_)
            | Self::Early(_) => false,
        }
    }
}

/// What may be shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The name in it, as RFC 4514 writes names.
    pub subject: String,
    /// SHA-256 of the first certificate, in hex.
    pub fingerprint: String,
    /// When the first of the chain expires.
    pub expires_at: Timestamp,
}

/// A certificate, those that vouch for it, and the private key; its `Debug` does not show the key.
#[derive(Clone)]
pub struct Identity {
    id: Arc<str>,
    pem: Arc<str>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.id).finish()
    }
}

impl Identity {
    /// Reads PEM and judges it.
    pub fn read(
        ClientIdentity { certificate, private_key }: &ClientIdentity,
        now: Timestamp,
    ) -> Result<(Self, Certificate), IdentityProblem> {
        if certificate.len() > CERTIFICATE_CHARS_MAX {
            return Err(IdentityProblem::LongCertificate);
        }
        if private_key.len() > PRIVATE_KEY_CHARS_MAX {
            return Err(IdentityProblem::LongKey);
        }
        let chain = chain(certificate)?;
        let shown = judge(&chain, now)?;
        certify(chain, key(private_key)?)?;
        // What else stood beside the certificates, such as a key, is left behind.
        let certificate = sections(certificate, "CERTIFICATE");
        Ok((Self::from_text(format!("{certificate}\n{}\n", private_key.trim())), shown))
    }

    /// What is sealed and stored.
    pub fn to_text(&self) -> &str {
        &self.pem
    }

    /// Takes up what [`Self::to_text`] gave.
    pub fn from_text(text: String) -> Self {
        let digest = hex(&Sha256::digest(text.as_bytes())[..16]);
        Self { id: digest.into(), pem: text.into() }
    }

    /// Equal for equal certificates and keys only.
    pub(crate) fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(crate) fn open(&self) -> Result<CertifiedKey, IdentityProblem> {
        certify(chain(&self.pem)?, key(&self.pem)?)
    }
}

fn chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, IdentityProblem> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = read.map_err(|error| IdentityProblem::Certificate(error.to_string()))?;
    match chain.len() {
        0 => Err(IdentityProblem::NoCertificate),
        1..=CHAIN_MAX => Ok(chain),
        _ => Err(IdentityProblem::Chain),
    }
}

/// Parses every certificate, and takes what is shown from the first.
fn judge(
    chain: &[CertificateDer<'static>],
    now: Timestamp,
) -> Result<Certificate, IdentityProblem> {
    let mut subject = None;
    let mut expires_at = None;
    for der in chain {
        let parsed = Parsed::from_der(der)
            .map_err(|error| IdentityProblem::Certificate(error.to_string()))?
            .tbs_certificate;
        let (begins, ends) = (at(parsed.validity.not_before), at(parsed.validity.not_after));
        if ends <= now {
            return Err(IdentityProblem::Expired(ends));
        }
        if begins > now {
            return Err(IdentityProblem::Early(begins));
        }
        subject.get_or_insert(parsed.subject.to_string());
        expires_at = Some(expires_at.map_or(ends, |least: Timestamp| least.min(ends)));
    }
    let (Some(subject), Some(expires_at), [first, ..]) = (subject, expires_at, chain) else {
        return Err(IdentityProblem::NoCertificate);
    };
    let subject = subject.chars().filter(|c| !c.is_control()).take(SUBJECT_CHARS_MAX).collect();
    Ok(Certificate { subject, fingerprint: hex(&Sha256::digest(first)), expires_at })
}

fn at(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_micros(domain::seconds(seconds.min(LAST_SECOND)))
}

fn key(pem: &str) -> Result<PrivateKeyDer<'static>, IdentityProblem> {
    let is_encrypted = |line: &str| {
        line.starts_with("-----BEGIN ENCRYPTED") || line.starts_with("Proc-Type: 4,ENCRYPTED")
    };
    if pem.lines().any(is_encrypted) {
        return Err(IdentityProblem::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| match error {
        PemError::NoItemsFound => IdentityProblem::NoKey,
        error => IdentityProblem::Key(error.to_string()),
    })
}

fn certify(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, IdentityProblem> {
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => IdentityProblem::OtherKey,
        rustls::Error::InvalidCertificate(error) => {
            IdentityProblem::Certificate(format!("{error:?}"))
        }
        error => IdentityProblem::Key(error.to_string()),
    })
}

/// The PEM sections of one kind, one after the other.
fn sections(pem: &str, kind: &str) -> String {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let mut found = String::with_capacity(pem.len());
    let mut is_inside = false;
    for line in pem.lines().map(str::trim) {
        is_inside |= line == begin;
        if is_inside {
            found.push_str(line);
            found.push('\n');
        }
        is_inside &= line != end;
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
