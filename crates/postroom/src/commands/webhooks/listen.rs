//! `postroom webhooks listen`: events of our own server, sent on to a receiver on this machine.
//!
//! What arrives is the stream of `GET /api/v1/events/stream`; what leaves is signed as a delivery is, so
//! that the receiver needs no change for it. Nobody in between sees either.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Args;
use domain::endpoint::KeyMode;
use domain::event::EventType;
use domain::id::{DeliveryId, EventId};
use domain::{Clock as _, Timestamp};
use serde_json::{Value, json};
use webhook::custom::CustomHeaders;
use webhook::guard::Guard;
use webhook::headers::{Attempt, Headers};
use webhook::listen::{Listening, NoStream, Told};
use webhook::outcome::Outcome;
use webhook::sender::{DEADLINE, Request, Sender};
use webhook::signature::{Key, Keyring, Secret};
use webhook::target::Target;
use webhook::verify::{Arrived, verify_any};

use super::keys::KeyFlags;
use crate::commands::parse::one_of;
use crate::config::Config;
use crate::out;
use crate::system::{SystemClock, SystemIds};

/// How long to wait before the stream is taken up again; doubled with each failure.
const BACK_AFTER: Duration = Duration::from_secs(1);
const BACK_AFTER_MAX: Duration = Duration::from_secs(30);

/// Send events of a server on to a receiver on this machine, signed, and show what it answers.
#[derive(Args)]
pub(super) struct Listen {
    /// The receiver: a port of this machine, or a URL.
    to: String,
    /// The server whose events these are; default is the one configured here.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A key with the scope events:read.
    #[arg(long, env = "POSTROOM_API_KEY", hide_env_values = true)]
    key: String,
    /// The secret that the receiver verifies with; default is a new one, which is shown.
    #[arg(long, env = "POSTROOM_WEBHOOK_SECRET", hide_env_values = true)]
    secret: Option<String>,
    #[command(flatten)]
    keys: KeyFlags,
    /// A type of event; can be given several times. Default is all of them.
    #[arg(long = "event", value_name = "TYPE", value_parser = one_of!(EventType))]
    events: Vec<EventType>,
    /// Begin with this many of the newest events.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=1000))]
    replay: u16,
    /// Begin after this event.
    #[arg(long, value_name = "ID", conflicts_with = "replay")]
    after: Option<String>,
    /// End after this many events.
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Print a line of JSON for each event.
    #[arg(long)]
    json: bool,
}

