//! A connection to PostgreSQL that must be encrypted, or must not come about.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use storage::{DatabaseUrl, Db, Error, Row, Tx};
use tokio_postgres::SimpleQueryMessage;

/// Connections made to see whether the server has read its configuration again.
const LOOKS_MAX: u32 = 10_000;

/// What the server says to a statement, on a connection of its own.
async fn said(url: &str, sql: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let driver = tokio::spawn(connection);
    let messages = client.simple_query(sql).await.unwrap();
    drop(client);
    driver.await.unwrap().unwrap();
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
        _ => None,
    };
    messages.iter().find_map(row).unwrap_or_default()
}

/// Which server is asked, and an authority that it will have its certificate from.
struct Office {
    url: String,
    folder: tempfile::TempDir,
}

impl Office {
    /// Turns TLS on with a new certificate for `localhost`; `None` where no server is there to be asked.
    async fn open() -> Option<Self> {
        let url = std::env::var("POSTROOM_TEST_DATABASE").ok()?;
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), authority.pem()).unwrap();
        let pems = [("server.crt", certificate.pem()), ("server.key", key.serialize_pem())];
        // The server writes its own files: it may be another user's process.
        for (file, pem) in pems {
            let text =
                format!("copy (select unnest(string_to_array('{pem}', E'\\n'))) to program ");
            said(&url, &format!("{text} 'umask 077; cat > {file}'")).await;
        }
        said(&url, "alter system set ssl = on").await;
        said(&url, "select pg_reload_conf()").await;
        let mut tries = 0..LOOKS_MAX;
        while said(&url, "show ssl").await != "on" {
            tries.next().expect("the server to read its configuration again");
        }
        Some(Self { url, folder })
    }

    /// Whether a connection as the query asks is encrypted; or why there is none.
    async fn is_encrypted(&self, host: &str, query: &str) -> Result<bool, Error> {
        const ASK: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let root = self.folder.path().join("root.pem");
        let query = query.replace("ROOT", &root.display().to_string());
        let url = format!("{}?{query}", self.url.replace("127.0.0.1", host));
        let db = Db::open(&DatabaseUrl::Postgres(url)).await?;
        db.read(async |tx: &Tx| tx.one(ASK, Vec::new(), Row::next).await).await
    }
}

#[tokio::test]
async fn a_connection_to_postgresql_is_encrypted_to_the_right_server_or_is_none() {
    let Some(office) = Office::open().await else { return };
    assert!(!office.is_encrypted("localhost", "").await.unwrap());
    assert!(!office.is_encrypted("localhost", "sslmode=prefer").await.unwrap());
    assert!(office.is_encrypted("localhost", "sslmode=require&sslrootcert=ROOT").await.unwrap());
    assert!(
        office.is_encrypted("localhost", "sslrootcert=ROOT&sslmode=verify-full").await.unwrap()
    );
    for (host, query) in [
        ("localhost", "sslmode=require"),
        ("127.0.0.1", "sslmode=require&sslrootcert=ROOT"),
        ("localhost", "sslmode=require&sslrootcert=/nowhere.pem"),
        ("localhost", "sslmode=maybe"),
    ] {
        let refused = office.is_encrypted(host, query).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{query}: {refused:?}");
    }
}
