//! `postroom doctor`: is this install fit to run, and if not, what to do about it.
//!
//! It changes nothing: a database or a secret key that is missing is not made.

mod keys;

use std::process::ExitCode;
use std::time::Duration;

use app::{App, audit};
use axum::http::Method;
use blob::{Family, Key};
use bytes::Bytes;
use clap::Args;
use domain::{Clock as _, Timestamp, seconds};
use serde_json::{Value, json};
use storage::Db;

use crate::config::Config;
use crate::system::SystemClock;
use crate::{client, node, out};

/// How long the proof of the audit chain may take before the doctor goes on.
const CHAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(10);
/// By how much the newest record may lie ahead of this machine's clock, in microseconds.
const CLOCK_SLACK: i64 = seconds(5);
/// When this was written; a clock before it is not set.
const WRITTEN_AT: &str = "2026-11-21T00:00:00Z";
const EXAMPLES: &str =
    "Exit status: 0 all is well, 10 something should be looked at, 11 something is broken.

Examples:
  postroom doctor
  postroom --config /etc/postroom.toml doctor --json";

/// Check configuration, secrets, database, files, clock, port and the webhook guard.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Print JSON for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok,
    Warn,
    Fail,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warn => 10,
            Self::Fail => 11,
        }
    }
}

/// What one look found.
struct Finding {
    check: &'static str,
    level: Level,
    text: String,
    /// What to do about it; empty when there is nothing to do.
    fix: String,
}

/// Findings so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, Level::Ok, text.into(), "");
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>, fix: &str) {
        self.add(check, Level::Warn, text.into(), fix);
    }

    fn fail(&mut self, check: &'static str, text: impl Into<String>, fix: &str) {
        self.add(check, Level::Fail, text.into(), fix);
    }

    fn add(&mut self, check: &'static str, level: Level, text: String, fix: &str) {
        self.0.push(Finding { check, level, text, fix: fix.to_owned() });
    }

    fn print(&self, json: bool) -> ExitCode {
        let worst = self.0.iter().map(|f| f.level).max().unwrap_or(Level::Ok);
        if json {
            let shown = |f: &Finding| json!({"check": f.check, "level": f.level.as_str(), "text": f.text, "fix": f.fix});
            let checks: Vec<Value> = self.0.iter().map(shown).collect();
            out::line(json!({"level": worst.as_str(), "checks": checks}));
            return ExitCode::from(worst.exit_code());
        }
        for finding in &self.0 {
            let level = finding.level.as_str();
            out::line(format_args!("{level:<5} {:<14} {}", finding.check, finding.text));
            if !finding.fix.is_empty() {
                out::line(format_args!("{:21}-> {}", "", finding.fix));
            }
        }
        ExitCode::from(worst.exit_code())
    }
}

impl Command {
    /// `config` as it was read, or why it could not be.
    pub async fn run(&self, config: anyhow::Result<Config>) -> ExitCode {
        let mut found = Findings::default();
        match config {
            Err(error) => {
                let fix = "`postroom config` prints every key with its default";
                found.fail("configuration", format!("{error:#}"), fix);
            }
            Ok(config) => {
                found.ok("configuration", "valid");
                check_clock(&mut found);
                keys::check_secret(&mut found, &config);
                check_database(&mut found, &config).await;
                check_blobs(&mut found, &config).await;
                check_guard(&mut found, &config);
                check_port(&mut found, &config).await;
            }
        }
        found.print(self.json)
    }
}

fn check_clock(found: &mut Findings) {
    let now = SystemClock.now();
    let least = Timestamp::parse(WRITTEN_AT).unwrap_or_default();
    if now < least {
        found.fail("clock", format!("it says {now}"), "set the clock of this machine; run NTP");
    } else {
        found.ok("clock", now.to_string());
    }
}

async fn check_database(found: &mut Findings, config: &Config) {
    const CHECK: &str = "database";
    let url = match config.database_url() {
        Ok(url) => url,
        Err(error) => {
            return found.fail(
                CHECK,
                format!("{error:#}"),
                "set database.url or database.url_file",
            );
        }
    };
    if let Some(file) = url.file().filter(|file| !file.exists()) {
        let text = format!("{} is missing", file.display());
        return found.warn(CHECK, text, "`postroom init` makes it");
    }
    let fix = "check that it runs, and that database.url has the right host, user and password";
    let asked = async {
        let db = Db::open(&url).await?;
        let version = db.version().await?;
        Ok::<_, storage::Error>((db, version))
    };
    let (db, version) = match tokio::time::timeout(DATABASE_TIMEOUT, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return found.fail(CHECK, error.to_string(), fix),
        Err(_) => return found.fail(CHECK, "it does not answer", fix),
    };
    if version.is_supported {
        found.ok(CHECK, version.text);
    } else {
        found.fail(CHECK, format!("{} is too old", version.text), "run PostgreSQL 15 or later");
    }
    check_schema(found, config, db).await;
}

