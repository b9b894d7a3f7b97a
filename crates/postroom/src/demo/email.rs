//! The e-mail half's story: an agent receives, answers and forwards, and its webhooks tell of each step.
//!
//! Everything goes over HTTP, as an agent's program would; the mail from outside is a raw message.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use app::OpCtx;
use app::email::keys;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use bytes::Bytes as Body;
use domain::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use webhook::signature::{EMAIL_KEY_MODE, Secret, email};
use wire::email::keys::CreateApiKey;

use super::stage::Stage;
use crate::client;

/// Deliveries that wait to be looked at.
const ARRIVALS_MAX: usize = 64;
/// How long the demo waits for an event that must come.
const PATIENCE: Duration = Duration::from_secs(20);

const LETTER: &str = "From: Ann Lee <ann.lee@partner.example>\r\n\
    To: support-bot@DOMAIN\r\n\
    Subject: Where is my order?\r\n\
    Message-ID: <order-881@partner.example>\r\n\
    Date: Sat, 21 Nov 2026 09:30:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\n\
    Order 881 has not arrived yet. Can you help?\r\n";

/// The e-mail demo on its way.
pub(super) struct EmailWalk {
    pub(super) ctx: OpCtx,
    pub(super) host: String,
    pub(super) stage: Stage,
}

/// One delivery as it arrived.
struct Arrival {
    headers: HeaderMap,
    body: Bytes,
}

impl EmailWalk {
    /// Walks the whole story; an error says where it did not hold. Answers with the key that it used.
    pub(super) async fn run(&mut self) -> anyhow::Result<String> {
        let key = self.open().await?;
        let desk = self.identity(&key, "support-bot").await?;
        self.identity(&key, "warehouse-bot").await?;
        let (address, id) = (text(&desk, "/email_address")?, text(&desk, "/mailbox/id")?);
        let (hooks, mut arrivals) = receiver().await?;
        let secret = self.subscribe(&key, &id, &hooks).await?;
        let inbound = self.receive(&key, &address).await?;
        self.hear(&mut arrivals, &secret, "message.received").await?;
        self.answer(&key, &address, &inbound).await?;
        self.hear(&mut arrivals, &secret, "message.sent").await?;
        self.forward(&key, &address, &inbound).await?;
        self.hear(&mut arrivals, &secret, "message.forwarded").await?;
        self.bounce(&key, &address).await?;
        self.hear(&mut arrivals, &secret, "message.bounced").await?;
        self.look(&key, &address, &inbound).await?;
        Stage::note(
            "\nAll of it held: every webhook's signature was checked as the published recipe says.",
        );
        Ok(key)
    }

    async fn open(&mut self) -> anyhow::Result<String> {
        Stage::note(
            "Postroom: one organization, two agents with mailboxes, and a customer who writes.",
        );
        self.stage.step("The organization gets a key of the e-mail API.");
        self.stage.same("postroom org key --label demo");
        let new = CreateApiKey { label: "demo".into(), description: None, identity_id: None };
        let work = async move |tx: &app::Tx, ctx: &OpCtx| keys::create(tx, ctx, &new).await;
        let made = self.ctx.app.act(&self.ctx, work).await?;
        self.stage.back(&format!("http://{} is up", self.host));
        Ok(made.text)
    }

    async fn identity(&mut self, key: &str, handle: &str) -> anyhow::Result<Value> {
        self.stage.step(&format!("The agent {handle} gets an identity and a mailbox."));
        let body = json!({"agent_handle": handle});
        let made = self.call(key, Method::POST, "/api/v1/identities/", Some(body)).await?;
        self.stage.back(&text(&made, "/email_address")?);
        Ok(made)
    }

    async fn subscribe(&mut self, key: &str, mailbox: &str, url: &str) -> anyhow::Result<Secret> {
        self.stage.step("Its program subscribes to what happens in the mailbox.");
        let types = ["message.received", "message.sent", "message.forwarded", "message.bounced"];
        let body = json!({"mailbox_id": mailbox, "url": url, "event_types": types});
        let path = "/api/v1/webhooks/subscriptions";
        let made = self.call(key, Method::POST, path, Some(body)).await?;
        self.stage.back("the signing key of the identity, shown once");
        Secret::parse(text(&made, "/signing_key")?).map_err(anyhow::Error::msg)
    }

    async fn receive(&mut self, key: &str, address: &str) -> anyhow::Result<String> {
        self.stage.step("Ann writes to the agent; her message comes in raw.");
        let path = format!(
            "/api/v1/mail/mailboxes/{address}/ingest?envelope_from=ann.lee@partner.example"
        );
        let letter = LETTER.replace("DOMAIN", &self.ctx.app.email.domain);
        let url = format!("http://{}{path}", self.host);
        self.stage.same(&format!(
            "curl -X POST '{url}' -H 'X-API-Key: {key}' \\\n  -H 'Content-Type: message/rfc822' --data-binary @letter.eml"
        ));
        let headers = [("x-api-key", key), ("content-type", "message/rfc822")];
        let answer = client::send(&self.host, Method::POST, &path, &headers, letter.into()).await?;
        ensure!(answer.status.is_success(), "the letter was answered {}", answer.status);
        let stored: Value = serde_json::from_slice(&answer.body)?;
        let id = text(&stored, "/message_id")?;
        self.stage.back(&format!("stored as {id}"));
        Ok(id)
    }

