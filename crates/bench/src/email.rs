//! The e-mail half: raw messages taken in and told of, messages sent between mailboxes, and a mailbox that
//! holds very many.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use app::email::keys::{self, Caller};
use app::operator_ctx;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use domain::email::{Direction, Message, MessageStatus};
use domain::id::{EmailMailboxId, MessageId, ThreadId};
use serde_json::{Value, json};
use storage::Tx;
use storage::email::messages::Known;
use storage::email::search::Words;
use storage::email::{messages, search};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use wire::email::keys::CreateApiKey;

use crate::client::{Client, find};
use crate::house::{House, PARTNER};
use crate::meter::{Measured, Meter, micros};

/// Connections that make load, each for a mailbox of its own.
const CONNECTIONS: u32 = 64;
/// Ingests a second where latency is measured.
const PACE: u32 = 300;
/// How long the last deliveries may take after the load has ended.
const DRAIN_TIMEOUT: Duration = Duration::from_mins(2);
/// How often a wait looks again.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Messages that a run can count.
const COUNT_MAX: usize = 4_000_000;
/// Messages of the large mailbox that are stored in one transaction.
const PAGE_ROWS: u32 = 500;
/// Questions that are asked of the large mailbox.
const QUESTIONS: usize = 200;

/// Measures all of it; `stored` is how many messages the large mailbox holds.
pub(crate) async fn run(
    house: &House,
    length: Duration,
    stored: u32,
) -> anyhow::Result<Vec<Measured>> {
    let stage = Stage::set(house).await?;
    let mut rows = vec![
        stage.ingest("ingest, full load", length, None).await?,
        stage.ingest("ingest, 300 a second", length, Some(PACE)).await?,
        stage.send(length).await?,
    ];
    stage.fill(stored).await?;
    let middle = stage.moment(stored / 2);
    let asked = [
        ("list, first page", "messages?limit=50".to_owned()),
        ("list, in the middle", format!("messages?limit=50&end_datetime={middle}")),
        ("list, of few sent", "messages?limit=50&direction=outbound".to_owned()),
        ("search, a rare word", "search?q=word777".to_owned()),
        ("search, a common word", "search?q=hello".to_owned()),
    ];
    for (name, path) in asked {
        rows.push(stage.ask(&format!("{name} of {stored}"), &path).await?);
    }
    Ok(rows)
}

/// Mailboxes, each with a subscription of one receiver.
struct Stage<'a> {
    house: &'a House,
    key: String,
    /// Addresses.
    mailboxes: Vec<String>,
    last: EmailMailboxId,
    sink: Arc<Sink>,
    next: Arc<AtomicU32>,
    began: domain::Timestamp,
}

/// When the event of each message arrived, in microseconds from the start; 0 before that.
struct Sink {
    began: Instant,
    arrived: Vec<AtomicU32>,
    n: AtomicUsize,
}

impl<'a> Stage<'a> {
    async fn set(house: &'a House) -> anyhow::Result<Self> {
        let sink = Arc::new(Sink {
            began: Instant::now(),
            arrived: (0..COUNT_MAX).map(|_| AtomicU32::new(0)).collect(),
            n: AtomicUsize::new(0),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&sink));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hooks", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let ctx = operator_ctx(&house.app, PARTNER, true, "bench").await?;
        let new = CreateApiKey { label: "bench".into(), description: None, identity_id: None };
        let made =
            ctx.app.act(&ctx, async move |tx, ctx| keys::create(tx, ctx, &new).await).await?;
        let caller: Caller = keys::authenticate(&house.app, &made.text, None).await?;
        ensure!(caller.key.identity_id.is_none(), "the key is the organization's");
        let mut client = Client::connect(house.node.addr, &made.text).await?;
        let mut mailboxes = Vec::new();
        let mut last = None;
        for n in 0..CONNECTIONS {
            let body = json!({"agent_handle": format!("agent-{n}")});
            let identity = post(&mut client, "/api/v1/identities", &body).await?;
            let id = identity["mailbox"]["id"].as_str().context("a mailbox")?;
            let body = json!({"mailbox_id": id, "url": url, "event_types": ["message.received"]});
            post(&mut client, "/api/v1/webhooks/subscriptions", &body).await?;
            mailboxes.push(identity["email_address"].as_str().context("an address")?.to_owned());
            last = EmailMailboxId::parse(id);
        }
        Ok(Self {
            house,
            key: made.text,
            mailboxes,
            last: last.context("a mailbox")?,
            sink,
            next: Arc::new(AtomicU32::new(0)),
            began: house.app.clock.now(),
        })
    }

