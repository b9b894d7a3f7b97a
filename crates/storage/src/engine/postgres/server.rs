//! A PostgreSQL server: where it is and how to connect to it, read from a URL in the words of libpq.
//!
//! `sslmode=require`, `verify-ca` and `verify-full` all mean the last of them: encrypted, to a server
//! whose certificate is good for its name, or there is no connection. `disable` and `prefer`, which is
//! the default, stay in the clear, for a server on this machine or on a network of one's own.
//! `sslrootcert=FILE` names the authority of a server that has no public one.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a server may leave unanswered what the network carries, before its connection counts as lost:
/// within the time that a lease leaves, so that a node finds another way or stands back.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: Connector,
}

/// Encrypts a connection, where that was asked for.
#[derive(Clone)]
struct Connector(MakeRustlsConnect);

/// The half of a connection that moves its bytes, encrypted or not.
pub(super) type Wire =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl MakeTlsConnect<Socket> for Connector {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(
        &mut self,
        host: &str,
    ) -> std::result::Result<Self::TlsConnect, Self::Error> {
        // A Unix socket has no name, and is asked for one although nothing is encrypted there.
        let name = if host.is_empty() { "localhost" } else { host };
        MakeTlsConnect::<Socket>::make_tls_connect(&mut self.0, name)
    }
}

impl Server {
    /// Reads a URL; what is wrong with it is told without the password that it may hold.
    pub(super) fn read(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut authority, mut rest) = (SslMode::Disable, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", "disable" | "prefer")) => {}
                Some(("sslmode", "require" | "verify-ca" | "verify-full")) => {
                    mode = SslMode::Require;
                }
                Some(("sslmode", _)) => {
                    let rule = "sslmode is disable, prefer, require, verify-ca or verify-full";
                    return Err(Error::Unavailable(rule.to_owned()));
                }
                Some(("sslrootcert", file)) => authority = Some(file),
                _ => rest.push(pair),
            }
        }
        let plain = format!("{base}?{}", rest.join("&"));
        let mut config = Config::from_str(&plain).map_err(|e| Error::Unavailable(e.to_string()))?;
        config.ssl_mode(mode).connect_timeout(CONNECT_TIMEOUT).application_name("postroom");
        config.keepalives_idle(SILENCE_MAX).tcp_user_timeout(SILENCE_MAX);
        Ok(Self { config, tls: Connector(MakeRustlsConnect::new(client(authority)?)) })
    }

    pub(super) async fn connect(&self) -> Result<(Client, Wire)> {
        let connected = self.config.connect(self.tls.clone()).await;
        connected.map_err(|e| Error::Unavailable(super::values::deep(&e)))
    }
}

fn client(authority: Option<&str>) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = authority {
        let refused =
            |why: String| Error::Unavailable(format!("reading sslrootcert {file}: {why}"));
        roots = RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(file).map_err(|e| refused(e.to_string()))? {
            let root = root.map_err(|e| refused(e.to_string()))?;
            roots.add(root).map_err(|e| refused(e.to_string()))?;
        }
        if roots.is_empty() {
            return Err(refused("no certificate in it".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| Error::Unavailable(e.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
