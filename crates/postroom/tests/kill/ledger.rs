//! A receiver that writes down everything it is sent, and what is wrong with it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use webhook::signature::Secret;
use webhook::verify::verify_as_seed;

/// How long what was committed may take to arrive. A lane is looked through every second; the rest
/// is for a machine that is busy with a build.
const ARRIVAL_TIMEOUT: Duration = Duration::from_mins(1);
/// A completion that is older than this is on the disk: gathering takes 5 ms and a commit a few, and
/// the rest is for a machine that is busy with a build.
const FLUSH_WINDOW: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) addr: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    books: Mutex<Books>,
    n_events: watch::Sender<usize>,
    is_shut: watch::Sender<bool>,
}

#[derive(Default)]
struct Books {
    /// Of the endpoints, one of which must have signed.
    secrets: Vec<Secret>,
    /// Event ids, with the hash of their bytes, which are the same in every delivery.
    events: HashMap<String, [u8; 32]>,
    /// The customers of `customer.created`.
    created: HashMap<String, Invited>,
    /// By delivery id, in the order of arrival.
    deliveries: HashMap<String, Vec<Receipt>>,
    /// When each process was killed or frozen, by the name in its `User-Agent`.
    deaths: HashMap<String, Instant>,
    /// Those among them that came back, late with what they had begun.
    frozen: HashSet<String>,
    problems: Vec<String>,
}

/// What `customer.created` says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invited {
    pub(crate) event_id: String,
    pub(crate) email: String,
}

struct Receipt {
    from: String,
    event_id: String,
    /// Unset while the receiver keeps the sender waiting.
    answered_at: Option<Instant>,
}

impl Ledger {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared {
            books: Mutex::default(),
            n_events: watch::channel(0).0,
            is_shut: watch::channel(false).0,
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, shared }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.shared.books.lock().expect("no panic")
    }

    /// A secret that deliveries may be signed with from now on.
    pub(crate) fn expect_secret(&self, secret: &str) {
        self.books().secrets.push(Secret::parse(secret).expect("a webhook secret"));
    }

    /// Keeps every sender waiting for its answer, or answers them all.
    pub(crate) fn shut(&self, is_shut: bool) {
        self.shared.is_shut.send_replace(is_shut);
    }

    /// Notes that the process of this name was killed just now.
    pub(crate) fn note_death(&self, name: &str) {
        self.books().deaths.insert(name.to_owned(), Instant::now());
    }

    /// Notes that the process of this name was frozen just now, to be thawed.
    pub(crate) fn note_freeze(&self, name: &str) {
        self.note_death(name);
        self.books().frozen.insert(name.to_owned());
    }

    /// Waits until each of these customers was announced.
    pub(crate) async fn has_announced(&self, customers: &HashSet<String>) {
        let mut news = self.shared.n_events.subscribe();
        let missing = || -> Vec<String> {
            let books = self.books();
            customers.iter().filter(|id| !books.created.contains_key(*id)).cloned().collect()
        };
        let waited = timeout(ARRIVAL_TIMEOUT, news.wait_for(|_| missing().is_empty())).await;
        assert!(waited.is_ok(), "committed and not delivered: {:?}", missing());
    }

    /// Waits a while for a delivery of the process of this name; true when there has been one.
    pub(crate) async fn hears_from(&self, name: &str, wait: Duration) -> bool {
        let mut news = self.shared.n_events.subscribe();
        let came =
            || self.books().deliveries.values().flatten().any(|receipt| receipt.from == name);
        timeout(wait, news.wait_for(|_| came())).await.is_ok()
    }

    /// Who was announced, by customer id.
    pub(crate) fn created(&self) -> HashMap<String, Invited> {
        self.books().created.clone()
    }

    /// Event ids and the hashes of their bytes.
    pub(crate) fn events(&self) -> HashMap<String, [u8; 32]> {
        self.books().events.clone()
    }

    /// Fails on whatever should not have been sent; counts receipts, and the deliveries among them
    /// that came before.
    pub(crate) fn check(&self) -> (usize, usize) {
        let books = self.books();
        assert!(books.problems.is_empty(), "{:#?}", books.problems);
        let (mut receipts, mut repeated) = (0, 0);
        for (delivery, came) in &books.deliveries {
            receipts += came.len();
            repeated += came.len() - 1;
            for pair in came.windows(2) {
                assert_eq!(pair[0].event_id, pair[1].event_id, "{delivery} changed its event");
                assert_ne!(pair[0].from, pair[1].from, "one process sent {delivery} twice");
                let Some(answered_at) = pair[0].answered_at else { continue };
                let Some(death) = books.deaths.get(&pair[0].from) else {
                    let is_late = books.frozen.contains(&pair[1].from);
                    let [old, new] = [&pair[0].from, &pair[1].from];
                    assert!(is_late, "{delivery} of {old} was sent again by {new}");
                    continue;
                };
                // Answered after the death: nobody can have written it down.
                let Some(age) = death.checked_duration_since(answered_at) else { continue };
                assert!(age <= FLUSH_WINDOW, "{delivery} was sent again {age:?} after its answer");
            }
        }
        (receipts, repeated)
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let delivery_id = header("x-innbocks-delivery-id").to_owned();
    let from = header("user-agent").split("-webhooks/").next().unwrap_or_default().to_owned();
    let at = {
        let mut books = shared.books.lock().expect("no panic");
        books.note(&header, &body, &delivery_id, from);
        books.deliveries[&delivery_id].len() - 1
    };
    shared.n_events.send_modify(|n| *n += 1);
    let mut shut = shared.is_shut.subscribe();
    shut.wait_for(|is_shut| !is_shut).await.expect("it lives as long as we do");
    let mut books = shared.books.lock().expect("no panic");
    if let Some(came) = books.deliveries.get_mut(&delivery_id) {
        came[at].answered_at = Some(Instant::now());
    }
    "noted"
}

impl Books {
    fn note<'a>(
        &mut self,
        header: &impl Fn(&str) -> &'a str,
        body: &[u8],
        delivery_id: &str,
        from: String,
    ) {
        let event_id = header("x-innbocks-event-id").to_owned();
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let (stamp, signature) = (header("x-innbocks-timestamp"), header("x-innbocks-signature"));
        let holds = |s: &Secret| verify_as_seed(body, stamp, Some(signature), s) == Ok(true);
        if !self.secrets.iter().any(holds) {
            self.problems.push(format!("the signature of {delivery_id} does not hold"));
        }
        if event["id"] != event_id.as_str() {
            self.problems.push(format!("{delivery_id} names {event_id} and holds {}", event["id"]));
        }
        let hash: [u8; 32] = Sha256::digest(body).into();
        if *self.events.entry(event_id.clone()).or_insert(hash) != hash {
            self.problems.push(format!("the bytes of {event_id} changed"));
        }
        if event["type"] == "customer.created" {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let data = &event["data"];
            let invited =
                Invited { event_id: event_id.clone(), email: text(&data["object"]["email"]) };
            let known =
                self.created.entry(text(&data["customer_id"])).or_insert_with(|| invited.clone());
            if *known != invited {
                self.problems.push(format!("{known:?} and {invited:?} are one customer"));
            }
        }
        let receipt = Receipt { from, event_id, answered_at: None };
        self.deliveries.entry(delivery_id.to_owned()).or_default().push(receipt);
    }
}
