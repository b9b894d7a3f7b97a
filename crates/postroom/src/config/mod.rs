//! Configuration: one commented TOML that is also the reference, the environment over it.
//!
//! Read once, here; every other crate takes plain values. All problems are reported at once.

mod blobs;
mod retention;
pub mod secret;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ipnet::IpNet;
use serde::Deserialize;
use storage::DatabaseUrl;
use toml::{Table, Value};
use webhook::headers::{HeaderProblem, Headers};
use webhook::proxy::{Proxy, ProxyProblem};

use self::blobs::Storage;
use self::retention::Retention;

/// The file that is used when it is there and no other is named.
const DEFAULT_PATH: &str = "postroom.toml";

/// A certificate authority of today gives certificates for 90 days at least.
const CERTIFICATE_NOTICE_DAYS: std::ops::RangeInclusive<i64> = 1..=90;

/// The defaults, with what each key is for.
pub const REFERENCE: &str = include_str!("default.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub storage: Storage,
    pub secrets: Secrets,
    pub webhooks: Webhooks,
    pub retention: Retention,
    pub email: Email,
    pub log: Log,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    pub public_url: String,
    pub name: String,
    pub trusted_proxies: Vec<IpNet>,
    pub stop_seconds: u64,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub url_file: PathBuf,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A PostgreSQL URL holds a password.
        f.write_str("Database")
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub key: String,
    pub key_command: String,
    pub key_file: PathBuf,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub header_prefix: String,
    pub email_header_prefix: String,
    pub user_agent: String,
    pub allow_networks: Vec<IpNet>,
    pub allow_http: bool,
    pub proxy: ProxyUrl,
    pub extra_roots_file: PathBuf,
    pub stop_seconds: u64,
    pub certificate_notice_days: i64,
}

/// The forward proxy, if there is one.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ProxyUrl(pub Option<Proxy>);

impl TryFrom<String> for ProxyUrl {
    type Error = ProxyProblem;

    fn try_from(text: String) -> Result<Self, ProxyProblem> {
        if text.is_empty() {
            Ok(Self(None))
        } else {
            Proxy::parse(&text).map(|proxy| Self(Some(proxy)))
        }
    }
}

impl Webhooks {
    /// The names of the headers of deliveries.
    pub fn headers(&self) -> Result<Headers, HeaderProblem> {
        Headers::new(&self.header_prefix, &self.email_header_prefix, &self.user_agent)
    }

