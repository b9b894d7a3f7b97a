//! Running the tasks: which process, when, and what they last did.
//!
//! A file is worked on by one process; the others try to have it once a second. On a shared database every
//! node delivers for its shards, and the one that leads runs the other tasks; which those are is decided in
//! [`crate::shards`]. A task runs when it is signalled and when its period is over, never twice at a
//! time. What a task does is in its own module.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Clock, Result, Timestamp};
use futures_util::future::BoxFuture;
use storage::leases::Node;
use storage::{FileLock, Ownership};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep};

use crate::deliver::{Deliverer, Note};
use crate::hints::{self, Hinted};
use crate::shards::{Keeper, Owned, Shards, Stage};
use crate::{
    Tasks, certificates, chain, held, housekeeping, imports, mailboxes, outbound, photos, quotas,
    recover, retention, usage,
};

/// How often a process that does not have the file tries to.
const OWN_EVERY: Duration = Duration::from_secs(1);
/// How often a line tells what the deliverer did.
const SUMMARY_EVERY: Duration = Duration::from_mins(1);
/// How often a node looks whether it leads.
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

/// The task that runs without end, and where the database is shared on every node.
const DELIVER: &str = "deliver";

/// Every other task, which one process runs for all.
pub(crate) const PERIODIC: [Periodic; 14] = [
    Periodic {
        name: "certificates",
        period: Duration::from_hours(24),
        run: |tasks| Box::pin(async move { certificates::run(&tasks).await }),
    },
    Periodic {
        name: "chain",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { chain::run(&tasks).await }),
    },
    Periodic {
        name: "held",
        period: Duration::from_mins(1),
        run: |tasks| Box::pin(async move { held::run(&tasks).await }),
    },
    Periodic {
        name: "housekeeping",
        period: Duration::from_mins(1),
        run: |tasks| Box::pin(async move { housekeeping::run(&tasks).await }),
    },
    Periodic {
        name: "message_words",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { mailboxes::index(&tasks).await }),
    },
    Periodic {
        name: "message_sweep",
        period: Duration::from_mins(1),
        run: |tasks| Box::pin(async move { mailboxes::sweep(&tasks).await }),
    },
    Periodic {
        name: "imports",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { imports::run(&tasks).await }),
    },
    Periodic {
        name: "outbound",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { outbound::run(&tasks).await }),
    },
    Periodic {
        name: PHOTOS,
        period: Duration::from_secs(10),
        run: |tasks| Box::pin(async move { photos::run(&tasks).await }),
    },
    Periodic {
        name: "quotas",
        period: Duration::from_mins(1),
        run: |tasks| Box::pin(async move { quotas::run(&tasks).await }),
    },
    Periodic {
        name: "recover",
        period: Duration::from_secs(1),
        run: |tasks| Box::pin(async move { recover::run(&tasks).await }),
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

/// The tasks of a process. Dropping it without [`Running::stop`] tells them to stop, and waits for nothing.
pub struct Running {
    stop: Stop,
    main: JoinHandle<()>,
    statuses: Statuses,
}

/// Says stop when it is dropped.
struct Stop(watch::Sender<bool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

impl Running {
    /// Starts nothing new, lets webhook attempts end for a while ([`crate::Options::stop_grace`]), writes what came of them. On
    /// a shared database other nodes take over at once what is done with.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.main.await {
            tracing::error!(%error, "the tasks ended badly");
        }
    }

    /// By name; those that another process runs are missing.
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

pub(crate) fn start(tasks: &Tasks, lease_clock: Option<Arc<dyn Clock>>) -> Running {
    let (stop, stopped) = watch::channel(false);
    let statuses = Statuses::default();
    let driver = Driver { tasks: tasks.clone(), lease_clock, statuses: statuses.clone() };
    let main = tokio::spawn(async move { driver.run(stopped).await });
    Running { stop: Stop(stop), main, statuses }
}

#[derive(Clone)]
struct Driver {
    tasks: Tasks,
    lease_clock: Option<Arc<dyn Clock>>,
    statuses: Statuses,
}

impl Driver {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.tasks.parts.app.db.try_own() {
                Ok(Ownership::Alone(lock)) => return self.run_alone(lock, stop).await,
                Ok(Ownership::Shared) => return self.run_beside_others(stop).await,
                Ok(Ownership::Taken) => self.tasks.note_lanes(),
                Err(error) => tracing::warn!(%error, "can't ask who works on the database"),
            }
            tokio::select! {
                () = sleep(OWN_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    async fn run_alone(&self, _lock: FileLock, stop: watch::Receiver<bool>) {
        self.work(Shards::all(), Hinted::none(), stop).await;
    }

    async fn run_beside_others(&self, stop: watch::Receiver<bool>) {
        let app = &self.tasks.parts.app;
        let mut node = Node([0; 16]);
        app.ids.fill(&mut node.0);
        let (keeper, shards) = Keeper::new(&app.db, node, self.lease_clock.clone());
        let (stage, staged) = watch::channel(Stage::Working);
        let keeper = tokio::spawn(keeper.run(staged));
        let (hinted, messenger) = hints::channel();
        let messages = messenger.run(&app.db, stop.clone());
        let mut stopped = stop.clone();
        let leaving = async {
            let _ = stopped.wait_for(|stop| *stop).await;
            stage.send_replace(Stage::Leaving);
        };
        tokio::join!(self.work(shards, hinted, stop), messages, leaving);
        stage.send_replace(Stage::Left);
        if let Err(error) = keeper.await {
            tracing::error!(%error, "the keeper of the lease ended badly");
        }
    }

    /// Delivers, and runs the other tasks while this process leads.
    async fn work(&self, shards: Shards, hinted: Hinted, stop: watch::Receiver<bool>) {
        let photos = Arc::new(Notify::new());
        let lead = self.lead(shards.watch(), Arc::clone(&photos), stop.clone());
        tokio::join!(lead, self.deliver(shards, &hinted, photos, stop));
    }

    async fn lead(
        &self,
        owned: watch::Receiver<Owned>,
        photos: Arc<Notify>,
        mut stop: watch::Receiver<bool>,
    ) {
        while !*stop.borrow() {
            if owned.borrow().leads() {
                tracing::info!("this process runs the tasks");
                self.run_tasks(&owned, &photos, &mut stop).await;
                self.statuses.lock().retain(|name, _| *name == DELIVER);
                tracing::info!("this process no longer runs the tasks");
            }
            pause(&mut stop).await;
        }
    }

    /// Runs them until the process stops or another one leads.
    async fn run_tasks(
        &self,
        owned: &watch::Receiver<Owned>,
        photos: &Arc<Notify>,
        stop: &mut watch::Receiver<bool>,
    ) {
        let (end, ended) = watch::channel(false);
        let mut running = JoinSet::new();
        for periodic in PERIODIC {
            let (driver, ended) = (self.clone(), ended.clone());
            let signal = (periodic.name == PHOTOS).then(|| Arc::clone(photos));
            running.spawn(async move { driver.repeat(periodic, signal, ended).await });
        }
        while owned.borrow().leads() && !*stop.borrow() {
            pause(stop).await;
        }
        end.send_replace(true);
        while let Some(task) = running.join_next().await {
            if let Err(error) = task {
                tracing::error!(%error, "a task ended badly");
            }
        }
    }

    async fn deliver(
        &self,
        shards: Shards,
        hinted: &Hinted,
        photos: Arc<Notify>,
        mut stop: watch::Receiver<bool>,
    ) {
        let wakes = self.tasks.parts.app.db.wakes();
        let started_at = self.tasks.parts.app.clock.now();
        let (mut told_at, mut told) = (Instant::now(), 0);
        let note = |note: Note| match note {
            Note::Photo => photos.notify_one(),
            Note::Progress { n_attempts, n_in_flight } => {
                let mut statuses = self.statuses.lock();
                let status = statuses.entry(DELIVER).or_default();
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
        Deliverer::new(&self.tasks, shards).run(&wakes, hinted, &mut stop, note).await;
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

async fn pause(stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = sleep(CHECK_LEAD_EVERY) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}

/// Waits for a signal, or for ever where there is none.
async fn signalled(signal: Option<&Notify>) {
    match signal {
        Some(signal) => signal.notified().await,
        None => std::future::pending().await,
    }
}
