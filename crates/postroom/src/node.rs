//! One running Postroom: what is wired to what, and how it starts and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app::secrets::{DataKey, MasterKey, slots};
use app::{App, Parts};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dashboard::{Brand, Documents};
use domain::Clock as _;
use email_api::EmailApi;
use ipnet::IpNet;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use partner_api::PartnerApi;
use serde_json::{Map, Value};
use storage::Db;
use tasks::Tasks;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use webhook::guard::Guard;

use crate::config::Config;
use crate::system::{SystemClock, SystemIds};

/// How often the uses of keys are written down.
const USES_PERIOD: Duration = Duration::from_secs(10);
/// How often measurements are taken into their buckets; until then each takes memory.
const METRICS_PERIOD: Duration = Duration::from_secs(1);
/// The upper bounds of the buckets of durations, in seconds: from a delivery to the next room to a retry
/// that was held up.
const BUCKETS: [f64; 16] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0,
];
/// How long readiness waits for the database.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// Takes over the measurements of this process, once.
pub fn metrics() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).context("making the buckets")?;
    builder.install_recorder().context("starting the metrics")
}

/// Opens the database, brings it up to date and builds the application around it.
pub async fn open(config: &Config) -> anyhow::Result<App> {
    let db = open_database(config).await?;
    let master = master_key(config, &db).await?;
    let secrets = slots::open(&db, Arc::new(SystemIds), SystemClock.now(), &master).await;
    build(config, db, secrets.context("opening the data key")?)
}

/// The configured secret key. None is made for a database that another one opens: it would only be in its way.
pub async fn master_key(config: &Config, db: &Db) -> anyhow::Result<MasterKey> {
    if !config.secrets.has_key()
        && let Some(openers) = slots::names(db).await?
    {
        let path = config.secrets.key_file.display();
        anyhow::bail!("there is no secret key in {path}; this database opens with {openers}");
    }
    config.secrets.master_key(&SystemIds)
}

/// Opens the database and brings it up to date.
pub async fn open_database(config: &Config) -> anyhow::Result<Db> {
    let db = Db::open(&config.database_url()?).await.context("opening the database")?;
    let applied =
        storage::migrate(&db, SystemClock.now()).await.context("migrating the database")?;
    if !applied.is_empty() {
        tracing::info!(migrations = applied.join(", "), "the database was brought up to date");
    }
    Ok(db)
}

/// Builds the application around an open database.
pub fn build(config: &Config, db: Db, secrets: DataKey) -> anyhow::Result<App> {
    Ok(App::new(Parts {
        db,
        clock: Arc::new(SystemClock),
        secrets,
        ids: Arc::new(SystemIds),
        blobs: config.storage.open()?,
        guard: guard(config),
        public_url: config.server.public_url.clone(),
        email: config.email.settings(),
    }))
}

/// Where this install may send: public addresses, those that the operator listed, and never itself.
pub(crate) fn guard(config: &Config) -> Guard {
    let guard = Guard::new(config.webhooks.allow_networks.clone())
        .without_own(&config.server.public_url, config.server.listen);
    let guard = if config.webhooks.allow_http { guard.with_plain_http() } else { guard };
    match &config.webhooks.proxy.0 {
        Some(proxy) => guard.with_proxy(proxy.clone()),
        None => guard,
    }
}

/// A server that answers; see [`Node::stop`].
pub struct Node {
    pub app: App,
    pub addr: SocketAddr,
    api: PartnerApi,
    email: EmailApi,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    uses: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    tasks: tasks::Running,
    patience: Duration,
}

