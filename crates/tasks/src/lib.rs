//! What happens after commit: webhooks are delivered, the audit chain is linked, old rows leave.
//!
//! Every task finds its work in rows, so that none is lost when the process ends. [`Tasks::start`]
//! runs them, on many nodes beside each other where the database is shared, woken by signals and by the clock; [`Tasks::settle`] runs them
//! by hand until nothing is due. The rules of one attempt are in `webhook`, those of the business in
//! `app`.

mod certificates;
mod chain;
mod deliver;
mod driver;
mod held;
mod hints;
mod housekeeping;
mod imports;
mod mailboxes;
mod outbound;
mod photos;
mod quotas;
mod recover;
mod retention;
mod shards;
mod usage;
mod whose;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app::App;
use domain::{Clock, Result};
use webhook::headers::{DEFAULT_EMAIL_PREFIX, DEFAULT_PREFIX, HeaderProblem, Headers};
use webhook::sender::Sender;
use webhook::tls::{self, RootProblem};

pub use driver::{Running, TaskStatus};
pub use retention::{KEPT_DAYS_MAX, Retention};

use deliver::Deliverer;
use driver::PERIODIC;
use retention::Walks;
use shards::Shards;

/// Rounds of [`Tasks::settle`]: work makes work, such as an event that a simulation emits, but not
/// without end.
const SETTLE_ROUNDS_MAX: usize = 64;

/// All tasks of one install. Cheap to clone.
#[derive(Clone)]
pub struct Tasks {
    parts: Arc<Parts>,
}

struct Parts {
    app: App,
    sender: Sender,
    headers: Headers,
    stop_grace: Duration,
    certificate_notice_days: i64,
    retention: Retention,
    look_every: Option<Duration>,
    walks: Walks,
    knows_lanes: AtomicBool,
}

/// What an operator may choose about requests that leave the house.
#[derive(Clone, Debug)]
pub struct Options {
    /// The start of the partner headers' names, such as `X-Innbocks-`.
    pub header_prefix: String,
    /// The same of the headers that subscriptions of e-mail mailboxes get, such as `X-Inkbox-`.
    pub email_header_prefix: String,
    /// The install's name in `User-Agent`.
    pub install: String,
    /// Root certificates trusted beside the public ones, as PEM or DER; empty for none.
    pub extra_roots: Vec<u8>,
    /// How long attempts may go on after a stop. What is cut stays owed.
    pub stop_grace: Duration,
    /// How many days before its end the client certificate of an endpoint is told of.
    pub certificate_notice_days: i64,
    /// How long events are kept.
    pub retention: Retention,
    /// How often the queue is looked through for what no signal told of; `None` is as often as the engine needs.
    pub look_every: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            header_prefix: DEFAULT_PREFIX.to_owned(),
            email_header_prefix: DEFAULT_EMAIL_PREFIX.to_owned(),
            install: "postroom".to_owned(),
            extra_roots: Vec::new(),
            stop_grace: Duration::from_secs(10),
            certificate_notice_days: 14,
            retention: Retention::default(),
            look_every: None,
        }
    }
}

/// Why options can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionProblem {
    #[error(transparent)]
    Headers(#[from] HeaderProblem),
    #[error(transparent)]
    Roots(#[from] RootProblem),
}

impl Tasks {
    /// Must be called inside a Tokio runtime.
    pub fn new(app: &App, options: Options) -> std::result::Result<Self, OptionProblem> {
        let Options { header_prefix, email_header_prefix, install, extra_roots, .. } = &options;
        let roots = match extra_roots.as_slice() {
            [] => Vec::new(),
            bytes => tls::read_roots(bytes)?,
        };
        let sender = Sender::new(app.guard.clone(), roots)?;
        let headers = Headers::new(header_prefix, email_header_prefix, install)?;
        let parts = Parts {
            app: app.clone(),
            sender,
            headers,
            stop_grace: options.stop_grace,
            certificate_notice_days: options.certificate_notice_days,
            retention: options.retention,
            look_every: options.look_every,
            walks: Walks::default(),
            knows_lanes: AtomicBool::new(false),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Runs every task by hand until nothing is due at the current clock. It does not wait for what is
    /// due later, and must not run beside [`Tasks::start`] of the same install.
    pub async fn settle(&self) -> Result<()> {
        for _ in 0..SETTLE_ROUNDS_MAX {
            let mut done = 0;
            for periodic in PERIODIC {
                done += (periodic.run)(self.clone()).await?;
            }
            done += Deliverer::new(self, Shards::all()).settle().await;
            if done == 0 {
                return Ok(());
            }
        }
        Err(domain::Error::internal("settling", "the tasks find ever more work"))
    }

    /// Starts the tasks in the background. On a file they run once no other process has it; on a shared
    /// database every node delivers for its share of the endpoints, and one runs the other tasks.
    pub fn start(&self) -> Running {
        driver::start(self, None)
    }

    /// True once the queue was looked through, on a shared database that of the shards that this node got, so that
    /// what is due goes out; or once another process was found that delivers from the same file (webhooks.md 5.18).
    pub fn knows_lanes(&self) -> bool {
        self.parts.knows_lanes.load(Ordering::Relaxed)
    }

    fn note_lanes(&self) {
        self.parts.knows_lanes.store(true, Ordering::Relaxed);
    }

    /// As [`Tasks::start`], with leases that go by this clock and not by the database's, so that a test
    /// need not wait for one to end.
    pub fn start_with_lease_clock(&self, clock: Arc<dyn Clock>) -> Running {
        driver::start(self, Some(clock))
    }
}
