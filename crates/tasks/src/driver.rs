//! Running the tasks: which process, when, and what they last did.
//!
//! Only the process that leads runs them; the others try to lead once a second. A task runs when it is
//! signalled and when its period is over, never twice at a time. What a task does is in its own module.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Result, Timestamp};
use futures_util::future::BoxFuture;
use storage::Leadership;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep};

use crate::deliver::{Deliverer, Note};
use crate::{Tasks, chain, housekeeping, photos, retention, usage};

/// How often a process that does not lead tries to.
const LEAD_EVERY: Duration = Duration::from_secs(1);
/// How often a line tells what the deliverer did.
const SUMMARY_EVERY: Duration = Duration::from_mins(1);
/// How often the one that leads makes sure that it still does.
const CHECK_LEAD_EVERY: Duration = Duration::from_millis(250);

/// A task that is run over and over.
#[derive(Clone, Copy)]
pub(crate) struct Periodic {
    name: &'static str,
    period: Duration,
    /// Counts what it did.
    pub(crate) run: fn(Tasks) -> BoxFuture<'static, Result<usize>>,
}

/// The task that a commit with photos signals.
const PHOTOS: &str = "photos";

/// Every task save the deliverer, which runs without end.
pub(crate) const PERIODIC: [Periodic; 6] = [
    Periodic {
        name: "chain",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { chain::run(&tasks).await }),
    },
    Periodic {
        name: "housekeeping",
        period: Duration::from_mins(1),
        run: |tasks| Box::pin(async move { housekeeping::run(&tasks).await }),
    },
    Periodic {
        name: PHOTOS,
        period: Duration::from_secs(10),
        run: |tasks| Box::pin(async move { photos::run(&tasks).await }),
    },
    Periodic {
        name: "retention",
        period: Duration::from_hours(1),
        run: |tasks| Box::pin(async move { retention::run(&tasks).await }),
    },
    Periodic {
        name: "simulations",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { app::simulate::run(&tasks.parts.app).await }),
    },
    Periodic {
        name: "usage",
        period: Duration::from_mins(10),
        run: |tasks| Box::pin(async move { usage::run(&tasks).await }),
    },
];

/// What a task of this process last did.
#[derive(Clone, Debug, Default)]
pub struct TaskStatus {
    /// Runs that ended since this process started.
    pub runs: u64,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Things done by the last run; of the deliverer, which runs without end, attempts made.
    pub done: u64,
    /// Why the last run failed.
    pub error: Option<String>,
}

/// The tasks of a process. Dropping it without [`Running::stop`] ends them at the next pause, and what
/// they had not written is done again by whoever leads next.
pub struct Running {
    stop: watch::Sender<bool>,
    main: JoinHandle<()>,
    statuses: Statuses,
}

impl Running {
    /// Starts nothing new, lets webhook attempts end for up to ten seconds, writes what came of them.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.main.await {
            tracing::error!(%error, "the tasks ended badly");
        }
    }

    /// By name; empty while another process leads.
    pub fn statuses(&self) -> BTreeMap<&'static str, TaskStatus> {
        self.statuses.lock().clone()
    }
}

#[derive(Clone, Default)]
struct Statuses(Arc<Mutex<BTreeMap<&'static str, TaskStatus>>>);

impl Statuses {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, TaskStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn start(tasks: &Tasks) -> Running {
    let (stop, stopped) = watch::channel(false);
    let statuses = Statuses::default();
    let driver = Driver { tasks: tasks.clone(), statuses: statuses.clone() };
    let main = tokio::spawn(async move { driver.run(stopped).await });
    Running { stop, main, statuses }
}

#[derive(Clone)]
struct Driver {
    tasks: Tasks,
    statuses: Statuses,
}

impl Driver {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.tasks.parts.app.db.try_lead().await {
                Ok(Some(lead)) => self.lead(lead, &stop).await,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "can't ask who runs the tasks"),
            }
            tokio::select! {
                () = sleep(LEAD_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Runs everything until the process stops or another one leads.
    async fn lead(&self, lead: Leadership, stop: &watch::Receiver<bool>) {
        tracing::info!("this process runs the tasks");
        let (end, ended) = watch::channel(false);
        let mut running = JoinSet::new();
        let photos = Arc::new(Notify::new());
        for periodic in PERIODIC {
            let (driver, ended) = (self.clone(), ended.clone());
            let signal = (periodic.name == PHOTOS).then(|| Arc::clone(&photos));
            running.spawn(async move { driver.repeat(periodic, signal, ended).await });
        }
        let (driver, ended) = (self.clone(), ended.clone());
        running.spawn(async move { driver.deliver(photos, ended).await });
        let mut stop = stop.clone();
        let mut check = interval(CHECK_LEAD_EVERY);
        while lead.is_held() && !*stop.borrow() {
            tokio::select! {
                _ = check.tick() => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        end.send_replace(true);
        while let Some(task) = running.join_next().await {
            if let Err(error) = task {
                tracing::error!(%error, "a task ended badly");
            }
        }
        self.statuses.lock().clear();
        tracing::info!("this process no longer runs the tasks");
    }

    async fn deliver(&self, photos: Arc<Notify>, mut end: watch::Receiver<bool>) {
        let wakes = self.tasks.parts.app.db.wakes();
        let started_at = self.tasks.parts.app.clock.now();
        let (mut told_at, mut told) = (Instant::now(), 0);
        let note = |note: Note| match note {
            Note::Photo => photos.notify_one(),
            Note::Progress { n_attempts, n_in_flight } => {
                let mut statuses = self.statuses.lock();
                let status = statuses.entry("deliver").or_default();
                status.started_at = Some(started_at);
                status.done = n_attempts;
                if told_at.elapsed() >= SUMMARY_EVERY && n_attempts > told {
                    let n = n_attempts - told;
                    tracing::info!(
                        attempts = n,
                        in_flight = n_in_flight,
                        "made {n} attempts to deliver"
                    );
                    (told_at, told) = (Instant::now(), n_attempts);
                }
            }
        };
        Deliverer::new(&self.tasks).run(&wakes, &mut end, note).await;
    }

    async fn repeat(
        &self,
        task: Periodic,
        signal: Option<Arc<Notify>>,
        mut end: watch::Receiver<bool>,
    ) {
        let mut tick = interval(task.period);
        while !*end.borrow() {
            tokio::select! {
                _ = tick.tick() => {}
                () = signalled(signal.as_deref()) => {}
                _ = end.wait_for(|end| *end) => return,
            }
            self.run_once(task).await;
        }
    }

    async fn run_once(&self, task: Periodic) {
        let clock = &self.tasks.parts.app.clock;
        self.statuses.lock().entry(task.name).or_default().started_at = Some(clock.now());
        let outcome = (task.run)(self.tasks.clone()).await;
        let mut statuses = self.statuses.lock();
        let status = statuses.entry(task.name).or_default();
        status.runs += 1;
        status.ended_at = Some(clock.now());
        match outcome {
            Ok(done) => {
                status.done = done as u64;
                status.error = None;
                if done > 0 {
                    tracing::debug!(task.name, task.done = done, "{} did {done} things", task.name);
                }
            }
            Err(error) => {
                tracing::warn!(
                    task.name,
                    error = &error as &dyn std::error::Error,
                    "{} failed",
                    task.name
                );
                status.error = Some(error.to_string());
            }
        }
    }
}

/// Waits for a signal, or for ever where there is none.
async fn signalled(signal: Option<&Notify>) {
    match signal {
        Some(signal) => signal.notified().await,
        None => std::future::pending().await,
    }
}