impl Node {
    /// Starts listening and working. Returns once requests are answered.
    pub async fn start(
        config: &Config,
        app: App,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.server.listen).await;
        let listener =
            listener.with_context(|| format!("listening on {}", config.server.listen))?;
        let addr = listener.local_addr()?;
        let api = PartnerApi::new(app.clone(), config.server.trusted_proxies.clone());
        let email = EmailApi::new(app.clone(), config.server.trusted_proxies.clone());
        let options = tasks::Options {
            header_prefix: config.webhooks.header_prefix.clone(),
            email_header_prefix: config.webhooks.email_header_prefix.clone(),
            install: config.webhooks.user_agent.clone(),
            extra_roots: config.webhooks.extra_roots()?,
            stop_grace: Duration::from_secs(config.webhooks.stop_seconds),
            certificate_notice_days: config.webhooks.certificate_notice_days,
            retention: config.retention.options(),
            look_every: None,
        };
        let tasks = Tasks::new(&app, options).context("starting the tasks")?;
        let house = House {
            app: app.clone(),
            tasks: tasks.clone(),
            listed: config.webhooks.allow_networks.clone().into(),
            metrics: metrics.clone(),
        };
        let tasks = tasks.start();
        let brand = Brand {
            name: config.server.name.clone(),
            public_url: config.server.public_url.clone(),
            header_prefix: config.webhooks.header_prefix.clone(),
        };
        let upkeep = tokio::spawn(keep_up(metrics));
        let router = email_api::beside(email.clone(), router(&api, house, brand));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (stop, mut stopped) = watch::channel(false);
        let server = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            axum::serve(listener, service).with_graceful_shutdown(until).await
        });
        let uses = tokio::spawn(write_uses(api.clone(), email.clone(), app.clone()));
        let patience = Duration::from_secs(config.server.stop_seconds);
        Ok(Self { app, addr, api, email, stop, server, uses, upkeep, tasks, patience })
    }

    /// Stops in order: no new requests, open ones finish, attempts in flight end, completions are
    /// written and on the disk (webhooks.md 5.18). What is cut off by the limit stays owed and is done after the
    /// next start.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        self.api.end_streams();
        if tokio::time::timeout(self.patience, self.server).await.is_err() {
            tracing::warn!("requests were still open when the server stopped");
        }
        self.uses.abort();
        note_uses(&self.api, &self.email, &self.app).await;
        self.tasks.stop().await;
        if let Err(error) = self.app.db.flush().await {
            tracing::error!(%error, "what was written last is not on the disk");
        }
        self.upkeep.abort();
    }
}

async fn keep_up(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(METRICS_PERIOD).await;
        metrics.run_upkeep();
    }
}

async fn write_uses(api: PartnerApi, email: EmailApi, app: App) {
    loop {
        tokio::time::sleep(USES_PERIOD).await;
        note_uses(&api, &email, &app).await;
    }
}

async fn note_uses(api: &PartnerApi, email: &EmailApi, app: &App) {
    let mut uses = api.take_uses();
    uses.extend(email.take_uses());
    if !uses.is_empty()
        && let Err(error) = app::admin::keys::note_uses(app, uses).await
    {
        tracing::warn!(%error, "the uses of keys were not written down");
    }
}

/// What health checks and the scraper ask.
#[derive(Clone)]
struct House {
    app: App,
    tasks: Tasks,
    /// Where the configuration allows to send beside public addresses.
    listed: Arc<[IpNet]>,
    metrics: PrometheusHandle,
}

fn router(api: &PartnerApi, house: House, brand: Brand) -> Router {
    let app = house.app.clone();
    let own = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(house);
    let documents = || Documents {
        partner: partner_api::document().clone(),
        email: email_api::document().clone(),
    };
    partner_api::router(api.clone())
        .merge(dashboard::developers(documents, brand))
        .merge(dashboard::invite(app))
        .merge(own)
}

/// Ready means: the database answers and no migration is missing, the deliverer knows what is owed, and
/// the address guard judges as the configuration says (webhooks.md 5.18).
async fn ready(State(house): State<House>) -> Response {
    let pending = tokio::time::timeout(READY_TIMEOUT, storage::pending(&house.app.db)).await;
    let database = match pending {
        Ok(Ok(0)) => Ok(()),
        Ok(Ok(n)) => Err(format!("{n} migrations are missing")),
        Ok(Err(_)) | Err(_) => Err("does not answer".to_owned()),
    };
    let knows_lanes = house.tasks.knows_lanes();
    let lanes = if knows_lanes { Ok(()) } else { Err("are not loaded yet".to_owned()) };
    let guard = house.app.guard.self_test(&house.listed);
    let checks = [("database", database), ("guard", guard), ("lanes", lanes)];
    let is_ready = checks.iter().all(|(_, found)| found.is_ok());
    let told = checks.map(|(name, found)| {
        (name.to_owned(), Value::String(found.err().unwrap_or_else(|| "ok".to_owned())))
    });
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(Map::from_iter(told))).into_response()
}

async fn scrape(State(house): State<House>) -> Response {
    let media = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (media, house.metrics.render()).into_response()
}
