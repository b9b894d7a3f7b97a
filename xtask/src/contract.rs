//! `cargo xtask contract`: an outside tool reads each OpenAPI document and looks for a call that breaks it.
//!
//! Schemathesis calls every operation of a real server with made-up requests, right and wrong ones, and
//! follows ids from answer to request. No answer may be a 5xx, be missing in the document or differ from
//! it, and no request that the Partner API's document forbids may be accepted. The tests of `crates/postroom` check the
//! calls that we thought of; this looks for the others. Installing the tool is the business of `.ci/run`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::run;

const TOOL: &str = "schemathesis";
const NO_TOOL: &str = "schemathesis is not on the path (pip install schemathesis, in a venv)";

/// What must hold for every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method";

/// What must hold for the Partner API beside that. The e-mail API lets pass what clients that exist write otherwise
/// (email-api.md K-7), and an address that sends many bad keys is not told about keys any more.
const STRICT_CHECKS: &str = "negative_data_rejection,missing_required_header,ignored_auth";

/// Made-up requests of an operation in each phase. Fifty of them find what a hundred do, in a minute.
const EXAMPLES: &str = "50";

/// Calls in ten seconds that the server lets the tool make, so that it is not told 429 all the time.
const RATE: &str = "100000";

/// How long the tool waits for the server, in seconds.
const START_SECONDS_MAX: &str = "30";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut words = arguments.iter();
    let seed = match (words.next().map(String::as_str), words.next(), words.next()) {
        (None, ..) => "1",
        (Some("--seed"), Some(seed), None) => seed,
        _ => anyhow::bail!("this command takes `--seed S` or nothing"),
    };
    ensure!(run::works(Command::new(TOOL).arg("--version")), NO_TOOL);
    run::succeed(&mut run::cargo(&["build", "--quiet", "--package", "postroom"]))?;
    let install = Install::make()?;
    let server = install.serve()?;
    let (partner, email) = (&install.partner_key, &install.email_key);
    let strict = format!("{CHECKS},{STRICT_CHECKS}");
    // A stream has no end, which the tool waits for; and it can't make a raw message.
    let [stream, raw] = ["streamEvents", "ingestMessage"].map(|id| ["--exclude-operation-id", id]);
    let partner = format!("Authorization: Bearer {partner}");
    let email = format!("X-API-Key: {email}");
    let verdicts = [
        install.drive("openapi.json", &partner, seed, &strict, &stream),
        install.drive("openapi-email.json", &email, seed, CHECKS, &raw),
    ];
    drop(server);
    verdicts.into_iter().collect()
}

/// A fresh install in a folder of its own, which goes when this is dropped.
struct Install {
    binary: PathBuf,
    folder: PathBuf,
    url: String,
    partner_key: String,
    email_key: String,
}

impl Install {
    fn make() -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let binary = Path::new(&target).join("debug/postroom").canonicalize();
        let folder = run::output(Command::new("mktemp").arg("-d"))?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr())?.port();
        let mut install = Self {
            binary: binary.context("looking for the binary that was just built")?,
            folder: folder.trim_end().into(),
            url: format!("http://127.0.0.1:{port}"),
            partner_key: String::new(),
            email_key: String::new(),
        };
        let keys = run::output(install.postroom().args(["init", "--json"]))?;
        let keys: Value = serde_json::from_str(&keys).context("reading what `init` printed")?;
        let key = keys["test_key"].as_str().context("`init` printed no test key")?;
        key.clone_into(&mut install.partner_key);
        let key = run::output(install.postroom().args(["org", "key", "--label", "contract"]))?;
        key.trim().clone_into(&mut install.email_key);
        let rate = ["--rate-per-10s", RATE, "--rate-burst", RATE];
        run::output(install.postroom().args(["partner", "set", "acme"]).args(rate))?;
        Ok(install)
    }

    fn postroom(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.folder);
        command.env("POSTROOM_SERVER_LISTEN", self.url.trim_start_matches("http://"));
        command.env("POSTROOM_SERVER_PUBLIC_URL", &self.url);
        command
    }

    /// Lets the tool call everything that a document of the server tells of.
    fn drive(
        &self,
        document: &str,
        header: &str,
        seed: &str,
        checks: &str,
        more: &[&str],
    ) -> Result<()> {
        let mut tool = Command::new(TOOL);
        tool.arg("run").arg(format!("{}/api/{document}", self.url));
        tool.args(["--wait-for-schema", START_SECONDS_MAX, "--header", header]);
        tool.args(["--checks", checks, "--max-examples", EXAMPLES, "--seed", seed]);
        tool.args(["--continue-on-failure", "--warnings", "off"]).args(more);
        run::succeed(tool.current_dir(&self.folder))
    }

    fn serve(&self) -> Result<Server> {
        let log = std::fs::File::create(self.folder.join("log"))?;
        let mut command = self.postroom();
        let child = command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        child.spawn().map(Server).context("starting the server")
    }
}

impl Drop for Install {
    fn drop(&mut self) {
        // What is left of a folder for temporary files does no harm.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Stops when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