    /// Raw messages of 1 KiB; latency is from the answer to the receiver's first byte.
    async fn ingest(
        &self,
        name: &str,
        length: Duration,
        pace: Option<u32>,
    ) -> anyhow::Result<Measured> {
        let request = |n: u32, mailbox: &str| {
            let raw = format!(
                "From: Ann <ann@partner.example>\r\nTo: {mailbox}\r\nSubject: bench-{n}\r\n\
                 Message-ID: <bench-{n}@partner.example>\r\nDate: Sat, 21 Nov 2026 09:30:00 +0000\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\nHello. {}\r\n",
                "0123456789 ".repeat(75)
            );
            (
                format!(
                    "/api/v1/mail/mailboxes/{mailbox}/ingest?envelope_from=ann@partner.example"
                ),
                raw,
            )
        };
        self.load(name, length, pace, request).await
    }

    /// Messages of 1 KiB from one mailbox to another.
    async fn send(&self, length: Duration) -> anyhow::Result<Measured> {
        let request = |n: u32, mailbox: &str| {
            let to = &self.mailboxes[(n as usize * 7 + 1) % self.mailboxes.len()];
            let body = json!({"recipients": {"to": [to]}, "subject": format!("bench-{n}"),
                "body_text": "0123456789 ".repeat(80)});
            (format!("/api/v1/mail/mailboxes/{mailbox}/messages"), body.to_string())
        };
        self.load("send between mailboxes", length, None, request).await
    }

    async fn load(
        &self,
        name: &str,
        length: Duration,
        pace: Option<u32>,
        request: impl Fn(u32, &str) -> (String, String),
    ) -> anyhow::Result<Measured> {
        // Made before, so that making it costs the measurement nothing.
        let budget =
            pace.map_or(100_000, |pace| pace * u32::try_from(length.as_secs()).unwrap_or(60));
        let first = self.next.fetch_add(budget, Ordering::Relaxed);
        let connections = u32::try_from(self.mailboxes.len())?;
        let before = self.sink.n.load(Ordering::Relaxed);
        let mut plans: Vec<Vec<(u32, Vec<u8>)>> = vec![Vec::new(); self.mailboxes.len()];
        let client = Client::connect(self.house.node.addr, &self.key).await?;
        for n in first..first + budget {
            let at = (n % connections) as usize;
            let (path, body) = request(n, &self.mailboxes[at]);
            plans[at].push((n, client.request("POST", &path, None, &body)));
        }
        let meter = Meter::start(self.house)?;
        let mut writers = JoinSet::new();
        for plan in plans {
            let client = Client::connect(self.house.node.addr, &self.key).await?;
            let pause = pace.map(|pace| (first, Duration::from_secs_f64(1.0 / f64::from(pace))));
            writers.spawn(write(client, plan, length, pause, self.sink.began));
        }
        let mut answered = Vec::new();
        for done in writers.join_all().await {
            answered.extend(done?);
        }
        let drained = async {
            while self.sink.n.load(Ordering::Relaxed) < before + answered.len() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DRAIN_TIMEOUT, drained).await.context("deliveries are missing")?;
        let took = meter.began().elapsed();
        let cost = meter.stop()?;
        let arrived = |n: u32| self.sink.arrived[n as usize].load(Ordering::Relaxed);
        let latencies = answered.iter().map(|(n, at)| arrived(*n).saturating_sub(*at)).collect();
        let (workload, engine, n) = (name.to_owned(), self.house.engine, answered.len());
        Ok(Measured { workload, engine, n, took, latencies, cost })
    }