async fn check_schema(found: &mut Findings, config: &Config, db: Db) {
    match storage::pending(&db).await {
        Ok(0) => found.ok("migrations", "all applied"),
        Ok(n) => {
            let fix = "`postroom serve` applies them when it starts";
            return found.warn("migrations", format!("{n} are missing"), fix);
        }
        Err(error) => {
            let fix = "`postroom init` makes the tables";
            return found.fail("migrations", error.to_string(), fix);
        }
    }
    if let Some(secrets) = keys::check_data_key(found, config, &db).await {
        match node::build(config, db, secrets) {
            Ok(app) => check_chain(found, &app).await,
            Err(error) => found.fail("audit chain", format!("{error:#}"), "see the checks above"),
        }
    }
}

async fn check_chain(found: &mut Findings, app: &App) {
    const CHECK: &str = "audit chain";
    match tokio::time::timeout(CHAIN_TIMEOUT, audit::verify(app)).await {
        Ok(Ok(audit::Proof { broken_at: None, links, unlinked })) => {
            found.ok(CHECK, format!("{links} links hold, {unlinked} records wait to be linked"));
        }
        Ok(Ok(audit::Proof { broken_at: Some(at), links, .. })) => {
            let text = format!("link {at} does not hold; the {links} before it do");
            found.fail(CHECK, text, "somebody changed the records; compare with a backup");
        }
        Ok(Err(error)) => found.fail(CHECK, error.to_string(), "see the database's own log"),
        Err(_) => {
            let text = format!("not proven within {} s", CHAIN_TIMEOUT.as_secs());
            found.warn(CHECK, text, "`postroom audit verify` takes all the time it needs");
        }
    }
    match audit::last_at(app).await {
        Ok(Some(last)) if last > SystemClock.now().plus(CLOCK_SLACK) => {
            let text = format!("the newest record is of {last}, which is ahead of this machine");
            found.fail("clock", text, "set the clock of this machine; run NTP");
        }
        Ok(_) => {}
        Err(error) => found.fail("clock", error.to_string(), "see the database's own log"),
    }
}

async fn check_blobs(found: &mut Findings, config: &Config) {
    const CHECK: &str = "blobs";
    let place = config.storage.place();
    if !config.storage.is_there() {
        return found.warn(CHECK, format!("{place} is missing"), "`postroom init` makes it");
    }
    let tried = async {
        let blobs = config.storage.open()?;
        let key = Key::content(Family::Document, &[0; 32]);
        let probe = Bytes::from_static(b"postroom doctor");
        blobs.put(&key, probe.clone()).await?;
        let read = blobs.get(&key).await?;
        blobs.delete(&key).await?;
        anyhow::Ok(read == Some(probe))
    };
    match tried.await {
        Ok(true) => found.ok(CHECK, format!("{place} can be written and read")),
        Ok(false) => found.fail(CHECK, format!("{place} lost what was written"), "check the disk"),
        Err(error) => {
            let fix = "let this user write there, and check free space";
            found.fail(CHECK, format!("{error:#}"), fix);
        }
    }
}

/// Tries addresses that no partner may make this server connect to.
fn check_guard(found: &mut Findings, config: &Config) {
    const CHECK: &str = "webhook guard";
    let allow = &config.webhooks.allow_networks;
    if let Err(problem) = node::guard(config).self_test(allow) {
        return found.fail(CHECK, format!("it {problem}"), "report this as a fault");
    }
    if allow.is_empty() && !config.webhooks.allow_http {
        return found.ok(CHECK, "private addresses and plain HTTP are refused");
    }
    let listed: Vec<String> = allow.iter().map(ToString::to_string).collect();
    let http = if config.webhooks.allow_http { "; plain HTTP is allowed" } else { "" };
    let text = format!("private addresses are refused, save for [{}]{http}", listed.join(", "));
    found.warn(CHECK, text, "in production take webhooks.allow_networks and allow_http back");
}

async fn check_port(found: &mut Findings, config: &Config) {
    const CHECK: &str = "port";
    let listen = config.server.listen;
    match tokio::net::TcpListener::bind(listen).await {
        Ok(_) => return found.ok(CHECK, format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
        Err(error) => {
            let fix = "set server.listen to an address of this machine and a port above 1023";
            return found.fail(CHECK, format!("{listen}: {error}"), fix);
        }
    }
    // Whoever listens everywhere is reached on loopback.
    let mut reach = listen;
    if reach.ip().is_unspecified() {
        reach.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let asked = client::send(&reach.to_string(), Method::GET, "/healthz", &[], Bytes::new()).await;
    match asked {
        Ok(answer) if answer.status.is_success() && answer.body.as_ref() == b"ok\n" => {
            found.ok(CHECK, format!("{listen} is served by Postroom"));
        }
        Ok(_) | Err(_) => {
            let text = format!("{listen} is used by another program");
            found.fail(CHECK, text, "stop it, or set server.listen to a free port");
        }
    }
}
