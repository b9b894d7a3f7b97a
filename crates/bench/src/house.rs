//! What is measured: the server as `postroom serve` runs it, with one partner and many numbers.

use std::time::Duration;

use anyhow::Context as _;
use app::App;
use app::admin::partners::{self, PartnerChange};
use clap::Parser;
use domain::partner::PartnerSettings;
use metrics_exporter_prometheus::PrometheusHandle;
use postroom::commands::init::Init;
use postroom::config::Config;
use postroom::node::{self, Node};
use postroom::out;
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::client::Client;

/// Numbers for each second of load: more than it can use up, at full load and then at a third of it.
const NUMBERS_PER_SECOND: u64 = 10_000;
/// Requests in ten seconds: so many that the limit is counted and never reached.
const RATE_PER_10S: i64 = 1_000_000;
pub(crate) const PARTNER: &str = "bench";

/// See the module.
pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) app: App,
    pub(crate) key: String,
    pub(crate) engine: &'static str,
    /// The process of the PostgreSQL server, whose cost is counted beside ours.
    pub(crate) server_pid: Option<u32>,
    _folder: TempDir,
}

/// Where a house is to stand: its configuration, with a database that is empty at first.
pub(crate) struct Site {
    config: Config,
    server_pid: Option<u32>,
    folder: TempDir,
}

/// `init` with its defaults, of which only the pool's size is changed.
#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    init: Init,
}

impl House {
    /// Starts on an empty database: a file, or one on the PostgreSQL `server`. Calls are made in the
    /// test world, where a mailbox opens without papers; it takes the same way through the code.
    pub(crate) async fn open(server: Option<&str>, seconds: u64) -> anyhow::Result<Self> {
        let site = Site::clear(server).await?;
        let app = site.open().await?;
        let key = site.furnish(&app, seconds * NUMBERS_PER_SECOND).await?;
        site.start(app, key).await
    }

    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        Client::connect(self.node.addr, &self.key).await
    }

    /// Calls once and reads the answer, which must be a good one.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let mut client = self.client().await?;
        let request = client.request(method, path, None, &body.to_string());
        Ok(serde_json::from_slice(client.good(&request).await?)?)
    }

    pub(crate) async fn close(self) {
        self.node.stop().await;
    }
}

impl Site {
    pub(crate) async fn clear(server: Option<&str>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (url, server_pid) = match server {
            Some(server) => empty(server).await.context("making a database")?,
            None => (format!("sqlite:{}", path("bench.sqlite")), None),
        };
        let settings = [
            ("POSTROOM_SERVER_LISTEN", "127.0.0.1:0".to_owned()),
            ("POSTROOM_DATABASE_URL", url),
            ("POSTROOM_STORAGE_PATH", path("blobs")),
            ("POSTROOM_SECRETS_KEY_FILE", path("secret.key")),
            ("POSTROOM_WEBHOOKS_ALLOW_NETWORKS", "127.0.0.0/8".to_owned()),
        ];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, settings)?;
        Ok(Self { config, server_pid, folder })
    }

    /// Opens the database without beginning any work.
    pub(crate) async fn open(&self) -> anyhow::Result<App> {
        node::open(&self.config).await
    }

    /// Makes a partner with so many numbers, and tells its key.
    pub(crate) async fn furnish(&self, app: &App, numbers: u64) -> anyhow::Result<String> {
        let engine = app.db.engine().as_str();
        out::say(format_args!("{engine}: making a partner with {numbers} numbers"));
        let mut init = Defaults::try_parse_from(["bench", "--partner", PARTNER])?.init;
        init.last_number = init.first_number + i64::try_from(numbers)?;
        let key = init.make(app).await?.test_key;
        lift_the_rate(app).await?;
        Ok(key)
    }

    /// The process of the PostgreSQL server.
    pub(crate) fn server_pid(&self) -> Option<u32> {
        self.server_pid
    }

    /// Starts the server.
    pub(crate) async fn start(self, app: App, key: String) -> anyhow::Result<House> {
        let engine = app.db.engine().as_str();
        let node = Node::start(&self.config, app.clone(), recorder()?).await?;
        let Self { server_pid, folder, .. } = self;
        Ok(House { node, app, key, engine, server_pid, _folder: folder })
    }
}

/// The process has one recorder, which all houses share.
fn recorder() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    // Request lines are written as in production, save that nobody reads them.
    let log = tracing_subscriber::fmt().json().flatten_event(true).with_writer(std::io::sink);
    log.try_init().map_err(anyhow::Error::msg).context("starting the log")?;
    let handle = node::metrics()?;
    Ok(HANDLE.get_or_init(|| handle).clone())
}

async fn lift_the_rate(app: &App) -> anyhow::Result<()> {
    let ctx = app::operator_ctx(app, PARTNER, true, "bench").await?;
    let settings = PartnerSettings {
        rate_per_10s: RATE_PER_10S,
        rate_burst: RATE_PER_10S,
        ..ctx.partner.settings.clone()
    };
    let change = PartnerChange { settings: Some(settings), ..PartnerChange::default() };
    app.act(&ctx, async move |tx, ctx| partners::update(tx, ctx, &change).await).await?;
    Ok(())
}

/// A database of our own on this server, and the process that all of its processes descend from.
async fn empty(server: &str) -> anyhow::Result<(String, Option<u32>)> {
    const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
    static COUNTER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("postroom_bench_{}_{n}", std::process::id());
    let (client, connection) = tokio_postgres::connect(server, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(&format!("create database {name}")).await?;
    let backend: i32 = client.query_one("select pg_backend_pid()", &[]).await?.get(0);
    let parent = crate::meter::parent(u32::try_from(backend)?);
    drop(client);
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, driver).await;
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    Ok((format!("{base}/{name}"), parent))
}
