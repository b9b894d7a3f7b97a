//! A whole Postroom in this process, over real HTTP, with time and tasks in the test's hands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use app::{App, OpCtx, Parts};
use axum::http::{Method, Request, Response};
use bytes::Bytes;
use domain::Clock as _;
use email_api::EmailApi;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use partner_api::PartnerApi;
use serde_json::Value;
use storage::{DatabaseUrl, Db};
use tempfile::TempDir;

use crate::answer::Answer;
use crate::clock::{CountedIds, TestClock};
use crate::{contract, database};

/// How long one call may take before the test fails.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// See the module.
pub struct TestServer {
    pub app: App,
    pub api: PartnerApi,
    pub clock: Arc<TestClock>,
    pub addr: SocketAddr,
    pub tasks: tasks::Tasks,
    url: DatabaseUrl,
    folder: Arc<TempDir>,
}

impl TestServer {
    /// Starts on an empty, migrated database of the engine under test.
    pub async fn start() -> Self {
        Self::start_with(app::email::Settings::default()).await
    }

    /// The same where the operator chose something else for all mailboxes.
    pub async fn start_with(email: app::email::Settings) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let url = database::empty(&folder).await;
        let clock = Arc::new(TestClock::default());
        let ids = Arc::new(CountedIds::default());
        let server = Self::on(url, folder, clock, ids, blob::Blobs::memory(), email).await;
        storage::migrate(&server.app.db, server.clock.now()).await.expect("migrations");
        server
    }

    /// A second node on the same data, which has its own connections; where the engine has nodes.
    pub async fn second_node(&self) -> Option<Self> {
        if !self.app.db.engine().is_shared() {
            return None;
        }
        let (folder, clock) = (Arc::clone(&self.folder), Arc::clone(&self.clock));
        let ids = Arc::clone(&self.app.ids);
        let (blobs, email) = (self.app.blobs.clone(), self.app.email.clone());
        Some(Self::on(self.url.clone(), folder, clock, ids, blobs, email).await)
    }

    async fn on(
        url: DatabaseUrl,
        folder: Arc<TempDir>,
        clock: Arc<TestClock>,
        ids: Arc<dyn domain::Ids>,
        blobs: blob::Blobs,
        email: app::email::Settings,
    ) -> Self {
        let loopback: ipnet::IpNet = "127.0.0.0/8".parse().expect("a network");
        let app = App::new(Parts {
            db: Db::open(&url).await.expect("a database"),
            clock: Arc::clone(&clock) as Arc<dyn domain::Clock>,
            ids,
            secrets: app::secrets::DataKey::new(&[7; 32]),
            blobs,
            guard: webhook::guard::Guard::new(vec![loopback]),
            public_url: "https://app.example.com".to_owned(),
            email,
        });
        let tasks = tasks::Tasks::new(&app, tasks::Options::default()).expect("tasks");
        let api = PartnerApi::new(app.clone(), Vec::new());
        let partner = partner_api::router(api.clone()).merge(dashboard::invite(app.clone()));
        let router = email_api::beside(EmailApi::new(app.clone(), Vec::new()), partner);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { app, api, clock, addr, tasks, url, folder }
    }

    /// Runs every task until nothing is due at the current time.
    pub async fn settle(&self) {
        self.tasks.settle().await.expect("the tasks settle");
    }

    /// Moves the clock, then settles.
    pub async fn advance(&self, micros: i64) {
        self.clock.advance(micros);
        self.settle().await;
    }

    /// Calls the API and checks the answer against the document.
    pub async fn call(&self, call: Call<'_>) -> Answer {
        let (method, path) = (call.method.clone(), call.path.to_owned());
        let has_key = call.headers.iter().any(|(name, _)| *name == "x-api-key");
        let is_email = has_key
            || call.key.is_none()
                && contract::email_contract().operation(&call.method, call.path).is_some();
        let answer = tokio::time::timeout(CALL_TIMEOUT, self.exchange(call))
            .await
            .expect("an answer in time");
        if (path.starts_with("/api/v1") || path == "/api/whoami") && method != Method::HEAD {
            let status = answer.status.as_u16();
            let contract = if is_email { contract::email_contract() } else { contract::contract() };
            contract.check(&method, &path, status, &answer.headers, &answer.bytes);
            assert!(answer.header("x-request-id").is_some(), "{method} {path} has no request id");
        }
        answer
    }

    async fn exchange(&self, call: Call<'_>) -> Answer {
        let (head, body) = self.open(call).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answer { status: head.status, headers: head.headers, bytes }
    }

    /// Sends a request on a connection of its own; the body is still to come.
    pub(crate) async fn open(&self, call: Call<'_>) -> Response<Incoming> {
        let stream = tokio::net::TcpStream::connect(self.addr).await.expect("the server listens");
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.expect("a connection");
        tokio::spawn(connection);
        let mut request =
            Request::builder().method(call.method).uri(call.path).header("host", "app.example.com");
        if let Some(key) = call.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let is_named = call.headers.iter().any(|(name, _)| *name == "content-type");
        if !call.body.is_empty() && !is_named {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(call.body)).expect("a request");
        sender.send_request(request).await.expect("an answer")
    }

    /// Every event of a tenant, oldest first, each checked against the document.
    pub async fn events(&self, ctx: &OpCtx) -> Vec<Value> {
        let scope = ctx.scope;
        let filter = storage::events::EventFilter::default();
        let rows = self.app.db.read(async move |tx: &storage::Tx| {
            storage::events::list(tx, &scope, &filter, None, 10_000).await
        });
        let rows = rows.await.expect("events");
        let payload = |e: &storage::events::Event| -> Value {
            let payload = serde_json::from_slice(&e.payload).expect("a payload is JSON");
            contract::contract().check_event(&payload);
            payload
        };
        rows.iter().rev().map(payload).collect()
    }
}

/// One request.
pub struct Call<'a> {
    pub method: Method,
    pub path: &'a str,
    pub key: Option<&'a str>,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Bytes,
}