    async fn answer(&mut self, key: &str, address: &str, id: &str) -> anyhow::Result<()> {
        self.stage.step("The agent answers, in the same thread.");
        let path = format!("/api/v1/mail/mailboxes/{address}/messages/{id}/reply-all");
        let body = json!({"body_text": "I am asking the warehouse."});
        let sent = self.call(key, Method::POST, &path, Some(body)).await?;
        self.stage.back(&format!("{} to {}", text(&sent, "/subject")?, sent["to_addresses"]));
        Ok(())
    }

    async fn forward(&mut self, key: &str, address: &str, id: &str) -> anyhow::Result<()> {
        self.stage
            .step("It forwards the letter to the agent of the warehouse, which has it at once.");
        let path = format!("/api/v1/mail/mailboxes/{address}/messages/{id}/forward");
        let to = format!("warehouse-bot@{}", self.ctx.app.email.domain);
        let body = json!({"recipients": {"to": [to]}, "body_text": "Can you look?"});
        let sent = self.call(key, Method::POST, &path, Some(body)).await?;
        self.stage.back(&format!("{}, {}", text(&sent, "/subject")?, text(&sent, "/status")?));
        Ok(())
    }

    async fn bounce(&mut self, key: &str, address: &str) -> anyhow::Result<()> {
        self.stage
            .step("It writes to an address that does not exist: the simulator plays the bounce.");
        let path = format!("/api/v1/mail/mailboxes/{address}/messages");
        let to = format!("bounce@simulator.{}", self.ctx.app.email.domain);
        let body =
            json!({"recipients": {"to": [to]}, "subject": "Hello?", "body_text": "Anybody there?"});
        let sent = self.call(key, Method::POST, &path, Some(body)).await?;
        self.stage.back(&text(&sent, "/status")?);
        Ok(())
    }

    async fn look(&mut self, key: &str, address: &str, id: &str) -> anyhow::Result<()> {
        self.stage.step("The letter, as the agent reads it.");
        let path = format!("/api/v1/mail/mailboxes/{address}/messages/{id}");
        let read = self.call(key, Method::GET, &path, None).await?;
        ensure!(read["is_read"] == true, "looking at a message marks it as read");
        self.stage.back(&text(&read, "/body_text")?);
        Ok(())
    }

    /// Waits for an event of a type and checks its signature.
    async fn hear(
        &mut self,
        arrivals: &mut mpsc::Receiver<Arrival>,
        secret: &Secret,
        kind: &str,
    ) -> anyhow::Result<()> {
        let arrival = tokio::time::timeout(PATIENCE, arrivals.recv()).await;
        let arrival = arrival.ok().flatten().with_context(|| format!("no {kind} came"))?;
        let event: Value = serde_json::from_slice(&arrival.body)?;
        ensure!(event["event_type"] == kind, "{} came and not {kind}", event["event_type"]);
        ensure!(is_signed(&arrival, secret), "the signature of {kind} does not hold");
        self.stage.told(kind, &text(&event, "/id")?);
        Ok(())
    }

    /// Makes a call; an answer that is no success ends the demo.
    async fn call(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let url = format!("http://{}{path}", self.host);
        let mut same = format!("curl -X {method} {url} -H 'X-API-Key: {key}'");
        if let Some(body) = &body {
            let _ = write!(same, " \\\n  -H 'Content-Type: application/json' -d '{body}'");
        }
        self.stage.same(&same);
        let headers = [("x-api-key", key), ("content-type", "application/json")];
        let bytes = Body::from(body.map(|body| body.to_string()).unwrap_or_default());
        let answer = client::send(&self.host, method.clone(), path, &headers, bytes).await?;
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        ensure!(answer.status.is_success(), "{method} {path} answered {}: {json}", answer.status);
        Ok(json)
    }
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("the answer has no {pointer}"))?.to_owned())
}

/// What the published recipe says: HMAC-SHA256 over request id, timestamp and the bytes of the body.
fn is_signed(arrival: &Arrival, secret: &Secret) -> bool {
    let header = |name: &str| arrival.headers.get(name).and_then(|v| v.to_str().ok());
    let seconds = header("x-inkbox-timestamp").and_then(|text| text.parse::<i64>().ok());
    let (Some(seconds), Some(id)) = (seconds, header("x-inkbox-request-id")) else { return false };
    let Ok(key) = secret.key(EMAIL_KEY_MODE) else { return false };
    let at = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    header("x-inkbox-signature") == Some(&email(&key, id, at, &arrival.body))
}

/// The receiver of the agent's program, on a free port of this machine.
async fn receiver() -> anyhow::Result<(String, mpsc::Receiver<Arrival>)> {
    let (sender, arrivals) = mpsc::channel(ARRIVALS_MAX);
    let router = Router::new().route("/hooks", post(take)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.context("starting the demo's receiver")?;
    let url = format!("http://{}/hooks", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, arrivals))
}

async fn take(
    State(arrivals): State<mpsc::Sender<Arrival>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    match arrivals.try_send(Arrival { headers, body }) {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