    /// Stores very many messages in one mailbox, a second apart.
    async fn fill(&self, count: u32) -> anyhow::Result<()> {
        for first in (0..count).step_by(PAGE_ROWS as usize) {
            let (app, mailbox, began) = (self.house.app.clone(), self.last, self.began);
            let unit = async move |tx: &Tx| {
                for n in first..(first + PAGE_ROWS).min(count) {
                    let message = stored(&app, mailbox, began, n);
                    let known = Known { message_id: [0; 16], sender: None };
                    messages::insert(tx, &message, known).await?;
                    let words = Words {
                        subject: format!("message {n}"),
                        people: "ann partner example".to_owned(),
                        body: format!("hello word{} word{}", n % 1000, n % 100_000),
                        files: String::new(),
                    };
                    search::put(tx, &message, &words).await?;
                }
                Ok::<_, storage::Error>(())
            };
            self.house.app.db.write(unit).await?;
            if first % (PAGE_ROWS * 200) == 0 {
                postroom::out::say(format_args!("{}: {first} messages stored", self.house.engine));
            }
        }
        Ok(())
    }

    fn moment(&self, n: u32) -> domain::Timestamp {
        self.began.plus(-domain::seconds(i64::from(n)))
    }

    /// Asks one question of the large mailbox again and again.
    async fn ask(&self, name: &str, path: &str) -> anyhow::Result<Measured> {
        let mailbox = self.mailboxes.last().context("a mailbox")?;
        let mut client = Client::connect(self.house.node.addr, &self.key).await?;
        let request =
            client.request("GET", &format!("/api/v1/mail/mailboxes/{mailbox}/{path}"), None, "");
        let meter = Meter::start(self.house)?;
        let mut latencies = Vec::new();
        for _ in 0..QUESTIONS {
            let at = Instant::now();
            client.good(&request).await?;
            latencies.push(micros(at.elapsed()));
        }
        let (took, cost) = (meter.began().elapsed(), meter.stop()?);
        let engine = self.house.engine;
        Ok(Measured { workload: name.to_owned(), engine, n: QUESTIONS, took, latencies, cost })
    }
}

fn stored(app: &app::App, mailbox: EmailMailboxId, began: domain::Timestamp, n: u32) -> Message {
    let (ids, at) = (app.ids.as_ref(), began.plus(-domain::seconds(i64::from(n))));
    Message {
        no: ids.number(at),
        id: MessageId::new(ids, at),
        mailbox_id: mailbox,
        thread_id: ThreadId::new(ids, at),
        direction: Direction::Inbound,
        status: MessageStatus::Received,
        message_id: format!("<{n}@partner.example>"),
        from_address: "ann@partner.example".to_owned(),
        from_name: Some("Ann".to_owned()),
        to: vec!["agent@agents.localhost".to_owned()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        in_reply_to: None,
        references: Vec::new(),
        subject: Some(format!("message {n}")),
        snippet: Some("hello".to_owned()),
        is_read: false,
        is_starred: false,
        has_attachments: false,
        is_forward: false,
        is_blocked: false,
        first_opened_at: None,
        open_count: 0,
        import_id: None,
        size: 1000,
        raw: [0; 32],
        created_at: at,
        updated_at: at,
    }
}

/// Writes what is planned until the time is over, and notes when each was answered.
async fn write(
    mut client: Client,
    plan: Vec<(u32, Vec<u8>)>,
    length: Duration,
    pace: Option<(u32, Duration)>,
    clock: Instant,
) -> anyhow::Result<Vec<(u32, u32)>> {
    let began = Instant::now();
    let mut answered = Vec::new();
    for (n, request) in plan {
        if let Some((first, pause)) = pace {
            sleep_until((began + pause * (n - first)).into()).await;
        }
        if began.elapsed() >= length {
            break;
        }
        client.good(&request).await?;
        answered.push((n, micros(clock.elapsed())));
    }
    Ok(answered)
}

async fn post(client: &mut Client, path: &str, body: &Value) -> anyhow::Result<Value> {
    let request = client.request("POST", path, None, &body.to_string());
    Ok(serde_json::from_slice(client.good(&request).await?)?)
}

async fn take(State(sink): State<Arc<Sink>>, body: Bytes) -> StatusCode {
    const MARK: &[u8] = b"\"subject\":\"bench-";
    let at = micros(sink.began.elapsed()).max(1);
    let number = find(&body, MARK).and_then(|start| {
        let rest = &body[start + MARK.len()..];
        let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        std::str::from_utf8(&rest[..end]).ok()?.parse::<usize>().ok()
    });
    if let Some(slot) = number.and_then(|n| sink.arrived.get(n))
        && slot.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    {
        sink.n.fetch_add(1, Ordering::Relaxed);
    }
    StatusCode::OK
}
