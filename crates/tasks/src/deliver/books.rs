//! Writing completions: gathered for a moment, written together, never forgotten.
//!
//! A completion that can't be written is tried again for as long as the process runs, and its
//! delivery stays held meanwhile, so that it is not sent a second time.

use std::sync::Arc;
use std::time::Duration;

use storage::Tx;
use storage::attempts::{self, Settled};
use storage::endpoints::{self, Health};
use storage::leases::{ShardSet, shard_of};
use tokio::task::JoinSet;
use tokio::time::Instant;
use webhook::ladder::Class;

use super::health::{Noted, Verdict};
use super::{meter, news};
use crate::Tasks;

/// Completions in one transaction. Beyond it nothing is gained (webhooks.md 5.6).
const BATCH_ROWS_MAX: usize = 256;
/// How long a completion may wait for others.
const GATHER: Duration = Duration::from_millis(5);
/// Transactions under way; more completions wait and make larger batches.
const WRITES_MAX: usize = 4;
/// Pause before a failed write is tried again: doubled each time, from the first to the second.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What is written in one transaction.
#[derive(Clone, Default)]
pub(super) struct Batch {
    pub(super) settled: Vec<Settled>,
    healths: Vec<(i64, Health)>,
    notices: Vec<(i64, Noted)>,
    disabled: Vec<(i64, Verdict)>,
    probes: Vec<(i64, Class)>,
    /// Writes that failed, and when the next is due.
    tries: u32,
    resume_at: Option<Instant>,
}

/// What was committed.
pub(super) struct Written {
    pub(super) batch: Arc<Batch>,
    /// Shards that another node had taken over: what the batch says of them was dropped.
    pub(super) stale: ShardSet,
}

/// See the module.
#[derive(Default)]
pub(super) struct Books {
    open: Batch,
    opened_at: Option<Instant>,
    /// Batches that failed, already split, each waiting for its time.
    failed: Vec<Batch>,
    writes: JoinSet<(Arc<Batch>, domain::Result<ShardSet>)>,
}

impl Books {
    pub(super) fn add(&mut self, settled: Settled) {
        self.opened_at.get_or_insert_with(Instant::now);
        self.open.settled.push(settled);
    }

    /// Notes evidence; the last one about an endpoint counts, and each notice.
    pub(super) fn add_health(&mut self, endpoint_no: i64, noted: Noted) {
        self.open.healths.retain(|(no, _)| *no != endpoint_no);
        self.open.healths.push((endpoint_no, noted.health));
        if noted.notice.is_some() {
            self.open.notices.push((endpoint_no, noted));
        }
    }

    pub(super) fn add_disabled(&mut self, endpoint_no: i64, verdict: Verdict) {
        self.open.healths.retain(|(no, _)| *no != endpoint_no);
        self.open.disabled.push((endpoint_no, verdict));
    }

    /// Notes how an endpoint that is set aside was found.
    pub(super) fn add_probe(&mut self, endpoint_no: i64, class: Class) {
        self.open.probes.push((endpoint_no, class));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.settled.is_empty() && self.failed.is_empty() && self.writes.is_empty()
    }

    /// When something should be written although the open batch is not full.
    pub(super) fn due_at(&self) -> Option<Instant> {
        if self.writes.len() >= WRITES_MAX {
            return None;
        }
        let again = self.failed.iter().filter_map(|batch| batch.resume_at);
        again.chain(self.opened_at.map(|at| at + GATHER)).min()
    }

    /// Starts the writes that are due; `hurry` does not wait for more completions.
    pub(super) fn write(&mut self, tasks: &Tasks, hurry: bool) {
        while self.writes.len() < WRITES_MAX {
            let now = Instant::now();
            if let Some(at) =
                self.failed.iter().position(|b| b.resume_at.is_none_or(|at| at <= now))
            {
                let batch = self.failed.swap_remove(at);
                self.spawn(tasks, batch);
                continue;
            }
            let is_full = self.open.settled.len() >= BATCH_ROWS_MAX;
            let is_due = self.opened_at.is_some_and(|at| hurry || at + GATHER <= now);
            if !is_full && !is_due {
                return;
            }
            let rest = self.open.settled.split_off(self.open.settled.len().min(BATCH_ROWS_MAX));
            self.opened_at = (!rest.is_empty()).then_some(now);
            let batch =
                std::mem::replace(&mut self.open, Batch { settled: rest, ..Batch::default() });
            self.spawn(tasks, batch);
        }
    }

    fn spawn(&mut self, tasks: &Tasks, batch: Batch) {
        let tasks = tasks.clone();
        self.writes.spawn(async move {
            let batch = Arc::new(batch);
            let began = Instant::now();
            let outcome = write(&tasks, Arc::clone(&batch)).await;
            meter::write(began.elapsed());
            (batch, outcome)
        });
    }

    /// The next batch that was committed; `None` when a write failed and will be tried again, or
    /// when none is under way.
    pub(super) async fn committed(&mut self) -> Option<Option<Written>> {
        let ended = self.writes.join_next().await?;
        Some(self.ended(ended.ok()?))
    }

    fn ended(
        &mut self,
        (batch, outcome): (Arc<Batch>, domain::Result<ShardSet>),
    ) -> Option<Written> {
        let error = match outcome {
            Ok(stale) => return Some(Written { batch, stale }),
            Err(error) => error,
        };
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "{} completions are not written yet",
            batch.settled.len()
        );
        self.failed.extend(halves((*batch).clone()));
        None
    }
}

/// Splits a batch, so that one row that can't be written holds up no other for long.
fn halves(mut batch: Batch) -> Vec<Batch> {
    batch.tries = batch.tries.saturating_add(1);
    let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(batch.tries - 1)).min(PAUSE_MAX);
    batch.resume_at = Some(Instant::now() + pause);
    let half = batch.settled.split_off(batch.settled.len().div_ceil(2));
    let (tries, resume_at) = (batch.tries, batch.resume_at);
    let other = Batch { settled: half, tries, resume_at, ..Batch::default() };
    [batch, other].into_iter().filter(|b| !b.settled.is_empty()).collect()
}

async fn write(tasks: &Tasks, batch: Arc<Batch>) -> domain::Result<ShardSet> {
    let app = tasks.parts.app.clone();
    let now = app.clock.now();
    tasks
        .parts
        .app
        .db
        .write_late(async move |tx: &Tx| {
            // Asked before their rows leave: a batch that is written twice tells nothing twice.
            let ended = news::ended(tx, &batch.settled).await?;
            let stale = attempts::settle(tx, &batch.settled).await?;
            let is_ours = |no: i64| !stale.contains(shard_of(no));
            news::tell_ended(tx, &app, ended, &is_ours).await?;
            for (no, noted) in batch.notices.iter().filter(|(no, _)| is_ours(*no)) {
                news::tell_health(tx, &app, *no, noted).await?;
            }
            let healths: Vec<_> =
                batch.healths.iter().filter(|(no, _)| is_ours(*no)).copied().collect();
            endpoints::put_health(tx, &healths).await?;
            for (no, verdict) in batch.disabled.iter().filter(|(no, _)| is_ours(*no)) {
                news::disable(tx, &app, *no, verdict, now).await?;
            }
            for (no, class) in batch.probes.iter().filter(|(no, _)| is_ours(*no)) {
                news::probed(tx, &app, *no, *class, now).await?;
            }
            Ok(stale)
        })
        .await
}
