//! The delivery engine by itself: fixed workloads, one figure a line, beside the figure to reach.
//!
//! Each scene runs in a process of its own on an empty database, so that none inherits another's memory.
//! In it the server has its own threads and load and receiver have theirs, whose processor time is left
//! out of ours. They share the machine all the same: load, receiver and, on PostgreSQL, the database's
//! processes take from the same cores. What a figure means is in docs/performance.md.

mod cost;
mod figure;
mod load;
mod owed;
mod scenes;
mod sink;
mod stage;

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use postroom::out;
use serde_json::Value;
use tokio::runtime::{Builder, Handle};

use self::cost::LOAD_THREADS;
use self::figure::COLUMNS;
use crate::house::Site;

/// One workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scene {
    /// Nothing to do.
    Idle,
    /// As fast as it goes.
    Flat,
    /// By the clock, at three rates.
    Pace,
    /// Some endpoints never answer.
    Hanging,
    /// One tenant has more to tell than its receiver takes.
    Flood,
    /// A receiver goes and comes back.
    Queue,
    /// Much is owed when the server starts.
    Owed,
}

/// How large the workloads are: as the figures ask for, or for a look in a minute.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) is_quick: bool,
}

impl Size {
    /// Counts, of which a quick run makes a twentieth.
    pub(crate) const fn of(self, n: u32) -> u32 {
        if self.is_quick { n / 20 } else { n }
    }

    /// Seconds of a run by the clock, of which a quick run makes a fifth.
    pub(crate) const fn seconds(self, n: u32) -> u64 {
        (if self.is_quick { n / 5 } else { n }) as u64
    }
}

/// Where a scene plays.
pub(crate) struct Theatre {
    /// Runs the server.
    pub(crate) ours: Handle,
    pub(crate) server: Option<String>,
    pub(crate) size: Size,
}

/// Runs scenes one after another, each in a process of its own, and prints one table.
pub(crate) fn run_all(scenes: &[Scene], arguments: &[&str], json: bool) -> anyhow::Result<()> {
    let all = if scenes.is_empty() { Scene::value_variants() } else { scenes };
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for scene in all {
        let name = scene.to_possible_value().context("a scene has a name")?;
        let mut child = Command::new(std::env::current_exe()?);
        child.args(["webhooks", "--json", "--alone", name.get_name()]).args(arguments);
        let output = child.stderr(Stdio::inherit()).output().context("starting a scene")?;
        if !output.status.success() {
            failed.push(name.get_name().to_owned());
            continue;
        }
        let found: Value = serde_json::from_slice(&output.stdout).context("reading a scene")?;
        rows.extend(found.as_array().context("a scene tells rows")?.iter().cloned());
    }
    out::rows(json, &COLUMNS, &rows);
    ensure!(failed.is_empty(), "these scenes failed: {}", failed.join(", "));
    Ok(())
}

/// Plays one scene in this process.
pub(crate) fn run_alone(
    scene: Scene,
    server: Option<String>,
    size: Size,
) -> anyhow::Result<Vec<Value>> {
    let ours = Builder::new_multi_thread().enable_all().thread_name("house").build()?;
    let load = Builder::new_multi_thread().enable_all().thread_name(LOAD_THREADS).build()?;
    let theatre = Theatre { ours: ours.handle().clone(), server, size };
    let figures =
        load.block_on(load.spawn(async move { scenes::play(scene, theatre).await }))??;
    load.shutdown_background();
    Ok(figures.iter().map(figure::Figure::row).collect())
}

impl Theatre {
    /// Does work of the server on its threads.
    pub(crate) async fn on_ours<T: Send + 'static>(
        &self,
        work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.ours.spawn(work).await?
    }

    pub(crate) async fn site(&self) -> anyhow::Result<Site> {
        let server = self.server.clone();
        self.on_ours(async move { Site::clear(server.as_deref()).await }).await
    }
}