impl Listen {
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let secret = match &self.secret {
            Some(text) => Secret::parse(text.trim())?,
            None => Secret::generate(&SystemIds),
        };
        if self.secret.is_none() {
            out::say(format_args!("the receiver verifies with {}", secret.reveal()));
        }
        // Its own user calls it: any address, and plain HTTP, is where they want to go.
        let anywhere = ["0.0.0.0/0", "::/0"].map(|net| net.parse().expect("a network"));
        let guard = Guard::new(anywhere.to_vec()).with_plain_http();
        let settings = &config.webhooks;
        let relay = Relay {
            target: guard.check_webhook(&self.receiver()).context("the receiver")?,
            sender: Sender::new(guard, Vec::new())?,
            headers: settings.headers()?,
            keys: Keyring::new(Key::new(&secret, self.keys.modes())?),
            secret,
            mode: self.keys.modes().partner,
        };
        self.listen(config, &relay).await
    }

    async fn listen(&self, config: &Config, relay: &Relay) -> anyhow::Result<()> {
        let mut left = self.max.unwrap_or(u64::MAX);
        let (mut last_id, mut newest) = (self.after.clone(), u32::from(self.replay));
        let (mut wait, mut has_begun) = (BACK_AFTER, false);
        while left > 0 {
            let url = self.stream_url(config, newest);
            let target = relay.sender.guard().check_webhook(&url).context("the server")?;
            match relay.sender.listen(&target, &self.key, last_id.clone()).await {
                Ok(mut stream) => {
                    if !has_begun {
                        out::say(format_args!("listening to {}", target.origin()));
                    }
                    (has_begun, wait) = (true, BACK_AFTER);
                    self.drain(&mut stream, relay, &mut left).await;
                    last_id = stream.last_id;
                    // Where there was no event to begin after, all are newer.
                    newest = 1000;
                }
                Err(NoStream::Refused { status, body })
                    if status.is_client_error() && status != 429 =>
                {
                    bail!("the server answered {status}: {body}")
                }
                Err(error) if !has_begun => return Err(error).context(url),
                Err(error) => out::say(format_args!("{error}")),
            }
            if left > 0 {
                out::say(format_args!("taking the stream up again in {} s", wait.as_secs()));
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(BACK_AFTER_MAX);
            }
        }
        Ok(())
    }

    /// Sends on what comes until the stream ends, or enough have come.
    async fn drain(&self, stream: &mut Listening, relay: &Relay, left: &mut u64) {
        while *left > 0 {
            match stream.next().await {
                Ok(Some(told)) => self.show(&told, &relay.forward(&told).await),
                Ok(None) => return,
                Err(failure) => {
                    return out::say(format_args!("{}: {}", failure.kind, failure.detail));
                }
            }
            *left -= 1;
        }
    }

    fn receiver(&self) -> String {
        match self.to.parse::<u16>() {
            Ok(port) => format!("http://127.0.0.1:{port}/"),
            Err(_) => self.to.clone(),
        }
    }

    fn stream_url(&self, config: &Config, newest: u32) -> String {
        let here = || format!("http://{}", config.server.listen);
        let server = self.server.clone().unwrap_or_else(here);
        let words: Vec<&str> = self.events.iter().map(|kind| kind.as_str()).collect();
        let types =
            if words.is_empty() { String::new() } else { format!("&type={}", words.join(",")) };
        format!("{}/api/v1/events/stream?newest={newest}{types}", server.trim_end_matches('/'))
    }

    fn show(&self, told: &Told, sent: &anyhow::Result<Sent>) {
        let value = match sent {
            Ok(sent) => sent.shown(told),
            Err(error) => json!({"id": told.id, "type": told.kind, "error": error.to_string()}),
        };
        if self.json {
            return out::line(value);
        }
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let answer = match value["status"].as_u64() {
            Some(status) => format!("{status} in {} ms", value["ms"]),
            None => text("error"),
        };
        let (id, kind) = (&told.id, &told.kind);
        out::line(format_args!(
            "{id}  {kind}  {answer}  {}  {}",
            text("signature"),
            text("verdict")
        ));
    }
}

/// The way to the receiver.
struct Relay {
    sender: Sender,
    headers: Headers,
    target: Target,
    secret: Secret,
    keys: Keyring,
    /// How the receiver reads the secret.
    mode: KeyMode,
}

/// What was sent on, and what came back.
struct Sent {
    signature: String,
    verdict: String,
    at: Timestamp,
    outcome: Outcome,
}

impl Relay {
    async fn forward(&self, told: &Told) -> anyhow::Result<Sent> {
        let event_id =
            EventId::parse(&told.id).context("the id of the event is of no kind known here")?;
        let event_type =
            EventType::parse(&told.kind).context("the type is not known here; update postroom")?;
        let (at, body) = (SystemClock.now(), Bytes::copy_from_slice(&told.data));
        let attempt = Attempt {
            event_id,
            event_type,
            delivery_id: DeliveryId::new(&SystemIds, at),
            number: 1,
            at,
            keys: &self.keys,
            custom: &CustomHeaders::default(),
            body: &body,
            is_replay: false,
            original_id: None,
            trace: None,
        };
        let headers = self.headers.of(&attempt);
        let signature = self.headers.signature(&headers).unwrap_or_default().to_owned();
        // Checked as a receiver would, so that a 401 is known to be the receiver's doing.
        let arrived = Arrived { signature: Some(&signature), body: &body, ..Arrived::default() };
        let mode = Some(self.mode);
        let verdict = match verify_any(&self.secret, mode, &arrived, SystemClock.now()) {
            Ok(()) => "the signature holds".to_owned(),
            Err(problem) => problem.to_string(),
        };
        let request =
            Request { target: &self.target, headers: &headers, body: &body, deadline: DEADLINE };
        Ok(Sent { signature, verdict, at, outcome: self.sender.send(&request).await })
    }
}

impl Sent {
    fn shown(&self, told: &Told) -> Value {
        json!({
            "at": self.at.to_string(), "id": told.id, "type": told.kind, "status": self.outcome.status,
            "error": self.outcome.error.map(|error| error.to_string()),
            "ms": self.outcome.duration_micros / 1000, "signature": self.signature, "verdict": self.verdict,
        })
    }
}
