//! A receiver of webhooks on loopback whose answers a test scripts.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use domain::Timestamp;
use domain::endpoint::KeyModes;
use serde_json::Value;
use tokio::sync::Notify;
use webhook::signature::{EMAIL_KEY_MODE, Key, Keyring, Secret, standard};

use crate::server::CALL_TIMEOUT;

/// One request that arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a delivery is JSON")
    }

    /// What the recipe of seed 002 says of it, and that of Standard Webhooks with the same key, which must agree.
    pub fn verifies_as_email(&self, key: &str) -> bool {
        let secret = Secret::parse(key).expect("a signing key");
        let key = secret.key(EMAIL_KEY_MODE).expect("a key");
        let seconds: i64 = self.header("x-inkbox-timestamp").parse().expect("a timestamp");
        let at = Timestamp::from_micros(seconds * 1_000_000);
        let request_id = self.header("x-inkbox-request-id");
        let signed = webhook::signature::email(&key, request_id, at, &self.body);
        let modes = KeyModes { partner: EMAIL_KEY_MODE, standard: EMAIL_KEY_MODE };
        let keys = Keyring::new(Key::new(&secret, modes).expect("a key"));
        let standard = standard(&keys, self.header("webhook-id"), at, &self.body);
        let is_ours = self.header("x-inkbox-signature") == signed;
        assert_eq!(self.header("webhook-signature") == standard, is_ours, "one scheme disagrees");
        is_ours
    }

    /// What the seed's `verifyInnbocksWebhook` says of it.
    pub fn verifies(&self, secret: &str) -> bool {
        let secret = Secret::parse(secret).expect("a webhook secret");
        let timestamp = self.header("x-innbocks-timestamp");
        let signature = Some(self.header("x-innbocks-signature"));
        webhook::verify::verify_as_seed(&self.body, timestamp, signature, &secret).unwrap_or(false)
    }
}

#[derive(Default)]
struct Script {
    received: Vec<Received>,
    statuses: VecDeque<u16>,
}

/// Answers 200, or what the script says next.
#[derive(Clone)]
pub struct Receiver {
    pub addr: SocketAddr,
    script: Arc<Mutex<Script>>,
    more: Arc<Notify>,
}

impl Receiver {
    pub async fn start() -> Self {
        let script: Arc<Mutex<Script>> = Arc::default();
        let more = Arc::new(Notify::new());
        let state = (Arc::clone(&script), Arc::clone(&more));
        let router = Router::new().fallback(receive).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, script, more }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.addr)
    }

    /// Answers the next requests with these statuses.
    pub fn answer_with(&self, statuses: &[u16]) {
        self.script.lock().expect("no panic").statuses.extend(statuses);
    }

    /// Everything that arrived, once it is so much.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let waiting = async {
            loop {
                let more = self.more.notified();
                let received = self.received();
                if received.len() >= count {
                    return received;
                }
                more.await;
            }
        };
        tokio::time::timeout(CALL_TIMEOUT, waiting).await.expect("deliveries in time")
    }

    /// Everything that arrived so far.
    pub fn received(&self) -> Vec<Received> {
        self.script.lock().expect("no panic").received.clone()
    }
}

async fn receive(
    State((script, more)): State<(Arc<Mutex<Script>>, Arc<Notify>)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let mut script = script.lock().expect("no panic");
    script.received.push(Received { headers, body });
    more.notify_waiters();
    let status = script.statuses.pop_front().unwrap_or(200);
    StatusCode::from_u16(status).expect("a status")
}
