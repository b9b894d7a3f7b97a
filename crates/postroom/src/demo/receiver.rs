//! The partner's receiver of webhooks: checks each signature as the seed's verifier does.
//!
//! It also serves the photo of the package, as a partner's system would.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::mpsc;
use webhook::signature::Secret;
use webhook::verify::verify_as_seed;

/// Deliveries that wait to be looked at; one more is answered 503, and comes again.
const ARRIVALS_MAX: usize = 1024;
/// How long the demo waits for an event that must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The package, as the partner's warehouse photographed it.
const PHOTO: &[u8] = include_bytes!("package-front.png");

/// One delivery.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) event_id: String,
    pub(super) kind: String,
    pub(super) customer_id: String,
    /// Rises by one for each event of a customer.
    pub(super) sequence: i64,
    pub(super) is_verified: bool,
}

/// See the module.
pub(super) struct Receiver {
    addr: SocketAddr,
    house: House,
    arrivals: mpsc::Receiver<Arrival>,
}

#[derive(Clone)]
struct House {
    secret: Arc<Mutex<Option<Secret>>>,
    header_prefix: String,
    arrivals: mpsc::Sender<Arrival>,
}

impl Receiver {
    /// Listens on a free port of this machine. `header_prefix` is that of the install.
    pub(super) async fn start(header_prefix: &str) -> anyhow::Result<Self> {
        let (sender, arrivals) = mpsc::channel(ARRIVALS_MAX);
        let house = House {
            secret: Arc::default(),
            header_prefix: header_prefix.to_lowercase(),
            arrivals: sender,
        };
        let router = Router::new()
            .route("/hooks", post(receive))
            .route("/package-front.png", get(photo))
            .with_state(house.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.context("starting the demo's receiver")?;
        let addr = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { addr, house, arrivals })
    }

    pub(super) fn hooks_url(&self) -> String {
        format!("http://{}/hooks", self.addr)
    }

    pub(super) fn photo_url(&self) -> String {
        format!("http://{}/package-front.png", self.addr)
    }

    /// Tells the secret with which signatures are checked from now on.
    pub(super) fn learn(&self, secret: &str) -> anyhow::Result<()> {
        let secret = Secret::parse(secret).map_err(anyhow::Error::msg)?;
        *self.house.secret.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret);
        Ok(())
    }

    /// The next delivery; an error when none comes in time.
    pub(super) async fn next(&mut self) -> anyhow::Result<Arrival> {
        match tokio::time::timeout(PATIENCE, self.arrivals.recv()).await {
            Ok(Some(arrival)) => Ok(arrival),
            Ok(None) | Err(_) => bail!("no event came within {} s", PATIENCE.as_secs()),
        }
    }

    /// The next delivery, however long it takes; nothing once the receiver has ended.
    pub(super) async fn wait(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }

    /// A delivery that has come already.
    pub(super) fn try_next(&mut self) -> Option<Arrival> {
        self.arrivals.try_recv().ok()
    }
}

async fn receive(State(house): State<House>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        let name = format!("{}{name}", house.header_prefix);
        headers.get(&name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
    };
    let timestamp = header("timestamp").unwrap_or_default();
    let signature = header("signature");
    let secret = house.secret.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let is_verified = secret.is_some_and(|secret| {
        verify_as_seed(&body, &timestamp, signature.as_deref(), &secret).unwrap_or(false)
    });
    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |pointer: &str| {
        event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let arrival = Arrival {
        event_id: text("/id"),
        kind: text("/type"),
        customer_id: text("/data/customer_id"),
        sequence: event["sequence"].as_i64().unwrap_or(0),
        is_verified,
    };
    match house.arrivals.try_send(arrival) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn photo() -> ([(header::HeaderName, &'static str); 1], &'static [u8]) {
    ([(header::CONTENT_TYPE, "image/png")], PHOTO)
}