    /// The further certificate authorities, as PEM or DER; empty when there are none.
    pub fn extra_roots(&self) -> anyhow::Result<Vec<u8>> {
        match self.extra_roots_file.as_path() {
            path if path.as_os_str().is_empty() => Ok(Vec::new()),
            path => std::fs::read(path).with_context(|| format!("reading {}", path.display())),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    pub domain: String,
    pub mailbox_mebibytes: i64,
    pub sends_per_day: i64,
    pub body_chars: usize,
}

impl Email {
    /// The same for the use-cases.
    pub fn settings(&self) -> app::email::Settings {
        app::email::Settings {
            domain: self.domain.to_lowercase(),
            storage_limit: (self.mailbox_mebibytes > 0).then_some(self.mailbox_mebibytes << 20),
            sends_per_day: (self.sends_per_day > 0).then_some(self.sends_per_day),
            body_chars_max: self.body_chars,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Auto,
    Text,
    Json,
}

impl Config {
    /// Reads the defaults, the file over them, and the environment over both.
    pub fn load(
        path: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut table: Table = REFERENCE.parse().context("reading the built-in defaults")?;
        let path = path.or_else(|| Some(Path::new(DEFAULT_PATH)).filter(|p| p.exists()));
        if let Some(path) = path {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading {}", path.display()))?;
            let file: Table =
                text.parse().with_context(|| format!("reading {}", path.display()))?;
            merge(&mut table, file, "").with_context(|| format!("reading {}", path.display()))?;
        }
        overlay(&mut table, environment)?;
        let config: Self = table.try_into().context("reading the configuration")?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> anyhow::Result<()> {
        let mut problems = Vec::new();
        let url = &self.server.public_url;
        if !(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/') {
            problems.push(
                "server.public_url must start with http:// or https:// and not end in /".to_owned(),
            );
        }
        if let Err(problem) = self.webhooks.headers() {
            problems.push(format!("webhooks: {problem}"));
        }
        if !CERTIFICATE_NOTICE_DAYS.contains(&self.webhooks.certificate_notice_days) {
            problems.push("webhooks.certificate_notice_days is from 1 to 90".to_owned());
        }
        problems.extend(self.retention.problems());
        if email::Address::parse(&format!("a@{}", self.email.domain)).is_err() {
            problems.push("email.domain must be a domain such as agents.example.com".to_owned());
        }
        if problems.is_empty() {
            return Ok(());
        }
        bail!("the configuration is not valid: {}", problems.join("; "))
    }

    /// Where the database is; a file that holds the URL wins over the URL.
    pub fn database_url(&self) -> anyhow::Result<DatabaseUrl> {
        let text = if self.database.url_file.as_os_str().is_empty() {
            self.database.url.clone()
        } else {
            let path = &self.database.url_file;
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?
        };
        DatabaseUrl::parse(text.trim()).map_err(anyhow::Error::msg)
    }
}

/// Lays a table over another; a key that the other has not is a mistake.
fn merge(base: &mut Table, over: Table, at: &str) -> anyhow::Result<()> {
    for (name, value) in over {
        let Some(known) = base.get_mut(&name) else {
            bail!("there is no key {at}{name}; `postroom config` prints those that exist");
        };
        match (known, value) {
            (Value::Table(known), Value::Table(value)) => {
                merge(known, value, &format!("{at}{name}."))?;
            }
            (known, value) => *known = value,
        }
    }
    Ok(())
}

/// Lays `POSTROOM_SECTION_KEY` variables over the table.
fn overlay(
    base: &mut Table,
    environment: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<()> {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix("POSTROOM_") else { continue };
        let path = path.to_lowercase();
        let Some((section, key)) = path.split_once('_') else { continue };
        let Some(known) = base.get_mut(section).and_then(|s| s.get_mut(key)) else { continue };
        *known = match known {
            Value::Boolean(_) => Value::Boolean(
                text.parse().with_context(|| format!("{name} must be true or false"))?,
            ),
            Value::Integer(_) => {
                Value::Integer(text.parse().with_context(|| format!("{name} must be a number"))?)
            }
            Value::Array(_) => {
                let items = text.split(',').map(str::trim).filter(|t| !t.is_empty());
                Value::Array(items.map(|t| Value::String(t.to_owned())).collect())
            }
            _ => Value::String(text),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_a_valid_configuration() {
        let config = Config::load(None, std::iter::empty()).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn the_environment_wins() {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = [
            set("POSTROOM_SERVER_LISTEN", "127.0.0.1:0"),
            set("POSTROOM_WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8, 10.0.0.0/8"),
            set("POSTROOM_TEST_DATABASE", "ignored"),
        ];
        let config = Config::load(None, environment.into_iter()).unwrap();
        assert_eq!(config.server.listen.port(), 0);
        assert_eq!(config.webhooks.allow_networks.len(), 2);
    }

    #[test]
    fn a_proxy_is_read_at_the_start_and_never_shown_with_its_password() {
        let load = |url: &str| {
            let set = ("POSTROOM_WEBHOOKS_PROXY".to_owned(), url.to_owned());
            Config::load(None, std::iter::once(set))
        };
        let config = load("socks5://ann:s3cret@proxy:1080").unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("proxy:1080") && !shown.contains("s3cret"), "{shown}");
        let refused = format!("{:#}", load("proxy-s3cret").unwrap_err());
        assert!(refused.contains("socks5://host:port") && !refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn an_unknown_key_in_the_file_is_refused_by_name() {
        let folder = std::env::temp_dir().join(format!("postroom-config-{}", std::process::id()));
        std::fs::write(&folder, "[server]\nlissten = \"127.0.0.1:1\"\n").unwrap();
        let error = Config::load(Some(&folder), std::iter::empty()).unwrap_err();
        std::fs::remove_file(&folder).unwrap();
        assert!(format!("{error:#}").contains("server.lissten"), "{error:#}");
    }
}
